// A WebSocket, the session that it carries and its connects.
#include <string>

#include "lib/cmocka.hpp"
#include "lib/websocket_bench.hpp"

namespace bayeux::loop {
namespace {

using namespace test;
using Bench = WebSocketBench;

// --- binding ---

std::string handshaken() {
    Bench bench;
    bench.open();
    const std::string seen = bench.after(kHandshake);
    return seen + bench.state();
}

void handshake_when_it_comes_then_answered_alone_and_bound(void** /*state*/) {  // WS-3, WS-8
    EXPECT_TEXT("[handshake+]\nstream parked expiring 0", handshaken());
}

std::string two_handshakes() {
    Bench bench;
    bench.held();
    bench.heard();
    const std::string seen = bench.after(kHandshake);
    bench.publish("/a", "1");
    return seen + bench.heard() + bench.state(1) + ", " + bench.state(2);
}

void handshake_when_it_is_the_second_then_the_first_session_is_left(void** /*state*/) {  // WS-3
    EXPECT_TEXT("[handshake+]\nnone expiring 1, stream parked expiring 0", two_handshakes());
}

std::string resumed(bool noticed, const char* first) {
    Bench bench;
    bench.held();
    bench.reopen(noticed);
    const std::string seen = bench.after(first);
    bench.publish("/a", "7");
    return seen + bench.heard() + bench.state();
}

void session_when_it_comes_on_a_new_socket_then_resumed(void** /*state*/) {  // WS-6
    EXPECT_TEXT("[7]\nstream open parked 0", resumed(true, kConnect));
    EXPECT_TEXT("[7]\nstream open parked 0", resumed(false, kConnect));
    EXPECT_TEXT("[/b+]\n[7]\nstream parked expiring 0", resumed(true, kPublish));
}

std::string superseded() {
    Bench bench;
    bench.held();
    bench.heard();
    bench.connect_elsewhere();
    std::string seen = bench.heard() + (bench.waiting ? "waiting " : "");
    bench.publish("/a", "1");
    seen += bench.heard() + bench.state() + "\n";
    bench.say(kPublish);
    return seen + bench.heard() + bench.state();
}

// CN-13: no reply; and the next message takes the session back.
void session_when_it_goes_on_elsewhere_then_left_until_the_next_message(void** /*state*/) {
    EXPECT_TEXT("none open 1\n[1]\n[/b+]\nstream parked 0", superseded());
}

std::string ended(bool held) {
    Bench bench;
    held ? bench.held() : bench.ready();
    bench.heard();
    bench.end_session();
    const std::string seen = bench.heard() + (bench.closed ? "closed " : "");
    return seen + bench.after(kConnect);
}

void session_when_it_ends_then_the_held_connect_is_told(void** /*state*/) {  // CN-17, EX-5
    EXPECT_TEXT("[connect+!]\n[connect-]\n", ended(true));
    EXPECT_TEXT("[connect-]\n", ended(false));
}

std::string expired() {
    Bench bench;
    bench.ready();
    bench.pass(Millis{11'000});
    bench.store.sweep(bench.context.child, bench.clock.now());
    bench.look_at_due();
    const std::string seen = bench.heard() + (bench.waiting ? "waiting " : "");
    return seen + bench.after(kPublish);
}

void session_when_it_expires_then_the_next_message_finds_none(void** /*state*/) {  // WS-7, EX-6
    EXPECT_TEXT("[/b-]\n", expired());
}

// DC-2, DC-5: clients close when both replies have come.
void disconnect_when_a_connect_is_held_then_both_answered(void** /*state*/) {
    EXPECT_TEXT("[connect+!]\n[disconnect+]\n", Bench().held().after(kDisconnect));
}

// --- connects ---

std::string connects() {
    Bench bench;
    bench.open();
    bench.say(kHandshake);
    bench.heard();
    std::string seen = bench.after(kConnect);
    seen += bench.state() + "\n";
    seen += bench.after(kConnect);
    seen += bench.state() + "\n";
    bench.pass(Millis{29'999});
    seen += bench.heard() + "later: ";
    bench.pass(Millis{1});
    return seen + bench.heard() + bench.state();
}

// CN-4, CN-9, EX-1.
void connect_when_nothing_happens_then_the_first_at_once_and_others_at_their_deadline(
    void** /*state*/) {
    EXPECT_TEXT(
        "[connect+]\nstream parked expiring 0\nstream open parked 0\n"
        "later: [connect+]\nstream parked expiring 0",
        connects());
}

std::string connect_while_held() {
    Bench bench;
    bench.held();
    bench.pass(Millis{20'000});
    std::string seen = bench.after(kConnect);
    bench.pass(Millis{20'000});
    seen += bench.heard() + "later: ";
    bench.pass(Millis{10'000});
    return seen + bench.heard();
}

void connect_when_one_is_held_then_replaces_it_silently(void** /*state*/) {  // CN-13
    EXPECT_TEXT("later: [connect+]\n", connect_while_held());
}

std::string pushed() {
    Bench bench;
    bench.held();
    bench.publish("/a", "1");
    bench.publish("/a", "2");
    return bench.heard() + bench.state();
}

void event_when_a_connect_is_held_then_pushed_and_it_stays(void** /*state*/) {  // WS-4
    EXPECT_TEXT("[1]\n[2]\nstream open parked 0", pushed());
}

std::string lazy() {
    Bench bench;
    bench.held();
    bench.publish("/a", "1", Millis{60'000});
    const std::string seen = bench.heard();
    bench.pass(Millis{30'000});
    return seen + "later: " + bench.heard();
}

void lazy_event_when_the_connect_ends_then_goes_with_it(void** /*state*/) {  // ORD-8
    EXPECT_TEXT("later: [1]\n[connect+]\n", lazy());
}

// --- the order of what is written (WS-8) ---

void batch_when_it_makes_events_then_these_come_before_its_replies(void** /*state*/) {
    EXPECT_TEXT("[5]\n[6]\n[/a+ subscribe+ /a+]\n",
                Bench().ready().after(R"([{"channel":"/a","clientId":"$1","data":5},
        {"channel":"/meta/subscribe","clientId":"$1","subscription":"/c"},
        {"channel":"/a","clientId":"$1","data":6}])"));
}

void batch_when_it_holds_a_connect_then_the_others_are_answered_at_once(void** /*state*/) {
    EXPECT_TEXT("[/b+]\n", Bench().ready().after(R"([{"channel":"/meta/connect","clientId":"$1"},
        {"channel":"/b","clientId":"$1","data":6}])"));
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(handshake_when_it_comes_then_answered_alone_and_bound),
        cmocka_unit_test(handshake_when_it_is_the_second_then_the_first_session_is_left),
        cmocka_unit_test(session_when_it_comes_on_a_new_socket_then_resumed),
        cmocka_unit_test(session_when_it_goes_on_elsewhere_then_left_until_the_next_message),
        cmocka_unit_test(session_when_it_ends_then_the_held_connect_is_told),
        cmocka_unit_test(session_when_it_expires_then_the_next_message_finds_none),
        cmocka_unit_test(disconnect_when_a_connect_is_held_then_both_answered),
        cmocka_unit_test(
            connect_when_nothing_happens_then_the_first_at_once_and_others_at_their_deadline),
        cmocka_unit_test(connect_when_one_is_held_then_replaces_it_silently),
        cmocka_unit_test(event_when_a_connect_is_held_then_pushed_and_it_stays),
        cmocka_unit_test(lazy_event_when_the_connect_ends_then_goes_with_it),
        cmocka_unit_test(batch_when_it_makes_events_then_these_come_before_its_replies),
        cmocka_unit_test(batch_when_it_holds_a_connect_then_the_others_are_answered_at_once),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
