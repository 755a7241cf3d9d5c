// Streams, and the connects that come over them. What connects do without streams is in
// test_shared_store_connects.cc.
#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/connect_cycle.hpp"

namespace bayeux::test {
namespace {

using broker::ParkState;
using broker::Transport;

// A session whose stream waits for events on "/a".
struct Streaming {
    Streaming(StoreWorld& w, Transport transport) : world(w), child(w.claim()), one(w.session(1)) {
        world.subscribe(one, {"/a"});
        cycle = world.stream(one, transport);
        parked = park();
    }
    // As streams do: no lease of its own.
    ParkState park() { return world.store().park(one, cycle, child, world.after(-100)); }
    broker::ConnectStart connect(Transport transport, ConnectCycle over) {
        broker::ConnectTerms terms = world.terms();
        terms.transport = transport;
        terms.stream = over;
        return world.start(one, terms);
    }
    bool is_alive() { return world.store().find_session(kDomain, client(1)).has_value(); }
    void pass(int seconds) {
        world.clock.advance(std::chrono::seconds(seconds));
        world.store().sweep(child, world.clock.now());
    }

    StoreWorld& world;
    ChildIndex child;
    SessionHandle one;
    ConnectCycle cycle;
    ParkState parked;
};

// Each park is due once, and renewed.
void stream_when_events_come_then_due_once_for_each_park(void** state) {
    Streaming s(world_of(state), Transport::kWebSocket);
    assert_true(s.parked == ParkState::kParked);
    s.world.publish("/a", "{1}");
    s.world.publish("/a", "{2}");
    assert_string_equal(s.world.due(s.child).c_str(), "events:1");
    assert_true(s.park() == ParkState::kDue);
    assert_string_equal(s.world.receive(s.one).c_str(), "{1},{2}");
    assert_true(s.park() == ParkState::kParked);
    s.world.publish("/a", "{3}");
    assert_string_equal(s.world.due(s.child).c_str(), "events:1");
    assert_string_equal(s.world.wrong().c_str(), "");
}

// It saw to the events by another way, before the loop took what was due.
void stream_when_parked_again_before_it_was_taken_then_due_once(void** state) {
    Streaming s(world_of(state), Transport::kWebSocket);
    s.world.publish("/a", "{1}");
    assert_true(s.park() == ParkState::kDue);
    s.world.receive(s.one);
    assert_true(s.park() == ParkState::kParked);
    assert_string_equal(s.world.due(s.child).c_str(), "");
    s.world.publish("/a", "{2}");
    assert_string_equal(s.world.due(s.child).c_str(), "events:1");
    assert_string_equal(s.world.wrong().c_str(), "");
}

// WS-4: the connect stays pending, events are pushed meanwhile.
void connect_when_over_its_stream_then_cycle_goes_on(void** state) {
    Streaming s(world_of(state), Transport::kWebSocket);
    const auto start = s.connect(Transport::kWebSocket, s.cycle);
    assert_true(start.cycle == s.cycle);
    assert_true(start.first);
    assert_false(s.connect(Transport::kWebSocket, s.cycle).first);
    assert_string_equal(s.world.due(s.child).c_str(), "");
    s.world.publish("/a", "{1}");
    assert_string_equal(s.world.due(s.child).c_str(), "events:1");
}

void connect_when_its_stream_was_superseded_then_new_stream(void** state) {
    Streaming s(world_of(state), Transport::kWebSocket);
    const ConnectCycle newer = s.world.connect(s.one);
    assert_true(s.park() == ParkState::kSuperseded);
    const auto start = s.connect(Transport::kWebSocket, s.cycle);
    assert_true(start.cycle > newer);
    assert_true(s.connect(Transport::kWebSocket, start.cycle).cycle == start.cycle);
}

// A connect gives a WebSocket its cycle, if it has none yet.
void connect_when_first_of_a_websocket_then_stream_begins(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = world.session(1);
    broker::ConnectTerms terms = world.terms();
    terms.transport = Transport::kWebSocket;
    terms.stream = world.start(one, terms).cycle;
    assert_true(world.park(one, terms.stream, child) == ParkState::kParked);
    assert_true(world.start(one, terms).cycle == terms.stream);
    world.store().finish_connect(one, terms.stream, world.after(10));
    world.store().end_session(one);
    assert_string_equal(world.due(child).c_str(), "ended:1");
}

// Faye sends its first connect before its event source is open.
void connect_when_the_first_one_comes_beside_an_event_source_then_its_cycle_goes_on(void** state) {
    Streaming s(world_of(state), Transport::kEventSource);
    const broker::ConnectStart first = s.connect(Transport::kLongPolling, {});
    assert_true(first.first);
    assert_true(first.cycle == s.cycle);
    s.world.publish("/a", "{1}");
    assert_string_equal(s.world.due(s.child).c_str(), "events:1");
    assert_false(s.connect(Transport::kLongPolling, {}).cycle == s.cycle);
    assert_string_equal(s.world.wrong().c_str(), "");
}

// Faye's client: the stream brings events, connects come by POST and name no cycle.
void connect_when_for_an_event_source_then_its_cycle_goes_on(void** state) {
    Streaming s(world_of(state), Transport::kEventSource);
    const auto start = s.connect(Transport::kEventSource, ConnectCycle{});
    assert_true(start.cycle == s.cycle);
    s.world.store().finish_connect(s.one, start.cycle, s.world.after(10));
    s.world.publish("/a", "{1}");
    assert_string_equal(s.world.due(s.child).c_str(), "events:1");
    s.world.store().end_stream(s.one, s.cycle, std::nullopt);
    assert_true(s.connect(Transport::kEventSource, ConnectCycle{}).cycle > s.cycle);
}

// A session moves between transports at any time (CN-12, CN-13).
void connect_when_by_another_transport_then_stream_is_superseded(void** state) {
    Streaming s(world_of(state), Transport::kEventSource);
    assert_true(s.connect(Transport::kEventSource, ConnectCycle{}).first);
    const auto start = s.connect(Transport::kLongPolling, ConnectCycle{});
    assert_true(start.cycle > s.cycle);
    assert_string_equal(s.world.due(s.child).c_str(), "superseded:1");
    assert_true(s.park() == ParkState::kSuperseded);
    // The connect is no stream: a later one for the event source is new.
    assert_true(s.connect(Transport::kEventSource, ConnectCycle{}).cycle > start.cycle);
}

void stream_when_started_then_held_connect_is_superseded(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = world.session(1);
    world.park(one, world.connect(one), child);
    assert_int_equal(world.stream(one, Transport::kWebSocket).value, 2);
    assert_string_equal(world.due(child).c_str(), "superseded:1");
    assert_false(world.store().start_stream(SessionHandle{}, Transport::kWebSocket).has_value());
}

void finish_when_of_a_stream_then_it_waits_on(void** state) {
    Streaming s(world_of(state), Transport::kWebSocket);
    s.connect(Transport::kWebSocket, s.cycle);
    s.world.store().finish_connect(s.one, s.cycle, s.world.after(5));
    s.world.publish("/a", "{1}");
    assert_string_equal(s.world.due(s.child).c_str(), "events:1");
    // EX-1.
    s.pass(4);
    assert_true(s.is_alive());
    s.pass(2);
    assert_false(s.is_alive());
}

// Its connect ends while it still has to be told.
void finish_when_stream_was_superseded_then_it_is_still_told(void** state) {
    Streaming s(world_of(state), Transport::kWebSocket);
    s.connect(Transport::kWebSocket, s.cycle);
    s.world.connect(s.one);
    s.world.store().finish_connect(s.one, s.cycle, s.world.after(5));
    assert_string_equal(s.world.due(s.child).c_str(), "superseded:1");
    assert_string_equal(s.world.wrong().c_str(), "");
}

// WS-9.
void end_when_a_connect_was_held_then_expiry_clock_starts(void** state) {
    Streaming s(world_of(state), Transport::kWebSocket);
    s.connect(Transport::kWebSocket, s.cycle);
    s.world.publish("/a", "{1}");
    s.world.store().end_stream(s.one, s.cycle, s.world.after(5));
    assert_string_equal(s.world.due(s.child).c_str(), "");
    assert_string_equal(s.world.wrong().c_str(), "");
    s.pass(4);
    assert_true(s.is_alive());
    s.pass(2);
    assert_false(s.is_alive());
}

void end_when_no_connect_was_held_then_expiry_is_as_before(void** state) {
    Streaming s(world_of(state), Transport::kWebSocket);
    s.world.store().end_stream(s.one, s.cycle, std::nullopt);
    s.pass(9);
    assert_true(s.is_alive());
    s.pass(2);
    assert_false(s.is_alive());
}

void end_when_superseded_then_newer_one_is_left_alone(void** state) {
    Streaming s(world_of(state), Transport::kWebSocket);
    const ConnectCycle newer = s.world.connect(s.one);
    s.world.park(s.one, newer, s.child);
    s.world.store().end_stream(s.one, s.cycle, s.world.after(1));
    assert_string_equal(s.world.due(s.child).c_str(), "");
    s.pass(5);
    assert_true(s.is_alive());
    s.world.publish("/a", "{1}");
    assert_string_equal(s.world.due(s.child).c_str(), "events:2");
}

void end_when_session_ended_first_then_cell_is_freed(void** state) {
    Streaming s(world_of(state), Transport::kWebSocket);
    s.world.store().end_session(s.one);
    assert_int_equal(s.world.store().stats().count(store::Kind::kSession), 1);
    s.world.store().end_stream(s.one, s.cycle, s.world.after(1));
    assert_int_equal(s.world.store().stats().count(store::Kind::kSession), 0);
    assert_string_equal(s.world.wrong().c_str(), "");
}

// The park of a stream keeps no session alive.
void park_when_of_a_stream_then_expiry_is_as_before(void** state) {
    Streaming s(world_of(state), Transport::kEventSource);
    s.pass(9);
    assert_true(s.park() == ParkState::kParked);
    s.pass(2);
    assert_false(s.is_alive());
    assert_string_equal(s.world.due(s.child).c_str(), "ended:1");
}

// Between two parks nothing says that the child has it but the cycle itself.
void release_when_stream_is_not_parked_then_forgotten_too(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.store().claim_child(1).value();
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    const ConnectCycle cycle = world.stream(one, Transport::kEventSource);
    world.park(one, cycle, child);
    world.publish("/a", "{1}");
    assert_string_equal(world.due(child).c_str(), "events:1");
    world.store().release_child(child);
    assert_string_equal(world.wrong().c_str(), "");
    broker::ConnectTerms terms = world.terms();
    terms.transport = Transport::kEventSource;
    assert_true(world.start(one, terms).cycle > cycle);
    assert_string_equal(world.receive(one).c_str(), "{1}");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(stream_when_events_come_then_due_once_for_each_park),
        WORLD_TEST(stream_when_parked_again_before_it_was_taken_then_due_once),
        WORLD_TEST(connect_when_over_its_stream_then_cycle_goes_on),
        WORLD_TEST(connect_when_its_stream_was_superseded_then_new_stream),
        WORLD_TEST(connect_when_first_of_a_websocket_then_stream_begins),
        WORLD_TEST(connect_when_the_first_one_comes_beside_an_event_source_then_its_cycle_goes_on),
        WORLD_TEST(connect_when_for_an_event_source_then_its_cycle_goes_on),
        WORLD_TEST(connect_when_by_another_transport_then_stream_is_superseded),
        WORLD_TEST(stream_when_started_then_held_connect_is_superseded),
        WORLD_TEST(finish_when_of_a_stream_then_it_waits_on),
        WORLD_TEST(finish_when_stream_was_superseded_then_it_is_still_told),
        WORLD_TEST(end_when_a_connect_was_held_then_expiry_clock_starts),
        WORLD_TEST(end_when_no_connect_was_held_then_expiry_is_as_before),
        WORLD_TEST(end_when_superseded_then_newer_one_is_left_alone),
        WORLD_TEST(end_when_session_ended_first_then_cell_is_freed),
        WORLD_TEST(park_when_of_a_stream_then_expiry_is_as_before),
        WORLD_TEST(release_when_stream_is_not_parked_then_forgotten_too),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
