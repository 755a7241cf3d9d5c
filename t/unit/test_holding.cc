// Connects by transport, and how many of them a browser's sessions may hold.
#include "broker/engine.hpp"
#include "lib/broker_bench.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

using broker::Transport;

constexpr const char* kNormal = R"({"reconnect":"retry","interval":0,"timeout":30000})";
constexpr const char* kSurplus =
    R"({"reconnect":"retry","interval":2000,"timeout":30000,"multiple-clients":true})";
constexpr const char* kEventSource =
    R"([{"channel":"/meta/connect","clientId":"$1","connectionType":"eventsource"}])";

Bench& connect(Bench& bench, char session, const char* rest = "") {
    return bench.send(std::string(R"([{"channel":"/meta/connect","clientId":"$)") + session + "\"" +
                      rest + "}]");
}

// A connect of the session that a loop holds.
void hold(Bench& bench, char session) {
    connect(bench, session);
    bench.park();
}

// The connect that child 0 holds for session `n` is over.
void release(Bench& bench, std::uint32_t n) {
    const auto view = bench.session(n);
    bench.store.finish_connect(Bench::handle(n), view->cycle,
                               bench.clock.now() + bench.settings.max_interval);
}

void two_sessions(Bench& bench) {
    bench.connect_session('1');
    bench.connect_session('2');
}

// BR-4, BR-5, AD-4: the second tab is answered at once and told to come back in a while.
void connect_when_browser_holds_one_already_then_told_of_multiple_clients(void** state) {
    Bench& bench = bench_of(state);
    two_sessions(bench);
    hold(bench, '1');
    connect(bench, '2');
    assert_false(bench.outcome.park.has_value());
    assert_string_equal(bench.successful(), "true");
    assert_string_equal(bench.advice(), kSurplus);
    // It lives at least as long as it was told to stay away, and what is due after that.
    assert_true(bench.outcome.answered->expires_after == Millis{12000});
    assert_true(bench.session(2)->lease >= bench.clock.now() + Millis{12000});
    connect(bench, '2');
    assert_string_equal(bench.advice(), kSurplus);
    assert_true(bench.session(1)->parked);
}

// AD-4: with BayeuxMultiSessionInterval 0 the surplus tab is turned away for good, without an
// error.
void connect_when_surplus_and_no_interval_then_unsuccessful_with_none(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.multi_session_interval = Millis{0};
    two_sessions(bench);
    hold(bench, '1');
    connect(bench, '2');
    assert_false(bench.outcome.park.has_value());
    assert_true(bench.outcome.answered.has_value());
    assert_string_equal(bench.successful(), "false");
    assert_string_equal(bench.json(0, "error"), "");
    assert_string_equal(bench.advice(), R"({"reconnect":"none","multiple-clients":true})");
}

// BR-7, AD-5: when the first tab has left, the second is held and hears that all is normal again.
void connect_when_the_other_tab_has_left_then_held_and_advised_anew(void** state) {
    Bench& bench = bench_of(state);
    two_sessions(bench);
    hold(bench, '1');
    connect(bench, '2');
    release(bench, 1);
    connect(bench, '2');
    assert_true(bench.outcome.park.has_value());
    assert_string_equal(bench.member(bench.outcome.park->reply, "advice"), kNormal);
    bench.park();
    connect(bench, '1');
    assert_string_equal(bench.advice(), kSurplus);
    bench.send(R"([{"channel":"/meta/disconnect","clientId":"$2"}])");
    connect(bench, '1');
    assert_true(bench.outcome.park.has_value());
    connect(bench, '1');  // its own older connect is no other's
    assert_true(bench.outcome.park.has_value());
    assert_string_equal(bench.member(bench.outcome.park->reply, "advice"), "");
}

// BR-4: the numbers, and whom they count.
void connect_when_the_limit_varies_then_as_many_are_held(void** state) {
    Bench& bench = bench_of(state);
    two_sessions(bench);
    bench.settings.holds_per_browser = 0;
    connect(bench, '1');
    assert_string_equal(bench.advice(), kSurplus);
    bench.settings.holds_per_browser = 2;
    hold(bench, '1');
    connect(bench, '2');
    assert_true(bench.outcome.park.has_value());
    bench.settings.holds_per_browser = broker::kUnlimited;
    connect(bench, '2');
    assert_true(bench.outcome.park.has_value());
    bench.settings.holds_per_browser = 1;
    bench.cookie = browser(7);  // another browser
    bench.connect_session('3');
    connect(bench, '3');
    assert_true(bench.outcome.park.has_value());
}

// CN-4, CN-6, CN-11, ORD-5: who is answered at once anyway takes no place and hears nothing of it.
void connect_when_it_would_not_be_held_then_not_counted(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    hold(bench, '1');
    bench.connect_session('2');
    assert_string_equal(bench.advice(), "");
    assert_false(bench.session(2)->terms.wants_hold);
    connect(bench, '2', R"(,"advice":{"timeout":0})");
    assert_string_equal(bench.advice(), kNormal);
    assert_false(bench.session(2)->terms.wants_hold);
    bench.send(
        R"([{"channel":"/meta/connect","clientId":"$2"},{"channel":"/a","clientId":"$2","data":1}])");
    assert_string_equal(bench.advice(), "");
    assert_false(bench.session(2)->terms.wants_hold);
    bench.send(R"([{"channel":"/meta/subscribe","clientId":"$2","subscription":"/a"}])");
    bench.send(R"([{"channel":"/a","clientId":"$1","data":1}])");
    connect(bench, '2');
    assert_string_equal(bench.advice(), "");
    assert_string_equal(bench.events(), R"({"channel":"/a","data":1})");
}

