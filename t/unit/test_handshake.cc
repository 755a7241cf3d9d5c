#include "broker/engine.hpp"
#include "lib/broker_bench.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

// HS-2, HS-4, AD-4.
void handshake_when_plain_then_every_field_of_success(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.timeout = Millis{20000};
    bench.settings.interval = Millis{500};
    bench.send(
        R"([{"channel":"/meta/handshake","id":"7","version":"1.0","supportedConnectionTypes":["long-polling"]}])");
    assert_int_equal(bench.replies(), 1);
    assert_string_equal(bench.text(0, "channel"), "/meta/handshake");
    assert_string_equal(bench.json(0, "id"), "\"7\"");
    assert_string_equal(bench.successful(), "true");
    assert_string_equal(bench.json(0, "version"), "\"1.0\"");
    assert_string_equal(bench.json(0, "minimumVersion"), "\"1.0\"");
    assert_string_equal(bench.json(0, "supportedConnectionTypes"), "[\"long-polling\"]");
    assert_string_equal(bench.text(0, "clientId"), bench.client_id('1'));
    assert_string_equal(bench.advice(), R"({"reconnect":"retry","interval":500,"timeout":20000})");
    assert_string_equal(bench.error(), "");
    assert_true(bench.outcome.handshaken);
    assert_false(bench.outcome.park.has_value());
    assert_false(bench.outcome.events_of.has_value());  // HS-11
}

// CID-4, BR-1, HS-10: what the store is told of the session.
void handshake_when_plain_then_session_is_bound_and_expires(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.interval = Millis{500};
    bench.settings.max_interval = Millis{7000};
    bench.settings.queue.messages = 5;
    bench.settings.domain = DomainId{77};
    bench.cookie = browser(9);
    bench.send(kHandshake);
    const auto session = bench.session(1);
    assert_true(session.has_value());
    assert_true(session->wanted.browser == browser(9));
    assert_true(session->wanted.domain == DomainId{77});
    assert_int_equal(session->wanted.queue.messages, 5);
    assert_true(session->expires_at == bench.clock.now() + Millis{7500});
    assert_false(session->cookie_seen);  // S4: the handshake's own cookie does not count
}

// HS-5, ENV-6: what is tolerated, and what is not.
void handshake_when_fields_vary_then_answered_by_rule(void** state) {
    Bench& bench = bench_of(state);
    static constexpr const char* kNone = R"({"reconnect":"none"})";
    struct Case {
        const char* fields;
        const char* error;  // empty: successful
        const char* advice;
    };
    static const Case kCases[] = {
        {R"()", "", nullptr},
        {R"("supportedConnectionTypes":[])", "", nullptr},
        {R"("supportedConnectionTypes":"long-polling")", "", nullptr},
        {R"("supportedConnectionTypes":["websocket","long-polling"])", "", nullptr},
        {R"("supportedConnectionTypes":["websocket"])",
         "301:websocket:connection_types_not_supported", kNone},
        {R"("supportedConnectionTypes":["websocket","eventsource"])",
         "301:websocket,eventsource:connection_types_not_supported", kNone},
        {R"("version":"9")", "", nullptr},
        {R"("clientId":"whatever")", "", nullptr},
        {R"("id":"a-b")", "405::message_id_invalid", ""},
        {R"("ext":5)", "400::message_invalid", ""},
    };
    for (const Case& row : kCases) {
        const std::string comma = row.fields[0] == '\0' ? "" : ",";
        bench.send(R"([{"channel":"/meta/handshake")" + comma + row.fields + "}]");
        assert_int_equal(bench.replies(), 1);
        assert_string_equal(bench.error(), row.error);
        assert_int_equal(bench.outcome.handshaken, row.error[0] == '\0');
        assert_string_equal(bench.successful(), row.error[0] == '\0' ? "true" : "false");
        if (row.error[0] != '\0') {
            assert_string_equal(bench.advice(), row.advice);
            assert_string_equal(bench.json(0, "clientId"), "");  // HS-3
        }
    }
    assert_int_equal(bench.store.counts().sessions, 6);
}

