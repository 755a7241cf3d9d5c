// What the engine does with messages that come over a WebSocket.
#include "broker/engine.hpp"
#include "lib/broker_bench.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

using broker::ParkState;
using broker::Transport;

constexpr const char* kConnect = R"([{"channel":"/meta/connect","id":"c","clientId":"$1"}])";
constexpr const char* kPublish = R"([{"channel":"/a","id":"p","clientId":"$1","data":1}])";

// A session with a stream whose connects may be held.
void open_session(Bench& bench) {
    bench.settings.holds_per_browser = broker::kUnlimited;
    bench.socket(kHandshake);
    bench.socket(kConnect);
    bench.socket(R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":"/a"}])");
}

// The stream waits for events, outside of a connect.
ParkState wait(Bench& bench) {
    return bench.store.park(bench.bound->session, bench.stream, ChildIndex{0}, TimePoint{});
}

// CN-4, WS-4: the first connect is answered at once, the next is held.
void connect_when_over_a_socket_then_first_answered_next_held(void** state) {
    Bench& bench = bench_of(state);
    bench.socket(kHandshake);
    bench.socket(kConnect);
    assert_string_equal(bench.successful(), "true");
    assert_string_equal(bench.advice(), "");  // CN-7: it came with the handshake
    assert_false(bench.outcome.park.has_value());
    bench.socket(kConnect);
    assert_int_equal(bench.replies(), 0);
    assert_true(bench.outcome.park.has_value());
    assert_true(bench.outcome.park->deadline == bench.clock.now() + Millis{30000});
    assert_true(bench.park() == ParkState::kParked);
}

// CN-7, Faye 3: a session made over HTTP has its first connect on a socket.
void connect_when_session_was_made_over_http_then_advised(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.new_socket();
    bench.socket(kConnect);
    assert_true(bench.outcome.park.has_value());
    assert_string_equal(bench.member(bench.outcome.park->reply, "advice"),
                        R"({"reconnect":"retry","interval":0,"timeout":30000})");
    assert_true(bench.bound->session == Bench::handle(1));
}

// CN-5, ORD-1: other messages are answered, the connect that came with them is held all the same.
void connect_when_others_come_with_it_then_held_and_they_are_answered(void** state) {
    Bench& bench = bench_of(state);
    open_session(bench);
    bench.socket(
        R"([{"channel":"/meta/subscribe","id":"1","clientId":"$1","subscription":"/b"},
            {"channel":"/meta/connect","id":"2","clientId":"$1"},
            {"channel":"/a","id":"3","clientId":"$1","data":1}])");
    assert_int_equal(bench.replies(), 2);
    assert_string_equal(bench.text(0, "id"), "1");
    assert_string_equal(bench.text(1, "id"), "3");
    assert_true(bench.outcome.park.has_value());
    assert_string_equal(bench.member(bench.outcome.park->reply, "id"), "\"2\"");
    // PB-6, WS-8: the publisher's own event goes before the replies.
    assert_true(bench.outcome.events_of == Bench::handle(1));
    assert_string_equal(bench.events(), R"({"channel":"/a","data":1})");
    assert_true(bench.park() == ParkState::kParked);
}

// CN-6: the other conditions are as for HTTP.
void connect_when_no_time_is_wished_then_answered(void** state) {
    Bench& bench = bench_of(state);
    open_session(bench);
    bench.socket(R"([{"channel":"/meta/connect","clientId":"$1","advice":{"timeout":0}}])");
    assert_false(bench.outcome.park.has_value());
    assert_string_equal(bench.successful(), "true");
}

// WS-4: what is queued is pushed and the connect stays; not so where events need one (ORD-3).
void connect_when_an_event_waits_then_held_unless_deliver_only(void** state) {
    Bench& bench = bench_of(state);
    open_session(bench);
    bench.transport = Transport::kLongPolling;
    bench.connect_session('2');
    static constexpr const char* kFromOther = R"([{"channel":"/a","clientId":"$2","data":1}])";
    const auto publish = [&] {
        bench.transport = Transport::kLongPolling;
        bench.send(kFromOther);
    };
    publish();
    bench.socket(kConnect);
    assert_true(bench.outcome.park.has_value());
    assert_true(bench.outcome.events_of == Bench::handle(1));
    assert_string_equal(bench.events(), R"({"channel":"/a","data":1})");
    bench.settings.meta_connect_deliver_only = true;
    bench.socket(kConnect);
    assert_true(bench.outcome.park.has_value());
    assert_false(bench.outcome.events_of.has_value());
    publish();
    bench.socket(kConnect);
    assert_false(bench.outcome.park.has_value());
    assert_true(bench.outcome.bound->deliver_only);
    assert_string_equal(bench.events(), R"({"channel":"/a","data":1})");
}