// BR-6: callback-polling counts, a WebSocket never does.
void connect_when_transports_vary_then_counted_by_rule(void** state) {
    Bench& bench = bench_of(state);
    two_sessions(bench);
    bench.transport = Transport::kCallbackPolling;
    hold(bench, '1');
    assert_true(bench.session(1)->counted);
    connect(bench, '2');
    assert_string_equal(bench.advice(), kSurplus);
    bench.transport = Transport::kWebSocket;
    connect(bench, '2');
    assert_true(bench.outcome.park.has_value());
    assert_false(bench.session(2)->counted);
    release(bench, 1);
    bench.transport = Transport::kLongPolling;
    connect(bench, '1');
    assert_true(bench.outcome.park.has_value());
}

// ORD-4: otherwise it is long-polling; each change of transport brings advice (CN-7).
void connect_when_by_callback_polling_then_as_by_long_polling(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.transport = Transport::kCallbackPolling;
    connect(bench, '1');
    assert_true(bench.outcome.park.has_value());
    assert_string_equal(bench.member(bench.outcome.park->reply, "advice"), kNormal);
    assert_true(bench.session(1)->terms.transport == Transport::kCallbackPolling);
    connect(bench, '1');
    assert_string_equal(bench.member(bench.outcome.park->reply, "advice"), "");
    bench.park();
    bench.send(R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":"/a"},
                   {"channel":"/a","clientId":"$1","data":1}])");
    assert_false(bench.outcome.events_of.has_value());
    assert_string_equal(bench.due(), "events");
}

// AD-4, Faye 8: a connect beside an event source is answered at once, and the next comes when a
// held one would have been answered.
void connect_when_for_an_event_source_then_answered_with_its_advice(void** state) {
    Bench& bench = bench_of(state);
    static constexpr const char* kAdvice =
        R"({"reconnect":"retry","interval":30000,"timeout":30000})";
    bench.settings.transports = {"eventsource", "long-polling"};
    bench.send(kHandshake);
    for (int i = 0; i < 3; ++i) {  // the first one too
        bench.send(kEventSource);
        assert_false(bench.outcome.park.has_value());
        assert_string_equal(bench.successful(), "true");
        assert_string_equal(bench.advice(), kAdvice);
        assert_true(bench.outcome.answered->expires_after == Millis{40000});
        assert_true(bench.session(1)->expires_at == bench.clock.now() + Millis{40000});
        assert_true(bench.session(1)->terms.transport == Transport::kEventSource);
    }
    connect(bench, '1', R"(,"connectionType":"eventsource","advice":{"timeout":9,"interval":5})");
    assert_string_equal(bench.advice(), kAdvice);
    connect(bench, '1');  // back to long-polling
    assert_string_equal(bench.member(bench.outcome.park->reply, "advice"), kNormal);
}

// A connect goes on with the event source's cycle, which stays open.
void connect_when_event_source_is_open_then_it_stays(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.transports = {"eventsource"};
    bench.send(kHandshake);
    bench.send(kEventSource);
    const auto cycle = bench.store.start_stream(Bench::handle(1), Transport::kEventSource).value();
    bench.store.park(Bench::handle(1), cycle, ChildIndex{0}, TimePoint{});
    bench.send(kEventSource);
    assert_true(bench.outcome.answered->cycle == cycle);
    assert_string_equal(bench.due(), "");
    assert_true(bench.session(1)->parked);
    connect(bench, '1');
    assert_string_equal(bench.due(), "superseded");
}

// CN-3: where it is not offered, or the connect came another way, the word means nothing.
void connect_when_event_source_does_not_apply_then_ordinary(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.send(kEventSource);
    assert_true(bench.outcome.park.has_value());
    bench.settings.transports = {"eventsource", "long-polling"};
    bench.transport = Transport::kCallbackPolling;
    bench.send(kEventSource);
    assert_true(bench.outcome.park.has_value());
    bench.transport = Transport::kWebSocket;
    bench.send(kEventSource);
    assert_true(bench.outcome.park.has_value());
}

// CN-5, CN-11, ORD-8: a lazy event leaves with whatever is answered, and makes nothing be answered.
void connect_when_only_lazy_events_wait_then_held(void** state) {
    Bench& bench = bench_of(state);
    two_sessions(bench);
    bench.policy.by_channel["/a"].lazy = Millis{5000};
    bench.send(R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":"/a"}])");
    bench.send(R"([{"channel":"/a","clientId":"$2","data":1}])");
    assert_true(bench.store.has_events(Bench::handle(1)));
    connect(bench, '1');
    assert_true(bench.outcome.park.has_value());
    connect(bench, '1', R"(,"advice":{"timeout":0})");
    assert_string_equal(bench.events(), R"({"channel":"/a","data":1})");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        BENCH_TEST(connect_when_browser_holds_one_already_then_told_of_multiple_clients),
        BENCH_TEST(connect_when_surplus_and_no_interval_then_unsuccessful_with_none),
        BENCH_TEST(connect_when_the_other_tab_has_left_then_held_and_advised_anew),
        BENCH_TEST(connect_when_the_limit_varies_then_as_many_are_held),
        BENCH_TEST(connect_when_it_would_not_be_held_then_not_counted),
        BENCH_TEST(connect_when_transports_vary_then_counted_by_rule),
        BENCH_TEST(connect_when_by_callback_polling_then_as_by_long_polling),
        BENCH_TEST(connect_when_for_an_event_source_then_answered_with_its_advice),
        BENCH_TEST(connect_when_event_source_is_open_then_it_stays),
        BENCH_TEST(connect_when_event_source_does_not_apply_then_ordinary),
        BENCH_TEST(connect_when_only_lazy_events_wait_then_held),
    };
    return cmocka_run_group_tests_name("holding", tests, nullptr, nullptr);
}
