#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/timer_wheel.hpp"

namespace bayeux::test {
namespace {

// How many of the first `count` clients still have a session.
int alive(StoreWorld& world, std::uint32_t count) {
    int found = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        found += world.store().find_session(kDomain, client(i)) ? 1 : 0;
    }
    return found;
}

void sweep_at(StoreWorld& world, Millis later) {
    world.clock.advance(later);
    world.store().sweep(kNoChild, world.clock.now());
}

// EX-4: never early, at most a sweep late.
void sweep_when_expiry_passed_then_session_ends(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(0);
    sweep_at(world, Millis{9900});
    assert_int_equal(alive(world, 1), 1);
    sweep_at(world, Millis{400});
    assert_int_equal(alive(world, 1), 0);
    assert_false(world.store().end_session(one));
    assert_string_equal(world.wrong().c_str(), "");
}

// EX-3.
void touch_when_later_then_session_lives_on(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(0);
    world.store().touch(one, world.after(3600), false);
    world.store().touch(one, world.after(5), false);
    for (int minute = 0; minute < 59; ++minute) {
        sweep_at(world, Millis{60000});
        assert_string_equal(world.wrong().c_str(), "");
    }
    assert_int_equal(alive(world, 1), 1);
    sweep_at(world, Millis{60400});
    assert_int_equal(alive(world, 1), 0);
}

// EX-1: the clock of a connect that was answered starts anew, and may end before the lease.
void finish_when_before_lease_then_expiry_moves_forward(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(0);
    const ConnectCycle cycle = world.connect(one);
    sweep_at(world, Millis{30000});
    assert_int_equal(alive(world, 1), 1);
    world.store().finish_connect(one, cycle, world.after(2));
    assert_string_equal(world.wrong().c_str(), "");
    sweep_at(world, Millis{1900});
    assert_int_equal(alive(world, 1), 1);
    sweep_at(world, Millis{500});
    assert_int_equal(alive(world, 1), 0);
}

void sweep_when_clock_jumps_then_all_that_expired_end(void** state) {
    StoreWorld& world = world_of(state);
    for (std::uint32_t i = 0; i < 500; ++i) {
        const SessionHandle one = world.session(i);
        world.store().touch(one, world.after(static_cast<int>(i)), false);
        sweep_at(world, Millis{3});
    }
    sweep_at(world, Millis{100000000});
    assert_int_equal(alive(world, 500), 0);
    assert_int_equal(world.store().stats().counters.sessions_expired, 500);
    assert_int_equal(world.store().stats().count(store::Kind::kSession), 0);
    assert_string_equal(world.wrong().c_str(), "");
}

void next_expired_when_budget_is_used_up_then_stops(void** state) {
    StoreWorld& world = world_of(state);
    for (std::uint32_t i = 0; i < 10; ++i) {
        world.store().touch(world.session(i), world.after(100), false);
    }
    world.clock.advance(Millis{20000});
    world.locked([](const store::Locked& locked) {
        std::uint32_t budget = 4;
        assert_false(static_cast<bool>(store::next_expired(locked, budget)));
        assert_int_equal(budget, 0);
    });
    assert_string_equal(world.wrong().c_str(), "");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(sweep_when_expiry_passed_then_session_ends),
        WORLD_TEST(touch_when_later_then_session_lives_on),
        WORLD_TEST(finish_when_before_lease_then_expiry_moves_forward),
        WORLD_TEST(sweep_when_clock_jumps_then_all_that_expired_end),
        WORLD_TEST(next_expired_when_budget_is_used_up_then_stops),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
