// Whose a session is: who is logged in with its requests.
#include "broker/engine.hpp"
#include "lib/broker_bench.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

constexpr const char* kPublish = R"([{"channel":"/a","data":1,"clientId":"$1"}])";

SessionHandle handshake_as(Bench& bench, const std::string& user) {
    bench.cookie = browser(1);
    bench.user = user;
    bench.send(kHandshake);
    return bench.outcome.bound->session;
}

std::string user_of(Bench& bench, SessionHandle session) {
    return bench.store.user_of(session);
}

int to_user(Bench& bench, const std::string& user) {
    return static_cast<int>(
        bench.store.deliver_to_user({bench.settings.domain, user, "{secret}"}).value());
}

void handshake_when_logged_in_then_the_session_is_the_users(void** state) {
    Bench& bench = bench_of(state);
    assert_string_equal(user_of(bench, handshake_as(bench, "alice")).c_str(), "alice");
    assert_string_equal(user_of(bench, handshake_as(bench, "")).c_str(), "");
    assert_int_equal(to_user(bench, "alice"), 1);
}

// S20: who was logged out, or is somebody else now, is not found by the former name.
void request_when_of_another_user_then_the_session_is_his(void** state) {
    Bench& bench = bench_of(state);
    const SessionHandle session = handshake_as(bench, "alice");
    bench.user = "bob";
    bench.send(kPublish);
    assert_string_equal(bench.json(0, "successful"), "true");
    assert_string_equal(user_of(bench, session).c_str(), "bob");
    assert_int_equal(to_user(bench, "alice"), 0);
    bench.user.clear();
    bench.send(R"([{"channel":"/meta/connect","clientId":"$1"}])");
    assert_string_equal(bench.json(0, "successful"), "true");
    assert_string_equal(user_of(bench, session).c_str(), "");
    assert_int_equal(to_user(bench, "bob"), 0);
}

void request_when_of_another_user_and_own_events_wait_then_session_unknown(void** state) {
    Bench& bench = bench_of(state);
    handshake_as(bench, "alice");
    assert_int_equal(to_user(bench, "alice"), 1);
    bench.user = "bob";
    bench.send(kPublish);
    assert_string_equal(bench.text(0, "error"), "402::session_unknown");
    assert_false(bench.outcome.events_of.has_value());
    bench.user = "alice";
    bench.send(kPublish);
    assert_string_equal(bench.text(0, "error"), "402::session_unknown");
}

void find_when_of_another_user_then_by_the_same_rules(void** state) {
    Bench& bench = bench_of(state);
    const SessionHandle session = handshake_as(bench, "alice");
    bench.transport = broker::Transport::kEventSource;
    bench.user = "bob";
    assert_true(bench.find("$1").has_value());
    assert_string_equal(user_of(bench, session).c_str(), "bob");
    assert_int_equal(to_user(bench, "bob"), 1);
    bench.user = "alice";
    assert_false(bench.find("$1").has_value());
}

// Whose call it was goes with it, for when the answer comes.
void service_when_called_then_for_the_user_of_the_request(void** state) {
    Bench& bench = bench_of(state);
    handshake_as(bench, "alice");
    bench.policy.by_channel["/service/a"].service = true;
    for (const char* const user : {"alice", "bob", ""}) {
        bench.user = user;
        bench.send(R"([{"channel":"/service/a","data":1,"clientId":"$1"}])");
        assert_int_equal(bench.outcome.calls.size(), 1);
        assert_true(bench.outcome.calls[0].user_tag == bench.store.user_tag(user));
    }
}

// Who may not use the session does not make it his.
void request_when_without_the_cookie_then_the_user_stays(void** state) {
    Bench& bench = bench_of(state);
    const SessionHandle session = handshake_as(bench, "alice");
    bench.cookie = browser(2);
    bench.user = "mallory";
    bench.send(kPublish);
    assert_string_equal(bench.text(0, "error"), "402::session_unknown");
    assert_string_equal(user_of(bench, session).c_str(), "alice");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        BENCH_TEST(handshake_when_logged_in_then_the_session_is_the_users),
        BENCH_TEST(request_when_of_another_user_then_the_session_is_his),
        BENCH_TEST(request_when_of_another_user_and_own_events_wait_then_session_unknown),
        BENCH_TEST(find_when_of_another_user_then_by_the_same_rules),
        BENCH_TEST(service_when_called_then_for_the_user_of_the_request),
        BENCH_TEST(request_when_without_the_cookie_then_the_user_stays),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
