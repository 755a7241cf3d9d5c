// Kills a process at each of the store's kill points, in each kind of change. Whatever it was
// doing, the next one finds a segment without a flaw, with every session that was not being
// changed, and after all sessions have gone the segment is empty to the byte.
//
// Built with BAYEUX_KILL_POINTS, the store's sources included.
#include <csignal>
#include <cstdio>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/kill_point.hpp"

#ifndef BAYEUX_KILL_POINTS
#error "this test needs the store's kill points"
#endif

namespace bayeux::test {
namespace {

long points_left = 0;

void count_down(const char* /*name*/) {
    if (points_left-- == 0) {
        raise(SIGKILL);
    }
}

constexpr ChildIndex kHere{0};
constexpr const char* kLong =
    "{\"channel\":\"/a/b\",\"data\":\""
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
    "456"
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
    "456"
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
    "456"
    "\"}";

// Sessions that wait, have events, have some in flight; and one whose queue is full.
struct Stage {
    explicit Stage() : world(std::size_t{1} << 20U, 4) {
        child = world.store().claim_child(1).value();
        a = world.session(1);
        b = world.session(2);
        c = world.session(3);
        small = world.session(4, {2, 1000, broker::Overflow::kDisconnect});
        oldest = world.session(5, {2, 1000, broker::Overflow::kDropOldest});
        world.subscribe(a, {"/a/b", "/a/*", "/x"});
        world.subscribe(b, {"/a/**", "/b"});
        world.subscribe(c, {"/a/b", "/c"});
        world.subscribe(small, {"/small"});
        world.subscribe(oldest, {"/small"});
        world.publish("/small", "{s1}");
        world.publish("/small", "{s2}");
        world.publish("/x", "{x}");
        world.publish("/b", kLong);
        world.publish("/b", "{b2}");
        std::string text;
        world.store().drain(b, child, text);
        world.publish("/b", "{b3}");
        cycle = world.connect(c);
        world.park(c, cycle, child);
        world.publish("/nobody", "{n}");
    }

    StoreWorld world;
    ChildIndex child;
    SessionHandle a, b, c, small, oldest;
    ConnectCycle cycle;
};

struct Scenario {
    const char* name;
    void (*act)(Stage& stage);
    std::uint32_t lost;      // sessions that may be gone afterwards, because the act ends them
    std::int64_t later = 0;  // milliseconds that pass before
};

void sweep(Stage& stage) {
    stage.world.store().sweep(stage.child, stage.world.clock.now());
}

const Scenario kScenarios[] = {
    {"create", [](Stage& s) { s.world.session(9); }, 0},
    {"create in a new domain",
     [](Stage& s) {
         broker::NewSession wanted;
         wanted.domain = DomainId{5};
         wanted.client_id = client(9);
         wanted.expires_at = s.world.after(10);
         static_cast<void>(s.world.store().create_session(wanted));
     },
     0},
    {"end with events", [](Stage& s) { s.world.store().end_session(s.b); }, 1},
    {"end of a waiter",
     [](Stage& s) {
         s.world.store().end_session(s.c);
         s.world.due(kHere);
     },
     1},
    {"touch", [](Stage& s) { s.world.store().touch(s.a, s.world.after(99), true); }, 0},
    {"connect again",
     [](Stage& s) {
         s.world.park(s.c, s.world.connect(s.c), s.child);
         s.world.park(s.c, s.world.connect(s.c), s.child);
     },
     0},
    {"finish", [](Stage& s) { s.world.store().finish_connect(s.c, s.cycle, s.world.after(1)); }, 0},
    {"subscribe",
     [](Stage& s) {
         s.world.subscribe(s.c, {"/n/1", "/n/2", "/a/**"});
     },
     0},
    {"unsubscribe",
     [](Stage& s) {
         s.world.unsubscribe(s.a, "/a/b");
         s.world.unsubscribe(s.a, "/x");
     },
     0},
    {"refused subscribe",
     [](Stage& s) {
         s.world.subscribe(s.a, {"/q", "/r"}, {4, 99, {}});
     },
     0},
    {"publish",
     [](Stage& s) {
         s.world.publish("/a/b", kLong);
         s.world.due(kHere);
     },
     0},
    {"publish to nobody", [](Stage& s) { s.world.publish("/nobody/else", "{}"); }, 0},
    {"overflow", [](Stage& s) { s.world.publish("/small", "{s3}"); }, 1},
    {"drain",
     [](Stage& s) {
         std::string text;
         s.world.store().drain(s.a, s.child, text);
     },
     0},
    {"delivered", [](Stage& s) { s.world.store().delivered(s.b, true); }, 0},
    {"not delivered", [](Stage& s) { s.world.store().delivered(s.b, false); }, 0},
    {"expire", sweep, 5, 600000},
    {"sweep channels", sweep, 0, 4000},
    {"come and go",
     [](Stage& s) {
         const ChildIndex mine = s.world.store().claim_child(2).value();
         s.world.park(s.a, s.world.connect(s.a), mine);
         std::string text;
         s.world.store().drain(s.oldest, mine, text);
         s.world.store().release_child(mine);
     },
     0},
};

// Runs `act` in a child that is killed at its n-th point. True if it was killed.
template <class Act>
bool killed_at(long n, Act&& act) {
    const pid_t pid = fork();
    if (pid == 0) {
        points_left = n;
        store::kill_point_hook = count_down;
        act();
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

int occurrences(const std::string& text, const std::string& part) {
    int count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
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
std::string flaws(Stage& stage, std::uint32_t lost) {
    StoreWorld& world = stage.world;
    std::string wrong = world.wrong();
    const auto sessions = [&] {
        std::uint32_t count = 0;
        for (std::uint32_t number = 1; number <= 5; ++number) {
            count += world.store().find_session(kDomain, client(number)) ? 1U : 0U;
        }
        return count;
    };
    if (wrong.empty() && sessions() + lost < 5) {
        wrong = "a session is lost";
    }
    if (wrong.empty() && lost == 0) {
        wrong = lost_events(stage);
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
        std::string wrong = flaws(stage, scenario.lost);
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

// The repair itself is killed at each of its points; the next one repairs again.
std::string walk_repair(long& total) {
    for (long n = 3; n < 60; n += 7) {
        for (long points = 0;; ++points, ++total) {
            Stage stage;
            killed_at(n, [&] { stage.world.publish("/a/b", kLong); });
            const bool killed = killed_at(points, [&] { static_cast<void>(stage.world.wrong()); });
            std::string wrong = flaws(stage, 0);
            if (!wrong.empty()) {
                return "publish killed at " + std::to_string(n) + ", repair at " +
                       std::to_string(points) + ": " + wrong;
            }
            if (!killed) {
                break;
            }
        }
    }
    return {};
}

void repair_when_killed_at_any_point_then_repaired_by_the_next(void**) {
    long total = 0;
    char text[256] = {};
    std::snprintf(text, sizeof(text), "%s", walk_repair(total).c_str());
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

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(store_when_killed_at_any_point_then_whole_again),
        cmocka_unit_test(repair_when_killed_at_any_point_then_repaired_by_the_next),
        cmocka_unit_test(fanout_when_publisher_killed_then_subscribers_agree),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
