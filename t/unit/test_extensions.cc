// The extensions, as the engine keeps them: ack, timesync, timestamp, activity.
#include "broker/engine.hpp"
#include "lib/broker_bench.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

constexpr const char* kAckHandshake = R"([{"channel":"/meta/handshake","ext":{"ack":true}}])";
constexpr const char* kConnect = R"([{"channel":"/meta/connect","clientId":"$1"}])";

// A connect of session 1 with these values of ext.ack and advice.
std::string connect_with(const char* ack, const char* advice = nullptr) {
    std::string body = R"([{"channel":"/meta/connect","clientId":"$1","ext":{"ack":)";
    body += std::string(ack) + "}";
    if (advice != nullptr) {
        body += std::string(R"(,"advice":)") + advice;
    }
    return body + "}]";
}

// Session 1 acknowledges, is connected and subscribed to /a; session 2 publishes there.
void new_ack_session(Bench& bench) {
    bench.send(kAckHandshake);
    bench.send(connect_with("0"));
    bench.events();
    bench.send(R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":"/a"}])");
    bench.connect_session('2');
}

void publish(Bench& bench, const char* data) {
    bench.send(std::string(R"([{"channel":"/a","clientId":"$2","data":)") + data + "}]");
}

// X-ACK 1, 2: both must want it.
void ack_when_sides_vary_then_on_if_both_want_it(void** state) {
    Bench& bench = bench_of(state);
    struct Case {
        bool offered;
        const char* ext;
        bool on;
    };
    static const Case kCases[] = {
        {true, R"({"ack":true})", true},   {false, R"({"ack":true})", false},
        {true, R"({"ack":1})", false},     {true, R"({"ack":"true"})", false},
        {true, R"({"ack":false})", false}, {true, R"({"other":true})", false},
    };
    std::uint32_t session = 0;
    for (const Case& row : kCases) {
        bench.settings.extensions.ack = row.offered;
        bench.send(std::string(R"([{"channel":"/meta/handshake","ext":)") + row.ext + "}]");
        assert_string_equal(bench.json(0, "ext"), row.on ? R"({"ack":true})" : "");
        assert_int_equal(bench.session(++session)->wanted.ack, row.on);
        assert_int_equal(bench.outcome.bound->deliver_only, row.on);
    }
    bench.settings.extensions.ack = true;
    bench.store.full = true;
    bench.send(kAckHandshake);
    assert_string_equal(bench.json(0, "ext"), "");
}

// X-ACK 4: each connect's reply has the next number, with events or without.
void ack_when_connects_are_answered_then_batches_are_counted(void** state) {
    Bench& bench = bench_of(state);
    bench.send(kAckHandshake);
    bench.send(connect_with("0"));
    assert_string_equal(bench.events(), "");
    assert_string_equal(bench.json(0, "ext"), R"({"ack":1})");
    bench.send(connect_with("1", R"({"timeout":0})"));
    assert_string_equal(bench.events(), "");
    assert_string_equal(bench.json(0, "ext"), R"({"ack":2})");
    bench.send(connect_with("2"));
    assert_true(bench.outcome.park->reply.wants_batch);
    assert_false(bench.outcome.park->farewell().wants_batch);
    // Without the extension nothing of it shows, whatever the client sends.
    bench.connect_session('2');
    assert_string_equal(bench.events(), "");
    assert_string_equal(bench.json(0, "ext"), "");
}

// X-ACK 5, 6, 8: what is not acknowledged comes again, the oldest first, under a new number.
void ack_when_a_response_is_lost_then_the_next_connect_brings_it(void** state) {
    Bench& bench = bench_of(state);
    new_ack_session(bench);
    publish(bench, "1");
    bench.send(connect_with("1"));
    assert_string_equal(bench.events(), R"({"channel":"/a","data":1})");
    assert_string_equal(bench.json(0, "ext"), R"({"ack":2})");
    publish(bench, "2");
    bench.send(connect_with("1"));  // batch 2 was lost
    assert_string_equal(bench.events(), R"({"channel":"/a","data":1},{"channel":"/a","data":2})");
    assert_string_equal(bench.json(0, "ext"), R"({"ack":3})");
    publish(bench, "3");
    bench.send(kConnect);  // says nothing: nothing is forgotten
    assert_string_equal(
        bench.events(),
        R"({"channel":"/a","data":1},{"channel":"/a","data":2},{"channel":"/a","data":3})");
    bench.send(connect_with("2"));
    assert_string_equal(bench.events(), R"({"channel":"/a","data":2},{"channel":"/a","data":3})");
    bench.send(connect_with("5"));
    assert_true(bench.outcome.park.has_value());
    assert_int_equal(bench.session(1)->queued, 0);
}

