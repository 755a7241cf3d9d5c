#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/shared_store.hpp"

namespace bayeux::test {
namespace {

using broker::ParkState;

// --- sessions ---

void create_when_done_then_found_by_id_and_domain(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    const auto found = world.store().find_session(kDomain, client(1));
    assert_true(found.has_value());
    assert_true(found->handle == one);
    assert_false(found->connected);
    assert_false(found->cookie_seen);
    assert_false(found->browser.has_value());
    assert_false(world.store().find_session(kDomain, client(2)).has_value());
    assert_false(world.store().find_session(DomainId{78}, client(1)).has_value());
}

// S4.
void create_when_bound_to_a_browser_then_info_tells(void** state) {
    StoreWorld& world = world_of(state);
    broker::NewSession wanted;
    wanted.domain = kDomain;
    wanted.client_id = client(1);
    wanted.browser = protocol::BrowserId::from_bytes({1, 2, 3});
    wanted.expires_at = world.after(10);
    const SessionHandle one = world.store().create_session(wanted).value();
    assert_true(world.store().find_session(kDomain, client(1))->browser == wanted.browser);
    world.store().touch(one, world.after(1), true);
    assert_true(world.store().find_session(kDomain, client(1))->cookie_seen);
    world.store().touch(one, world.after(1), false);
    assert_true(world.store().find_session(kDomain, client(1))->cookie_seen);
}

void create_when_id_is_taken_then_refused(void** state) {
    StoreWorld& world = world_of(state);
    world.session(1);
    assert_false(world.try_session(1).has_value());
}

void create_when_domain_is_at_its_cap_then_full(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    world.session(2);
    const auto refused = world.try_session(3, {}, 2);
    assert_false(refused.has_value());
    assert_true(refused.error().code == ErrorCode::kFull);
    world.store().end_session(one);
    assert_true(world.try_session(3, {}, 2).has_value());
    assert_int_equal(world.store().stats().counters.refused_full, 1);
}

// S16: full is an ordinary result, and ends.
void create_when_memory_is_full_then_refused_until_others_end(void** state) {
    StoreWorld& world = world_of(state);
    std::uint32_t count = 0;
    while (world.try_session(count).has_value()) {
        ++count;
    }
    assert_true(count > 15000);
    assert_int_equal(world.publish("/a", "{}"), -1);
    assert_false(world.subscribe(world.store().find_session(kDomain, client(7))->handle, {"/a"}));
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(world.used_after_all(), 0);
    assert_true(world.try_session(1).has_value());
}

void handle_when_session_ended_then_stale(void** state) {
    StoreWorld& world = world_of(state);
    world.session(3);  // keeps the page
    const SessionHandle old = world.session(1);
    assert_true(world.store().end_session(old));
    assert_false(world.store().end_session(old));
    const SessionHandle fresh = world.session(2);
    assert_int_equal(fresh.index, old.index);
    assert_false(world.store().end_session(old));
    assert_false(world.subscribe(old, {"/a"}));
    assert_false(world.store().start_connect(old, {}).has_value());
    assert_int_equal(static_cast<int>(world.park(old, ConnectCycle{1}, ChildIndex{0})),
                     static_cast<int>(ParkState::kEnded));
    assert_false(world.store().has_events(old));
    assert_true(world.store().end_session(fresh));
}

// --- connects ---

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
    broker::ConnectTerms terms{broker::Transport::kLongPolling, Millis{30000}, Millis{0}, {}};
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

// A handle that a client could not have, and a store that is not one.
void store_when_handle_is_garbage_then_nothing_happens(void** state) {
    StoreWorld& world = world_of(state);
    for (const std::uint32_t index : {0U, 1U, 255U, 0xffffU, 0xfffffffeU, 0xffffffffU}) {
        const SessionHandle wild{index, index};
        world.store().touch(wild, world.after(1), true);
        world.store().finish_connect(wild, ConnectCycle{1}, world.after(1));
        world.store().delivered(wild, true);
        assert_false(world.store().end_session(wild));
        assert_string_equal(world.receive(wild).c_str(), "");
    }
    assert_string_equal(world.wrong().c_str(), "");
}

bool opens_nothing() {
    std::vector<std::byte> memory(std::size_t{1} << 20U);
    RecordingRinger ringer;
    const FakeClock clock;
    return store::SharedStore::open(memory, ringer, clock).has_value();
}

void open_when_there_is_no_segment_then_refused(void**) {
    assert_false(opens_nothing());
}

// Design 5: a later generation finds everything as it was.
void open_when_attached_again_then_sessions_are_there(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    world.publish("/a", "{1}");
    auto next = store::SharedStore::open(world.bytes(), world.ringer, world.clock);
    std::string text;
    next.value()->drain(next.value()->find_session(kDomain, client(1))->handle, kNoChild, text);
    assert_string_equal(text.c_str(), "{1}");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(create_when_done_then_found_by_id_and_domain),
        WORLD_TEST(create_when_bound_to_a_browser_then_info_tells),
        WORLD_TEST(create_when_id_is_taken_then_refused),
        WORLD_TEST(create_when_domain_is_at_its_cap_then_full),
        WORLD_TEST(create_when_memory_is_full_then_refused_until_others_end),
        WORLD_TEST(handle_when_session_ended_then_stale),
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
        WORLD_TEST(store_when_handle_is_garbage_then_nothing_happens),
        cmocka_unit_test(open_when_there_is_no_segment_then_refused),
        WORLD_TEST(open_when_attached_again_then_sessions_are_there),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
