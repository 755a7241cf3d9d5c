#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/store_stats.hpp"

namespace bayeux::test {
namespace {

void stats_when_empty_then_nothing_used(void** state) {
    const store::StoreStats stats = world_of(state).store().stats();
    assert_int_equal(stats.used_bytes(), 0);
    assert_int_equal(stats.free_pages, stats.pages);
    assert_int_equal(stats.size, world_of(state).bytes().size());
    assert_int_equal(stats.spare_bytes(), 0);
    assert_int_equal(stats.fixed_bytes() + stats.free_bytes(), stats.size);
    assert_true(std::size_t{stats.pages} * store::kPageSize > stats.size * 9 / 10);
}

// Bytes by kind add up to the byte.
void stats_when_used_then_add_up(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a", "/b"});
    world.publish("/a", std::string(300, 'x'));
    for (std::uint32_t i = 0; i < store::kHoldsPerSample; ++i) {
        world.locked([](const store::Locked&) {});
    }
    const store::StoreStats stats = world.store().stats();
    assert_int_equal(stats.count(store::Kind::kSession), 1);
    assert_int_equal(stats.count(store::Kind::kChannel), 2);
    assert_int_equal(stats.count(store::Kind::kSubscription), 2);
    assert_int_equal(stats.count(store::Kind::kQueueEntry), 1);
    assert_int_equal(stats.count(store::Kind::kBlock), 2);
    assert_int_equal(stats.count(store::Kind::kDomain), 1);
    assert_int_equal(stats.used_bytes(), sizeof(store::Session) + 2 * sizeof(store::Channel) +
                                             2 * sizeof(store::Subscription) +
                                             sizeof(store::QueueEntry) + 2 * sizeof(store::Block) +
                                             sizeof(store::Domain));
    assert_int_equal(stats.pages - stats.free_pages, 6);
    assert_int_equal(stats.bytes(store::Kind::kBlock), 2 * sizeof(store::Block));
    assert_int_equal(stats.spare_bytes(), 6 * store::kPageSize - stats.used_bytes());
    assert_int_equal(
        stats.fixed_bytes() + stats.free_bytes() + stats.spare_bytes() + stats.used_bytes(),
        stats.size);
    assert_int_equal(stats.counters.published, 1);
    assert_int_equal(stats.counters.queued, 1);
    assert_true(stats.hold_times.longest_ns >= stats.hold_times.percentile(0.999));
    assert_true(stats.hold_times.percentile(0.999) >= stats.hold_times.percentile(0.5));
    assert_true(stats.hold_times.percentile(0.5) > 0);
}

// As a child does once a second.
void sweep(StoreWorld& world) {
    world.store().sweep(ChildIndex{0}, world.clock.now());
}

void history_when_swept_often_then_one_sample_in_five_seconds(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    sweep(world);
    assert_int_equal(world.store().stats().history().size(), 1);
    world.publish("/a", "x");
    for (int second = 0; second < 10; ++second) {
        world.clock.advance(Millis{1000});
        sweep(world);
        sweep(world);  // another child's
    }
    const store::StoreStats stats = world.store().stats();
    assert_int_equal(stats.history().size(), 3);
    assert_int_equal(stats.history()[0].published, 0);
    assert_int_equal(stats.history()[1].published, 1);
    assert_int_equal(stats.history()[1].queued, 1);
    assert_int_equal(stats.history()[1].sessions, 1);
    assert_int_equal(stats.history()[1].waiting, 1);
    assert_true(stats.history()[2].at - stats.history()[1].at == store::kSampleMillis);
}

void history_when_long_then_the_last_five_minutes_in_order(void** state) {
    StoreWorld& world = world_of(state);
    for (int i = 0; i < 200; ++i) {
        world.clock.advance(Millis{store::kSampleMillis});
        sweep(world);
    }
    const store::StoreStats stats = world.store().stats();
    assert_int_equal(stats.history().size(), store::kShownSamples);
    for (std::size_t i = 1; i < stats.history().size(); ++i) {
        assert_true(stats.history()[i].at - stats.history()[i - 1].at == store::kSampleMillis);
    }
    assert_true(stats.now - stats.history().back().at < store::kSampleMillis);
}

void delivered_when_written_then_counted_once_by_transport(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    world.publish("/a", "x");
    world.publish("/a", "y");
    const auto delivered = [&] { return all_delivered(world.store().stats().counters); };
    std::string out;
    assert_int_equal(world.store().drain(one, ChildIndex{0}, out, nullptr).events, 2);
    world.store().delivered(one, false);
    assert_int_equal(delivered(), 0);
    assert_int_equal(world.store().drain(one, ChildIndex{0}, out, nullptr).events, 2);
    assert_int_equal(delivered(), 0);
    world.store().delivered(one, true);
    assert_int_equal(delivered(), 2);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(stats_when_empty_then_nothing_used),
        WORLD_TEST(stats_when_used_then_add_up),
        WORLD_TEST(history_when_swept_often_then_one_sample_in_five_seconds),
        WORLD_TEST(history_when_long_then_the_last_five_minutes_in_order),
        WORLD_TEST(delivered_when_written_then_counted_once_by_transport),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
