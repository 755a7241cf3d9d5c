// Who may speak for a session by naming it: over HTTP, over a WebSocket, for an event source.
#include "broker/engine.hpp"
#include "lib/broker_bench.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

using broker::Transport;

constexpr const char* kConnect = R"([{"channel":"/meta/connect","clientId":"$1"}])";

// What the upgrade of a WebSocket carried.
enum class Jar : std::uint8_t { kNone, kOwn, kOther, kInvalid };

void open_socket(Bench& bench, Jar jar) {
    bench.new_socket();
    bench.no_cookie = jar == Jar::kNone;
    bench.cookie = std::nullopt;
    if (jar == Jar::kOwn || jar == Jar::kOther) {
        bench.cookie = browser(jar == Jar::kOwn ? 1 : 2);
    }
}

void http(Bench& bench, std::optional<protocol::BrowserId> cookie) {
    bench.transport = Transport::kLongPolling;
    bench.bound.reset();
    bench.stream = {};
    bench.no_cookie = false;
    bench.cookie = cookie;
}

// WS-6, S4: a session of a browser, made over HTTP, resumed on a new WebSocket.
void socket_when_session_of_a_browser_is_named_then_found_by_rule(void** state) {
    Bench& bench = bench_of(state);
    struct Case {
        Jar jar;
        bool cookie_seen;  // on a request after the handshake
        bool trusted;
        bool found;
    };
    static const Case kCases[] = {
        {Jar::kOwn, false, false, true},      {Jar::kOwn, true, false, true},
        {Jar::kNone, false, false, true},     {Jar::kNone, true, false, false},
        {Jar::kOther, false, false, false},   {Jar::kOther, true, false, false},
        {Jar::kInvalid, false, false, false}, {Jar::kInvalid, true, false, false},
        {Jar::kNone, true, true, true},       {Jar::kOther, true, true, true},
        {Jar::kInvalid, true, true, true},
    };
    char session = '0';
    for (const Case& row : kCases) {
        ++session;
        const char id = session <= '9' ? session : static_cast<char>('a' + (session - '9' - 1));
        const std::string body =
            std::string(R"([{"channel":"/meta/connect","clientId":"$)") + id + R"("}])";
        http(bench, browser(1));
        bench.settings.trust_client_id = false;
        bench.send(kHandshake);
        if (row.cookie_seen) {
            bench.send(body);
        }
        bench.settings.trust_client_id = row.trusted;
        open_socket(bench, row.jar);
        bench.socket(body);
        assert_string_equal(bench.error(), row.found ? "" : "402::session_unknown");
        assert_int_equal(bench.bound.has_value(), row.found);
    }
}

// S4: what a cookie-less resume is open to, ends with the first request that shows the cookie.
void socket_when_cookie_was_shown_meanwhile_then_no_more_without(void** state) {
    Bench& bench = bench_of(state);
    bench.send(kHandshake);
    open_socket(bench, Jar::kNone);
    bench.socket(kConnect);
    assert_string_equal(bench.successful(), "true");
    assert_false(bench.session(1)->cookie_seen);
    open_socket(bench, Jar::kOwn);
    bench.socket(kConnect);
    assert_true(bench.session(1)->cookie_seen);
    open_socket(bench, Jar::kNone);
    bench.socket(kConnect);
    assert_string_equal(bench.error(), "402::session_unknown");
}

// S4: the victim of a tried theft feels nothing.
void socket_when_session_is_stolen_then_victim_untouched(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.send(kConnect);
    bench.park();
    const auto before = bench.store.counts();
    open_socket(bench, Jar::kOther);
    bench.socket(
        R"([{"channel":"/meta/connect","clientId":"$1"},
            {"channel":"/meta/disconnect","clientId":"$1"}])");
    assert_string_equal(bench.error(0), "402::session_unknown");
    assert_string_equal(bench.error(1), "402::session_unknown");
    assert_int_equal(bench.store.counts().starts, before.starts);
    assert_int_equal(bench.store.counts().touches, before.touches);
    assert_string_equal(bench.due(), "");
    assert_true(bench.session(1)->parked);
}

