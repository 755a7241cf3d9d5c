#include "broker/engine.hpp"
#include "lib/broker_bench.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

constexpr const char* kConnect = R"([{"channel":"/meta/connect","id":"c","clientId":"$1"}])";
constexpr const char* kAdvised = R"({"reconnect":"retry","interval":0,"timeout":30000})";

std::string connect_with(const char* advice) {
    return std::string(R"([{"channel":"/meta/connect","clientId":"$1","advice":)") + advice + "}]";
}

// Session 1 subscribes, an event for it comes from session 2; both are connected before.
void queue_an_event(Bench& bench) {
    bench.send(R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":"/a"}])");
    bench.send(R"([{"channel":"/a","clientId":"$2","data":1}])");
}

// CN-4: at once; CN-7: its advice came with the handshake.
void connect_when_first_then_answered_at_once(void** state) {
    Bench& bench = bench_of(state);
    bench.send(kHandshake);
    bench.finish = false;
    bench.send(kConnect);
    assert_int_equal(bench.replies(), 1);
    assert_string_equal(bench.text(0, "channel"), "/meta/connect");
    assert_string_equal(bench.text(0, "id"), "c");
    assert_string_equal(bench.successful(), "true");
    assert_string_equal(bench.advice(), "");
    assert_string_equal(bench.json(0, "clientId"), "");  // ENV-10
    assert_false(bench.outcome.park.has_value());
    assert_true(bench.outcome.answered.has_value());
    assert_true(bench.outcome.answered->session == Bench::handle(1));
    assert_true(bench.outcome.answered->expires_after == bench.settings.max_interval);
    assert_true(bench.outcome.events_of == Bench::handle(1));
    assert_true(bench.session(1)->open);
}

// CN-5, CN-9, CN-17: what a held connect is told to the loop as.
void connect_when_idle_then_parked(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.settings.interval = Millis{200};
    bench.settings.max_interval = Millis{7000};
    bench.send(kConnect);
    assert_true(bench.outcome.park.has_value());
    const broker::Park& park = *bench.outcome.park;
    assert_int_equal(bench.replies(), 0);
    assert_false(bench.outcome.answered.has_value());
    assert_false(bench.outcome.events_of.has_value());
    assert_true(park.connect.session == Bench::handle(1));
    assert_true(park.connect.expires_after == Millis{7200});
    assert_true(park.deadline == bench.clock.now() + Millis{30000});
    assert_true(park.lease > park.deadline + park.connect.expires_after);
    assert_true(bench.session(1)->lease == park.lease);
    assert_true(bench.store.park(Bench::handle(1), park.connect.cycle, ChildIndex{0}, park.lease) ==
                broker::ParkState::kParked);
}

void park_when_interval_changed_then_texts_carry_advice(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.send(kConnect);
    assert_string_equal(bench.member(bench.outcome.park->reply, "successful"), "true");
    assert_string_equal(bench.member(bench.outcome.park->reply, "id"), "\"c\"");
    assert_string_equal(bench.member(bench.outcome.park->reply, "advice"), "");
    assert_string_equal(bench.member(bench.outcome.park->farewell(), "successful"), "true");
    assert_string_equal(bench.member(bench.outcome.park->farewell(), "id"), "\"c\"");
    assert_string_equal(bench.member(bench.outcome.park->farewell(), "advice"),
                        R"({"reconnect":"none"})");
    bench.settings.interval = Millis{200};
    bench.send(kConnect);
    assert_string_equal(bench.member(bench.outcome.park->reply, "advice"),
                        R"({"reconnect":"retry","interval":200,"timeout":30000})");
    // AD-4: added to whatever is there.
    assert_string_equal(bench.member(bench.outcome.park->farewell(), "advice"),
                        R"({"reconnect":"none","interval":200,"timeout":30000})");
}