// X-ACK 7: a lost response is sent again at once; a client that names its time may wait.
void ack_when_something_is_to_be_replayed_then_connect_is_not_held(void** state) {
    Bench& bench = bench_of(state);
    new_ack_session(bench);
    publish(bench, "1");
    bench.send(connect_with("1"));
    bench.events();
    bench.send(connect_with("1"));
    assert_false(bench.outcome.park.has_value());
    assert_string_equal(bench.events(), R"({"channel":"/a","data":1})");
    bench.send(connect_with("1", R"({"interval":0})"));
    assert_false(bench.outcome.park.has_value());
    bench.events();
    bench.send(connect_with("1", R"({"timeout":5000})"));
    assert_true(bench.outcome.park.has_value());
    bench.send(connect_with("4"));
    assert_true(bench.outcome.park.has_value());
}

// X-ACK 7: a lazy event that was never sent is nothing to replay.
void ack_when_only_a_lazy_event_waits_then_connect_is_held(void** state) {
    Bench& bench = bench_of(state);
    new_ack_session(bench);
    bench.policy.by_channel["/a"].lazy = Millis{5000};
    publish(bench, "1");
    bench.send(connect_with("1"));
    assert_true(bench.outcome.park.has_value());
}

// X-ACK 3, 9, ORD-3: events leave with connects only, on every transport.
void ack_when_other_messages_are_answered_then_without_events(void** state) {
    Bench& bench = bench_of(state);
    static constexpr const char* kOthers[] = {
        R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":"/b"}])",
        R"([{"channel":"/a","clientId":"$1","data":1}])",
        R"([{"channel":"/meta/unsubscribe","clientId":"$1","subscription":"/b"}])",
    };
    new_ack_session(bench);
    for (const auto transport :
         {broker::Transport::kLongPolling, broker::Transport::kCallbackPolling,
          broker::Transport::kWebSocket}) {
        bench.transport = transport;
        for (const char* body : kOthers) {
            bench.send(body);
            assert_string_equal(bench.error(), "");
            assert_false(bench.outcome.events_of.has_value());
            assert_string_equal(bench.json(0, "ext"), "");
            assert_true(bench.outcome.bound->deliver_only);
        }
    }
    // The publisher's own event waits for the connect that is held (PB-6 does not hold here).
    bench.transport = broker::Transport::kLongPolling;
    bench.send(connect_with("1"));
    bench.events();
    bench.send(connect_with("2"));
    bench.park();
    bench.send(kOthers[1]);
    assert_string_equal(bench.due(), "events");
}

// S3: numbers that were never sent are none, and the queue stays bounded.
void ack_when_client_acknowledges_nonsense_then_nothing_is_forgotten(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.queue.messages = 3;
    new_ack_session(bench);
    publish(bench, "1");
    bench.send(connect_with("1"));
    bench.events();
    for (const char* value : {"-1", "0", "1", "3", "9223372036854775807", "1e300", "\"2\"", "null",
                              "{}", "[2]", "true", "0.5"}) {
        bench.send(connect_with(value));
        assert_string_equal(bench.successful(), "true");
        assert_int_equal(bench.session(1)->queued, 1);
    }
    for (const char* data : {"2", "3", "4"}) {
        publish(bench, data);
        bench.send(connect_with("1"));
        bench.events();
    }
    assert_false(bench.session(1).has_value());  // BayeuxQueueOverflow disconnect
}

// X-TSYNC 1..3: on every meta message, failed ones too; p is the time until it is written.
void timesync_when_on_then_every_meta_reply_has_it(void** state) {
    Bench& bench = bench_of(state);
    static constexpr const char* kRest = R"(,"clientId":"$1","ext":{"timesync":{"tc":5}}}])";
    static constexpr const char* kMessages[] = {
        R"([{"channel":"/meta/handshake")",
        R"([{"channel":"/meta/connect")",
        R"([{"channel":"/meta/subscribe","subscription":"/a")",
        R"([{"channel":"/meta/subscribe")",
        R"([{"channel":"/meta/unsubscribe","subscription":"/a")",
        R"([{"channel":"/meta/connect","id":"-")",
        R"([{"channel":"/meta/disconnect")",
        R"([{"channel":"/meta/connect")",
        R"([{"channel":"/meta/handshake","supportedConnectionTypes":["pigeon"])",
    };
    const long long start = FakeClock::kWallStart.time_since_epoch().count() + 1000000;
    const std::string expected =
        R"({"timesync":{"tc":5,"ts":)" + std::to_string(start) + R"(,"p":)";
    long long late = 0;
    for (const char* message : kMessages) {
        bench.clock.advance(Millis{-late});
        bench.send(std::string(message) + kRest);
        bench.clock.advance(Millis{late = 30});
        assert_string_equal(bench.json(0, "ext"), (bench.keep(expected + "30}}")));
    }
    bench.send(std::string(R"([{"channel":"/a","data":1)") + kRest);
    assert_string_equal(bench.json(0, "ext"), "");
    bench.settings.extensions.timesync = false;
    bench.send(std::string(kMessages[0]) + kRest);
    assert_string_equal(bench.json(0, "ext"), "");
}

