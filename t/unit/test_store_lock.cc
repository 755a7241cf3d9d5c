#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/store_lock.hpp"

namespace bayeux::test {
namespace {

std::uint64_t all_holds(StoreWorld& world) {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : world.store().segment().header().hold_times.buckets) {
        sum += count;
    }
    return sum;
}

void locked_when_gone_then_one_hold_of_many_is_counted(void** state) {
    StoreWorld& world = world_of(state);
    const std::uint64_t before = all_holds(world);
    for (std::uint32_t i = 0; i < 3 * store::kHoldsPerSample; ++i) {
        world.locked([](const store::Locked&) {});
    }
    assert_int_equal(all_holds(world), before + 3);
    assert_true(world.store().segment().header().hold_times.longest_ns > 0);
}

void locked_when_gone_then_writer_mark_is_clear(void** state) {
    StoreWorld& world = world_of(state);
    const auto& writer = world.store().segment().header().writer;
    {
        broker::WakeSet wake;
        const store::Locked locked(world.store().segment(), store::Operation::kPublish,
                                   world.clock.now(), wake);
        assert_int_equal(static_cast<int>(writer.operation),
                         static_cast<int>(store::Operation::kPublish));
    }
    assert_int_equal(static_cast<int>(writer.operation), static_cast<int>(store::Operation::kRead));
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(locked_when_gone_then_one_hold_of_many_is_counted),
        WORLD_TEST(locked_when_gone_then_writer_mark_is_clear),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
