// Processes that are killed: inside the lock, and anywhere else, while others go on.
#include <atomic>
#include <cstdio>

#include "lib/cmocka.hpp"
#include "process/random_user.hpp"
#include "store/robust_mutex.hpp"

namespace bayeux::test {
namespace {

// A child dies in a section of that kind. Returns how many repairs that made, or -1 if the store is
// not whole, or does not work, afterwards.
int die_holding_the_lock(store::Operation operation) {
    StoreWorld world;
    const SessionHandle session = world.session(1);
    const int outcome = outcome_of(in_child([&] {
        broker::WakeSet wake;
        const store::Locked locked(world.store().segment(), operation, world.clock.now(), wake);
        return raise(SIGKILL);
    }));
    const bool works = world.subscribe(session, {"/a"}) && world.publish("/a", "{1}") == 1 &&
                       world.receive(session) == "{1}";
    return outcome == 1000 + SIGKILL && works && world.wrong().empty()
               ? static_cast<int>(world.store().stats().counters.repairs)
               : -1;
}

void lock_when_holder_killed_in_a_change_then_repaired(void**) {
    assert_int_equal(die_holding_the_lock(store::Operation::kPublish), 1);
}

void lock_when_holder_killed_while_reading_then_no_repair(void**) {
    assert_int_equal(die_holding_the_lock(store::Operation::kRead), 0);
}

// What a killed child held: its parks are free again, what it drained and did not write is dropped,
// its place is taken by the next child, and the session lives until its lease.
std::string die_with_parks() {
    StoreWorld world(std::size_t{1} << 20U, 2);
    const ChildIndex here = world.claim();
    const SessionHandle parked = world.session(1);
    const SessionHandle drained = world.session(2);
    const SessionHandle superseded = world.session(3);
    world.subscribe(parked, {"/a"});
    world.subscribe(drained, {"/b"});
    world.publish("/b", "{1}");
    outcome_of(in_child([&] {
        const ChildIndex there = world.store().claim_child(2).value();
        std::string text;
        world.park(parked, world.connect(parked), there);
        world.park(superseded, world.connect(superseded), there);
        world.connect(superseded);
        world.store().drain(drained, there, text);
        return raise(SIGKILL);
    }));
    world.publish("/b", "{2}");
    // Without a sweep: where all children die as they come, nobody would do it.
    const bool free = world.claim() != kNoChild;
    const bool full = world.claim() == kNoChild;
    world.store().sweep(here, world.clock.now());
    std::string wrong = world.wrong();
    wrong += free ? "" : " the dead child's place is not free";
    wrong += full ? "" : " the place of a living child was free";
    wrong += world.receive(drained) == "{2}" ? "" : " what was in flight is not dropped";
    wrong += world.publish("/a", "{3}") == 1 && world.receive(parked) == "{3}" ? "" : " lost {3}";
    wrong += world.store().stats().due == 0 ? "" : " something is due in a dead child";
    world.clock.advance(Millis{44000});
    world.store().sweep(here, world.clock.now());
    wrong += world.store().find_session(kDomain, client(1)) ? "" : " ended before its lease";
    world.clock.advance(Millis{2000});
    world.store().sweep(here, world.clock.now());
    wrong += world.store().find_session(kDomain, client(1)) ? " lives after its lease" : "";
    return wrong;
}

void child_when_killed_then_its_parks_and_place_are_given_back(void**) {
    char text[256] = {};
    std::snprintf(text, sizeof(text), "%s", die_with_parks().c_str());
    assert_string_equal(text, "");
}

// The same of a stream, of a place that a browser's connect held, and of a batch that was sent but
// not acknowledged (X-ACK 6).
std::string die_with_streams() {
    StoreWorld world(std::size_t{1} << 20U, 2);
    const ChildIndex here = world.claim();
    const SessionHandle streaming = world.session(1);
    const SessionHandle tab = world.tab(2, 1);
    const SessionHandle other_tab = world.tab(3, 1);
    const SessionHandle acks = world.ack_session(4);
    world.subscribe(streaming, {"/a"});
    world.subscribe(acks, {"/b"});
    world.publish("/b", "{1}");
    broker::ConnectTerms terms = world.terms();
    terms.wants_hold = true;
    terms.holds_per_browser = 1;
    const int outcome = outcome_of(in_child([&] {
        const ChildIndex there = world.store().claim_child(2).value();
        const ConnectCycle cycle = world.stream(streaming, broker::Transport::kEventSource);
        world.park(streaming, cycle, there);
        world.publish("/a", "{2}");
        world.due(there);
        world.park(tab, world.start(tab, terms).cycle, there);
        world.batch_of(acks);
        return raise(SIGKILL);
    }));
    const bool crowded = !world.start(other_tab, terms).may_hold;
    world.store().sweep(here, world.clock.now());
    std::string wrong = world.wrong();
    wrong += outcome == 1000 + SIGKILL && crowded ? "" : " the tab was not held";
    wrong += world.start(other_tab, terms).may_hold ? "" : " the place is not given back";
    terms.transport = broker::Transport::kEventSource;
    wrong += world.start(streaming, terms).cycle.value == 2 ? "" : " the stream goes on";
    wrong += world.receive(streaming) == "{2}" ? "" : " lost {2}";
    wrong += world.batch_of(acks) == "2:{1}" ? "" : " lost {1}";
    return wrong;
}

void child_when_killed_then_its_streams_and_places_are_given_back(void**) {
    char text[256] = {};
    std::snprintf(text, sizeof(text), "%s", die_with_streams().c_str());
    assert_string_equal(text, "");
}

// A loop that ends normally leaves an empty place behind.
std::string leave_with_parks() {
    StoreWorld world(std::size_t{1} << 20U, 1);
    const SessionHandle session = world.session(1);
    const int outcome = outcome_of(in_child([&] {
        const ChildIndex there = world.store().claim_child(2).value();
        world.park(session, world.connect(session), there);
        world.store().end_session(session);
        world.store().release_child(there);
        return 0;
    }));
    std::string wrong = world.wrong();
    wrong += outcome == 0 && world.claim() != kNoChild ? "" : " no place is free";
    wrong += world.used_after_all() == 0 ? "" : " bytes are left";
    return wrong;
}

void child_when_released_with_an_ended_park_then_nothing_is_left(void**) {
    char text[256] = {};
    std::snprintf(text, sizeof(text), "%s", leave_with_parks().c_str());
    assert_string_equal(text, "");
}

int work_for_ever(StoreWorld& world, std::uint64_t seed) {
    ChildIndex child = kNoChild;
    while (child == kNoChild) {
        // Another that was just killed may have had it last.
        const auto place = world.store().claim_child(static_cast<std::uint32_t>(getpid()));
        child = place ? place.value() : kNoChild;
        world.store().sweep(child, world.clock.now());
    }
    RandomUser user(world, seed, child);
    for (;;) {
        user.act();
    }
}

// A random while of nothing but computing.
void spin(Dice& dice) {
    std::atomic<std::uint32_t> left{dice.below(200000)};
    while (left != 0) {
        --left;
    }
}

constexpr int kPublishersKilled = 150;
constexpr int kMostKilled = 3000;
constexpr std::uint64_t kEnoughRepairs = 3;

// One process that is in a change most of the time is killed, and again. On a machine where it has
// to share a processor it is mostly killed while it waits for its turn, between two changes: then
// it takes more of them until some were killed in one.
std::string kill_publishers(std::uint64_t& repairs) {
    StoreWorld world(std::size_t{2} << 20U, 4);
    for (std::uint32_t i = 0; i < 150; ++i) {
        const auto one = world.session(i, {50, 100000, broker::Overflow::kDropOldest});
        world.subscribe(one, {"/a/b"});
    }
    Dice dice(3);
    std::string wrong;
    const auto enough = [&](int killed) {
        return killed == kMostKilled || (killed >= kPublishersKilled &&
                                         world.store().stats().counters.repairs >= kEnoughRepairs);
    };
    for (int i = 0; !enough(i) && wrong.empty(); ++i) {
        const std::uint64_t before = world.store().stats().counters.published;
        const pid_t pid = in_child([&] {
            while (world.publish("/a/b", "{1}") == 150) {
            }
            return 1;
        });
        while (world.store().stats().counters.published == before) {
        }
        spin(dice);
        wrong = kill_and_wait(pid) == 1000 + SIGKILL ? world.wrong() : "it ended by itself";
    }
    repairs = world.store().stats().counters.repairs;
    wrong += world.used_after_all() == 0 ? "" : " bytes are left";
    return wrong;
}

void store_when_publishers_are_killed_in_the_middle_then_whole(void**) {
    char text[256] = {};
    std::uint64_t repairs = 0;
    std::snprintf(text, sizeof(text), "%s", kill_publishers(repairs).c_str());
    print_message("# %llu repairs\n", static_cast<unsigned long long>(repairs));
    assert_string_equal(text, "");
    assert_true(repairs >= kEnoughRepairs);
}

struct KillReport {
    std::string wrong;
    std::uint64_t repairs = 0;
    std::uint64_t dead_children = 0;
};

KillReport kill_again_and_again(int kills) {
    StoreWorld world(std::size_t{2} << 20U, 8);
    KillReport report;
    std::vector<pid_t> pids;
    std::uint64_t seed = 0;
    for (; seed < 4; ++seed) {
        pids.push_back(in_child([&] { return work_for_ever(world, seed); }));
    }
    Dice dice(99);
    RandomUser user(world, 98, kNoChild);
    for (int i = 0; i < kills && report.wrong.empty(); ++i) {
        // The work of this process is the measure of time: the others do about as much meanwhile.
        for (std::uint32_t n = dice.below(500); n != 0; --n) {
            user.act();
        }
        pid_t& victim = pids[dice.below(4)];
        if (kill_and_wait(victim) != 1000 + SIGKILL) {
            report.wrong = "a process ended by itself";
        }
        report.wrong += world.wrong();
        victim = in_child([&] { return work_for_ever(world, ++seed); });
        ++seed;
    }
    for (const pid_t pid : pids) {
        kill_and_wait(pid);
    }
    const std::uint64_t left = world.used_after_all();
    report.wrong += world.wrong();
    report.wrong += left == 0 ? "" : " bytes left: " + std::to_string(left);
    const store::StoreStats stats = world.store().stats();
    report.wrong += stats.children == 0 ? "" : " dead children hold places";
    report.repairs = stats.counters.repairs;
    report.dead_children = stats.counters.dead_children;
    return report;
}

void store_when_children_are_killed_under_load_then_whole_and_empty(void**) {
    char text[256] = {};
    std::uint64_t repairs = 0;
    std::uint64_t dead = 0;
    {
        const KillReport report = kill_again_and_again(200);
        std::snprintf(text, sizeof(text), "%s", report.wrong.c_str());
        repairs = report.repairs;
        dead = report.dead_children;
    }
    print_message("# %llu repairs, %llu dead children\n", static_cast<unsigned long long>(repairs),
                  static_cast<unsigned long long>(dead));
    assert_string_equal(text, "");
    assert_true(dead > 50);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(lock_when_holder_killed_in_a_change_then_repaired),
        cmocka_unit_test(lock_when_holder_killed_while_reading_then_no_repair),
        cmocka_unit_test(child_when_killed_then_its_parks_and_place_are_given_back),
        cmocka_unit_test(child_when_killed_then_its_streams_and_places_are_given_back),
        cmocka_unit_test(child_when_released_with_an_ended_park_then_nothing_is_left),
        cmocka_unit_test(store_when_publishers_are_killed_in_the_middle_then_whole),
        cmocka_unit_test(store_when_children_are_killed_under_load_then_whole_and_empty),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
