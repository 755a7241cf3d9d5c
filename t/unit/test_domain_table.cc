#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/domain_table.hpp"

namespace bayeux::test {
namespace {

std::uint32_t domains(StoreWorld& world) {
    return world.store().stats().count(store::Kind::kDomain);
}

void domain_when_used_then_exists_and_goes_with_its_last_use(void** state) {
    StoreWorld& world = world_of(state);
    assert_int_equal(domains(world), 0);
    const SessionHandle one = world.session(1);
    world.publish("/a", "{}");
    assert_int_equal(domains(world), 1);
    world.store().end_session(one);
    assert_int_equal(domains(world), 1);
    assert_int_equal(world.used_after_all(), 0);
    assert_int_equal(domains(world), 0);
}

// More than there are buckets, so that chains have middles.
void domains_when_many_then_each_is_found_and_removed(void** state) {
    StoreWorld& world = world_of(state);
    world.locked([](const store::Locked& locked) {
        const std::uint64_t count = 5 * locked.segment().domain_buckets().size();
        for (std::uint64_t id = 0; id < count; ++id) {
            const auto index = store::find_or_create_domain(locked, id);
            assert_true(store::find_domain(locked, id) == index);
            locked.cell(index).channels = 1;
        }
        for (std::uint64_t id = 0; id < count; id += 2) {
            const auto index = store::find_domain(locked, id);
            locked.cell(index).channels = 0;
            store::release_unused_domain(locked, index);
        }
        for (std::uint64_t id = 0; id < count; ++id) {
            assert_int_equal(static_cast<bool>(store::find_domain(locked, id)), id % 2 == 1);
        }
    });
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(domain_when_used_then_exists_and_goes_with_its_last_use),
        WORLD_TEST(domains_when_many_then_each_is_found_and_removed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