// CN-13: a second connect goes on with the stream; nothing is superseded.
void connect_when_one_is_held_on_the_stream_then_same_cycle(void** state) {
    Bench& bench = bench_of(state);
    open_session(bench);
    const ConnectCycle cycle = bench.stream;
    bench.socket(kConnect);
    assert_true(bench.outcome.park->connect.cycle == cycle);
    bench.park();
    bench.socket(kConnect);
    assert_true(bench.outcome.park->connect.cycle == cycle);
    assert_string_equal(bench.due(), "");
    assert_true(bench.session(1)->parked);
}

// CN-13: of two in one message the first is dropped, without a reply; each start has its finish.
void connect_when_twice_in_a_message_then_last_is_held(void** state) {
    Bench& bench = bench_of(state);
    open_session(bench);
    const auto before = bench.store.counts();
    bench.socket(
        R"([{"channel":"/meta/connect","id":"1","clientId":"$1"},
            {"channel":"/meta/connect","id":"2","clientId":"$1"}])");
    assert_int_equal(bench.replies(), 0);
    assert_string_equal(bench.member(bench.outcome.park->reply, "id"), "\"2\"");
    assert_int_equal(bench.store.counts().starts - before.starts, 2);
    assert_int_equal(bench.store.counts().finishes - before.finishes, 1);
    assert_true(bench.session(1)->open);
    bench.socket(
        R"([{"channel":"/meta/connect","id":"1","clientId":"$1"},
            {"channel":"/meta/connect","id":"2","clientId":"$1","advice":{"timeout":0}}])");
    assert_int_equal(bench.replies(), 1);
    assert_string_equal(bench.text(0, "id"), "2");
    assert_false(bench.outcome.park.has_value());
    assert_false(bench.session(1)->open);
}

// A stream that has no cycle yet gets one from its first connect, and only one.
void connect_when_stream_is_new_then_gives_it_its_cycle(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.new_socket();
    bench.socket(
        R"([{"channel":"/meta/connect","clientId":"$1","advice":{"timeout":0}},
            {"channel":"/meta/connect","clientId":"$1"}])");
    assert_true(bench.outcome.park.has_value());
    assert_true(bench.outcome.park->connect.cycle == bench.session(1)->cycle);
    assert_true(bench.session(1)->stream == Transport::kWebSocket);
    assert_int_equal(bench.session(1)->cycle.value, 2);
}

// CN-12: another transport takes over; the next message over the socket takes it back.
void stream_when_a_connect_comes_another_way_then_superseded(void** state) {
    Bench& bench = bench_of(state);
    open_session(bench);
    assert_true(wait(bench) == ParkState::kParked);
    bench.transport = Transport::kLongPolling;
    bench.send(kConnect);
    assert_string_equal(bench.due(), "superseded");
    bench.park();
    bench.socket(kConnect);
    assert_string_equal(bench.due(), "superseded");
    assert_true(bench.bound->session == Bench::handle(1));
    assert_true(bench.stream == bench.session(1)->cycle);
}

// CID-6: what the connection is bound to, all its messages must name.
void message_when_it_names_another_session_then_402(void** state) {
    Bench& bench = bench_of(state);
    open_session(bench);
    bench.transport = Transport::kLongPolling;
    bench.connect_session('2');
    const auto before = bench.session(2)->expires_at;
    bench.clock.advance(Millis{1000});
    bench.socket(R"([{"channel":"/a","clientId":"$2","data":1}])");
    assert_string_equal(bench.error(), "402::session_unknown");
    assert_true(bench.session(2)->expires_at == before);
    bench.socket(R"([{"channel":"/meta/connect","clientId":"$2"}])");
    assert_string_equal(bench.error(), "402::session_unknown");
    assert_string_equal(bench.advice(), R"({"reconnect":"handshake","interval":0})");
    bench.settings.unconnected_publish = true;  // PB-10: nor is it nobody's connection
    bench.socket(R"([{"channel":"/a","data":1}])");
    assert_string_equal(bench.error(), "402::session_unknown");
    assert_true(bench.bound->session == Bench::handle(1));
    bench.socket(kPublish);
    assert_string_equal(bench.error(), "");
}

// CID-6, S4: a bound connection needs no further proof, even when the cookie was seen since.
void message_when_bound_then_cookie_is_not_asked_again(void** state) {
    Bench& bench = bench_of(state);
    bench.send(kHandshake);
    bench.new_socket();
    bench.cookie.reset();
    bench.no_cookie = true;
    bench.socket(kConnect);
    bench.transport = Transport::kLongPolling;
    bench.cookie = browser(1);
    bench.send(kPublish);
    assert_true(bench.session(1)->cookie_seen);
    bench.cookie.reset();
    bench.socket(kPublish);
    assert_string_equal(bench.error(), "");
}

