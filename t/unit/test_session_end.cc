#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/session_end.hpp"

namespace bayeux::test {
namespace {

// What end_session() does in its first hold; the rest is left for whoever comes.
void only_mark(StoreWorld& world, SessionHandle session) {
    world.locked([&](const store::Locked& locked) {
        store::end_session(locked, store::SessionIndex(session.index));
    });
}

SessionHandle rich_session(StoreWorld& world) {
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a", "/b", "/c", "/d"});
    for (int i = 0; i < 10; ++i) {
        world.publish("/a", "{}");
    }
    return one;
}

void end_when_marked_then_gone_for_everybody(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = rich_session(world);
    only_mark(world, one);
    assert_false(world.store().find_session(kDomain, client(1)).has_value());
    assert_int_equal(world.publish("/a", "{}"), 0);
    assert_false(world.store().has_events(one));
    assert_true(world.try_session(1).has_value());
}

void dismantle_when_budget_is_small_then_in_steps(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = rich_session(world);
    only_mark(world, one);
    int steps = 1;
    for (bool more = true; more; ++steps) {
        world.locked([&](const store::Locked& locked) { more = store::dismantle(locked, 3); });
        assert_string_equal(world.wrong().c_str(), "");
    }
    assert_int_equal(steps, 6);
    assert_int_equal(world.store().stats().count(store::Kind::kSession), 0);
    assert_int_equal(world.store().stats().count(store::Kind::kQueueEntry), 0);
}

// The child that ended the session was killed between the steps.
void sweep_when_a_session_is_half_dismantled_then_it_goes_on(void** state) {
    StoreWorld& world = world_of(state);
    only_mark(world, rich_session(world));
    world.store().sweep(kNoChild, world.clock.now());
    assert_int_equal(world.store().stats().count(store::Kind::kSession), 0);
    assert_int_equal(world.store().stats().count(store::Kind::kSubscription), 0);
    assert_string_equal(world.wrong().c_str(), "");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(end_when_marked_then_gone_for_everybody),
        WORLD_TEST(dismantle_when_budget_is_small_then_in_steps),
        WORLD_TEST(sweep_when_a_session_is_half_dismantled_then_it_goes_on),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
