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
    assert_true(stats.hold_max_ns >= stats.hold_p999_ns);
    assert_true(stats.hold_p999_ns >= stats.hold_p50_ns);
    assert_true(stats.hold_p50_ns > 0);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(stats_when_empty_then_nothing_used),
        WORLD_TEST(stats_when_used_then_add_up),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
