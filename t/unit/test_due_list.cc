#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/due_list.hpp"

namespace bayeux::test {
namespace {

// Eight sessions, parked in one child, of which each has its own channel "/<number>".
struct Waiters {
    explicit Waiters(StoreWorld& w) : world(w), child(w.claim()) {
        for (std::uint32_t i = 0; i < 8; ++i) {
            all.push_back(world.session(i));
            world.subscribe(all.back(), {"/" + std::to_string(i)});
            world.connect(all.back());
            for (std::uint32_t n = 0; n < i; ++n) {
                world.connect(all.back());
            }
            // So the cycle tells who it is: session i is in cycle i + 1.
            world.park(all.back(), ConnectCycle{i + 1}, child);
        }
    }
    void wake(int number) { world.publish("/" + std::to_string(number), "{}"); }

    StoreWorld& world;
    ChildIndex child;
    std::vector<SessionHandle> all;
};

void due_when_several_then_first_come_first_served(void** state) {
    Waiters waiters(world_of(state));
    for (const int number : {3, 0, 7, 5}) {
        waiters.wake(number);
    }
    assert_string_equal(waiters.world.due(waiters.child).c_str(),
                        "events:4 events:1 events:8 events:6");
}

// From the head, the middle and the tail.
void due_when_some_finish_by_themselves_then_others_stay(void** state) {
    Waiters waiters(world_of(state));
    for (const int number : {0, 1, 2, 3, 4}) {
        waiters.wake(number);
    }
    for (const std::uint32_t number : {0U, 2U, 4U}) {
        waiters.world.store().finish_connect(waiters.all[number], ConnectCycle{number + 1},
                                             waiters.world.after(10));
        assert_string_equal(waiters.world.wrong().c_str(), "");
    }
    assert_string_equal(waiters.world.due(waiters.child).c_str(), "events:2 events:4");
}

// Waiter and notice of one session, in the lists of two children.
void due_when_superseded_and_due_again_then_both_are_told(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex here = world.claim();
    const ChildIndex there = world.claim();
    const SessionHandle one = world.session(1);
    world.park(one, world.connect(one), here);
    world.park(one, world.connect(one), there);
    world.store().end_session(one);
    assert_int_equal(world.store().stats().due, 2);
    assert_string_equal(world.wrong().c_str(), "");
    assert_string_equal(world.due(there).c_str(), "ended:2");
    assert_int_equal(world.store().stats().count(store::Kind::kSession), 1);
    assert_string_equal(world.due(here).c_str(), "superseded:1");
    assert_int_equal(world.store().stats().count(store::Kind::kSession), 0);
}

// Two notices at once: the older one is dropped, its park ends by its own deadline.
void due_when_superseded_twice_then_the_newer_is_told(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex here = world.claim();
    const SessionHandle one = world.session(1);
    world.park(one, world.connect(one), here);
    world.park(one, world.connect(one), here);
    world.park(one, world.connect(one), here);
    assert_string_equal(world.wrong().c_str(), "");
    assert_string_equal(world.due(here).c_str(), "superseded:2");
    assert_string_equal(world.wrong().c_str(), "");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(due_when_several_then_first_come_first_served),
        WORLD_TEST(due_when_some_finish_by_themselves_then_others_stay),
        WORLD_TEST(due_when_superseded_and_due_again_then_both_are_told),
        WORLD_TEST(due_when_superseded_twice_then_the_newer_is_told),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
