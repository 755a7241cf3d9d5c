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
    world.touch(one, 3600);
    world.touch(one, 5);
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
        world.touch(one, static_cast<int>(i));
        sweep_at(world, Millis{3});
    }
    sweep_at(world, Millis{100000000});
    assert_int_equal(alive(world, 500), 0);
    assert_int_equal(world.store().stats().counters.sessions_expired, 500);
    assert_int_equal(world.store().stats().count(store::Kind::kSession), 0);
    assert_string_equal(world.wrong().c_str(), "");
}

// ORD-8: when the first of them has waited long enough, at most a sweep later.
void sweep_when_lazy_events_waited_then_due(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = world.session(0);
    world.subscribe(one, {"/a"});
    world.park(one, world.connect(one), child);
    world.publish_lazily("/a", "{1}", Millis{5000});
    assert_string_equal(world.wrong().c_str(), "");
    sweep_at(world, Millis{2000});
    world.publish_lazily("/a", "{2}", Millis{5000});
    sweep_at(world, Millis{2900});
    assert_string_equal(world.due(child).c_str(), "");
    sweep_at(world, Millis{400});
    assert_string_equal(world.due(child).c_str(), "events:1");
    assert_int_equal(alive(world, 1), 1);
    assert_string_equal(world.receive(one).c_str(), "{1},{2}");
    assert_string_equal(world.wrong().c_str(), "");
}

void publish_when_lazy_for_less_then_due_earlier(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = world.session(0);
    world.subscribe(one, {"/a"});
    world.park(one, world.connect(one), child);
    world.publish_lazily("/a", "{1}", Millis{20000});
    world.publish_lazily("/a", "{2}", Millis{1000});
    world.publish_lazily("/a", "{3}", Millis{9000});
    sweep_at(world, Millis{1400});
    assert_string_equal(world.due(child).c_str(), "events:1");
}

// Nobody is held then: the next connect is answered at once.
void sweep_when_lazy_events_waited_and_nobody_is_held_then_next_connect_is_due(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(0);
    world.subscribe(one, {"/a"});
    world.publish_lazily("/a", "{1}", Millis{1000});
    sweep_at(world, Millis{1400});
    assert_true(world.start(one, world.terms()).due);
    assert_string_equal(world.wrong().c_str(), "");
}

// What went out, or on, in time is not due for it any more.
void sweep_when_lazy_events_are_gone_then_not_due(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = world.session(0);
    world.subscribe(one, {"/a"});
    world.publish_lazily("/a", "{1}", Millis{1000});
    world.receive(one);
    world.park(one, world.connect(one), child);
    sweep_at(world, Millis{5000});
    assert_string_equal(world.due(child).c_str(), "");
    assert_string_equal(world.wrong().c_str(), "");
}

void next_timed_when_budget_is_used_up_then_stops(void** state) {
    StoreWorld& world = world_of(state);
    for (std::uint32_t i = 0; i < 10; ++i) {
        world.touch(world.session(i), 100);
    }
    world.clock.advance(Millis{20000});
    world.locked([](const store::Locked& locked) {
        std::uint32_t budget = 4;
        assert_false(static_cast<bool>(store::next_timed(locked, budget)));
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
        WORLD_TEST(sweep_when_lazy_events_waited_then_due),
        WORLD_TEST(publish_when_lazy_for_less_then_due_earlier),
        WORLD_TEST(sweep_when_lazy_events_waited_and_nobody_is_held_then_next_connect_is_due),
        WORLD_TEST(sweep_when_lazy_events_are_gone_then_not_due),
        WORLD_TEST(next_timed_when_budget_is_used_up_then_stops),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
