// Frames in and out, time and memory; the sessions are in test_websocket_session.cc.
#include <algorithm>
#include <string>

#include "lib/cmocka.hpp"
#include "lib/websocket_bench.hpp"

namespace bayeux::loop {
namespace {

using namespace test;
using Bench = WebSocketBench;

// --- what is refused ---

void text_when_no_json_then_closed_with_1007(void** /*state*/) {
    EXPECT_TEXT("close 1007\nclosed", Bench().open().after_raw(client_text("{\"a\":")));
    EXPECT_TEXT("close 1007\nclosed", Bench().open().after_raw(client_text("")));
    EXPECT_TEXT("close 1007\nclosed", Bench().open().after_raw(client_text(std::string(200, '['))));
}

void text_when_json_without_message_then_closed_with_1003(void** /*state*/) {
    EXPECT_TEXT("close 1003\nclosed", Bench().open().after_raw(client_text("null")));
    EXPECT_TEXT("close 1003\nclosed", Bench().open().after_raw(client_text("7")));
    EXPECT_TEXT("close 1003\nclosed", Bench().open().after_raw(client_text("[1,\"a\"]")));
}

void text_when_empty_array_then_ignored(void** /*state*/) {  // ENV-15
    EXPECT_TEXT("", Bench().open().after_raw(client_text(" [ ] ")));
}

void frame_when_it_breaks_the_protocol_then_closed_with_its_code(void** /*state*/) {
    EXPECT_TEXT("close 1002\nclosed", Bench().open().after_raw(client_frame({.masked = false})));
    EXPECT_TEXT("close 1003\nclosed", Bench().open().after_raw(client_frame({.opcode = 2})));
    EXPECT_TEXT("close 1009\nclosed", Bench().open().after_raw(client_claim(65537)));
}

std::string after_the_failure() {
    Bench bench;
    bench.open();
    return bench.after_raw(client_text("null") + client_text(kHandshake)) +
           std::to_string(bench.store.counts().sessions);
}

void frame_when_the_one_before_was_refused_then_not_looked_at(void** /*state*/) {
    EXPECT_TEXT("close 1003\nclosed0", after_the_failure());
}

// --- control frames ---

void ping_when_it_comes_then_answered_with_its_payload(void** /*state*/) {
    EXPECT_TEXT("pong abc\n",
                Bench().open().after_raw(client_frame({.opcode = 9, .payload = "abc"}) +
                                         client_frame({.opcode = 10, .payload = "unasked"})));
}

void close_when_it_comes_then_echoed_and_closed(void** /*state*/) {
    EXPECT_TEXT("close 1001\nclosed", Bench().open().after_raw(client_frame(
                                          {.opcode = 8, .payload = close_payload(1001, "bye")})));
    EXPECT_TEXT("close -\nclosed", Bench().open().after_raw(client_frame({.opcode = 8})));
}

std::string pings_after(Millis time, bool answered) {
    Bench bench;
    bench.host.limited.ping = Millis{1000};
    bench.open();
    std::string seen;
    for (Millis at{0}; at < time; at += Millis{100}) {
        bench.pass(Millis{100});
        const std::string heard = bench.heard();
        if (answered && heard == "ping\n") {
            bench.receive(client_frame({.opcode = 10}));
        }
        seen += heard;
    }
    return seen + (bench.closed ? "closed" : "");
}

void ping_when_answered_then_sent_each_period(void** /*state*/) {
    EXPECT_TEXT("ping\nping\nping\n", pings_after(Millis{3500}, true));
}

// A half-open connection.
void ping_when_nothing_comes_in_another_period_then_closed(void** /*state*/) {
    EXPECT_TEXT("ping\n", pings_after(Millis{1900}, false));
    EXPECT_TEXT("ping\nclosed", pings_after(Millis{2100}, false));
}

std::string spoken_to_within_each_period() {
    Bench bench;
    bench.host.limited.ping = Millis{1000};
    bench.ready();
    for (int i = 0; i < 6; ++i) {
        bench.pass(Millis{500});
        bench.say("[]");
    }
    return bench.heard();
}

void ping_when_the_client_speaks_then_not_needed(void** /*state*/) {
    EXPECT_TEXT("", spoken_to_within_each_period());
}

std::string without_pings() {
    Bench bench;
    bench.host.limited.ping = Millis{0};
    bench.open();
    bench.pass(Millis{3600'000});
    return bench.heard() + (bench.closed ? "closed" : "");
}

std::string connect_as_heartbeat(bool answers) {
    Bench bench;
    bench.host.limited.ping = Millis{30'000};
    bench.held();
    bench.pass(Millis{30'000});
    if (answers) {
        bench.say(kConnect);
    }
    bench.pass(Millis{6000});
    return bench.heard();
}

void ping_when_a_connect_is_answered_then_the_next_one_will_do(void** /*state*/) {  // WS-11
    EXPECT_TEXT("[connect+]\n", connect_as_heartbeat(true));
    EXPECT_TEXT("[connect+]\nping\n", connect_as_heartbeat(false));
}

void ping_when_off_then_silent(void** /*state*/) {
    EXPECT_TEXT("", without_pings());
}

// --- the end of the connection ---

std::string end_of_input(bool broken) {
    Bench bench;
    bench.ready();
    bench.say(kConnect);
    bench.bytes.closed = !broken;
    bench.bytes.broken = broken;
    if (broken) {
        bench.publish("/a", "1");
    } else {
        bench.receive("");
    }
    const auto session = bench.session();
    return std::string(bench.closed ? "closed" : "open") + (session.open ? " open" : "") +
           (session.parked ? " parked" : "") + " queued " + std::to_string(session.queued) +
           (session.expires_at == bench.clock.now() + Millis{10'000} ? " expiring" : "");
}

void client_when_it_vanishes_then_session_expires_and_keeps_its_events(void** /*state*/) {  // WS-9
    EXPECT_TEXT("closed queued 0 expiring", end_of_input(false));
    EXPECT_TEXT("closed queued 1 expiring", end_of_input(true));
}

std::string stopped(bool echo) {
    Bench bench;
    bench.ready();
    bench.say(kConnect);
    bench.run(bench.stream->on_stop(bench.clock.now()));
    std::string seen = bench.heard() + (bench.closed ? "early " : "");
    if (echo) {
        bench.receive(client_frame({.opcode = 8, .payload = close_payload(1012)}));
    } else {
        bench.pass(WebSocket::kEchoPatience);
    }
    return seen + bench.heard() + (bench.closed ? "closed" : "") +
           (bench.session().open ? " open" : "");
}

void child_when_it_stops_then_1012_and_the_echo_is_waited_for(void** /*state*/) {
    EXPECT_TEXT("close 1012\nclosed", stopped(true));
    EXPECT_TEXT("close 1012\nclosed", stopped(false));
}

std::string stopped_with_a_slow_client() {
    Bench bench;
    bench.ready();
    bench.bytes.room = 3;
    bench.publish("/a", "1");
    bench.run(bench.stream->on_stop(bench.clock.now()));
    bench.pass(WebSocket::kEchoPatience);
    std::string seen = bench.closed ? "early " : "";
    bench.read_on();
    seen += bench.heard() + (bench.closed ? "early " : "");
    bench.pass(WebSocket::kEchoPatience);
    return seen + (bench.closed ? "closed" : "") + std::to_string(bench.session().queued);
}

void child_when_it_stops_then_1012_follows_what_is_pending(void** /*state*/) {
    EXPECT_TEXT("[1]\nclose 1012\nclosed0", stopped_with_a_slow_client());
}

// --- slow readers (WS-15, S15) ---

std::string slow_reader() {
    Bench bench;
    bench.ready();
    bench.bytes.room = 10;
    bench.publish("/a", "1");
    bench.publish("/a", "2");
    bench.say(kPublish);
    bench.say(kPublish);
    std::string seen = "queued " + std::to_string(bench.session().queued) + " unread " +
                       (bench.bytes.incoming.empty() ? "0 " : "some ");
    bench.read_on(30);
    bench.read_on();
    return seen + bench.heard() + std::to_string(bench.session().queued);
}

void reader_when_slow_then_nothing_is_drained_or_read_meanwhile(void** /*state*/) {
    EXPECT_TEXT("queued 2 unread some [1]\n[2]\n[/b+]\n[/b+]\n0", slow_reader());
}

std::string stuck_reader(Millis time) {
    Bench bench;
    bench.ready();
    bench.host.limited.patience = Millis{2000};
    bench.bytes.room = 10;
    bench.publish("/a", "1");
    bench.pass(Millis{1500});
    bench.read_on(5);
    bench.pass(time);
    return (bench.closed ? "closed " : "open ") + std::to_string(bench.session().queued);
}

// The time runs from the last byte that it took.
void reader_when_stuck_then_closed_and_its_events_are_kept(void** /*state*/) {
    EXPECT_TEXT("open 1", stuck_reader(Millis{1900}));
    EXPECT_TEXT("closed 1", stuck_reader(Millis{2100}));
}

std::string short_writes() {
    Bench bench;
    bench.ready();
    bench.bytes.write_at_once = 7;
    bench.publish("/a", R"("0123456789")");
    return bench.heard() + std::to_string(bench.session().queued);
}

void write_when_short_then_goes_on(void** /*state*/) {
    EXPECT_TEXT("[\"0123456789\"]\n0", short_writes());
}

std::string held_by_filters() {
    Bench bench;
    bench.ready();
    bench.bytes.filters_hold = true;
    bench.publish("/a", "1");
    std::string seen = std::to_string(bench.session().queued);
    bench.read_on();
    seen += std::to_string(bench.session().queued);
    bench.bytes.filters_hold = false;
    bench.read_on();
    return seen + std::to_string(bench.session().queued) + bench.heard();
}

// TLS: what a filter has taken is not yet with the client.
void event_when_a_filter_holds_it_then_not_delivered(void** /*state*/) {
    EXPECT_TEXT("110[1]\n", held_by_filters());
}

std::string one_write_per_batch(std::uint32_t per_frame) {
    Bench bench;
    bench.host.limited.messages_per_frame = per_frame;
    bench.ready();
    bench.bytes.room = 1;
    bench.publish("/a", "0");
    for (int i = 1; i < 6; ++i) {
        bench.publish("/a", std::to_string(i));
    }
    bench.bytes.room = test::FakeBytes::kNoLimit;
    const int before = bench.bytes.writes;
    bench.read_on();
    return bench.heard() + std::to_string(bench.bytes.writes - before);
}

// One for the rest of the first event, one for the others.
void events_when_many_then_written_at_once(void** /*state*/) {
    EXPECT_TEXT("[0]\n[1]\n[2]\n[3]\n[4]\n[5]\n2", one_write_per_batch(1));
    EXPECT_TEXT("[0]\n[1 2]\n[3 4]\n[5]\n2", one_write_per_batch(2));
    EXPECT_TEXT("[0]\n[1 2 3 4 5]\n2", one_write_per_batch(100));
}

// --- much input ---

std::string many_messages() {
    Bench bench;
    bench.ready();
    bench.keep_again = true;
    std::string packet;
    for (int i = 0; i < 40; ++i) {
        packet += client_text(test::with_client_ids(kPublish));
    }
    bench.receive(packet);
    std::string seen;
    for (int turns = 0; turns < 5; ++turns) {
        const std::string heard = bench.heard();
        seen += std::to_string(std::count(heard.begin(), heard.end(), '\n')) + " ";
        bench.run(bench.stream->resume(bench.clock.now()));
    }
    return seen + bench.wishes;
}

// No client keeps the loop to itself.
void input_when_it_holds_many_messages_then_others_have_their_turn(void** /*state*/) {
    EXPECT_TEXT("16 16 8 0 0 AA", many_messages());
}

std::string endless_message() {
    Bench bench;
    bench.open();
    bench.keep_again = true;
    bench.bytes.read_at_once = 100;
    bench.receive(client_text("[\"" + std::string(1000, 'x')));
    return bench.wishes + std::to_string(bench.bytes.reads);
}

void input_when_it_never_ends_then_others_have_their_turn(void** /*state*/) {
    EXPECT_TEXT("A4", endless_message());
}

std::string early_input() {
    const std::string early = client_text(kHandshake);
    Bench bench;
    bench.open(std::string_view(early).substr(0, 20));
    return bench.after_raw(std::string_view(early).substr(20));
}

void input_when_it_came_with_the_request_then_handled(void** /*state*/) {
    EXPECT_TEXT("[handshake+]\n", early_input());
}

// --- permessage-deflate ---

std::string deflated(std::size_t length) {
    Bench bench;
    bench.host.limited.deflate = true;
    bench.ready();
    bench.publish("/a", "\"" + std::string(length, 'x') + "\"");
    const std::string seen = bench.heard();
    return seen.substr(0, 9);
}

void event_when_deflate_is_on_then_only_long_ones_are_deflated(void** /*state*/) {
    EXPECT_TEXT("deflated\n", deflated(200));
    EXPECT_TEXT("[\"xxxxxxx", deflated(10));
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(text_when_no_json_then_closed_with_1007),
        cmocka_unit_test(text_when_json_without_message_then_closed_with_1003),
        cmocka_unit_test(text_when_empty_array_then_ignored),
        cmocka_unit_test(frame_when_it_breaks_the_protocol_then_closed_with_its_code),
        cmocka_unit_test(frame_when_the_one_before_was_refused_then_not_looked_at),
        cmocka_unit_test(ping_when_it_comes_then_answered_with_its_payload),
        cmocka_unit_test(close_when_it_comes_then_echoed_and_closed),
        cmocka_unit_test(ping_when_answered_then_sent_each_period),
        cmocka_unit_test(ping_when_nothing_comes_in_another_period_then_closed),
        cmocka_unit_test(ping_when_the_client_speaks_then_not_needed),
        cmocka_unit_test(ping_when_a_connect_is_answered_then_the_next_one_will_do),
        cmocka_unit_test(ping_when_off_then_silent),
        cmocka_unit_test(client_when_it_vanishes_then_session_expires_and_keeps_its_events),
        cmocka_unit_test(child_when_it_stops_then_1012_and_the_echo_is_waited_for),
        cmocka_unit_test(child_when_it_stops_then_1012_follows_what_is_pending),
        cmocka_unit_test(reader_when_slow_then_nothing_is_drained_or_read_meanwhile),
        cmocka_unit_test(reader_when_stuck_then_closed_and_its_events_are_kept),
        cmocka_unit_test(write_when_short_then_goes_on),
        cmocka_unit_test(event_when_a_filter_holds_it_then_not_delivered),
        cmocka_unit_test(events_when_many_then_written_at_once),
        cmocka_unit_test(input_when_it_holds_many_messages_then_others_have_their_turn),
        cmocka_unit_test(input_when_it_never_ends_then_others_have_their_turn),
        cmocka_unit_test(input_when_it_came_with_the_request_then_handled),
        cmocka_unit_test(event_when_deflate_is_on_then_only_long_ones_are_deflated),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
