// BayeuxPresence, as far as the broker decides: what counts, who may watch, and that nobody may
// publish there.
#include "broker/engine.hpp"
#include "lib/broker_bench.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

using broker::Operation;

constexpr const char* kDenied = "403:denied_by_security_policy:subscribe_denied";

// /here/a and /here/b have presence.
Bench& with_presence(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.presence = true;
    bench.policy.by_channel["/here/a"].presence = true;
    bench.policy.by_channel["/here/b"].presence = true;
    bench.connect_session('1');
    return bench;
}

void subscribe(Bench& bench, const std::string& subscription) {
    bench.send(R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":)" + subscription +
               "}]");
}

// One letter for each name of the last subscribe: counts, watches, neither.
std::string marks(Bench& bench) {
    std::string text;
    for (const broker::PresenceMark mark : bench.store.presence) {
        text += mark == broker::PresenceMark::kCounts    ? 'c'
                : mark == broker::PresenceMark::kWatches ? 'w'
                                                         : '-';
    }
    return text;
}

void subscribe_when_presence_then_store_is_told_what_counts(void** state) {
    Bench& bench = with_presence(state);
    subscribe(
        bench,
        R"(["/here/a","/here/*","/presence/here/b","/presence/here/c","/presence/here/*","/d"])");
    assert_string_equal(bench.error(), "");
    assert_string_equal(marks(bench).c_str(), "c-w---");
    bench.settings.presence = false;
    subscribe(bench, R"(["/here/a","/presence/here/b"])");
    assert_string_equal(bench.error(), "");
    assert_string_equal(marks(bench).c_str(), "");
}

void watch_when_judged_then_by_the_channel_itself(void** state) {
    Bench& bench = with_presence(state);
    bench.policy.forbidden.insert({Operation::kSubscribe, "/here/b"});
    bench.policy.forbidden.insert({Operation::kSubscribe, "/here/**"});
    bench.policy.forbidden.insert({Operation::kCreate, "/here/new"});
    bench.policy.forbidden.insert({Operation::kSubscribe, "/presence/here/a"});
    subscribe(bench, R"("/presence/here/a")");
    assert_string_equal(bench.error(), "");
    for (const char* const name : {R"("/presence/here/b")", R"("/presence/here/**")"}) {
        subscribe(bench, name);
        assert_string_equal(bench.error(), "403:denied_by_not_granting:subscribe_denied");
    }
    subscribe(bench, R"("/presence/here/new")");
    assert_string_equal(bench.error(), "403:denied_by_not_granting:create_denied");
    for (const char* const name :
         {R"("/presence/presence/here/a")", R"("/presence/meta/connect")", R"("/presence/oort/x")",
          R"("/presence/bayeux/**")", R"("/presence/service/x")"}) {
        subscribe(bench, name);
        assert_string_equal(bench.error(), kDenied);
    }
    assert_string_equal(bench.subscriptions(1), "/presence/here/a");
}

void may_block_when_watching_then_asks_about_the_channel_itself(void** state) {
    Bench& bench = with_presence(state);
    bench.policy.blocking.insert({Operation::kSubscribe, "/here/a"});
    const char* const message =
        R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":"/presence/here/a"}])";
    assert_true(bench.may_block(message));
    bench.settings.presence = false;
    assert_false(bench.may_block(message));
}

// S2.
void publish_when_to_a_presence_channel_then_refused(void** state) {
    Bench& bench = with_presence(state);
    const char* const message =
        R"([{"channel":"/presence/here/a","clientId":"$1","data":{"join":["mallory"]}}])";
    bench.send(message);
    assert_string_equal(bench.error(), "403:denied_by_security_policy:publish_denied");
    bench.settings.presence = false;
    bench.send(message);
    assert_string_equal(bench.error(), "");
}

// There would be no name for it.
void subscribe_when_name_is_too_long_then_does_not_count(void** state) {
    Bench& bench = with_presence(state);
    for (const std::size_t length : {std::size_t{246}, std::size_t{247}}) {
        const std::string name = "/" + std::string(length - 1, 'x');
        bench.policy.by_channel[name].presence = true;
        subscribe(bench, "\"" + name + "\"");
        assert_string_equal(bench.error(), "");
        assert_string_equal(marks(bench).c_str(), length == 246 ? "c" : "-");
    }
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        BENCH_TEST(subscribe_when_presence_then_store_is_told_what_counts),
        BENCH_TEST(watch_when_judged_then_by_the_channel_itself),
        BENCH_TEST(may_block_when_watching_then_asks_about_the_channel_itself),
        BENCH_TEST(publish_when_to_a_presence_channel_then_refused),
        BENCH_TEST(subscribe_when_name_is_too_long_then_does_not_count),
    };
    return cmocka_run_group_tests_name("broker_presence", tests, nullptr, nullptr);
}
