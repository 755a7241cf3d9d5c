// What needs children that die is in t/process/test_store_kills.cc.
#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/child_table.hpp"

namespace bayeux::test {
namespace {

void claim_when_places_are_free_then_each_once(void** state) {
    StoreWorld& world = world_of(state);
    broker::WakeSet places;
    for (int i = 0; i < 8; ++i) {
        places.set(world.claim().value);
    }
    assert_int_equal(places.count(), 8);
    assert_true(world.claim() == kNoChild);
    assert_int_equal(world.store().stats().children, 8);
}

void release_when_done_then_place_is_free_at_once(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.store().claim_child(1).value();
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    world.park(one, world.connect(one), child);
    world.store().release_child(child);
    assert_int_equal(world.store().stats().children, 0);
    assert_string_equal(world.wrong().c_str(), "");
    // The park is forgotten, the session is not.
    assert_int_equal(world.publish("/a", "{1}"), 1);
    assert_int_equal(world.store().stats().due, 0);
    assert_true(world.claim() == child);
}

// Its own process looks as well: a living place is never taken for a dead one.
void sweep_when_child_lives_then_place_is_kept(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    world.store().sweep(child, world.clock.now());
    world.store().sweep(kNoChild, world.clock.now());
    assert_int_equal(world.store().stats().children, 1);
    assert_int_equal(world.store().stats().counters.dead_children, 0);
}

// More sessions than one hold of the lock looks at.
void release_when_very_many_parks_then_all_forgotten(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex here = world.claim();
    const ChildIndex child = world.store().claim_child(1).value();
    for (std::uint32_t i = 0; i < 2000; ++i) {
        const SessionHandle one = world.session(i);
        world.subscribe(one, {"/a"});
        world.park(one, world.connect(one), i % 2 == 0 ? child : here);
    }
    world.store().release_child(child);
    assert_int_equal(world.publish("/a", "{1}"), 2000);
    assert_int_equal(world.store().stats().due, 1000);
    assert_string_equal(world.wrong().c_str(), "");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(claim_when_places_are_free_then_each_once),
        WORLD_TEST(release_when_done_then_place_is_free_at_once),
        WORLD_TEST(sweep_when_child_lives_then_place_is_kept),
        WORLD_TEST(release_when_very_many_parks_then_all_forgotten),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
