// X-ACK, as far as it is the store's: what is sent stays until it is acknowledged.
#include <limits>

#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/session_ack.hpp"

namespace bayeux::test {
namespace {

using broker::Overflow;
using broker::ParkState;

SessionHandle subscriber(StoreWorld& world, const broker::QueueLimits& limits = {}) {
    const SessionHandle one = world.ack_session(1, limits);
    world.subscribe(one, {"/a"});
    return one;
}

broker::ConnectStart acknowledge(StoreWorld& world, SessionHandle one,
                                 std::optional<std::int64_t> number) {
    broker::ConnectTerms terms = world.terms();
    terms.acknowledged = number;
    return world.start(one, terms);
}

std::uint32_t queued(StoreWorld& world) {
    return world.store().stats().count(store::Kind::kQueueEntry);
}

// X-ACK 4: counted from 1, also without events.
void drain_when_ack_then_batches_are_numbered(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world);
    assert_string_equal(world.batch_of(one).c_str(), "1:");
    world.publish("/a", "{1}");
    assert_string_equal(world.batch_of(one).c_str(), "2:{1}");
    assert_string_equal(world.batch_of(SessionHandle{}).c_str(), "gone");
    assert_string_equal(world.wrong().c_str(), "");
}

void drain_when_ack_then_nothing_is_in_flight(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world);
    world.publish("/a", "{1}");
    std::string text;
    std::vector<std::uint32_t> lengths;
    const broker::Drained drained = world.store().drain(one, kNoChild, text, &lengths);
    assert_int_equal(drained.events, 1);
    assert_false(drained.in_flight());
    assert_true(lengths == std::vector<std::uint32_t>{3});
    world.store().delivered(one, true);
    assert_int_equal(queued(world), 1);
    assert_true(world.store().has_events(one));
}

// X-ACK 6: a lost response is repeated by the next one, before what is new.
void drain_when_not_acknowledged_then_all_again_in_order(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world);
    world.publish("/a", "{1}");
    world.publish("/a", "{2}");
    assert_string_equal(world.batch_of(one).c_str(), "1:{1},{2}");
    world.publish("/a", "{3}");
    assert_string_equal(world.batch_of(one).c_str(), "2:{1},{2},{3}");
    assert_string_equal(world.wrong().c_str(), "");
    // X-ACK 5: by the batch in which they went out first.
    acknowledge(world, one, 1);
    assert_string_equal(world.batch_of(one).c_str(), "3:{3}");
    acknowledge(world, one, 3);
    assert_string_equal(world.batch_of(one).c_str(), "4:");
    assert_int_equal(queued(world), 0);
    assert_false(world.store().has_events(one));
}

// S3, X-ACK 8: what was never sent, or is no number of a batch, acknowledges nothing.
void acknowledge_when_number_is_absurd_then_nothing_is_forgotten(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world);
    world.publish("/a", "{1}");
    world.batch_of(one);
    world.publish("/a", "{2}");
    for (const std::int64_t number :
         {std::int64_t{0}, std::int64_t{-1}, std::int64_t{2}, std::int64_t{3},
          std::int64_t{1} << 32U, (std::int64_t{1} << 32U) + 1,
          std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
        assert_true(acknowledge(world, one, number).replay);
        assert_int_equal(queued(world), 2);
    }
    assert_true(acknowledge(world, one, std::nullopt).replay);
    assert_int_equal(queued(world), 2);
    // The same one again, and a lower one.
    assert_false(acknowledge(world, one, 1).replay);
    assert_false(acknowledge(world, one, 1).replay);
    assert_int_equal(queued(world), 1);
    assert_string_equal(world.batch_of(one).c_str(), "2:{2}");
    assert_true(acknowledge(world, one, 1).replay);
    assert_string_equal(world.wrong().c_str(), "");
}

void acknowledge_when_session_is_without_ack_then_nothing_is_forgotten(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    world.publish("/a", "{1}");
    assert_false(acknowledge(world, one, 1).replay);
    assert_string_equal(world.receive(one).c_str(), "{1}");
}

// Longer than one hold of the lock forgets.
void acknowledge_when_very_much_was_sent_then_all_of_it_goes(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {5000, 1U << 20U});
    for (int i = 0; i < 1000; ++i) {
        world.publish("/a", "{}");
    }
    world.batch_of(one);
    world.publish("/a", "{new}");
    const auto start = acknowledge(world, one, 1);
    assert_int_equal(start.cycle.value, 1);
    assert_false(start.replay);
    assert_true(start.due);
    assert_int_equal(queued(world), 1);
    assert_string_equal(world.wrong().c_str(), "");
}