// CN-5: each condition for a hold, one missing at a time.
void connect_when_a_condition_for_holding_is_missing_then_answered(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.send(connect_with(R"({"timeout":0})"));
    assert_false(bench.outcome.park.has_value());
    assert_true(bench.outcome.answered.has_value());
    bench.can_hold = false;
    bench.send(kConnect);
    assert_false(bench.outcome.park.has_value());
    assert_string_equal(bench.successful(), "true");
    bench.can_hold = true;
    bench.settings.timeout = Millis{0};
    bench.send(kConnect);
    assert_false(bench.outcome.park.has_value());
    assert_string_equal(bench.successful(), "true");
    bench.settings.timeout = Millis{30000};
    bench.send(kConnect);
    assert_true(bench.outcome.park.has_value());
}

// CN-11.
void connect_when_event_waits_then_answered_with_it(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.connect_session('2');
    queue_an_event(bench);
    bench.send(kConnect);
    assert_false(bench.outcome.park.has_value());
    assert_string_equal(bench.events(), R"({"channel":"/a","data":1})");
    assert_string_equal(bench.successful(), "true");
    bench.send(kConnect);
    assert_true(bench.outcome.park.has_value());
}

// CN-6, CN-7, CN-8: how long, and what the reply advises.
void connect_when_client_advises_then_terms_and_advice(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    struct Case {
        const char* wish;
        int hold;           // 0: answered
        int expires_after;  // BayeuxMaxInterval is 10000
        const char* advice;
    };
    static const Case kCases[] = {
        {R"({})", 30000, 10000, kAdvised},
        {R"({"timeout":0})", 0, 10000, kAdvised},
        {R"({"timeout":4000})", 4000, 10000, kAdvised},
        {R"({"timeout":90000})", 90000, 10000, kAdvised},
        {R"({"timeout":-1})", 30000, 10000, kAdvised},
        {R"({"timeout":99999999999999})", 3600000, 10000, kAdvised},
        {R"({"timeout":0,"interval":2000})", 0, 12000,
         R"({"reconnect":"retry","interval":2000,"timeout":30000})"},
        {R"({"timeout":0,"interval":99999999999999})", 0, 3610000,
         R"({"reconnect":"retry","interval":3600000,"timeout":30000})"},
        {R"({"timeout":0,"interval":-1})", 0, 10000, kAdvised},
    };
    for (const Case& row : kCases) {
        bench.send(connect_with(row.wish));
        assert_int_equal(bench.outcome.park.has_value(), row.hold != 0);
        const auto& park = bench.outcome.park;
        const auto& open = park ? park->connect : *bench.outcome.answered;
        assert_int_equal(open.expires_after.count(), row.expires_after);
        if (park) {
            assert_int_equal((park->deadline - bench.clock.now()).count(), row.hold);
            assert_string_equal(bench.member(park->reply, "advice"), row.advice);
        } else {
            assert_string_equal(bench.advice(), row.advice);
        }
    }
}

// A long BayeuxTimeout is the admin's own wish and is not cut.
void connect_when_configured_times_are_long_then_kept(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.settings.timeout = Millis{7200000};
    bench.settings.interval = Millis{7100000};
    bench.send(kConnect);
    assert_true(bench.outcome.park->deadline == bench.clock.now() + Millis{7200000});
    assert_true(bench.outcome.park->connect.expires_after == Millis{7110000});
}

// design.md 4.8, AD-5: who would be held but cannot be is told to pause, and told when that is
// over.
void connect_when_holding_is_impossible_then_interval_is_advised(void** state) {
    Bench& bench = bench_of(state);
    static constexpr const char* kSlow = R"({"reconnect":"retry","interval":3000,"timeout":30000})";
    bench.can_hold = false;
    bench.unheld_interval = Millis{3000};
    bench.connect_session('1');
    assert_string_equal(bench.advice(), "");
    bench.send(kConnect);
    assert_string_equal(bench.advice(), kSlow);
    assert_true(bench.outcome.answered->expires_after == Millis{13000});
    bench.send(kConnect);
    assert_string_equal(bench.advice(), "");
    bench.send(connect_with(R"({"interval":4000})"));
    assert_string_equal(bench.advice(), R"({"reconnect":"retry","interval":4000,"timeout":30000})");
    bench.send(connect_with(R"({"timeout":0})"));
    assert_string_equal(bench.advice(), kAdvised);
    bench.send(connect_with(R"({"timeout":100})"));
    assert_string_equal(bench.advice(), kSlow);
    bench.can_hold = true;
    bench.send(kConnect);
    assert_string_equal(bench.member(bench.outcome.park->reply, "advice"), kAdvised);
}

