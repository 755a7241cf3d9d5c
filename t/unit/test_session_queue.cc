#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/session_queue.hpp"

namespace bayeux::test {
namespace {

using broker::Overflow;

SessionHandle subscriber(StoreWorld& world, const broker::QueueLimits& limits) {
    const SessionHandle one = world.session(1, limits);
    world.subscribe(one, {"/a"});
    return one;
}

void queue_when_drained_then_in_order_with_commas(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {});
    world.publish("/a", "{1}");
    world.publish("/a", "{2}");
    std::string text = "[";
    assert_int_equal(world.store().drain(one, kNoChild, text).events, 2);
    assert_string_equal(text.c_str(), "[{1},{2}");
    assert_string_equal(world.wrong().c_str(), "");
}

void queue_when_in_flight_then_nothing_else_is_drained(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {});
    world.publish("/a", "{1}");
    std::string text;
    world.store().drain(one, kNoChild, text);
    world.publish("/a", "{2}");
    assert_false(world.store().has_events(one));
    assert_int_equal(world.store().drain(one, kNoChild, text).events, 0);
    world.store().delivered(one, true);
    assert_true(world.store().has_events(one));
    assert_string_equal(world.receive(one).c_str(), "{2}");
}

void queue_when_not_written_then_back_at_the_head(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {});
    world.publish("/a", "{1}");
    std::string text;
    world.store().drain(one, kNoChild, text);
    world.publish("/a", "{2}");
    world.store().delivered(one, false);
    assert_string_equal(world.wrong().c_str(), "");
    assert_string_equal(world.receive(one).c_str(), "{1},{2}");
    assert_int_equal(world.store().stats().count(store::Kind::kQueueEntry), 0);
}

void queue_when_too_many_messages_then_disconnected(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {2, 1000, Overflow::kDisconnect});
    assert_int_equal(world.publish("/a", "{1}"), 1);
    assert_int_equal(world.publish("/a", "{2}"), 1);
    assert_int_equal(world.publish("/a", "{3}"), 0);
    assert_false(world.store().end_session(one));
    assert_false(world.store().find_session(kDomain, client(1)).has_value());
    assert_int_equal(world.store().stats().counters.overflow_disconnects, 1);
    assert_int_equal(world.store().stats().count(store::Kind::kQueueEntry), 0);
    assert_string_equal(world.wrong().c_str(), "");
}

void queue_when_too_many_bytes_then_disconnected(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {99, 10, Overflow::kDisconnect});
    assert_int_equal(world.publish("/a", "12345"), 1);
    assert_int_equal(world.publish("/a", "12345"), 1);
    assert_int_equal(world.publish("/a", "1"), 0);
    assert_false(world.store().has_events(one));
}

// Events in flight count, for a client that never takes them.
void queue_when_full_of_events_in_flight_then_disconnected(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {2, 1000, Overflow::kDisconnect});
    world.publish("/a", "{1}");
    world.publish("/a", "{2}");
    std::string text;
    world.store().drain(one, kNoChild, text);
    assert_int_equal(world.publish("/a", "{3}"), 0);
    world.store().delivered(one, true);
    assert_int_equal(world.store().stats().count(store::Kind::kQueueEntry), 0);
    assert_string_equal(world.wrong().c_str(), "");
}

void queue_when_drop_oldest_then_newest_are_kept(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {3, 12, Overflow::kDropOldest});
    for (const char* const event : {"{1}", "{2}", "{3}", "{4}", "{5+6}"}) {
        assert_int_equal(world.publish("/a", event), 1);
        assert_string_equal(world.wrong().c_str(), "");
    }
    assert_int_equal(world.store().stats().counters.dropped_oldest, 2);
    assert_string_equal(world.receive(one).c_str(), "{3},{4},{5+6}");
}

void queue_when_drop_oldest_then_not_what_is_in_flight(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {2, 1000, Overflow::kDropOldest});
    world.publish("/a", "{1}");
    std::string text;
    world.store().drain(one, kNoChild, text);
    world.publish("/a", "{2}");
    assert_int_equal(world.publish("/a", "{3}"), 1);
    assert_string_equal(world.wrong().c_str(), "");
    world.store().delivered(one, false);
    assert_string_equal(world.receive(one).c_str(), "{1},{3}");
}

void queue_when_event_never_fits_then_dropped(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {3, 12, Overflow::kDropOldest});
    world.publish("/a", "{1}");
    assert_int_equal(world.publish("/a", "{too long for it}"), 0);
    assert_int_equal(world.store().stats().counters.dropped_newest, 1);
    assert_string_equal(world.receive(one).c_str(), "");
}

void queue_when_drop_newest_then_oldest_are_kept(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {2, 1000, Overflow::kDropNewest});
    world.publish("/a", "{1}");
    world.publish("/a", "{2}");
    assert_int_equal(world.publish("/a", "{3}"), 0);
    assert_int_equal(world.store().stats().counters.dropped_newest, 1);
    assert_string_equal(world.receive(one).c_str(), "{1},{2}");
}

