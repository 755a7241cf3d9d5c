// The same load as in test_store_contention.cc, by threads of one process: here ThreadSanitizer
// sees what it cannot see between processes.
#include <cstdio>
#include <thread>

#include "lib/cmocka.hpp"
#include "process/random_user.hpp"

namespace bayeux::test {
namespace {

void work(StoreWorld& world, std::uint64_t seed) {
    const auto child = world.store().claim_child(1);
    RandomUser user(world, seed, child.value());
    for (int i = 0; i < 4000; ++i) {
        user.act();
    }
    world.store().release_child(child.value());
}

std::string hammer_at_once() {
    StoreWorld world(std::size_t{1} << 20U);
    std::vector<std::thread> threads;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        threads.emplace_back([&world, seed] { work(world, seed); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    std::string wrong = world.wrong();
    return world.used_after_all() == 0 ? wrong : wrong + " bytes are left";
}

void store_when_hammered_by_threads_then_whole_and_empty(void**) {
    char text[256] = {};
    std::snprintf(text, sizeof(text), "%s", hammer_at_once().c_str());
    assert_string_equal(text, "");
}

// A child whose thread ends without a word is as dead as one that was killed.
std::string end_of_a_thread() {
    StoreWorld world(std::size_t{1} << 20U, 1);
    std::thread([&] { static_cast<void>(world.store().claim_child(1)); }).join();
    // The only place there is: whoever wants it cleans up.
    return world.claim() != kNoChild ? "" : "the place is not free";
}

void child_when_its_thread_ends_then_place_is_free(void**) {
    char text[256] = {};
    std::snprintf(text, sizeof(text), "%s", end_of_a_thread().c_str());
    assert_string_equal(text, "");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(store_when_hammered_by_threads_then_whole_and_empty),
        cmocka_unit_test(child_when_its_thread_ends_then_place_is_free),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