// BR-1, WS-3: a handshake on a WebSocket takes what the upgrade had, and gives no cookie.
void socket_when_handshaken_then_bound_to_the_upgrades_cookie(void** state) {
    Bench& bench = bench_of(state);
    open_socket(bench, Jar::kOwn);
    bench.socket(kHandshake);
    assert_true(bench.session(1)->wanted.browser == browser(1));
    assert_true(bench.session(1)->cookie_seen);
    assert_true(bench.session(1)->wanted.transport == Transport::kWebSocket);
    open_socket(bench, Jar::kNone);
    bench.socket(kHandshake);
    assert_false(bench.session(2)->wanted.browser.has_value());
    assert_false(bench.session(2)->cookie_seen);
    open_socket(bench, Jar::kNone);
    bench.socket(kConnect);  // session 1 has shown its cookie
    assert_string_equal(bench.error(), "402::session_unknown");
}

// WS-6: a session that never had a cookie is known by its id, whatever the browser has got since;
// over HTTP it is not (CID-4).
void socket_when_session_has_no_browser_then_resumed_by_id(void** state) {
    Bench& bench = bench_of(state);
    open_socket(bench, Jar::kNone);
    bench.socket(kHandshake);
    for (const Jar jar : {Jar::kNone, Jar::kOwn, Jar::kInvalid}) {
        open_socket(bench, jar);
        bench.socket(kConnect);
        assert_string_equal(bench.error(), "");
    }
    http(bench, browser(1));
    bench.send(kConnect);
    assert_string_equal(bench.error(), "402::session_unknown");
    http(bench, std::nullopt);
    bench.no_cookie = true;  // which means nothing there
    bench.send(kConnect);
    assert_string_equal(bench.error(), "402::session_unknown");
}

// CID-4, HT-1: an event source names its session in the URL; the rules are those of HTTP.
void find_when_cookie_varies_then_by_the_rules_of_http(void** state) {
    Bench& bench = bench_of(state);
    bench.send(kHandshake);
    bench.transport = Transport::kEventSource;
    bench.cookie = browser(2);
    assert_false(bench.find("$1").has_value());
    bench.cookie.reset();
    bench.no_cookie = true;
    assert_false(bench.find("$1").has_value());
    assert_false(bench.session(1)->cookie_seen);
    bench.settings.trust_client_id = true;
    assert_true(bench.find("$1").has_value());
    bench.settings.trust_client_id = false;
    bench.cookie = browser(1);
    const auto found = bench.find("$1");
    assert_true(found.has_value());
    assert_true(found->session == Bench::handle(1));
    assert_string_equal(found->client_id.text().c_str(), bench.client_id('1'));
    assert_false(found->deliver_only);
    assert_true(bench.session(1)->cookie_seen);  // S4
    assert_false(bench.find("$9").has_value());
    assert_false(bench.find("nonsense").has_value());
    assert_false(bench.find("").has_value());
    bench.settings.domain = DomainId{5};
    assert_false(bench.find("$1").has_value());
}

// ORD-3: a stream is told whether it may push.
void find_when_events_leave_with_connects_only_then_says_so(void** state) {
    Bench& bench = bench_of(state);
    bench.send(R"([{"channel":"/meta/handshake","ext":{"ack":true}}])");
    bench.send(kHandshake);
    assert_true(bench.find("$1")->deliver_only);
    assert_false(bench.find("$2")->deliver_only);
    bench.settings.meta_connect_deliver_only = true;
    assert_true(bench.find("$2")->deliver_only);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        BENCH_TEST(socket_when_session_of_a_browser_is_named_then_found_by_rule),
        BENCH_TEST(socket_when_cookie_was_shown_meanwhile_then_no_more_without),
        BENCH_TEST(socket_when_session_is_stolen_then_victim_untouched),
        BENCH_TEST(socket_when_handshaken_then_bound_to_the_upgrades_cookie),
        BENCH_TEST(socket_when_session_has_no_browser_then_resumed_by_id),
        BENCH_TEST(find_when_cookie_varies_then_by_the_rules_of_http),
        BENCH_TEST(find_when_events_leave_with_connects_only_then_says_so),
    };
    return cmocka_run_group_tests_name("session_access", tests, nullptr, nullptr);
}
