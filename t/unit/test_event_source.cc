#include <memory>
#include <string>

#include "lib/cmocka.hpp"
#include "lib/stream_bench.hpp"
#include "loop/event_source.hpp"

namespace bayeux::loop {
namespace {

struct Bench : test::StreamBench {
    // With a session that is subscribed to /a.
    Bench() {
        host.transport = broker::Transport::kEventSource;
        broker::NewSession wanted;
        wanted.client_id = *protocol::ClientId::make(entropy);
        wanted.expires_at = clock.now() + Millis{60'000};
        bound.session = store.create_session(wanted).value();
        bound.client_id = wanted.client_id;
        const auto channel = *protocol::ChannelName::parse("/a");
        [[maybe_unused]] const auto done = store.subscribe(bound.session, {&channel, 1}, {});
    }
    Bench& open(bool chunked = false) {
        source_ = std::make_unique<EventSource>(context, host, bytes, bound, chunked);
        begin(*source_);
        return *this;
    }
    std::string came() {
        std::string out = std::exchange(bytes.sent, {});
        return out + (closed ? "closed" : "");
    }

    broker::Bound bound;

  private:
    std::unique_ptr<EventSource> source_;
};

std::string state_of(const Bench& bench) {
    const auto session = bench.session();
    return std::string(session.stream == broker::Transport::kEventSource ? "stream" : "none") +
           (session.parked ? " parked " : " ") + std::to_string(session.queued);
}

std::string begun(bool chunked) {
    Bench bench;
    bench.open(chunked);
    return bench.came() + state_of(bench);
}

void source_when_begun_then_says_when_to_come_again_and_waits(void** /*state*/) {  // FCLI 8
    EXPECT_TEXT("retry: 5000\r\n\r\nstream parked 0", begun(false));
    EXPECT_TEXT("f\r\nretry: 5000\r\n\r\n\r\nstream parked 0", begun(true));
}

std::string gone() {
    Bench bench;
    bench.store.end_session(bench.bound.session);
    bench.open(true);
    return bench.came();
}

void source_when_its_session_has_gone_then_ended(void** /*state*/) {
    EXPECT_TEXT("f\r\nretry: 5000\r\n\r\n\r\n0\r\n\r\nclosed", gone());
}

std::string events(bool queued_before) {
    Bench bench;
    if (queued_before) {
        bench.publish("/a", "1");
        bench.publish("/a", "2");
    }
    bench.open();
    if (!queued_before) {
        bench.came();
        bench.publish("/a", "1");
        bench.publish("/a", "2");
    }
    return bench.came() + state_of(bench);
}

void event_when_it_comes_then_pushed(void** /*state*/) {
    EXPECT_TEXT(
        "data: [{\"channel\":\"/a\",\"data\":1}]\r\n\r\n"
        "data: [{\"channel\":\"/a\",\"data\":2}]\r\n\r\nstream parked 0",
        events(false));
    EXPECT_TEXT(
        "retry: 5000\r\n\r\ndata: [{\"channel\":\"/a\",\"data\":1}]\r\n\r\n"
        "data: [{\"channel\":\"/a\",\"data\":2}]\r\n\r\nstream parked 0",
        events(true));
}

std::string chunk() {
    Bench bench;
    bench.open(true);
    bench.came();
    bench.publish("/a", "1");
    return bench.came();
}

void event_when_chunked_then_a_chunk(void** /*state*/) {
    EXPECT_TEXT("25\r\ndata: [{\"channel\":\"/a\",\"data\":1}]\r\n\r\n\r\n", chunk());
}

std::string slow_reader(bool reads) {
    Bench bench;
    bench.open();
    bench.host.limited.patience = Millis{2000};
    bench.bytes.room = 5;
    bench.publish("/a", "1");
    bench.publish("/a", "2");
    std::string seen = std::to_string(bench.session().queued);
    if (reads) {
        bench.read_on();
    } else {
        bench.pass(Millis{2000});
    }
    return seen + (bench.closed ? "closed " : " ") + state_of(bench);
}

void reader_when_slow_then_events_stay_in_the_queue(void** /*state*/) {  // S15
    EXPECT_TEXT("2 stream parked 0", slow_reader(true));
    EXPECT_TEXT("2closed none 2", slow_reader(false));
}

std::string idle() {
    Bench bench;
    bench.open();
    bench.came();
    bench.pass(Millis{9999});
    std::string seen = bench.came();
    bench.pass(Millis{1});
    seen += bench.came() + "again ";
    bench.pass(Millis{10'000});
    return seen + bench.came();
}

void source_when_idle_then_a_comment_every_ten_seconds(void** /*state*/) {
    EXPECT_TEXT(":\r\n\r\nagain :\r\n\r\n", idle());
}

std::string input() {
    Bench bench;
    bench.open(true);
    bench.came();
    bench.keep_again = true;
    bench.receive(std::string(200'000, 'x'));
    std::string seen = bench.wishes + (bench.bytes.incoming.empty() ? "all" : "");
    bench.keep_again = false;
    bench.run(bench.stream->resume(bench.clock.now()));
    seen += bench.bytes.incoming.empty() ? " all " : "";
    bench.bytes.closed = true;
    bench.receive("");
    return seen + bench.came() + state_of(bench);
}

void client_when_it_speaks_then_dropped_and_its_end_ends_the_source(void** /*state*/) {
    EXPECT_TEXT("A all closednone 0", input());
}

std::string over() {
    Bench bench;
    bench.open(true);
    bench.came();
    bench.end_session();
    return bench.came();
}

void session_when_it_is_over_then_the_source_ends(void** /*state*/) {
    EXPECT_TEXT("0\r\n\r\nclosed", over());
}

// Faye's client connects by long-polling once more while its event source opens.
std::string aside() {
    Bench bench;
    bench.open();
    bench.came();
    const ConnectCycle cycle = bench.connect_elsewhere();
    bench.pass(Millis{500});
    std::string seen = bench.came() + state_of(bench);
    bench.finish_elsewhere(cycle);
    bench.pass(Millis{499});
    seen += " " + state_of(bench);
    bench.pass(Millis{1});
    seen += " " + state_of(bench) + " ";
    bench.publish("/a", "1");
    return seen + bench.came();
}

void session_when_connected_elsewhere_then_the_source_comes_back(void** /*state*/) {
    EXPECT_TEXT("none 0 none 0 stream parked 0 data: [{\"channel\":\"/a\",\"data\":1}]\r\n\r\n",
                aside());
}

std::string replaced() {
    Bench bench;
    bench.open(true);
    bench.came();
    if (!bench.store.start_stream(bench.bound.session, broker::Transport::kEventSource)) {
        return "no stream";
    }
    bench.look_at_due();
    std::string seen = bench.came();
    bench.pass(Millis{500});
    return seen + bench.came();
}

void session_when_it_has_a_newer_stream_then_the_source_ends(void** /*state*/) {
    EXPECT_TEXT("0\r\n\r\nclosed", replaced());
}

std::string stopped() {
    Bench bench;
    bench.open(true);
    bench.came();
    bench.bytes.room = 5;
    bench.publish("/a", "1");
    bench.run(bench.stream->on_stop(bench.clock.now()));
    std::string seen = bench.closed ? "early " : "";
    bench.read_on();
    return seen + bench.came() + state_of(bench);
}

void child_when_it_stops_then_the_source_ends_behind_what_is_pending(void** /*state*/) {
    EXPECT_TEXT("25\r\ndata: [{\"channel\":\"/a\",\"data\":1}]\r\n\r\n\r\n0\r\n\r\nclosednone 0",
                stopped());
}

std::string deliver_only(bool ends) {
    Bench bench;
    bench.bound.deliver_only = true;
    bench.open();
    bench.came();
    bench.publish("/a", "1");
    if (ends) {
        bench.end_session();
    }
    std::string seen = bench.came() + (bench.waiting ? "waiting " : "");
    bench.pass(EventSource::kKeepAlive);
    return seen + bench.came() + std::to_string(bench.session().queued);
}

// ORD-3. It does not wait, so that it finds out by itself that its session has ended.
void deliver_only_session_when_events_come_then_not_pushed(void** /*state*/) {
    EXPECT_TEXT(":\r\n\r\n1", deliver_only(false));
    EXPECT_TEXT("closed0", deliver_only(true));
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(source_when_begun_then_says_when_to_come_again_and_waits),
        cmocka_unit_test(source_when_its_session_has_gone_then_ended),
        cmocka_unit_test(event_when_it_comes_then_pushed),
        cmocka_unit_test(event_when_chunked_then_a_chunk),
        cmocka_unit_test(reader_when_slow_then_events_stay_in_the_queue),
        cmocka_unit_test(source_when_idle_then_a_comment_every_ten_seconds),
        cmocka_unit_test(client_when_it_speaks_then_dropped_and_its_end_ends_the_source),
        cmocka_unit_test(session_when_it_is_over_then_the_source_ends),
        cmocka_unit_test(session_when_connected_elsewhere_then_the_source_comes_back),
        cmocka_unit_test(session_when_it_has_a_newer_stream_then_the_source_ends),
        cmocka_unit_test(child_when_it_stops_then_the_source_ends_behind_what_is_pending),
        cmocka_unit_test(deliver_only_session_when_events_come_then_not_pushed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