// A drain is one hold of the lock: it takes what is bounded, at least one event.
void drain_when_much_is_queued_then_in_bounded_shares(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {100000, 1U << 30U});
    const std::string huge(store::kMaxDrainBytes + 5, 'h');
    world.publish("/a", huge);
    for (int i = 0; i < 2000; ++i) {
        world.publish("/a", "{}");
    }
    std::string text;
    assert_int_equal(world.store().drain(one, kNoChild, text).events, 1);
    assert_true(text == huge);
    world.store().delivered(one, true);
    text.clear();
    assert_int_equal(world.store().drain(one, kNoChild, text).events, store::kMaxDrainEvents);
    assert_int_equal(text.size(), store::kMaxDrainEvents * 3 - 1);
    assert_string_equal(world.wrong().c_str(), "");
}

// ORD-8.
void queue_when_lazy_then_nobody_is_woken(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = subscriber(world, {});
    assert_int_equal(world.publish_lazily("/a", "{1}", Millis{5000}), 1);
    assert_true(world.store().has_events(one));
    const auto start = world.start(one, world.terms());
    assert_false(start.due);
    assert_true(world.park(one, start.cycle, child) == broker::ParkState::kParked);
    world.publish_lazily("/a", "{2}", Millis{5000});
    assert_string_equal(world.due(child).c_str(), "");
    assert_string_equal(world.wrong().c_str(), "");
    // Any response takes them along.
    assert_string_equal(world.receive(one).c_str(), "{1},{2}");
}

void queue_when_not_lazy_after_lazy_then_all_go(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = subscriber(world, {});
    world.park(one, world.connect(one), child);
    world.publish_lazily("/a", "{1}", Millis{5000});
    world.publish("/a", "{2}");
    world.publish_lazily("/a", "{3}", Millis{5000});
    assert_string_equal(world.due(child).c_str(), "events:1");
    assert_true(world.start(one, world.terms()).due);
    assert_string_equal(world.receive(one).c_str(), "{1},{2},{3}");
    assert_string_equal(world.wrong().c_str(), "");
}

// A lazy event does not wake for another that rides in a response of its own (PB-6).
void queue_when_lazy_after_one_without_wake_then_nobody_is_woken(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = subscriber(world, {});
    world.park(one, world.connect(one), child);
    world.publish("/a", "{1}", {}, one);
    world.publish_lazily("/a", "{2}", Millis{5000});
    assert_string_equal(world.due(child).c_str(), "");
}

void queue_when_lazy_and_not_written_then_urgent(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = subscriber(world, {});
    world.publish_lazily("/a", "{1}", Millis{5000});
    std::string text;
    world.store().drain(one, child, text);
    world.publish_lazily("/a", "{2}", Millis{5000});
    world.park(one, world.connect(one), child);
    world.store().delivered(one, false);
    assert_string_equal(world.due(child).c_str(), "events:1");
    assert_string_equal(world.wrong().c_str(), "");
}

// Written, and a lazy one came meanwhile: that one goes on waiting.
void queue_when_lazy_behind_what_was_written_then_it_waits_on(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = subscriber(world, {});
    world.publish("/a", "{1}");
    std::string text;
    world.store().drain(one, child, text);
    world.publish_lazily("/a", "{2}", Millis{5000});
    world.store().delivered(one, true);
    assert_false(world.start(one, world.terms()).due);
    assert_true(world.park(one, ConnectCycle{1}, child) == broker::ParkState::kParked);
    assert_string_equal(world.wrong().c_str(), "");
}

void queue_when_lazy_ones_are_all_dropped_then_nothing_waits(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {3, 12, Overflow::kDropOldest});
    world.publish_lazily("/a", "{1}", Millis{5000});
    world.publish_lazily("/a", "{too long for it}", Millis{5000});
    assert_false(world.store().has_events(one));
    assert_string_equal(world.wrong().c_str(), "");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(queue_when_drained_then_in_order_with_commas),
        WORLD_TEST(queue_when_in_flight_then_nothing_else_is_drained),
        WORLD_TEST(queue_when_not_written_then_back_at_the_head),
        WORLD_TEST(queue_when_too_many_messages_then_disconnected),
        WORLD_TEST(queue_when_too_many_bytes_then_disconnected),
        WORLD_TEST(queue_when_full_of_events_in_flight_then_disconnected),
        WORLD_TEST(queue_when_drop_oldest_then_newest_are_kept),
        WORLD_TEST(queue_when_drop_oldest_then_not_what_is_in_flight),
        WORLD_TEST(queue_when_event_never_fits_then_dropped),
        WORLD_TEST(queue_when_drop_newest_then_oldest_are_kept),
        WORLD_TEST(drain_when_much_is_queued_then_in_bounded_shares),
        WORLD_TEST(queue_when_lazy_then_nobody_is_woken),
        WORLD_TEST(queue_when_not_lazy_after_lazy_then_all_go),
        WORLD_TEST(queue_when_lazy_after_one_without_wake_then_nobody_is_woken),
        WORLD_TEST(queue_when_lazy_and_not_written_then_urgent),
        WORLD_TEST(queue_when_lazy_behind_what_was_written_then_it_waits_on),
        WORLD_TEST(queue_when_lazy_ones_are_all_dropped_then_nothing_waits),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
