// Kills a process at each of the store's kill points while people come and go on a channel with
// presence, and at each point of the repair that follows. Whoever watches is told the truth in the
// end, with no change lost and none told twice.
//
// Built with BAYEUX_KILL_POINTS, the store's sources included.
#include <cstdio>

#include "lib/cmocka.hpp"
#include "process/killed_at.hpp"
#include "process/presence_world.hpp"
#include "store/member_table.hpp"

namespace bayeux::test {
namespace {

// Alice has two tabs, bob and somebody have one; all are watched by name and by pattern.
struct Room {
    Room()
        : world(std::size_t{1} << 20U, 2),
          alice(world.session_of(11, "alice")),
          also_alice(world.session_of(12, "alice")),
          bob(world.session_of(13, "bob")),
          somebody(world.session(14)),
          outside(world.session_of(15, "carol")),
          late(world.session(16)),
          by_name(world, 1, "/presence/room"),
          by_pattern(world, 2, "/presence/*") {
        for (const SessionHandle session : {alice, also_alice, bob, somebody}) {
            enter(world, session, {"/room", "/room/next"});
        }
        for (const SessionHandle stays : {by_name.session, by_pattern.session, bob}) {
            world.touch(stays, 100000);
        }
        read();
    }
    void read() {
        by_name.read();
        by_pattern.read();
    }
    // Who is there by the store's own account.
    std::set<std::string> truth() {
        std::set<std::string> names;
        world.locked([&](const store::Locked& locked) {
            store::for_each_live<store::Member>(
                locked.segment(), [&](store::MemberIndex, const store::Member& member) {
                    const store::Channel& channel = locked.cell(member.channel);
                    if (member.count != 0 && channel.name_length == 5) {
                        names.emplace(name_of(member));
                    }
                });
        });
        return names;
    }

    StoreWorld world;
    SessionHandle alice, also_alice, bob, somebody, outside, late;
    Watcher by_name, by_pattern;
};

void sweep(Room& room) {
    room.world.store().sweep(kNoChild, room.world.clock.now());
}

struct Scenario {
    const char* name;
    void (*act)(Room& room);
    int later = 0;  // seconds that pass before
};

constexpr Scenario kScenarios[] = {
    {"somebody new",
     [](Room& r) {
         enter(r.world, r.outside, {"/room", "/room/next"});
     }},
    {"another tab", [](Room& r) { enter(r.world, r.world.session_of(90, "bob"), {"/room"}); }},
    {"one tab less", [](Room& r) { r.world.unsubscribe(r.alice, "/room"); }},
    {"unsubscribe", [](Room& r) { r.world.unsubscribe(r.bob, "/room"); }},
    {"back at once",
     [](Room& r) {
         r.world.unsubscribe(r.bob, "/room");
         enter(r.world, r.bob, {"/room"});
     }},
    {"disconnect", [](Room& r) { r.world.store().end_session(r.somebody); }},
    {"expiry", sweep, 400},
    {"another user", [](Room& r) { r.world.change_user(r.bob, "dave"); }},
    {"a user for somebody", [](Room& r) { r.world.change_user(r.somebody, "alice"); }},
    {"watch", [](Room& r) { watch(r.world, r.late, "/presence/room"); }},
};

// What is wrong after somebody died in the room; empty if nothing.
std::string flaws(Room& room) {
    StoreWorld& world = room.world;
    std::string wrong = world.wrong();
    world.store().sweep(kNoChild, world.clock.now());
    wrong += wrong.empty() ? world.wrong() : "";
    room.read();
    wrong += room.by_name.wrong + room.by_pattern.wrong;
    if (wrong.empty() &&
        (room.by_name.here != room.truth() || room.by_pattern.here != room.truth())) {
        wrong = "not all that happened was told";
    }
    const std::string snapshot = world.receive(room.late);
    if (wrong.empty() && !snapshot.empty()) {
        room.by_name.here.clear();
        room.by_name.take(snapshot);
        wrong = room.by_name.here == room.truth() ? "" : "a wrong snapshot";
    }
    // Life goes on.
    const SessionHandle fresh = world.session_of(99, "fresh");
    if (wrong.empty() && !(enter(world, fresh, {"/room"}) && (room.read(), true) &&
                           room.by_name.here.contains("fresh") && room.by_name.wrong.empty())) {
        wrong = "the next one is not announced " + room.by_name.wrong;
    }
    for (const SessionHandle session : {room.by_name.session, room.by_pattern.session, room.bob}) {
        world.store().end_session(session);
    }
    const std::uint64_t left = world.used_after_all();
    wrong += wrong.empty() ? world.wrong() : "";
    if (wrong.empty() && left != 0) {
        wrong = std::to_string(left) + " bytes are left";
    }
    return wrong;
}

std::string walk(const Scenario& scenario, long& points) {
    for (points = 0;; ++points) {
        Room room;
        room.world.clock.advance(std::chrono::seconds(scenario.later));
        const bool killed = killed_at(points, [&] { scenario.act(room); });
        const std::string wrong = flaws(room);
        if (!wrong.empty()) {
            return std::string(scenario.name) + ", killed at point " + std::to_string(points) +
                   ": " + wrong;
        }
        if (!killed) {
            return {};
        }
    }
}

void presence_when_killed_at_any_point_then_watchers_know_the_truth(void**) {
    long total = 0;
    std::string wrong;
    for (const Scenario& scenario : kScenarios) {
        long points = 0;
        wrong += wrong.empty() ? walk(scenario, points) : "";
        total += points;
    }
    print_message("# %ld kill points\n", total);
    char text[256] = {};
    std::snprintf(text, sizeof(text), "%s", wrong.c_str());
    assert_string_equal(text, "");
}

// Every so many of the points at which a repair becomes necessary. With sanitizers each is ten
// times as dear, and fewer show whether memory is used as it should be.
#ifdef __SANITIZE_ADDRESS__
constexpr long kFirstStep = 25;
#else
constexpr long kFirstStep = 5;
#endif

// The repair itself is killed at each of its points; the next one repairs again.
std::string walk_repairs(long& total) {
    for (const Scenario& scenario : kScenarios) {
        bool reached = true;
        for (long first = 1; reached; first += kFirstStep) {
            bool killed = true;
            for (long points = 0; killed && reached; ++points, ++total) {
                Room room;
                room.world.clock.advance(std::chrono::seconds(scenario.later));
                reached = killed_at(first, [&] { scenario.act(room); });
                killed = killed_at(points, [&] { static_cast<void>(room.world.wrong()); });
                const std::string wrong = flaws(room);
                if (!wrong.empty()) {
                    return std::string(scenario.name) + ", killed at " + std::to_string(first) +
                           ", repair at " + std::to_string(points) + ": " + wrong;
                }
                // A repair is needed only where something was being changed.
                points += points > 40 ? 6 : 0;
            }
        }
    }
    return {};
}

void repair_when_killed_at_any_point_then_watchers_know_the_truth(void**) {
    long total = 0;
    char text[256] = {};
    std::snprintf(text, sizeof(text), "%s", walk_repairs(total).c_str());
    print_message("# %ld kill points\n", total);
    assert_string_equal(text, "");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(presence_when_killed_at_any_point_then_watchers_know_the_truth),
        cmocka_unit_test(repair_when_killed_at_any_point_then_watchers_know_the_truth),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
