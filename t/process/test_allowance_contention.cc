// The table of allowances has no lock: several processes that spend one allowance at once spend it
// once, also while some of them are killed.
#include <atomic>

#include "lib/cmocka.hpp"
#include "process/forked.hpp"
#include "process/store_world.hpp"
#include "store/allowance_table.hpp"

namespace bayeux::test {
namespace {

constexpr int kProcesses = 4;
constexpr int kAddresses = 3;
constexpr RateLimit kMany{20000, Millis{1000}, 20000};
constexpr RateLimit kSome{1000, Millis{1000}, 1000};

// How many were within, of each address.
struct Tally {
    std::atomic<std::uint64_t> within[kAddresses];
    std::atomic<std::uint64_t> asked;
    std::atomic<int> ready;  // processes that wait for the others
};

class SharedTally {
  public:
    SharedTally()
        : memory_(mmap(nullptr, sizeof(Tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                       -1, 0)) {}
    SharedTally(const SharedTally&) = delete;
    SharedTally& operator=(const SharedTally&) = delete;
    ~SharedTally() { munmap(memory_, sizeof(Tally)); }
    Tally& operator*() const { return *static_cast<Tally*>(memory_); }

  private:
    void* memory_;
};

void spend_once(StoreWorld& world, Tally& tally, int address, const RateLimit& limit) {
    const store::AllowanceKey key{1, static_cast<std::uint64_t>(address) + 1,
                                  store::Purpose::kHandshakes};
    // Counted before, so that a process that is killed in between has not spent unseen.
    ++tally.within[address];
    if (!spend_allowance(world.store().segment(), key, limit, world.clock.now(), 1).within) {
        --tally.within[address];
    }
    ++tally.asked;
}

void spend_when_processes_contend_then_exactly_the_allowance(void**) {
    std::uint64_t within[kAddresses] = {};
    int wrong = 0;
    {
        StoreWorld world;
        SharedTally shared;
        Tally& tally = *shared;
        std::vector<pid_t> pids;
        for (int i = 0; i < kProcesses; ++i) {
            pids.push_back(in_child([&] {
                ++tally.ready;
                while (tally.ready < kProcesses) {
                }
                for (int n = 0; n < 30000; ++n) {
                    spend_once(world, tally, n % kAddresses, kMany);
                }
                return 0;
            }));
        }
        for (const pid_t pid : pids) {
            wrong += outcome_of(pid);
        }
        for (int i = 0; i < kAddresses; ++i) {
            within[i] = tally.within[i];
        }
    }
    assert_int_equal(wrong, 0);
    for (const std::uint64_t count : within) {
        assert_int_equal(count, kMany.burst);
    }
}

// Nothing is left half done: afterwards the allowance is what the dead have left of it.
void spend_when_processes_are_killed_then_allowance_holds(void**) {
    std::uint64_t within[kAddresses] = {};
    std::string wrong;
    {
        StoreWorld world;
        SharedTally shared;
        Tally& tally = *shared;
        for (int round = 0; round < 20; ++round) {
            const std::uint64_t before = tally.asked;
            const pid_t pid = in_child([&] {
                for (int n = 0;; ++n) {
                    spend_once(world, tally, n % kAddresses, kSome);
                }
                return 0;
            });
            while (tally.asked < before + 200) {
            }
            kill_and_wait(pid);
        }
        for (int i = 0; i < kAddresses; ++i) {
            within[i] = tally.within[i];
        }
        wrong = world.wrong();
    }
    assert_true(wrong.empty());
    for (const std::uint64_t count : within) {
        // Who was killed may have counted one that was not within, or not spent yet.
        assert_in_range(count, kSome.burst, kSome.burst + 20);
    }
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(spend_when_processes_contend_then_exactly_the_allowance),
        cmocka_unit_test(spend_when_processes_are_killed_then_allowance_holds),
    };
    return cmocka_run_group_tests_name("allowance_contention", tests, nullptr, nullptr);
}
