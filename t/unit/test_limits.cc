#include "broker/engine.hpp"
#include "lib/broker_bench.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

constexpr RateLimit kTwoASecond{2, Millis{1000}, 2};
constexpr RateLimit kOneInTen{1, Millis{10000}, 1};
constexpr RateLimit kHundredBytes{100, Millis{1000}, 100};

constexpr const char* kPublish = R"([{"channel":"/a","id":"p","clientId":"$1","data":1}])";

// S16: the stock clients come again by this advice.
void handshake_when_too_many_then_retry_when_there_is_room(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.limits.handshakes = &kOneInTen;
    bench.send(kHandshake);
    assert_string_equal(bench.successful(), "true");
    bench.clock.advance(Millis{4000});
    bench.send(kHandshake);
    assert_string_equal(bench.successful(), "false");
    assert_string_equal(bench.error(), "429::too_many_handshakes");
    assert_string_equal(bench.advice(), R"({"reconnect":"retry","interval":6000})");
    assert_string_equal(bench.json(0, "clientId"), "");
    assert_false(bench.outcome.handshaken);
    assert_int_equal(bench.store.counts().sessions, 1);
    bench.clock.advance(Millis{6000});
    bench.send(kHandshake);
    assert_string_equal(bench.successful(), "true");
}

// Many clients behind one address would all come at the same moment, again and again.
void handshake_when_room_is_near_then_pause_of_a_second(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.limits.handshakes = &kTwoASecond;
    bench.send(kHandshake);
    bench.send(kHandshake);
    bench.send(kHandshake);
    assert_string_equal(bench.error(), "429::too_many_handshakes");
    assert_string_equal(bench.advice(), R"({"reconnect":"retry","interval":1000})");
    bench.settings.interval = Millis{7000};
    bench.send(kHandshake);
    assert_string_equal(bench.advice(), R"({"reconnect":"retry","interval":7000})");
}

void handshake_when_of_another_address_then_served(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.limits.handshakes = &kOneInTen;
    bench.from = {1};
    bench.send(kHandshake);
    bench.send(kHandshake);
    assert_string_equal(bench.error(), "429::too_many_handshakes");
    bench.socket(kHandshake);
    assert_string_equal(bench.error(), "429::too_many_handshakes");
    bench.from = {2};
    bench.send(kHandshake);
    assert_string_equal(bench.successful(), "true");
}

// What costs nothing is not counted.
void handshake_when_invalid_then_not_counted(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.limits.handshakes = &kOneInTen;
    for (int i = 0; i < 3; ++i) {
        bench.send(R"([{"channel":"/meta/handshake","supportedConnectionTypes":["pigeon"]}])");
        assert_string_equal(bench.error(), "301:pigeon:connection_types_not_supported");
    }
    bench.send(kHandshake);
    assert_string_equal(bench.successful(), "true");
}

void publish_when_too_many_then_refused_and_not_delivered(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.limits.messages = &kTwoASecond;
    bench.connect_session('1');
    bench.connect_session('2');
    bench.send(R"([{"channel":"/meta/subscribe","clientId":"$2","subscription":"/**"}])");
    bench.send(kPublish);
    bench.send(kPublish);
    assert_string_equal(bench.successful(), "true");
    bench.send(kPublish);
    assert_string_equal(bench.successful(), "false");
    assert_string_equal(bench.error(), "429:/a:too_many_messages");
    assert_string_equal(bench.text(0, "id"), "p");
    assert_string_equal(bench.advice(), "");  // it would be taken for that of connects
    assert_int_equal(bench.session(2)->queued, 2);
    // Beside it, others are served.
    bench.send(R"([{"channel":"/a","clientId":"$2","data":1}])");
    assert_string_equal(bench.successful(), "true");
    bench.clock.advance(Millis{500});
    bench.send(kPublish);
    assert_string_equal(bench.successful(), "true");
}

void publish_when_in_one_batch_then_each_message_counts(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.limits.messages = &kTwoASecond;
    bench.connect_session('1');
    bench.send(
        R"([{"channel":"/a","clientId":"$1","data":1},{"channel":"/service/x","clientId":"$1","data":1},)"
        R"({"channel":"/b/c","clientId":"$1","data":1},{"channel":"/meta/subscribe","clientId":"$1",)"
        R"("subscription":"/x"}])");
    assert_int_equal(bench.replies(), 4);
    assert_string_equal(bench.json(0, "successful"), "true");
    assert_string_equal(bench.json(1, "successful"), "true");
    assert_string_equal(bench.text(2, "error"), "429:/b/c:too_many_messages");
    assert_string_equal(bench.json(3, "successful"), "true");  // meta messages are not counted
}

void publish_when_too_many_bytes_then_refused(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.limits.bytes = &kHundredBytes;
    bench.connect_session('1');
    bench.send(kPublish);
    assert_string_equal(bench.successful(), "true");
    bench.send(kPublish);
    assert_string_equal(bench.error(), "429:/a:too_many_bytes");
    bench.clock.advance(Millis{1000});
    bench.send(kPublish);
    assert_string_equal(bench.successful(), "true");
}

void publish_when_without_session_then_counted_for_its_address(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.limits.messages = &kTwoASecond;
    bench.settings.unconnected_publish = true;
    static constexpr const char* kNobody = R"([{"channel":"/a","data":1}])";
    bench.send(kNobody);
    bench.send(kNobody);
    assert_string_equal(bench.successful(), "true");
    bench.send(kNobody);
    assert_string_equal(bench.error(), "429:/a:too_many_messages");
    bench.from = {7};
    bench.send(kNobody);
    assert_string_equal(bench.successful(), "true");
}

// Providers of httpd need not be asked for what is refused anyway.
void publish_when_too_many_then_policy_is_not_asked(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.limits.messages = &kTwoASecond;
    bench.connect_session('1');
    bench.policy.forbidden = {{broker::Operation::kPublish, "/a"}};
    for (int i = 0; i < 2; ++i) {
        bench.send(kPublish);
        assert_string_equal(bench.error(), "403:denied_by_not_granting:publish_denied");
    }
    bench.send(kPublish);
    assert_string_equal(bench.error(), "429:/a:too_many_messages");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        BENCH_TEST(handshake_when_too_many_then_retry_when_there_is_room),
        BENCH_TEST(handshake_when_room_is_near_then_pause_of_a_second),
        BENCH_TEST(handshake_when_of_another_address_then_served),
        BENCH_TEST(handshake_when_invalid_then_not_counted),
        BENCH_TEST(publish_when_too_many_then_refused_and_not_delivered),
        BENCH_TEST(publish_when_in_one_batch_then_each_message_counts),
        BENCH_TEST(publish_when_too_many_bytes_then_refused),
        BENCH_TEST(publish_when_without_session_then_counted_for_its_address),
        BENCH_TEST(publish_when_too_many_then_policy_is_not_asked),
    };
    return cmocka_run_group_tests_name("limits", tests, nullptr, nullptr);
}
