// How events leave on a WebSocket, and what workers do for it.
#include <string>

#include "lib/cmocka.hpp"
#include "lib/websocket_bench.hpp"

namespace bayeux::loop {
namespace {

using namespace test;
using Bench = WebSocketBench;

// --- events leave with connects only (ORD-3, X-ACK 12) ---

std::string ack_connect(int acknowledged) {
    return R"([{"channel":"/meta/connect","clientId":"$1","ext":{"ack":)" +
           std::to_string(acknowledged) + "}}]";
}

std::string acknowledged() {
    Bench bench;
    bench.open();
    std::string seen = bench.after(kAckHandshake);
    seen += bench.after(ack_connect(0));
    seen += bench.after(kSubscribe);
    seen += bench.waiting ? "waiting " : "";
    bench.publish("/a", "1");
    seen += bench.heard() + "queued ";
    seen += bench.after(ack_connect(1));
    seen += bench.after(ack_connect(2));
    seen += bench.waiting ? "waiting " : "";
    bench.publish("/a", "2");
    return seen + bench.heard() + bench.state();
}

void ack_session_when_events_come_then_sent_with_connects_only(void** /*state*/) {
    EXPECT_TEXT(
        "[handshake+#true]\n[connect+#1]\n[subscribe+]\nqueued [1]\n[connect+#2]\n"
        "waiting [2]\n[connect+#3]\nstream expiring 1",
        acknowledged());
}

std::string replayed() {
    Bench bench;
    bench.ready(kAckHandshake);
    bench.say(ack_connect(1));
    bench.bytes.broken = true;
    bench.publish("/a", "1");
    std::string seen = bench.closed ? "closed " : "";
    bench.reopen(true);
    seen += bench.after(ack_connect(1));
    seen += bench.after(ack_connect(3));
    return seen + bench.state();
}

void ack_session_when_the_connection_breaks_then_replayed(void** /*state*/) {
    EXPECT_TEXT("closed [1]\n[connect+#3]\nstream open parked 0", replayed());
}

std::string ack_deadline() {
    Bench bench;
    bench.ready(kAckHandshake);
    bench.say(ack_connect(1));
    bench.pass(Millis{30'000});
    return bench.heard();
}

void ack_session_when_nothing_happens_then_the_reply_has_a_batch(void** /*state*/) {  // X-ACK 4
    EXPECT_TEXT("[connect+#2]\n", ack_deadline());
}

std::string deliver_only() {
    Bench bench;
    bench.host.settings.meta_connect_deliver_only = true;
    bench.ready();
    bench.publish("/a", "1");
    std::string seen = bench.heard();
    seen += bench.after(kPublish);
    seen += bench.after(kConnect);
    bench.say(kConnect);
    bench.publish("/a", "2");
    return seen + bench.heard() + bench.state();
}

void deliver_only_session_when_events_come_then_sent_with_connects_only(void** /*state*/) {
    EXPECT_TEXT("[/b+]\n[1]\n[connect+]\n[2]\n[connect+]\nstream expiring 0", deliver_only());
}

// --- delivery ---

std::string superseded_while_pending(bool taken) {
    Bench bench;
    bench.held();
    bench.bytes.room = 5;
    bench.publish("/a", "1");
    bench.connect_elsewhere();
    const std::string seen = std::to_string(bench.session().queued);
    if (taken) {
        bench.read_on();
    } else {
        bench.bytes.broken = true;
        bench.read_on();
    }
    return seen + std::to_string(bench.session().queued) + (bench.closed ? "closed " : " ") +
           bench.state() + "\n" + bench.heard();
}

// The bytes that are on their way count by themselves, whoever has the session meanwhile.
void event_when_on_its_way_and_superseded_then_counted_when_it_leaves(void** /*state*/) {
    EXPECT_TEXT("10 none open 0\n[1]\n", superseded_while_pending(true));
    EXPECT_TEXT("11closed none open 1\n...", superseded_while_pending(false));
}

std::string waiting_behind_a_reply() {
    Bench bench;
    bench.ready();
    bench.bytes.room = 5;
    bench.say(kPublish);
    const std::string seen = bench.waiting ? "waiting " : "";
    bench.publish("/a", "1");
    bench.read_on();
    return seen + bench.heard() + (bench.waiting ? "waiting" : "");
}

void event_when_a_reply_is_pending_then_waits_in_its_queue(void** /*state*/) {  // WS-15
    EXPECT_TEXT("[/b+]\n[1]\nwaiting", waiting_behind_a_reply());
}

std::string answered_while_pending() {
    Bench bench;
    bench.open();
    bench.say(kHandshake);
    bench.heard();
    bench.bytes.room = 5;
    bench.say(kConnect);
    std::string seen = bench.state();
    bench.pass(Millis{1000});
    bench.read_on();
    return seen + ", " + bench.state();
}

void connect_when_answered_then_finished_when_the_answer_has_left(void** /*state*/) {  // EX-1
    EXPECT_TEXT("stream open parked 0, stream parked expiring 0", answered_while_pending());
}

// --- what may block goes to a worker ---

std::string at_worker() {
    Bench bench;
    bench.ready();
    bench.host.policy.blocking.insert({broker::Operation::kPublish, "/b"});
    bench.keep_at_worker = true;
    bench.say(kPublish);
    bench.bytes.incoming +=
        client_text(test::with_client_ids(R"([{"channel":"/c","clientId":"$1","data":1}])"));
    bench.publish("/a", "1");  // the loop remembers both
    const bool untouched = !bench.bytes.incoming.empty() && bench.bytes.sent.empty();
    bench.stream->perform();
    const std::string silent = bench.heard();
    bench.keep_at_worker = false;
    bench.run(bench.stream->resume(bench.clock.now()));
    bench.run(bench.stream->on_readable(bench.clock.now()));
    return (untouched ? "untouched " : "") + silent + bench.wishes + "\n" + bench.heard();
}

void batch_when_the_policy_may_block_then_handled_by_a_worker_in_order(void** /*state*/) {
    EXPECT_TEXT("untouched W\n[1]\n[/b+]\n[/c+]\n", at_worker());
}

std::string work_behind_pending_output() {
    Bench bench;
    bench.ready();
    bench.host.policy.blocking.insert({broker::Operation::kPublish, "/b"});
    bench.bytes.room = 4;
    const std::string ping = client_frame({.opcode = 9, .payload = "0123456789"});
    bench.receive(ping + client_text(test::with_client_ids(kPublish)));
    const std::string before = bench.wishes;
    bench.read_on();
    return before + "," + bench.wishes + "\n" + bench.heard();
}

void batch_when_the_client_does_not_read_then_no_worker_begins(void** /*state*/) {  // WS-15
    EXPECT_TEXT(",W\npong 0123456789\n[/b+]\n", work_behind_pending_output());
}

// PB-11: whoever has the request at hand starts the calls; the acknowledgement does not wait.
std::string call_of_service() {
    Bench bench;
    bench.ready();
    bench.host.policy.by_channel["/service/x"].service = true;
    const std::string said =
        bench.after(R"([{"channel":"/service/x","id":"4","clientId":"$1","data":{"a":1}}])");
    std::string started;
    for (const broker::ServiceCall& call : bench.host.started) {
        started += call.channel.text() + " " + call.id + " " + call.data;
    }
    return bench.wishes + " " + said + started;
}

void message_when_a_service_answers_it_then_a_worker_starts_the_call(void** /*state*/) {
    EXPECT_TEXT("W [/service/x+]\n/service/x \"4\" {\"a\":1}", call_of_service());
}

// A batch may take with it what a notice on its way was for. That is no reason to pause.
std::string notices_behind_batches() {
    Bench bench;
    bench.ready();
    for (int i = 0; i < 3; ++i) {
        const auto channel = *protocol::ChannelName::parse("/a");
        broker::Publication publication;
        publication.channel = &channel;
        publication.event = R"({"channel":"/a","data":1})";
        static_cast<void>(bench.store.publish(publication));
        bench.bytes.incoming += client_text(test::with_client_ids(kPublish));
        bench.run(bench.stream->on_readable(bench.clock.now()));
        bench.run(bench.stream->on_due(EndReason::kEvents, bench.clock.now()));
    }
    const std::string before = bench.heard();
    bench.publish("/a", "2");
    return before + "then " + bench.heard();
}

void notice_when_a_batch_was_quicker_then_the_stream_waits_on(void** /*state*/) {
    EXPECT_TEXT("[1]\n[/b+]\n[1]\n[/b+]\n[1]\n[/b+]\nthen [2]\n", notices_behind_batches());
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(ack_session_when_events_come_then_sent_with_connects_only),
        cmocka_unit_test(ack_session_when_the_connection_breaks_then_replayed),
        cmocka_unit_test(ack_session_when_nothing_happens_then_the_reply_has_a_batch),
        cmocka_unit_test(deliver_only_session_when_events_come_then_sent_with_connects_only),
        cmocka_unit_test(event_when_on_its_way_and_superseded_then_counted_when_it_leaves),
        cmocka_unit_test(event_when_a_reply_is_pending_then_waits_in_its_queue),
        cmocka_unit_test(connect_when_answered_then_finished_when_the_answer_has_left),
        cmocka_unit_test(batch_when_the_policy_may_block_then_handled_by_a_worker_in_order),
        cmocka_unit_test(batch_when_the_client_does_not_read_then_no_worker_begins),
        cmocka_unit_test(message_when_a_service_answers_it_then_a_worker_starts_the_call),
        cmocka_unit_test(notice_when_a_batch_was_quicker_then_the_stream_waits_on),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