// X-TSYNC 3: p of a held connect is the time that it was held.
void timesync_when_connect_is_held_then_known_when_written(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.send(
        R"([{"channel":"/meta/connect","clientId":"$1","ext":{"timesync":{"tc":5,"l":0,"o":0}}}])");
    bench.clock.advance(Millis{12000});
    assert_string_equal(bench.member(bench.outcome.park->reply, "ext"),
                        R"({"timesync":{"tc":5,"ts":1700001000000,"p":12000,"a":-1700000999995}})");
    assert_string_equal(bench.member(bench.outcome.park->farewell(), "ext"),
                        R"({"timesync":{"tc":5,"ts":1700001000000,"p":12000,"a":-1700000999995}})");
}

// X-TS: every reply says when it was written.
void timestamp_when_on_then_every_reply_has_it(void** state) {
    Bench& bench = bench_of(state);
    static constexpr const char* kMessages[] = {
        R"([{"channel":"/meta/handshake"}])",
        R"([{"channel":"/meta/connect","clientId":"$1"}])",
        R"([{"channel":"/a","clientId":"$1","data":1}])",
        R"([{"channel":"/a","clientId":"$1"}])",
        R"([{"channel":"/a","clientId":"$9","data":1}])",
    };
    bench.settings.extensions.timestamp = true;
    for (const char* message : kMessages) {
        bench.send(message);
        assert_string_equal(bench.text(0, "timestamp"), "Tue Nov 14 22:30:00 GMT 2023");
    }
    bench.settings.extensions.timestamp = false;
    bench.send(kMessages[2]);
    assert_string_equal(bench.json(0, "timestamp"), "");
    bench.settings.extensions.timestamp = true;
    bench.send(kConnect);
    bench.clock.advance(Millis{5000});
    assert_string_equal(bench.member(bench.outcome.park->reply, "timestamp"),
                        "\"Tue Nov 14 22:30:05 GMT 2023\"");
}

// X-ACT: connects are no activity; one that comes too late ends the session.
void activity_when_client_was_idle_then_connect_ends_the_session(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.extensions.activity = true;
    bench.settings.extensions.idle_timeout = Millis{5000};
    bench.settings.max_interval = Millis{60000};
    bench.connect_session('1');
    bench.clock.advance(Millis{5000});
    bench.send(kConnect);
    assert_true(bench.outcome.park.has_value());
    bench.park();
    bench.send(R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":"/a"}])");
    bench.clock.advance(Millis{5000});
    bench.send(kConnect);
    assert_true(bench.outcome.park.has_value());
    assert_string_equal(bench.due(), "superseded");
    bench.park();
    bench.clock.advance(Millis{1});
    bench.send(kConnect);
    assert_string_equal(bench.error(), "402::session_unknown");
    assert_string_equal(bench.advice(), R"({"reconnect":"none","interval":0})");
    assert_false(bench.session(1).has_value());
    assert_false(bench.outcome.bound.has_value());
    assert_string_equal(bench.due(), "ended");
}

// X-ACT: what a client sends with its connect is activity too; off is off.
void activity_when_other_messages_come_along_then_session_lives(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.max_interval = Millis{60000};
    bench.connect_session('1');
    bench.clock.advance(Millis{20000});
    bench.send(kConnect);
    assert_true(bench.outcome.park.has_value());
    bench.settings.extensions.idle_timeout = Millis{5000};
    bench.send(kConnect);
    assert_true(bench.outcome.park.has_value());
    bench.settings.extensions.activity = true;
    bench.settings.extensions.idle_timeout = Millis{0};
    bench.send(kConnect);
    assert_true(bench.outcome.park.has_value());
    bench.settings.extensions.idle_timeout = Millis{5000};
    bench.send(
        R"([{"channel":"/meta/connect","clientId":"$1"},{"channel":"/a","clientId":"$1","data":1}])");
    assert_string_equal(bench.successful(), "true");
    bench.send(kConnect);
    assert_true(bench.outcome.park.has_value());
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        BENCH_TEST(ack_when_sides_vary_then_on_if_both_want_it),
        BENCH_TEST(ack_when_connects_are_answered_then_batches_are_counted),
        BENCH_TEST(ack_when_a_response_is_lost_then_the_next_connect_brings_it),
        BENCH_TEST(ack_when_something_is_to_be_replayed_then_connect_is_not_held),
        BENCH_TEST(ack_when_only_a_lazy_event_waits_then_connect_is_held),
        BENCH_TEST(ack_when_other_messages_are_answered_then_without_events),
        BENCH_TEST(ack_when_client_acknowledges_nonsense_then_nothing_is_forgotten),
        BENCH_TEST(timesync_when_on_then_every_meta_reply_has_it),
        BENCH_TEST(timesync_when_connect_is_held_then_known_when_written),
        BENCH_TEST(timestamp_when_on_then_every_reply_has_it),
        BENCH_TEST(activity_when_client_was_idle_then_connect_ends_the_session),
        BENCH_TEST(activity_when_other_messages_come_along_then_session_lives),
    };
    return cmocka_run_group_tests_name("extensions", tests, nullptr, nullptr);
}
