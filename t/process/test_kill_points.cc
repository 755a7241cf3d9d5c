// Kills a process at each of the store's kill points, in each kind of change. Whatever it was
// doing, the next one finds a segment without a flaw, with every session that was not being
// changed, and after all sessions have gone the segment is empty to the byte.
//
// Built with BAYEUX_KILL_POINTS, the store's sources included.
#include <cstdio>

#include "lib/cmocka.hpp"
#include "process/kill_scenarios.hpp"
#include "process/killed_at.hpp"
#include "store/delivery.hpp"

namespace bayeux::test {
namespace {

int occurrences(const std::string& text, const std::string& part) {
    int count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

// Of the ack session: each event once, in order; what the client has got may be repeated only until
// it has acknowledged it.
std::string lost_batches(Stage& stage, bool acknowledges) {
    StoreWorld& world = stage.world;
    std::string text;
    const auto batch = world.store().drain(stage.acks, stage.child, text).batch;
    const std::string first = text.substr(0, 14);
    if (first != "{k1},{k2},{k3}" && !(acknowledges && (first == "{k2},{k3}" || first == "{k3}"))) {
        return "of the ack session there is " + text;
    }
    for (const char* const event : {"{l2}", "{now}", kLong}) {
        if (occurrences(text, event) > 1) {
            return "an event of the ack session is doubled";
        }
    }
    stage.acknowledge(batch.value_or(0));
    return world.store().has_events(stage.acks) ? "an acknowledged event is left" : "";
}

// What was queued is still there, once; what was being published came once or not at all.
std::string lost_events(Stage& stage) {
    StoreWorld& world = stage.world;
    for (const SessionHandle session : {stage.a, stage.b, stage.c}) {
        world.store().delivered(session, false);
    }
    const std::string a = world.receive(stage.a);
    const std::string all = a + world.receive(stage.b) + world.receive(stage.c);
    if (occurrences(a, "{x}") != 1 || occurrences(all, "{b3}") != 1) {
        return "an event is lost or doubled";
    }
    return occurrences(a, kLong) > 1 ? "an event is doubled" : "";
}

// What is wrong with the stage after somebody died in it; empty if nothing.
std::string flaws(Stage& stage, std::uint32_t lost, bool acknowledges = false) {
    StoreWorld& world = stage.world;
    std::string wrong = world.wrong();
    const auto sessions = [&] {
        std::uint32_t count = 0;
        for (std::uint32_t number = 1; number <= kClients; ++number) {
            count += world.store().find_session(kDomain, client(number)) ? 1U : 0U;
        }
        return count;
    };
    if (wrong.empty() && sessions() + lost < kClients) {
        wrong = "a session is lost";
    }
    if (wrong.empty() && lost == 0) {
        wrong = lost_events(stage);
    }
    if (wrong.empty() && world.store().find_session(kDomain, client(6))) {
        wrong = lost_batches(stage, acknowledges);
    }
    // Life goes on.
    const SessionHandle fresh = world.session(100);
    if (wrong.empty() && !(world.subscribe(fresh, {"/a/b"}) && world.publish("/a/b", "{f}") > 0 &&
                           world.receive(fresh) == "{f}")) {
        wrong = "a new session is not served";
    }
    world.store().sweep(stage.child, world.clock.now());
    wrong += wrong.empty() ? world.wrong() : "";
    world.due(stage.child);
    world.store().release_child(stage.child);
    const std::uint64_t left = world.used_after_all();
    wrong += wrong.empty() ? world.wrong() : "";
    if (wrong.empty() && left != 0) {
        wrong = std::to_string(left) + " bytes are left";
    }
    return wrong;
}

// The first flaw of all kill points of the scenario; empty if there is none.
std::string walk(const Scenario& scenario, long& points) {
    for (points = 0;; ++points) {
        Stage stage;
        stage.world.clock.advance(Millis{scenario.later});
        const bool killed = killed_at(points, [&] { scenario.act(stage); });
        std::string wrong = flaws(stage, scenario.lost, scenario.acknowledges);
        if (!wrong.empty()) {
            return std::string(scenario.name) + ", killed at point " + std::to_string(points) +
                   ": " + wrong;
        }
        if (!killed) {
            return {};
        }
    }
}

std::string walk_all(long& total) {
    for (const Scenario& scenario : kScenarios) {
        long points = 0;
        std::string wrong = walk(scenario, points);
        total += points;
        if (!wrong.empty() || points == 0) {
            return wrong.empty() ? "no kill point in: " + std::string(scenario.name) : wrong;
        }
    }
    return {};
}

void store_when_killed_at_any_point_then_whole_again(void**) {
    long total = 0;
    char text[256] = {};
    std::snprintf(text, sizeof(text), "%s", walk_all(total).c_str());
    print_message("# %ld kill points\n", total);
    assert_string_equal(text, "");
}

// What the process does that makes a repair necessary.
constexpr void (*kFirstDeaths[])(Stage&) = {
    [](Stage& s) { s.world.publish("/a/b", kLong); },
    [](Stage& s) { s.hold(s.other_tab, 2); },
    [](Stage& s) { s.world.batch_of(s.acks); },
    [](Stage& s) { s.world.stream(s.c, broker::Transport::kWebSocket); },
    [](Stage& s) { s.world.change_user(s.alice, "carol"); },
};

// The repair itself is killed at each of its points; the next one repairs again.
std::string walk_repair(void (*act)(Stage&), long first, long& total) {
    for (long points = 0;; ++points, ++total) {
        Stage stage;
        if (!killed_at(first, [&] { act(stage); })) {
            return {};
        }
        const bool killed = killed_at(points, [&] { static_cast<void>(stage.world.wrong()); });
        std::string wrong = flaws(stage, 0);
        if (!wrong.empty()) {
            return "killed at " + std::to_string(first) + ", repair at " + std::to_string(points) +
                   ": " + wrong;
        }
        if (!killed) {
            return {};
        }
    }
}

std::string walk_repairs(long& total) {
    std::string wrong;
    for (const auto act : kFirstDeaths) {
        for (long first = 1; first < 60 && wrong.empty(); first += 7) {
            wrong = walk_repair(act, first, total);
        }
    }
    return wrong;
}

void repair_when_killed_at_any_point_then_repaired_by_the_next(void**) {
    long total = 0;
    char text[256] = {};
    std::snprintf(text, sizeof(text), "%s", walk_repairs(total).c_str());
    print_message("# %ld kill points\n", total);
    assert_string_equal(text, "");
}

// A large fan-out is killed anywhere: all subscribers get the same messages, each once, in order.
std::string walk_fanout(long& total) {
    constexpr std::uint32_t kSubscribers = 450;
    for (long points = 0;; points += 13, ++total) {
        StoreWorld world(std::size_t{1} << 20U, 2);
        std::vector<SessionHandle> all;
        for (std::uint32_t i = 0; i < kSubscribers; ++i) {
            all.push_back(world.session(i));
            world.subscribe(all.back(), i % 3 == 0 ? std::vector<std::string>{"/big/*", "/**"}
                                                   : std::vector<std::string>{"/big/one"});
        }
        const bool killed = killed_at(points, [&] { world.publish("/big/one", "{1}"); });
        std::string wrong = world.wrong();
        world.publish("/big/one", "{2}");
        const std::string first = world.receive(all[0]);
        for (const SessionHandle session : all) {
            const std::string got = session == all[0] ? first : world.receive(session);
            if (wrong.empty() && (got != first || (got != "{2}" && got != "{1},{2}"))) {
                wrong = "received " + got + ", the first one " + first;
            }
        }
        wrong += wrong.empty() ? world.wrong() : "";
        wrong += wrong.empty() && world.used_after_all() != 0 ? "bytes are left" : "";
        if (!wrong.empty()) {
            return "killed at point " + std::to_string(points) + ": " + wrong;
        }
        if (!killed) {
            return {};
        }
    }
}

void fanout_when_publisher_killed_then_subscribers_agree(void**) {
    long total = 0;
    char text[256] = {};
    std::snprintf(text, sizeof(text), "%s", walk_fanout(total).c_str());
    print_message("# %ld kill points\n", total);
    assert_string_equal(text, "");
}

// Somebody is killed at a point of what changes the sessions of a user, in the middle of a delivery
// to him by another process: who is his all the time gets it once.
std::string walk_round(long& total) {
    constexpr std::uint32_t kSessions = 450;
    for (long points = 0;; ++points, ++total) {
        StoreWorld world(std::size_t{1} << 20U, 2);
        std::vector<SessionHandle> all;
        for (std::uint32_t i = 0; i < kSessions; ++i) {
            all.push_back(world.session_of(i, i % 3 == 0 ? "bob" : "alice"));
        }
        for (std::uint32_t i = 0; i < kSessions; i += 3) {
            world.change_user(all[i], "alice");
        }
        store::UserRound round;
        bool over = false;
        const auto step = [&] {
            world.locked([&](const store::Locked& locked) {
                over = store::deliver_round(locked, {kDomain, "alice", "{1}"},
                                            world.store().user_tag("alice"), round);
            });
        };
        step();
        // The first to come now, one that has it, and one that is late.
        const SessionHandle next = round.next;
        const bool killed = killed_at(points, [&] {
            world.store().end_session(next);
            world.change_user(all[0], "carol");
            world.session_of(kSessions, "alice");
        });
        for (int steps = 0; !over && steps < 10; ++steps) {
            step();
        }
        std::string wrong = world.wrong();
        for (const SessionHandle session : all) {
            const std::string got = world.receive(session);
            const bool touched = session == all[0] || session == next;
            if (wrong.empty() && got != "{1}" && !(touched && got.empty())) {
                wrong = "received " + got;
            }
        }
        if (!wrong.empty()) {
            return "killed at point " + std::to_string(points) + ": " + wrong;
        }
        if (!killed) {
            return {};
        }
    }
}

void round_when_somebody_is_killed_meanwhile_then_each_once(void**) {
    long total = 0;
    char text[256] = {};
    std::snprintf(text, sizeof(text), "%s", walk_round(total).c_str());
    print_message("# %ld kill points\n", total);
    assert_string_equal(text, "");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(store_when_killed_at_any_point_then_whole_again),
        cmocka_unit_test(repair_when_killed_at_any_point_then_repaired_by_the_next),
        cmocka_unit_test(fanout_when_publisher_killed_then_subscribers_agree),
        cmocka_unit_test(round_when_somebody_is_killed_meanwhile_then_each_once),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
