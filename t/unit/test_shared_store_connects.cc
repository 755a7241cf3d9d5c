#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/shared_store.hpp"

namespace bayeux::test {
namespace {

using broker::ParkState;

void connect_when_first_then_said_so(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    assert_true(world.store().start_connect(one, {}).value().first);
    assert_true(world.store().find_session(kDomain, client(1))->connected);
    assert_false(world.store().start_connect(one, {}).value().first);
}

// CN-7.
void connect_when_terms_change_then_advice_is_due(void** state) {
    StoreWorld& world = world_of(state);
    broker::NewSession wanted;
    wanted.domain = kDomain;
    wanted.client_id = client(1);
    wanted.transport = broker::Transport::kLongPolling;
    wanted.timeout = Millis{30000};
    const SessionHandle one = world.store().create_session(wanted).value();
    broker::ConnectTerms terms = world.terms();
    assert_false(world.store().start_connect(one, terms).value().advice_due);
    terms.interval = Millis{5};
    assert_true(world.store().start_connect(one, terms).value().advice_due);
    assert_false(world.store().start_connect(one, terms).value().advice_due);
    terms.timeout = Millis{1};
    assert_true(world.store().start_connect(one, terms).value().advice_due);
}

void park_when_event_comes_then_due_once_and_rung_once(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    assert_true(world.park(one, world.connect(one), child) == ParkState::kParked);
    world.publish("/a", "{1}");
    world.publish("/a", "{2}");
    assert_int_equal(world.ringer.rings, 1);
    assert_true(world.ringer.rung[child.value]);
    assert_string_equal(world.due(child).c_str(), "events:1");
    assert_string_equal(world.due(child).c_str(), "");
    assert_string_equal(world.receive(one).c_str(), "{1},{2}");
}

void bell_when_list_is_not_empty_then_not_rung_again(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    for (std::uint32_t i = 0; i < 5; ++i) {
        const SessionHandle one = world.session(i);
        world.subscribe(one, {"/" + std::to_string(i)});
        world.park(one, world.connect(one), child);
    }
    for (int i = 0; i < 5; ++i) {
        world.publish("/" + std::to_string(i), "{}");
    }
    assert_int_equal(world.ringer.rings, 1);
    assert_int_equal(world.store().stats().due, 5);
}

// The lost wake-up: the event comes between the reply's decision and the park.
void park_when_events_wait_then_due_now(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    const ConnectCycle cycle = world.connect(one);
    world.publish("/a", "{1}");
    assert_true(world.park(one, cycle, child) == ParkState::kDue);
    assert_string_equal(world.due(child).c_str(), "");
    assert_string_equal(world.wrong().c_str(), "");
}

// Deliveries of one session never overtake each other, but none is forgotten either.
void park_when_delivery_is_in_flight_then_woken_by_its_end(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    world.publish("/a", "{1}");
    std::string text;
    world.store().drain(one, child, text);
    world.publish("/a", "{2}");
    assert_true(world.park(one, world.connect(one), child) == ParkState::kParked);
    assert_string_equal(world.due(child).c_str(), "");
    world.store().delivered(one, true);
    assert_string_equal(world.due(child).c_str(), "events:1");
    assert_string_equal(world.receive(one).c_str(), "{2}");
}

void park_when_child_has_no_place_then_not_held(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    assert_true(world.park(one, world.connect(one), ChildIndex{3}) == ParkState::kDue);
    assert_true(world.park(one, world.connect(one), kNoChild) == ParkState::kDue);
}

// CN-12.
void connect_when_older_is_held_then_superseded(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex here = world.claim();
    const ChildIndex there = world.claim();
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    const ConnectCycle old = world.connect(one);
    world.park(one, old, here);
    const ConnectCycle fresh = world.connect(one);
    assert_true(world.park(one, old, here) == ParkState::kSuperseded);
    assert_true(world.park(one, fresh, there) == ParkState::kParked);
    assert_string_equal(world.wrong().c_str(), "");
    world.publish("/a", "{1}");
    assert_string_equal(world.due(here).c_str(), "superseded:1");
    assert_string_equal(world.due(there).c_str(), "events:2");
}

// The waiter was due for an event, and not taken yet: the newer connect gets the event.
void connect_when_older_is_due_then_superseded_instead(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex here = world.claim();
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    world.park(one, world.connect(one), here);
    world.publish("/a", "{1}");
    const ConnectCycle fresh = world.connect(one);
    assert_true(world.park(one, fresh, here) == ParkState::kDue);
    assert_string_equal(world.due(here).c_str(), "superseded:1");
    assert_string_equal(world.wrong().c_str(), "");
}

// CN-16.
void finish_when_newer_connect_began_then_expiry_is_its_own(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex here = world.claim();
    const SessionHandle one = world.session(1);
    const ConnectCycle old = world.connect(one);
    world.park(one, old, here);
    world.park(one, world.connect(one), here);
    world.store().finish_connect(one, old, world.after(1));
    assert_string_equal(world.due(here).c_str(), "");
    world.clock.advance(Millis{5000});
    world.store().sweep(here, world.clock.now());
    assert_true(world.store().find_session(kDomain, client(1)).has_value());
}

void finish_when_due_and_not_taken_then_not_handed_out(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex here = world.claim();
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    const ConnectCycle cycle = world.connect(one);
    world.park(one, cycle, here);
    world.publish("/a", "{1}");
    world.store().finish_connect(one, cycle, world.after(10));
    assert_string_equal(world.due(here).c_str(), "");
    assert_string_equal(world.wrong().c_str(), "");
}

// DC-2, CN-17: subscriptions and queue go at once, the cell once the loop was told.
void end_when_held_then_due_as_ended(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex here = world.claim();
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a", "/b/**"});
    world.park(one, world.connect(one), here);
    world.store().end_session(one);
    assert_int_equal(world.store().stats().count(store::Kind::kSubscription), 0);
    assert_int_equal(world.store().stats().count(store::Kind::kSession), 1);
    assert_string_equal(world.due(here).c_str(), "ended:1");
    assert_int_equal(world.store().stats().count(store::Kind::kSession), 0);
    assert_true(world.park(one, ConnectCycle{1}, here) == ParkState::kEnded);
    assert_string_equal(world.wrong().c_str(), "");
}

void end_when_due_for_events_then_due_as_ended(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex here = world.claim();
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    world.park(one, world.connect(one), here);
    world.publish("/a", "{1}");
    world.store().end_session(one);
    assert_string_equal(world.due(here).c_str(), "ended:1");
    assert_int_equal(world.store().stats().count(store::Kind::kQueueEntry), 0);
}

void end_when_waiter_gave_up_first_then_cell_is_freed(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex here = world.claim();
    const SessionHandle one = world.session(1);
    const ConnectCycle cycle = world.connect(one);
    world.park(one, cycle, here);
    world.store().end_session(one);
    world.store().finish_connect(one, cycle, world.after(10));
    assert_int_equal(world.store().stats().count(store::Kind::kSession), 0);
    assert_string_equal(world.due(here).c_str(), "");
    assert_string_equal(world.wrong().c_str(), "");
}

void sweep_when_held_session_expires_then_due_as_ended(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex here = world.claim();
    const SessionHandle one = world.session(1);
    world.park(one, world.connect(one), here);
    world.clock.advance(Millis{46000});
    world.store().sweep(here, world.clock.now());
    assert_string_equal(world.due(here).c_str(), "ended:1");
}

void sweep_when_ring_was_lost_then_rung_again(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex here = world.claim();
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    world.park(one, world.connect(one), here);
    world.publish("/a", "{1}");
    world.ringer.rung.reset();
    world.store().sweep(here, world.clock.now());
    assert_true(world.ringer.rung[here.value]);
}

void take_due_when_more_than_asked_then_the_rest_stays(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex here = world.claim();
    for (std::uint32_t i = 0; i < 20; ++i) {
        const SessionHandle one = world.session(i);
        world.subscribe(one, {"/a"});
        world.park(one, world.connect(one), here);
    }
    world.publish("/a", "{1}");
    std::array<broker::Due, 15> due;
    assert_int_equal(world.store().take_due(here, due), 15);
    assert_int_equal(world.store().take_due(here, due), 5);
    assert_int_equal(world.store().take_due(here, due), 0);
    assert_int_equal(world.store().take_due(kNoChild, due), 0);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(connect_when_first_then_said_so),
        WORLD_TEST(connect_when_terms_change_then_advice_is_due),
        WORLD_TEST(park_when_event_comes_then_due_once_and_rung_once),
        WORLD_TEST(bell_when_list_is_not_empty_then_not_rung_again),
        WORLD_TEST(park_when_events_wait_then_due_now),
        WORLD_TEST(park_when_delivery_is_in_flight_then_woken_by_its_end),
        WORLD_TEST(park_when_child_has_no_place_then_not_held),
        WORLD_TEST(connect_when_older_is_held_then_superseded),
        WORLD_TEST(connect_when_older_is_due_then_superseded_instead),
        WORLD_TEST(finish_when_newer_connect_began_then_expiry_is_its_own),
        WORLD_TEST(finish_when_due_and_not_taken_then_not_handed_out),
        WORLD_TEST(end_when_held_then_due_as_ended),
        WORLD_TEST(end_when_due_for_events_then_due_as_ended),
        WORLD_TEST(end_when_waiter_gave_up_first_then_cell_is_freed),
        WORLD_TEST(sweep_when_held_session_expires_then_due_as_ended),
        WORLD_TEST(sweep_when_ring_was_lost_then_rung_again),
        WORLD_TEST(take_due_when_more_than_asked_then_the_rest_stays),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
