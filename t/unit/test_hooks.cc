#include <optional>
#include <string>
#include <utility>

#include "broker/hooks.hpp"
#include "lib/broker_bench.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

// Answers as a test says, and notes what it was asked.
class FakeHooks final : public broker::Hooks {
  public:
    FakeHooks() noexcept : Hooks(wishes) {}

    broker::HandshakeVerdict on_handshake(const broker::HookedMessage& message) override {
        note("handshake", message.session, std::string(message.message.ext));
        return handshake;
    }
    broker::Verdict on_subscribe(const broker::HookedMessage& message,
                                 const protocol::ChannelName& channel) override {
        note("subscribe", message.session, channel.text());
        return channel.text() == denied ? broker::Verdict{true, reason, std::nullopt}
                                        : broker::Verdict{};
    }
    broker::Verdict on_publish(const broker::HookedMessage& message,
                               const protocol::ChannelName& channel,
                               std::string_view data) override {
        note("publish", message.session, channel.text() + std::string(data));
        return {channel.text() == denied, reason, new_data};
    }
    broker::ServiceVerdict on_service(const broker::HookedMessage& message,
                                      const protocol::ChannelName& channel,
                                      std::string_view data) override {
        note("service", message.session, channel.text() + std::string(data));
        return service;
    }
    void created(DomainId domain, std::string_view session) override {
        note("created", session, std::to_string(domain.value));
    }
    void subscribed(DomainId /*domain*/, std::string_view session,
                    const protocol::ChannelName& channel) override {
        note("subscribed", session, channel.text());
    }
    void unsubscribed(DomainId /*domain*/, std::string_view session,
                      const protocol::ChannelName& channel) override {
        note("unsubscribed", session, channel.text());
    }

    broker::HooksWanted wishes;
    broker::HandshakeVerdict handshake;
    broker::ServiceVerdict service;
    std::optional<std::string> new_data;
    std::string denied;
    std::string reason;
    std::string log;

  private:
    // Of the session the last digit.
    void note(const char* what, std::string_view session, const std::string& detail) {
        log += std::string(log.empty() ? "" : " ") + what + "(" +
               std::string(session.substr(session.empty() ? 0 : session.size() - 1)) + ")" + detail;
    }
};

struct HookBench {
    Bench bench;
    FakeHooks hooks;
    HookBench() { bench.hooks = &hooks; }
    const char* log() { return bench.keep(std::exchange(hooks.log, {})); }
};

int new_hook_bench(void** state) {
    *state = new HookBench;
    return 0;
}
int delete_hook_bench(void** state) {
    delete static_cast<HookBench*>(*state);
    return 0;
}
HookBench& of(void** state) {
    return *static_cast<HookBench*>(*state);
}

constexpr const char* kWithToken =
    R"([{"channel":"/meta/handshake","version":"1.0","ext":{"authentication":{"token":"t"}}}])";

void handshake_when_accepted_then_ext_is_added(void** state) {
    auto& [bench, hooks] = of(state);
    hooks.wishes.handshake = true;
    hooks.wishes.created = true;
    hooks.handshake.ext = R"("a":1,"b":{"c":2})";
    bench.settings.domain = DomainId{7};
    bench.send(kWithToken);
    assert_string_equal(bench.successful(), "true");
    assert_string_equal(bench.json(0, "ext"), R"({"a":1,"b":{"c":2}})");
    assert_string_equal(of(state).log(),
                        R"(handshake(){"authentication":{"token":"t"}} created(1)7)");
    bench.send(
        R"([{"channel":"/meta/handshake","version":"1.0","ext":{"ack":true,"timesync":{"tc":1}}}])");
    assert_string_equal(bench.json(0, "ext"),
                        bench.keep(R"({"ack":true,"timesync":)" +
                                   std::string(bench.member(bench.json(0, "ext"), "timesync")) +
                                   R"(,"a":1,"b":{"c":2}})"));
}