// CN-7: repeated only when something changed.
void connect_when_terms_change_then_advised_once(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.can_hold = false;
    bench.send(kConnect);
    assert_string_equal(bench.advice(), "");
    bench.settings.timeout = Millis{5000};
    bench.send(kConnect);
    assert_string_equal(bench.advice(), R"({"reconnect":"retry","interval":0,"timeout":5000})");
    bench.send(kConnect);
    assert_string_equal(bench.advice(), "");
    // A transient interval ends with its message; the client is told.
    bench.send(connect_with(R"({"interval":900})"));
    assert_string_equal(bench.advice(), R"({"reconnect":"retry","interval":900,"timeout":5000})");
    bench.send(kConnect);
    assert_string_equal(bench.advice(), R"({"reconnect":"retry","interval":0,"timeout":5000})");
}

// CID-7, AD-4.
void connect_when_session_unknown_then_402_and_handshake_advice(void** state) {
    Bench& bench = bench_of(state);
    static constexpr const char* kBodies[] = {
        R"([{"channel":"/meta/connect","clientId":"$9"}])",
        R"([{"channel":"/meta/connect","clientId":"nonsense"}])",
        R"([{"channel":"/meta/connect"}])",
    };
    for (const char* body : kBodies) {
        bench.send(body);
        assert_string_equal(bench.error(), "402::session_unknown");
        assert_string_equal(bench.successful(), "false");
        assert_string_equal(bench.advice(), R"({"reconnect":"handshake","interval":0})");
        assert_false(bench.outcome.answered.has_value());
        assert_false(bench.outcome.park.has_value());
    }
    bench.send(kHandshake);
    bench.store.gone = true;  // between the look-up and the start
    bench.send(kConnect);
    assert_string_equal(bench.error(), "402::session_unknown");
    assert_string_equal(bench.advice(), R"({"reconnect":"handshake","interval":0})");
    assert_false(bench.outcome.answered.has_value());
    assert_false(bench.outcome.events_of.has_value());
}

// CN-3.
void connect_when_connection_type_is_odd_then_accepted(void** state) {
    Bench& bench = bench_of(state);
    bench.send(kHandshake);
    bench.send(R"([{"channel":"/meta/connect","clientId":"$1","connectionType":"pigeon"}])");
    assert_string_equal(bench.successful(), "true");
}

// Faye 12: no failed connect without advice that slows the client down.
void connect_when_invalid_then_advised_to_pause(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    struct Case {
        const char* body;
        const char* error;
    };
    static const Case kCases[] = {
        {R"([{"channel":"/meta/connect","clientId":"$1","id":"a-b"}])", "405::message_id_invalid"},
        {R"([{"channel":"/meta/connect","clientId":"$1","advice":5}])", "400::message_invalid"},
        {R"([{"channel":"/meta/connect","clientId":"$1","advice":{"timeout":"x"}}])",
         "400::message_invalid"},
    };
    for (const Case& row : kCases) {
        bench.send(row.body);
        assert_string_equal(bench.error(), row.error);
        assert_string_equal(bench.advice(),
                            R"({"reconnect":"retry","interval":5000,"timeout":30000})");
        assert_false(bench.outcome.park.has_value());
    }
    assert_int_equal(bench.store.counts().starts, 1);
}