// HS-5: any of several offered types will do, in whatever order.
void handshake_when_several_transports_then_all_are_listed(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.transports = {"websocket", "long-polling"};
    bench.send(
        R"([{"channel":"/meta/handshake","supportedConnectionTypes":["x","long-polling"]}])");
    assert_string_equal(bench.json(0, "supportedConnectionTypes"),
                        R"(["websocket","long-polling"])");
    bench.send(R"([{"channel":"/meta/handshake","supportedConnectionTypes":["x"]}])");
    assert_string_equal(bench.error(), "301:x:connection_types_not_supported");
    assert_string_equal(bench.json(0, "supportedConnectionTypes"),
                        R"(["websocket","long-polling"])");
}

// design.md 8: a client that cannot be served now comes back later, not at once.
void handshake_when_store_full_then_retry_with_pause(void** state) {
    Bench& bench = bench_of(state);
    bench.store.full = true;
    bench.send(kHandshake);
    assert_string_equal(bench.error(), "503::server_full");
    assert_string_equal(bench.successful(), "false");
    assert_string_equal(bench.advice(), R"({"reconnect":"retry","interval":5000})");
    assert_false(bench.outcome.handshaken);
}

void handshake_when_domain_has_its_cap_then_full(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.max_sessions = 1;
    bench.send(kHandshake);
    assert_string_equal(bench.error(), "");
    bench.send(kHandshake);
    assert_string_equal(bench.error(), "503::server_full");
}

// S10: no id without randomness.
void handshake_when_no_entropy_then_failed(void** state) {
    Bench& bench = bench_of(state);
    bench.entropy.exhausted = true;
    bench.settings.interval = Millis{9000};
    bench.send(kHandshake);
    assert_string_equal(bench.error(), "403::handshake_failed");
    assert_string_equal(bench.advice(), R"({"reconnect":"retry","interval":9000})");
    assert_int_equal(bench.store.counts().sessions, 0);
}

// HS-8: it is alone in what is processed, wherever it stands.
void handshake_when_among_others_then_they_are_dropped(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.send(
        R"([{"channel":"/a","data":1,"clientId":"$1"},
            {"channel":"/meta/handshake","id":"h"},
            {"channel":"/meta/handshake","id":"second"},
            {"channel":"/meta/disconnect","clientId":"$1"}])");
    assert_int_equal(bench.replies(), 1);
    assert_string_equal(bench.text(0, "id"), "h");
    assert_string_equal(bench.successful(), "true");
    assert_int_equal(bench.store.counts().sessions, 2);
    assert_true(bench.session(1).has_value());
}

// HS-9.
void handshake_when_repeated_then_old_session_stays(void** state) {
    Bench& bench = bench_of(state);
    bench.send(kHandshake);
    bench.send(kHandshake);
    assert_string_equal(bench.text(0, "clientId"), bench.client_id('2'));
    assert_true(bench.session(1).has_value());
    assert_true(bench.session(2)->wanted.browser == bench.session(1)->wanted.browser);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;

    const CMUnitTest tests[] = {
        BENCH_TEST(handshake_when_plain_then_every_field_of_success),
        BENCH_TEST(handshake_when_plain_then_session_is_bound_and_expires),
        BENCH_TEST(handshake_when_fields_vary_then_answered_by_rule),
        BENCH_TEST(handshake_when_several_transports_then_all_are_listed),
        BENCH_TEST(handshake_when_store_full_then_retry_with_pause),
        BENCH_TEST(handshake_when_domain_has_its_cap_then_full),
        BENCH_TEST(handshake_when_no_entropy_then_failed),
        BENCH_TEST(handshake_when_among_others_then_they_are_dropped),
        BENCH_TEST(handshake_when_repeated_then_old_session_stays),
    };
    return cmocka_run_group_tests_name("handshake", tests, nullptr, nullptr);
}