// HS-6, HS-7.
void handshake_when_denied_then_no_session(void** state) {
    auto& [bench, hooks] = of(state);
    hooks.wishes.handshake = true;
    hooks.wishes.created = true;
    hooks.handshake.denied = true;
    hooks.handshake.ext = R"("challenge":"x")";
    bench.send(kHandshake);
    assert_string_equal(bench.successful(), "false");
    assert_string_equal(bench.error(), "403::handshake_denied");
    assert_string_equal(bench.advice(), R"({"reconnect":"none"})");
    assert_string_equal(bench.json(0, "ext"), R"({"challenge":"x"})");
    assert_string_equal(bench.json(0, "clientId"), "");
    assert_false(bench.outcome.handshaken);
    assert_false(bench.outcome.bound.has_value());
    assert_false(bench.session(1).has_value());
    hooks.handshake.reason = "no, \"you\" don't: go";
    hooks.handshake.reconnect = protocol::Reconnect::kHandshake;
    bench.send(kHandshake);
    assert_string_equal(bench.error(), "403:no you dont go:handshake_denied");
    assert_string_equal(bench.advice(), R"({"reconnect":"handshake","interval":5000})");
    assert_string_equal(of(state).log(), "handshake() handshake()");
    // What is wrong anyway is nobody's question.
    bench.send(R"([{"channel":"/meta/handshake","id":{}}])");
    assert_string_equal(of(state).log(), "");
}

