// Several processes at once: nothing breaks, nothing leaks, and each subscriber of a channel gets
// its messages in the same order.
#include <cstdio>
#include <set>

#include "lib/cmocka.hpp"
#include "process/random_user.hpp"

namespace bayeux::test {
namespace {

constexpr int kProcesses = 4;

int hammer(StoreWorld& world, std::uint64_t seed, int rounds) {
    const auto child = world.store().claim_child(static_cast<std::uint32_t>(getpid()));
    if (!child) {
        return 2;
    }
    RandomUser user(world, seed, child.value());
    for (int i = 0; i < rounds; ++i) {
        user.act();
    }
    world.due(child.value());
    world.store().release_child(child.value());
    return 0;
}

// Empty if all went well.
std::string hammer_at_once(StoreWorld& world) {
    std::vector<pid_t> pids;
    for (int i = 0; i < kProcesses; ++i) {
        pids.push_back(
            in_child([&] { return hammer(world, static_cast<std::uint64_t>(i), 20000); }));
    }
    std::string wrong;
    for (int i = 0; i < 20 && wrong.empty(); ++i) {
        wrong = world.wrong();
    }
    for (const pid_t pid : pids) {
        const int outcome = outcome_of(pid);
        if (outcome != 0) {
            wrong += " a process ended with " + std::to_string(outcome);
        }
    }
    wrong += wrong.empty() ? world.wrong() : "";
    const std::uint64_t left = world.used_after_all();
    wrong += wrong.empty() ? world.wrong() : "";
    return left == 0 ? wrong : wrong + " bytes left: " + std::to_string(left);
}

void store_when_hammered_by_processes_then_whole_and_empty(void**) {
    char text[256] = {};
    std::uint64_t queued = 0;
    {
        StoreWorld world(std::size_t{2} << 20U);
        std::snprintf(text, sizeof(text), "%s", hammer_at_once(world).c_str());
        queued = world.store().stats().counters.queued;
    }
    assert_string_equal(text, "");
    assert_true(queued > 1000);
}

// The same in one megabyte, where memory runs out all the time.
std::string run_out_of_memory(std::uint64_t& refused) {
    StoreWorld world(std::size_t{1} << 20U);
    std::vector<SessionHandle> all;
    for (std::uint32_t i = 0; i < 60; ++i) {
        all.push_back(world.session(1000 + i, {100000, 100000000, broker::Overflow::kDropOldest}));
        world.subscribe(all.back(), {"/a/b"});
    }
    while (world.publish("/a/b", std::string(3000, 'x')) >= 0) {
    }
    std::string wrong = hammer_at_once(world);
    refused = world.store().stats().counters.refused_full;
    return wrong;
}

void store_when_full_and_hammered_then_whole_and_empty(void**) {
    std::uint64_t refused = 0;
    char text[256] = {};
    std::snprintf(text, sizeof(text), "%s", run_out_of_memory(refused).c_str());
    assert_string_equal(text, "");
    assert_true(refused > 1);
}

constexpr int kMessages = 40;
constexpr std::uint32_t kSubscribers = 700;

int publish_many(StoreWorld& world, int publisher) {
    for (int i = 0; i < kMessages; ++i) {
        const std::string event = std::to_string(publisher) + ":" + std::to_string(i);
        if (world.publish("/order/here", event) < static_cast<int>(kSubscribers)) {
            return 3;
        }
    }
    return 0;
}

// Comes and goes in the middle of every fan-out.
int churn(StoreWorld& world) {
    for (std::uint32_t i = 0; i < 600; ++i) {
        const SessionHandle session = world.session(50000 + i % 7);
        const auto known = world.store().find_session(kDomain, client(50000 + i % 7));
        world.subscribe(known ? known->handle : session, {"/order/here", "/order/*"});
        if (i % 3 == 2 && known) {
            world.store().end_session(known->handle);
        } else if (known) {
            world.unsubscribe(known->handle, "/order/here");
        }
    }
    return 0;
}

std::string publish_in_parallel() {
    StoreWorld world(std::size_t{16} << 20U);
    std::vector<SessionHandle> all;
    for (std::uint32_t i = 0; i < kSubscribers; ++i) {
        all.push_back(world.session(i));
        world.subscribe(all.back(), i % 5 == 0 ? std::vector<std::string>{"/order/*", "/**"}
                                               : std::vector<std::string>{"/order/here"});
    }
    std::vector<pid_t> pids{in_child([&] { return churn(world); })};
    for (int i = 0; i < 3; ++i) {
        pids.push_back(in_child([&] { return publish_many(world, i); }));
    }
    std::string wrong;
    for (const pid_t pid : pids) {
        const int outcome = outcome_of(pid);
        wrong += outcome == 0 ? "" : " a process ended with " + std::to_string(outcome);
    }
    wrong += world.wrong();
    const std::string expected = world.receive(all[0]);
    std::size_t count = expected.empty() ? 0 : 1;
    for (const char c : expected) {
        count += c == ',' ? 1 : 0;
    }
    if (count != 3 * kMessages) {
        wrong += " received " + std::to_string(count);
    }
    for (const SessionHandle session : all) {
        if (session != all[0] && world.receive(session) != expected) {
            return wrong + " two subscribers disagree";
        }
    }
    return world.used_after_all() == 0 ? wrong : wrong + " bytes are left";
}

// SB-11 and the order of a channel.
void publish_when_several_publishers_then_one_order_for_all(void**) {
    char text[256] = {};
    std::snprintf(text, sizeof(text), "%s", publish_in_parallel().c_str());
    assert_string_equal(text, "");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(store_when_hammered_by_processes_then_whole_and_empty),
        cmocka_unit_test(store_when_full_and_hammered_then_whole_and_empty),
        cmocka_unit_test(publish_when_several_publishers_then_one_order_for_all),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
