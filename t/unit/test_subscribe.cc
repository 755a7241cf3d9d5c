#include "broker/engine.hpp"
#include "lib/broker_bench.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

using broker::Operation;

std::string message(const char* channel, const char* subscription) {
    std::string body = std::string(R"([{"channel":")") + channel + R"(","id":"s","clientId":"$1")";
    if (subscription[0] != '\0') {
        body += std::string(R"(,"subscription":)") + subscription;
    }
    return body + "}]";
}

Bench& subscribe(Bench& bench, const char* subscription) {
    return bench.send(message("/meta/subscribe", subscription));
}

Bench& unsubscribe(Bench& bench, const char* subscription) {
    return bench.send(message("/meta/unsubscribe", subscription));
}

// SB-2, SB-7, SB-9, CH-4: what succeeds, and what is recorded then.
void subscribe_when_allowed_then_recorded_and_echoed(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    struct Case {
        const char* subscription;
        const char* recorded;
    };
    static const Case kCases[] = {
        {R"("/a")", "/a"},
        {R"("/a")", "/a"},
        {R"(["/a"])", "/a"},
        {R"("/a/*")", "/a /a/*"},
        {R"(["/a/b/**","/**"])", "/** /a /a/* /a/b/**"},
        {R"(["/c/","/c"])", "/** /a /a/* /a/b/** /c"},
        {R"("/service/echo")", "/** /a /a/* /a/b/** /c"},
        {R"("/service/**")", "/** /a /a/* /a/b/** /c"},
        {R"(["/service/echo","/d"])", "/** /a /a/* /a/b/** /c /d"},
    };
    for (const Case& row : kCases) {
        subscribe(bench, row.subscription);
        assert_int_equal(bench.replies(), 1);
        assert_string_equal(bench.error(), "");
        assert_string_equal(bench.successful(), "true");
        assert_string_equal(bench.json(0, "subscription"), row.subscription);
        assert_string_equal(bench.text(0, "id"), "s");
        assert_string_equal(bench.advice(), "");
        assert_string_equal(bench.subscriptions(1), row.recorded);
    }
}

// SB-3, SB-5, SB-6, SB-8, CH-5, CH-11, S1, S2: nothing is recorded then.
void subscribe_when_refused_then_error_and_nothing_recorded(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    static constexpr const char* kMissing = "403::subscription_missing";
    static constexpr const char* kInvalid = "403::subscription_invalid";
    static constexpr const char* kNoCreate = "403:denied_by_security_policy:create_denied";
    static constexpr const char* kNoSubscribe = "403:denied_by_security_policy:subscribe_denied";
    struct Case {
        const char* subscription;
        const char* error;
    };
    static const Case kCases[] = {
        {"", kMissing},
        {"[]", kMissing},
        {"null", kInvalid},
        {"5", kInvalid},
        {R"({"a":1})", kInvalid},
        {R"(["/a",5])", kInvalid},
        {R"("")", kInvalid},
        {R"("a")", kInvalid},
        {R"("/a//b")", kInvalid},
        {R"("/a/*/b")", kInvalid},
        {R"("/a/../b")", kInvalid},
        {R"("/a\u0000b")", kInvalid},
        {R"("/meta")", kInvalid},
        {R"("/META/connect")", kInvalid},
        {R"(["/a","/b c%"])", kInvalid},
        {R"("/meta/connect")", kNoSubscribe},
        {R"("/meta/handshake")", kNoSubscribe},
        {R"("/meta/subscribe")", kNoSubscribe},
        {R"("/meta/unsubscribe")", kNoSubscribe},
        {R"("/meta/disconnect")", kNoSubscribe},
        {R"("/meta/other")", kNoCreate},
        {R"("/meta/*")", kNoCreate},
        {R"("/meta/**")", kNoCreate},
        {R"(["/a","/meta/connect"])", kNoSubscribe},
        {R"("/bayeux/**")", kNoSubscribe},
        {R"("/oort/cloud")", kNoSubscribe},
        {R"("/seti/*")", kNoSubscribe},
        {R"(["/a","/seti/all"])", kNoSubscribe},
    };
    for (const Case& row : kCases) {
        subscribe(bench, row.subscription);
        assert_int_equal(bench.replies(), 1);
        assert_string_equal(bench.error(), row.error);
        assert_string_equal(bench.successful(), "false");
        assert_string_equal(bench.advice(), "");
        assert_string_equal(bench.subscriptions(1), "");
    }
}

// S2: only these first segments, and no more of the name space.
void subscribe_when_name_resembles_internal_then_allowed(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    subscribe(bench, R"(["/bayeuxs/a","/a/oort","/setis","/*"])");
    assert_string_equal(bench.error(), "");
}

// SB-3, PB-8: a refusal by the configured policy, each operation.
void subscribe_when_policy_forbids_then_403(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.policy.forbidden = {{Operation::kCreate, "/x"},
                              {Operation::kSubscribe, "/y/**"},
                              {Operation::kSubscribe, "/service/z"}};
    subscribe(bench, R"(["/a","/x"])");
    assert_string_equal(bench.error(), "403:denied_by_not_granting:create_denied");
    subscribe(bench, R"(["/a","/y/**"])");
    assert_string_equal(bench.error(), "403:denied_by_not_granting:subscribe_denied");
    subscribe(bench, R"("/service/z")");
    assert_string_equal(bench.error(), "403:denied_by_not_granting:subscribe_denied");
    assert_string_equal(bench.subscriptions(1), "");
}

// CH-15: creation is only asked for what does not exist; nothing is asked of what is refused
// anyway.
void subscribe_when_channel_exists_then_creation_is_not_asked(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    subscribe(bench, R"("/a")");
    assert_string_equal(bench.asked(), "create /a subscribe /a");
    subscribe(bench, R"("/a")");
    assert_string_equal(bench.asked(), "subscribe /a");
    subscribe(bench, R"("/service/a")");
    assert_string_equal(bench.asked(), "subscribe /service/a");
    subscribe(bench, R"(["/b","/meta/connect"])");
    bench.asked();
    subscribe(bench, R"("/oort/a")");
    subscribe(bench, R"(["/b","bad"])");
    unsubscribe(bench, R"("/a")");
    assert_string_equal(bench.asked(), "");
}

// S16, design.md 8, SB-3.
void subscribe_when_store_refuses_then_its_reason(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.settings.max_subscriptions = 2;
    subscribe(bench, R"(["/a","/b","/c"])");
    assert_string_equal(bench.error(), "503::too_many_subscriptions");
    assert_string_equal(bench.subscriptions(1), "");
    bench.settings.max_subscriptions = 9;
    bench.settings.max_channels = 2;
    subscribe(bench, R"(["/a","/b","/c"])");
    assert_string_equal(bench.error(), "503::server_full");
    subscribe(bench, R"(["/a","/b"])");
    assert_string_equal(bench.error(), "");
    bench.settings.max_channels = 9;
    bench.store.full = true;
    subscribe(bench, R"("/d")");
    assert_string_equal(bench.error(), "503::server_full");
    bench.store.full = false;
    bench.store.gone = true;
    subscribe(bench, R"("/d")");
    assert_string_equal(bench.error(), "403::subscribe_failed");
    assert_string_equal(bench.subscriptions(1), "/a /b");
}

// SB-10, PB-7.
void subscribe_when_answered_then_events_may_ride(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    subscribe(bench, R"("/a")");
    assert_true(bench.outcome.events_of == Bench::handle(1));
    unsubscribe(bench, R"("/a")");
    assert_true(bench.outcome.events_of == Bench::handle(1));
}

// SB-4.
void unsubscribe_when_names_vary_then_answered_by_rule(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.connect_session('2');
    bench.send(R"([{"channel":"/meta/subscribe","clientId":"$2","subscription":"/others"}])");
    subscribe(bench, R"(["/a","/b","/c/*"])");
    struct Case {
        const char* subscription;
        const char* error;
        const char* left;
    };
    static const Case kCases[] = {
        {"", "403::subscription_missing", "/a /b /c/*"},
        {"[]", "403::subscription_missing", "/a /b /c/*"},
        {"7", "403::subscription_invalid", "/a /b /c/*"},
        {R"("a")", "403::subscription_invalid", "/a /b /c/*"},
        {R"("/meta/connect")", "403::unsubscribe_failed", "/a /b /c/*"},
        {R"("/meta/**")", "403::unsubscribe_failed", "/a /b /c/*"},
        {R"("/none")", "400::channel_missing", "/a /b /c/*"},
        {R"("/oort/cloud")", "400::channel_missing", "/a /b /c/*"},
        {R"(["/a","/none"])", "400::channel_missing", "/a /b /c/*"},
        {R"("/others")", "", "/a /b /c/*"},
        {R"("/service/x")", "", "/a /b /c/*"},
        {R"("/a")", "", "/b /c/*"},
        {R"("/a/")", "", "/b /c/*"},
        {R"(["/b","/c/*"])", "", ""},
    };
    for (const Case& row : kCases) {
        unsubscribe(bench, row.subscription);
        assert_int_equal(bench.replies(), 1);
        assert_string_equal(bench.error(), row.error);
        assert_string_equal(bench.successful(), row.error[0] == '\0' ? "true" : "false");
        assert_string_equal(bench.json(0, "subscription"), row.subscription);
        assert_string_equal(bench.subscriptions(1), row.left);
    }
}

// CID-7: no advice, for neither.
void subscriptions_when_session_unknown_then_402(void** state) {
    Bench& bench = bench_of(state);
    subscribe(bench, R"("/a")");
    assert_string_equal(bench.error(), "402::session_unknown");
    assert_string_equal(bench.advice(), "");
    assert_string_equal(bench.json(0, "subscription"), R"("/a")");
    unsubscribe(bench, R"("/a")");
    assert_string_equal(bench.error(), "402::session_unknown");
    assert_string_equal(bench.advice(), "");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        BENCH_TEST(subscribe_when_allowed_then_recorded_and_echoed),
        BENCH_TEST(subscribe_when_refused_then_error_and_nothing_recorded),
        BENCH_TEST(subscribe_when_name_resembles_internal_then_allowed),
        BENCH_TEST(subscribe_when_policy_forbids_then_403),
        BENCH_TEST(subscribe_when_channel_exists_then_creation_is_not_asked),
        BENCH_TEST(subscribe_when_store_refuses_then_its_reason),
        BENCH_TEST(subscribe_when_answered_then_events_may_ride),
        BENCH_TEST(unsubscribe_when_names_vary_then_answered_by_rule),
        BENCH_TEST(subscriptions_when_session_unknown_then_402),
    };
    return cmocka_run_group_tests_name("subscribe", tests, nullptr, nullptr);
}