void subscribe_when_denied_then_all_or_nothing(void** state) {
    auto& [bench, hooks] = of(state);
    hooks.wishes.subscribe = true;
    hooks.wishes.subscribed = true;
    hooks.wishes.unsubscribed = true;
    hooks.denied = "/b";
    bench.connect_session('1');
    bench.policy.forbidden = {{broker::Operation::kSubscribe, "/c"}};
    bench.send(R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":["/a","/b"]}])");
    assert_string_equal(bench.error(), "403:denied_by_security_policy:subscribe_denied");
    assert_string_equal(bench.subscriptions(1), "");
    assert_string_equal(of(state).log(), "subscribe(1)/a subscribe(1)/b");
    hooks.reason = "too young";
    bench.send(R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":"/b"}])");
    assert_string_equal(bench.error(), "403:too young:subscribe_denied");
    bench.send(R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":"/c"}])");
    static_cast<void>(of(state).log());
    bench.send(
        R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":["/a","/d/*","/service/s"]},
            {"channel":"/meta/unsubscribe","clientId":"$1","subscription":"/a"}])");
    assert_string_equal(of(state).log(),
                        "subscribe(1)/a subscribe(1)/d/* subscribe(1)/service/s subscribed(1)/a "
                        "subscribed(1)/d/* unsubscribed(1)/a");
}

void publish_when_changed_then_subscribers_get_that(void** state) {
    auto& [bench, hooks] = of(state);
    bench.connect_session('1');
    bench.send(R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":"/**"}])");
    hooks.wishes.publish = true;
    bench.send(R"([{"channel":"/a","clientId":"$1","data":{"x": 1.0},"ext":{"k":1}}])");
    assert_string_equal(bench.events(), R"({"channel":"/a","data":{"x": 1.0},"ext":{"k":1}})");
    hooks.new_data = "[2]";
    bench.send(R"([{"channel":"/a","clientId":"$1","data":1,"ext":{"k":1}}])");
    assert_string_equal(bench.events(), R"({"channel":"/a","data":[2],"ext":{"k":1}})");
    assert_string_equal(of(state).log(), R"(publish(1)/a{"x": 1.0} publish(1)/a1)");
    bench.settings.unconnected_publish = true;
    bench.send(R"([{"channel":"/a","data":3}])");
    assert_string_equal(of(state).log(), "publish()/a3");
}

void publish_when_denied_then_nobody_gets_it(void** state) {
    auto& [bench, hooks] = of(state);
    bench.connect_session('1');
    bench.send(R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":"/**"}])");
    hooks.wishes.publish = true;
    hooks.denied = "/a";
    bench.send(R"([{"channel":"/a","clientId":"$1","data":1}])");
    assert_string_equal(bench.error(), "403:denied_by_security_policy:publish_denied");
    hooks.reason = "hush";
    bench.send(R"([{"channel":"/a","clientId":"$1","data":1},
                   {"channel":"/b","clientId":"$1","data":2}])");
    assert_string_equal(bench.error(), "403:hush:publish_denied");
    assert_string_equal(bench.events(), R"({"channel":"/b","data":2})");
    // A module is not asked about what is refused already, and sees what filters left.
    static_cast<void>(of(state).log());
    bench.policy.forbidden = {{broker::Operation::kPublish, "/c"}};
    protocol::FilterChain chain("/d");
    chain.add(protocol::make_size_filter(3));
    chain.add(protocol::make_escape_filter());
    bench.policy.by_channel["/d"].filters = &chain;
    bench.send(R"([{"channel":"/c","clientId":"$1","data":1},
                   {"channel":"/d","clientId":"$1","data":"long"},
                   {"channel":"/d","clientId":"$1","data":"<"}])");
    assert_string_equal(of(state).log(), R"(publish(1)/d"&lt;")");
}

// PB-15: success or failure by the id; what nobody takes goes to BayeuxService.
void service_when_a_module_takes_it_then_answer_is_delivered(void** state) {
    auto& [bench, hooks] = of(state);
    bench.connect_session('1');
    hooks.wishes.service = true;
    bench.policy.by_channel["/service/x"].service = true;
    static constexpr const char* kCall =
        R"([{"channel":"/service/x","clientId":"$1","id":"7","data":[1]}])";
    bench.send(kCall);
    assert_string_equal(of(state).log(), "service(1)/service/x[1]");
    assert_int_equal(bench.outcome.calls.size(), 1);
    hooks.service.taken = true;
    bench.send(kCall);
    assert_string_equal(bench.successful(), "true");
    assert_string_equal(bench.events(), "");
    assert_int_equal(bench.outcome.calls.size(), 0);
    hooks.service.answer = R"({"n":1.0})";
    bench.send(kCall);
    assert_string_equal(bench.member(bench.events(), "data"), R"({"n":1.0})");
    bench.send(kCall);
    const char* event = bench.events();
    assert_string_equal(bench.member(event, "id"), R"("7")");
    assert_string_equal(bench.member(event, "successful"), "true");
    hooks.service.failed = true;
    bench.send(kCall);
    event = bench.events();
    assert_string_equal(bench.member(event, "successful"), "false");
    assert_string_equal(bench.member(event, "data"), R"({"n":1.0})");
    hooks.service.answer.reset();
    bench.send(kCall);
    event = bench.events();
    assert_string_equal(bench.member(event, "successful"), "false");
}

// A loop leaves to a worker what a module wants to see, and nothing else.
void may_block_when_hooks_are_wanted_then_for_their_messages(void** state) {
    auto& [bench, hooks] = of(state);
    static constexpr const char* kBodies[] = {
        R"([{"channel":"/meta/handshake"}])",
        R"([{"channel":"/meta/subscribe","subscription":"/a"}])",
        R"([{"channel":"/meta/unsubscribe","subscription":"/a"}])",
        R"([{"channel":"/a","data":1}])",
        R"([{"channel":"/service/a","data":1}])",
        R"([{"channel":"/meta/connect"}])",
        R"([{"channel":"/meta/disconnect"}])"};
    const auto blocking = [&] {
        std::string all;
        for (const char* body : kBodies) {
            all += bench.may_block(body) ? '1' : '0';
        }
        return bench.keep(all);
    };
    assert_string_equal(blocking(), "0000000");
    struct Case {
        broker::HooksWanted wishes;
        const char* blocking;
    };
    const Case cases[] = {
        {{.handshake = true}, "1000000"},    {{.subscribe = true}, "0100000"},
        {{.publish = true}, "0001000"},      {{.service = true}, "0000100"},
        {{.created = true}, "1000000"},      {{.subscribed = true}, "0100000"},
        {{.unsubscribed = true}, "0010000"},
    };
    for (const Case& row : cases) {
        hooks.wishes = row.wishes;
        assert_string_equal(blocking(), row.blocking);
    }
}

}  // namespace
}  // namespace bayeux::test

#define HOOK_TEST(function)                                                 \
    cmocka_unit_test_setup_teardown(function, bayeux::test::new_hook_bench, \
                                    bayeux::test::delete_hook_bench)

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        HOOK_TEST(handshake_when_accepted_then_ext_is_added),
        HOOK_TEST(handshake_when_denied_then_no_session),
        HOOK_TEST(subscribe_when_denied_then_all_or_nothing),
        HOOK_TEST(publish_when_changed_then_subscribers_get_that),
        HOOK_TEST(publish_when_denied_then_nobody_gets_it),
        HOOK_TEST(service_when_a_module_takes_it_then_answer_is_delivered),
        HOOK_TEST(may_block_when_hooks_are_wanted_then_for_their_messages),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