// WS-7: a bound session that has gone binds no longer.
void message_when_bound_session_is_gone_then_looked_up_afresh(void** state) {
    Bench& bench = bench_of(state);
    open_session(bench);
    bench.transport = Transport::kLongPolling;
    bench.connect_session('2');
    bench.store.end_session(Bench::handle(1));
    const auto bound = bench.bound;
    bench.socket(kPublish);
    assert_string_equal(bench.error(), "402::session_unknown");
    assert_false(bench.outcome.bound.has_value());
    bench.bound = bound;
    bench.socket(R"([{"channel":"/a","clientId":"$2","data":1}])");
    assert_string_equal(bench.error(), "");
    assert_true(bench.outcome.bound->session == Bench::handle(2));
}

// WS-3: a handshake binds anew; the old session is left to expire.
void handshake_when_stream_is_bound_then_bound_to_the_new_session(void** state) {
    Bench& bench = bench_of(state);
    open_session(bench);
    bench.socket(kHandshake);
    assert_true(bench.bound->session == Bench::handle(2));
    assert_string_equal(bench.bound->client_id.text().c_str(), bench.client_id('2'));
    assert_true(bench.session(1).has_value());
    bench.socket(kPublish);
    assert_string_equal(bench.error(), "402::session_unknown");
    bench.socket(R"([{"channel":"/meta/handshake","id":"-"}])");
    assert_false(bench.bound.has_value());
}

// DC-2, DC-5: a disconnect unbinds; a connect that came with it is let go.
void disconnect_when_over_a_socket_then_unbound(void** state) {
    Bench& bench = bench_of(state);
    open_session(bench);
    bench.socket(
        R"([{"channel":"/meta/connect","id":"1","clientId":"$1"},
            {"channel":"/meta/disconnect","id":"2","clientId":"$1"}])");
    assert_false(bench.bound.has_value());
    assert_false(bench.outcome.park.has_value());
    assert_false(bench.outcome.events_of.has_value());
    assert_int_equal(bench.replies(), 2);
    assert_string_equal(bench.text(0, "id"), "2");
    assert_string_equal(bench.text(1, "id"), "1");
    assert_string_equal(bench.successful(1), "true");
    assert_string_equal(bench.advice(1), R"({"reconnect":"none"})");
}

// EX-3, X-ACT: what a socket sends keeps its session alive; what it sends for others does not.
void session_when_messages_come_over_a_socket_then_lives_on(void** state) {
    Bench& bench = bench_of(state);
    open_session(bench);
    bench.clock.advance(Millis{4000});
    const std::size_t before = bench.store.counts().touches;
    bench.socket(kPublish);
    assert_true(bench.session(1)->expires_at == bench.clock.now() + Millis{10000});
    assert_true(bench.session(1)->active_at == bench.clock.now());
    bench.clock.advance(Millis{1000});
    bench.socket(R"([{"channel":"/a","clientId":"$9","data":1},{"channel":"/a","data":1}])");
    assert_int_equal(bench.store.counts().touches - before, 1);
    bench.socket(kConnect);
    assert_int_equal(bench.store.counts().touches - before, 1);
    assert_true(bench.session(1)->active_at == bench.clock.now() - Millis{1000});
}

// PB-6, PB-7: pushing or not, an own event rides with the reply and wakes nobody.
void publish_when_over_a_socket_then_own_event_rides_along(void** state) {
    Bench& bench = bench_of(state);
    open_session(bench);
    assert_true(wait(bench) == ParkState::kParked);
    bench.socket(kPublish);
    assert_true(bench.outcome.events_of == Bench::handle(1));
    assert_string_equal(bench.due(), "");
    assert_string_equal(bench.events(), R"({"channel":"/a","data":1})");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        BENCH_TEST(connect_when_over_a_socket_then_first_answered_next_held),
        BENCH_TEST(connect_when_session_was_made_over_http_then_advised),
        BENCH_TEST(connect_when_others_come_with_it_then_held_and_they_are_answered),
        BENCH_TEST(connect_when_no_time_is_wished_then_answered),
        BENCH_TEST(connect_when_an_event_waits_then_held_unless_deliver_only),
        BENCH_TEST(connect_when_one_is_held_on_the_stream_then_same_cycle),
        BENCH_TEST(connect_when_twice_in_a_message_then_last_is_held),
        BENCH_TEST(connect_when_stream_is_new_then_gives_it_its_cycle),
        BENCH_TEST(stream_when_a_connect_comes_another_way_then_superseded),
        BENCH_TEST(message_when_it_names_another_session_then_402),
        BENCH_TEST(message_when_bound_then_cookie_is_not_asked_again),
        BENCH_TEST(message_when_bound_session_is_gone_then_looked_up_afresh),
        BENCH_TEST(handshake_when_stream_is_bound_then_bound_to_the_new_session),
        BENCH_TEST(disconnect_when_over_a_socket_then_unbound),
        BENCH_TEST(session_when_messages_come_over_a_socket_then_lives_on),
        BENCH_TEST(publish_when_over_a_socket_then_own_event_rides_along),
    };
    return cmocka_run_group_tests_name("engine_streams", tests, nullptr, nullptr);
}