void acknowledge_when_budget_is_used_up_then_says_so(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world);
    for (int i = 0; i < 5; ++i) {
        world.publish("/a", "{}");
    }
    world.batch_of(one);
    std::array<bool, 2> done{};
    for (bool& step : done) {
        world.locked([&](const store::Locked& locked) {
            step = store::acknowledge(locked, store::SessionIndex(one.index), 1, 3);
        });
    }
    assert_false(done[0]);
    assert_true(done[1]);
    assert_int_equal(queued(world), 0);
}

// X-ACK 7: what was sent does not end a hold; the connect's caller decides about the replay.
void park_when_all_was_sent_then_held(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = subscriber(world);
    world.publish("/a", "{1}");
    world.batch_of(one);
    const auto start = acknowledge(world, one, 0);
    assert_true(start.replay);
    assert_false(start.due);
    assert_true(world.park(one, start.cycle, child) == ParkState::kParked);
    world.publish("/a", "{2}");
    assert_string_equal(world.due(child).c_str(), "events:1");
    assert_string_equal(world.batch_of(one).c_str(), "2:{1},{2}");
}

// One reply has room for so many: the rest follows with the next, at once.
void drain_when_ack_and_much_is_queued_then_in_bounded_shares(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {5000, 1U << 20U});
    for (std::uint32_t i = 0; i < store::kMaxDrainEvents + 10; ++i) {
        world.publish("/a", "{}");
    }
    world.batch_of(one);
    assert_string_equal(world.wrong().c_str(), "");
    assert_true(acknowledge(world, one, std::nullopt).due);
    const auto start = acknowledge(world, one, 1);
    assert_true(start.due);
    assert_false(start.replay);
    assert_int_equal(queued(world), 10);
    assert_int_equal(world.batch_of(one).size(), std::string("2:").size() + 29);
    assert_false(acknowledge(world, one, 2).due);
}

// S3: a client that never acknowledges does not grow, by each of the policies (PB-14).
void queue_when_ack_and_never_acknowledged_then_bounded(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world, {3, 1000, Overflow::kDropOldest});
    for (const char* const event : {"{1}", "{2}", "{3}", "{4}"}) {
        world.publish("/a", event);
        world.batch_of(one);
    }
    assert_string_equal(world.wrong().c_str(), "");
    assert_string_equal(world.batch_of(one).c_str(), "5:{2},{3},{4}");
    const SessionHandle two = world.ack_session(2, {2, 1000, Overflow::kDropNewest});
    const SessionHandle three = world.ack_session(3, {2, 1000, Overflow::kDisconnect});
    world.subscribe(two, {"/b"});
    world.subscribe(three, {"/b"});
    for (const char* const event : {"{1}", "{2}", "{3}"}) {
        world.publish("/b", event);
        world.batch_of(two);
        world.batch_of(three);
    }
    assert_string_equal(world.batch_of(two).c_str(), "4:{1},{2}");
    assert_false(world.store().find_session(kDomain, client(3)).has_value());
    assert_string_equal(world.wrong().c_str(), "");
}

// X-ACK 11.
void session_when_ack_and_expired_then_backlog_is_dropped(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = subscriber(world);
    world.publish("/a", "{1}");
    world.batch_of(one);
    world.publish("/a", "{2}");
    assert_int_equal(world.used_after_all(), 0);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(drain_when_ack_then_batches_are_numbered),
        WORLD_TEST(drain_when_ack_then_nothing_is_in_flight),
        WORLD_TEST(drain_when_not_acknowledged_then_all_again_in_order),
        WORLD_TEST(acknowledge_when_number_is_absurd_then_nothing_is_forgotten),
        WORLD_TEST(acknowledge_when_session_is_without_ack_then_nothing_is_forgotten),
        WORLD_TEST(acknowledge_when_very_much_was_sent_then_all_of_it_goes),
        WORLD_TEST(acknowledge_when_budget_is_used_up_then_says_so),
        WORLD_TEST(park_when_all_was_sent_then_held),
        WORLD_TEST(drain_when_ack_and_much_is_queued_then_in_bounded_shares),
        WORLD_TEST(queue_when_ack_and_never_acknowledged_then_bounded),
        WORLD_TEST(session_when_ack_and_expired_then_backlog_is_dropped),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