// ORD-5, ORD-1.
void connect_when_with_others_then_never_held_and_in_order(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.send(
        R"([{"channel":"/meta/connect","id":"1","clientId":"$1"},
            {"channel":"/meta/subscribe","id":"2","clientId":"$1","subscription":"/a"},
            {"channel":"/a","id":"3","clientId":"$1","data":1}])");
    assert_false(bench.outcome.park.has_value());
    assert_true(bench.outcome.answered.has_value());
    assert_int_equal(bench.replies(), 3);
    assert_string_equal(bench.text(0, "id"), "1");
    assert_string_equal(bench.text(1, "id"), "2");
    assert_string_equal(bench.text(2, "id"), "3");
    assert_string_equal(bench.events(), R"({"channel":"/a","data":1})");
}

// CN-12: the older one becomes due at the loop that holds it.
void connect_when_another_is_held_then_it_is_superseded(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.send(kConnect);
    const broker::Park first = *bench.outcome.park;
    bench.store.park(first.connect.session, first.connect.cycle, ChildIndex{3}, first.lease);
    bench.send(kConnect);
    broker::Due due[2];
    assert_int_equal(bench.store.take_due(ChildIndex{3}, due), 1);
    assert_true(due[0].cycle == first.connect.cycle);
    assert_true(due[0].reason == broker::DueReason::kSuperseded);
    assert_true(bench.outcome.park->connect.cycle != first.connect.cycle);
}

// Outcome: exactly one finish for each start, though a batch reports only its last connect.
void connect_when_twice_in_batch_then_each_is_finished_once(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    const auto before = bench.store.counts();
    bench.send(
        R"([{"channel":"/meta/connect","id":"1","clientId":"$1"},
            {"channel":"/meta/connect","id":"2","clientId":"$1"}])");
    assert_int_equal(bench.replies(), 2);
    assert_string_equal(bench.successful(1), "true");
    assert_int_equal(bench.store.counts().starts - before.starts, 2);
    assert_int_equal(bench.store.counts().finishes - before.finishes, 2);
    assert_false(bench.session(1)->open);
}

// EX-1, EX-3, S4: a lone connect costs no touch, but its first cookie is remembered.
void connect_when_cookie_is_new_then_seen(void** state) {
    Bench& bench = bench_of(state);
    bench.send(kHandshake);
    bench.send(kConnect);
    assert_true(bench.session(1)->cookie_seen);
    assert_int_equal(bench.store.counts().touches, 1);
    bench.send(kConnect);
    assert_int_equal(bench.store.counts().touches, 1);
}

// EX-1, CN-6: the life after the answer is what the connect's own terms say.
void connect_when_answered_then_expiry_starts(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.clock.advance(Millis{3000});
    bench.send(connect_with(R"({"timeout":0,"interval":2000})"));
    assert_true(bench.session(1)->expires_at == bench.clock.now() + Millis{12000});
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        BENCH_TEST(connect_when_first_then_answered_at_once),
        BENCH_TEST(connect_when_idle_then_parked),
        BENCH_TEST(park_when_interval_changed_then_texts_carry_advice),
        BENCH_TEST(connect_when_a_condition_for_holding_is_missing_then_answered),
        BENCH_TEST(connect_when_event_waits_then_answered_with_it),
        BENCH_TEST(connect_when_client_advises_then_terms_and_advice),
        BENCH_TEST(connect_when_configured_times_are_long_then_kept),
        BENCH_TEST(connect_when_holding_is_impossible_then_interval_is_advised),
        BENCH_TEST(connect_when_terms_change_then_advised_once),
        BENCH_TEST(connect_when_session_unknown_then_402_and_handshake_advice),
        BENCH_TEST(connect_when_connection_type_is_odd_then_accepted),
        BENCH_TEST(connect_when_invalid_then_advised_to_pause),
        BENCH_TEST(connect_when_with_others_then_never_held_and_in_order),
        BENCH_TEST(connect_when_another_is_held_then_it_is_superseded),
        BENCH_TEST(connect_when_twice_in_batch_then_each_is_finished_once),
        BENCH_TEST(connect_when_cookie_is_new_then_seen),
        BENCH_TEST(connect_when_answered_then_expiry_starts),
    };
    return cmocka_run_group_tests_name("connect", tests, nullptr, nullptr);
}
