#include "broker/engine.hpp"
#include "lib/broker_bench.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

constexpr const char* kConnect = R"([{"channel":"/meta/connect","id":"c","clientId":"$1"}])";
constexpr const char* kDisconnect = R"([{"channel":"/meta/disconnect","id":"d","clientId":"$1"}])";

// DC-1, DC-3.
void disconnect_when_repeated_then_402_without_advice(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.send(kDisconnect);
    assert_int_equal(bench.replies(), 1);
    assert_string_equal(bench.text(0, "channel"), "/meta/disconnect");
    assert_string_equal(bench.text(0, "id"), "d");
    assert_string_equal(bench.successful(), "true");
    assert_string_equal(bench.advice(), "");
    assert_false(bench.outcome.events_of.has_value());
    assert_int_equal(bench.store.counts().sessions, 0);
    bench.send(kDisconnect);
    assert_string_equal(bench.error(), "402::session_unknown");
    assert_string_equal(bench.advice(), "");
}

// DC-2.
void disconnect_when_connect_is_held_then_it_is_due_as_ended(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.send(kConnect);
    const broker::Park park = *bench.outcome.park;
    bench.store.park(park.connect.session, park.connect.cycle, ChildIndex{2}, park.lease);
    bench.send(kDisconnect);
    broker::Due due[2];
    assert_int_equal(bench.store.take_due(ChildIndex{2}, due), 1);
    assert_true(due[0].reason == broker::DueReason::kEnded);
    assert_true(due[0].cycle == park.connect.cycle);
}

// CID-7, AD-4: whatever follows in the batch meets an unknown session.
void messages_when_behind_disconnect_then_402(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.unconnected_publish = true;
    bench.connect_session('1');
    bench.send(
        R"([{"channel":"/meta/disconnect","clientId":"$1"},
            {"channel":"/a","clientId":"$1","data":1},
            {"channel":"/meta/subscribe","clientId":"$1","subscription":"/a"},
            {"channel":"/meta/connect","clientId":"$1"},
            {"channel":"/a","data":1}])");
    assert_int_equal(bench.replies(), 5);
    assert_string_equal(bench.successful(0), "true");
    for (std::size_t n = 1; n < 5; ++n) {
        assert_string_equal(bench.error(n), "402::session_unknown");
        assert_string_equal(bench.advice(n), n == 3 ? R"({"reconnect":"none","interval":0})" : "");
    }
    assert_false(bench.outcome.events_of.has_value());
    assert_false(bench.outcome.answered.has_value());
}

// ORD-1: what stands before the disconnect is done as usual, its connect finished.
void disconnect_when_behind_others_then_they_are_done(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.send(
        R"([{"channel":"/meta/connect","clientId":"$1"},
            {"channel":"/a","clientId":"$1","data":1},
            {"channel":"/meta/disconnect","clientId":"$1"}])");
    for (std::size_t n = 0; n < 3; ++n) {
        assert_string_equal(bench.successful(n), "true");
    }
    const auto counts = bench.store.counts();
    assert_int_equal(counts.starts, counts.finishes);
    assert_int_equal(counts.sessions, 0);
    assert_false(bench.outcome.events_of.has_value());
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        BENCH_TEST(disconnect_when_repeated_then_402_without_advice),
        BENCH_TEST(disconnect_when_connect_is_held_then_it_is_due_as_ended),
        BENCH_TEST(messages_when_behind_disconnect_then_402),
        BENCH_TEST(disconnect_when_behind_others_then_they_are_done),
    };
    return cmocka_run_group_tests_name("disconnect", tests, nullptr, nullptr);
}
