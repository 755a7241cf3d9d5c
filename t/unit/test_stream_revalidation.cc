// S20: a stream whose login is checked again.
#include <memory>
#include <string>

#include "lib/cmocka.hpp"
#include "lib/websocket_bench.hpp"
#include "loop/event_source.hpp"

namespace bayeux::loop {
namespace {

constexpr Millis kPeriod{60'000};

std::string asked(const test::StreamBench& bench) {
    return " asked " + std::to_string(bench.host.asked) + " wishes " + bench.wishes;
}

// --- a WebSocket ---

// Without a session, so that nothing else has a deadline.
std::string idle(Millis period, Millis passed) {
    test::WebSocketBench bench;
    bench.host.limited.revalidate = period;
    bench.open();
    bench.pass(passed);
    return bench.heard() + asked(bench);
}

void websocket_when_it_has_a_login_then_asked_once_a_period(void** /*state*/) {
    EXPECT_TEXT(" asked 0 wishes ", idle(kPeriod, kPeriod - Millis{1}));
    EXPECT_TEXT(" asked 3 wishes WWW", idle(kPeriod, 3 * kPeriod));
    EXPECT_TEXT(" asked 0 wishes ", idle(Millis{0}, 3 * kPeriod));
}

std::string answered(Standing standing) {
    test::WebSocketBench bench;
    bench.host.limited.revalidate = Millis{5'000};
    bench.held();
    bench.host.standing = standing;
    bench.pass(Millis{5'000});
    bench.publish("/a", "1");
    return bench.heard() + bench.state() + (bench.closed ? " closed" : "");
}

// The session waits for a client that comes again, as after any close (WS-9), and keeps its events.
void websocket_when_its_login_is_refused_then_closed_and_nothing_more_is_sent(void** /*state*/) {
    EXPECT_TEXT("close 1008\nnone expiring 1 closed", answered(Standing::kRefused));
    EXPECT_TEXT("close 1011\nnone expiring 1 closed", answered(Standing::kUnknown));
    EXPECT_TEXT("[1]\nstream open parked 0", answered(Standing::kGood));
}

// What comes while a worker asks: `standing` is the answer.
std::string meanwhile(Standing standing) {
    test::WebSocketBench bench;
    bench.host.limited.revalidate = Millis{5'000};
    bench.held();
    bench.keep_at_worker = true;
    bench.pass(Millis{5'000});
    bench.publish("/a", "1");
    std::string seen = bench.heard() + "then ";
    bench.host.standing = standing;
    bench.stream->perform();
    bench.run(bench.stream->resume(bench.clock.now()));
    if (!bench.closed) {  // the edge that the loop has remembered
        bench.say(test::kPublish);
    }
    return seen + bench.heard() + std::to_string(bench.session().queued);
}

void websocket_when_something_comes_while_asked_then_done_after_it_or_never(void** /*state*/) {
    EXPECT_TEXT("then [1]\n[/b+]\n0", meanwhile(Standing::kGood));
    EXPECT_TEXT("then close 1008\n1", meanwhile(Standing::kRefused));
}

// The client reads so slowly that there is always something to write; more comes meanwhile.
std::string while_writing() {
    test::WebSocketBench bench;
    bench.host.limited.revalidate = Millis{5'000};
    bench.held();
    bench.bytes.room = 1;
    bench.publish("/a", "1");
    bench.publish("/a", "2");
    bench.host.standing = Standing::kRefused;
    bench.pass(Millis{6'000});
    std::string seen = std::to_string(bench.host.asked);
    bench.read_on();
    return seen + " then " + bench.heard() + bench.state() + (bench.closed ? " closed" : "");
}

void websocket_when_its_client_reads_slowly_then_asked_before_more_is_sent(void** /*state*/) {
    EXPECT_TEXT("0 then [1]\nclose 1008\nnone expiring 1 closed", while_writing());
}

// One message after another that may block, and a client that takes the answers late.
std::string while_working(Standing standing) {
    test::WebSocketBench bench;
    bench.host.limited.revalidate = Millis{5'000};
    bench.ready();
    bench.host.policy.blocks = true;
    bench.bytes.room = 1;
    bench.say(test::kPublish);
    bench.say(test::kPublish);
    bench.host.standing = standing;
    bench.pass(Millis{6'000});
    bench.read_on();
    return std::to_string(bench.host.asked) + " asked: " + bench.heard();
}

void websocket_when_a_batch_waits_for_a_worker_then_asked_before_it(void** /*state*/) {
    EXPECT_TEXT("1 asked: [/b+]\n[/b+]\n", while_working(Standing::kGood));
    EXPECT_TEXT("1 asked: [/b+]\nclose 1008\n", while_working(Standing::kRefused));
}

// --- an event source ---

struct SourceBench : test::StreamBench {
    explicit SourceBench(Millis period) {
        host.transport = broker::Transport::kEventSource;
        host.limited.revalidate = period;
        broker::NewSession wanted;
        wanted.client_id = *protocol::ClientId::make(entropy);
        wanted.expires_at = clock.now() + Millis{600'000};
        broker::Bound bound;
        bound.session = store.create_session(wanted).value();
        bound.client_id = wanted.client_id;
        const auto channel = *protocol::ChannelName::parse("/a");
        [[maybe_unused]] const auto done = store.subscribe(bound.session, {&channel, 1}, {});
        source_ = std::make_unique<EventSource>(context, host, bytes, bound, true);
        begin(*source_);
        bytes.sent.clear();
    }

  private:
    std::unique_ptr<EventSource> source_;
};

std::string source(Standing standing, Millis period, Millis passed) {
    SourceBench bench(period);
    bench.host.standing = standing;
    bench.pass(passed);
    bench.bytes.sent.clear();  // comments
    bench.publish("/a", "1");
    return (bench.bytes.sent.empty() ? "nothing" : "an event") + asked(bench) +
           (bench.closed ? " closed " : " open ") + std::to_string(bench.session().queued);
}

void source_when_it_has_a_login_then_asked_once_a_period(void** /*state*/) {
    EXPECT_TEXT("an event asked 2 wishes WW open 0",
                source(Standing::kGood, kPeriod, 2 * kPeriod + Millis{1}));
    EXPECT_TEXT("an event asked 0 wishes  open 0", source(Standing::kGood, Millis{0}, 2 * kPeriod));
}

void source_when_its_login_is_refused_then_ended_and_its_events_stay(void** /*state*/) {
    EXPECT_TEXT("nothing asked 1 wishes WC closed 1", source(Standing::kRefused, kPeriod, kPeriod));
    EXPECT_TEXT("nothing asked 1 wishes WC closed 1", source(Standing::kUnknown, kPeriod, kPeriod));
}

std::string source_while_writing() {
    SourceBench bench(Millis{5'000});
    bench.host.standing = Standing::kRefused;
    bench.bytes.room = 1;
    bench.publish("/a", "1");
    bench.publish("/a", "2");
    bench.pass(Millis{6'000});
    bench.read_on();
    return (bench.bytes.sent.find("\"data\":2") == std::string::npos ? "" : "more") + asked(bench) +
           " " + std::to_string(bench.session().queued);
}

void source_when_its_client_reads_slowly_then_asked_before_more_is_sent(void** /*state*/) {
    EXPECT_TEXT(" asked 1 wishes WC 1", source_while_writing());
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(websocket_when_it_has_a_login_then_asked_once_a_period),
        cmocka_unit_test(websocket_when_its_login_is_refused_then_closed_and_nothing_more_is_sent),
        cmocka_unit_test(websocket_when_something_comes_while_asked_then_done_after_it_or_never),
        cmocka_unit_test(websocket_when_its_client_reads_slowly_then_asked_before_more_is_sent),
        cmocka_unit_test(websocket_when_a_batch_waits_for_a_worker_then_asked_before_it),
        cmocka_unit_test(source_when_it_has_a_login_then_asked_once_a_period),
        cmocka_unit_test(source_when_its_login_is_refused_then_ended_and_its_events_stay),
        cmocka_unit_test(source_when_its_client_reads_slowly_then_asked_before_more_is_sent),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
