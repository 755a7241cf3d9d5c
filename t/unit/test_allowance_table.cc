#include <algorithm>
#include <set>

#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/allowance_table.hpp"

namespace bayeux::test {
namespace {

using store::AllowanceKey;
using store::AllowanceSet;
using store::Purpose;

constexpr RateLimit kThreeASecond{3, Millis{1000}, 3};

AllowanceKey key(std::uint64_t address, std::uint64_t domain = 1,
                 Purpose purpose = Purpose::kHandshakes) {
    return {domain, address, purpose};
}

Spending spend(StoreWorld& world, const AllowanceKey& who) {
    return store::spend_allowance(world.store().segment(), who, kThreeASecond, world.clock.now(),
                                  1);
}

int spend_all(StoreWorld& world, const AllowanceKey& who) {
    int count = 0;
    while (count < 1000 && spend(world, who).within) {
        ++count;
    }
    return count;
}

std::size_t set_of(StoreWorld& world, const AllowanceKey& who) {
    const auto sets = world.store().segment().allowance_sets();
    const std::vector<AllowanceSet> before(sets.begin(), sets.end());
    static_cast<void>(spend(world, who));
    for (std::size_t i = 0; i < sets.size(); ++i) {
        if (sets[i].words != before[i].words) {
            return i;
        }
    }
    return sets.size();
}

// So many addresses that share a set, none of which has spent anything.
std::vector<AllowanceKey> neighbours(StoreWorld& world, std::size_t count) {
    std::vector<AllowanceKey> found;
    const std::size_t set = set_of(world, key(1));
    for (std::uint64_t address = 2; found.size() < count; ++address) {
        if (set_of(world, key(address)) == set) {
            found.push_back(key(address));
        }
        world.clock.advance(Millis{2000});
    }
    return found;
}

void address_when_limited_then_refused_until_it_has_waited(void** state) {
    StoreWorld& world = world_of(state);
    assert_int_equal(spend_all(world, key(5)), 3);
    const Spending refused = spend(world, key(5));
    assert_int_equal(refused.wait.count(), 334);
    world.clock.advance(refused.wait);
    assert_int_equal(spend_all(world, key(5)), 1);
    world.clock.advance(Millis{2000});
    assert_int_equal(spend_all(world, key(5)), 3);
}

void address_when_another_is_limited_then_served(void** state) {
    StoreWorld& world = world_of(state);
    assert_int_equal(spend_all(world, key(5)), 3);
    assert_int_equal(spend_all(world, key(6)), 3);
    assert_int_equal(spend_all(world, key(5, 2)), 3);
    assert_int_equal(spend_all(world, key(5, 1, Purpose::kMessages)), 3);
    assert_int_equal(spend_all(world, key(5)), 0);
}

void addresses_when_in_one_set_then_each_has_its_own_allowance(void** state) {
    StoreWorld& world = world_of(state);
    const auto all = neighbours(world, store::kAllowanceWays);
    for (const AllowanceKey& one : all) {
        assert_int_equal(spend_all(world, one), 3);
    }
    for (const AllowanceKey& one : all) {
        assert_false(spend(world, one).within);
    }
}

// One too many takes the place of the one that would be served again soonest.
void addresses_when_more_than_a_set_has_then_the_next_to_be_whole_goes(void** state) {
    StoreWorld& world = world_of(state);
    const auto all = neighbours(world, store::kAllowanceWays + 1);
    for (std::size_t i = 0; i < store::kAllowanceWays; ++i) {
        assert_int_equal(spend_all(world, all[i]), 3);
        world.clock.advance(Millis{1});
    }
    assert_int_equal(spend_all(world, all.back()), 3);
    for (std::size_t i = 1; i < all.size(); ++i) {
        assert_false(spend(world, all[i]).within);
    }
    assert_int_equal(spend_all(world, all[0]), 3);
}

void addresses_when_whole_again_then_they_make_room(void** state) {
    StoreWorld& world = world_of(state);
    const auto all = neighbours(world, 40);
    for (std::size_t i = 0; i + 3 < all.size(); i += 4) {
        for (std::size_t k = i; k < i + 4; ++k) {
            assert_int_equal(spend_all(world, all[k]), 3);
        }
        for (std::size_t k = i; k < i + 4; ++k) {
            assert_false(spend(world, all[k]).within);
        }
        world.clock.advance(Millis{2000});
    }
}

// The time in a word begins anew after 2^44 microseconds, about 203 days.
void address_when_time_wraps_then_limited_as_ever(void** state) {
    StoreWorld& world = world_of(state);
    constexpr std::int64_t kWrap = (std::int64_t{1} << 44U) / 1000;
    const std::int64_t now = world.clock.now().time_since_epoch().count();
    world.clock.advance(Millis{kWrap - now - 500});
    assert_int_equal(spend_all(world, key(5)), 3);  // whole again 500 ms behind the wrap
    assert_false(spend(world, key(5)).within);
    world.clock.advance(Millis{600});
    assert_int_equal(spend_all(world, key(5)), 1);
    world.clock.advance(Millis{2000});
    assert_int_equal(spend_all(world, key(5)), 3);
}

void address_when_words_are_noise_then_limited_as_ever(void** state) {
    StoreWorld& world = world_of(state);
    std::uint64_t noise = 88172645463325252U;
    for (AllowanceSet& set : world.store().segment().allowance_sets()) {
        for (std::uint64_t& word : set.words) {
            noise ^= noise << 13U;
            noise ^= noise >> 7U;
            noise ^= noise << 17U;
            word = noise;
        }
    }
    for (std::uint64_t address = 1; address < 1000; ++address) {
        assert_int_equal(spend_all(world, key(address)), 3);
    }
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(address_when_limited_then_refused_until_it_has_waited),
        WORLD_TEST(address_when_another_is_limited_then_served),
        WORLD_TEST(addresses_when_in_one_set_then_each_has_its_own_allowance),
        WORLD_TEST(addresses_when_more_than_a_set_has_then_the_next_to_be_whole_goes),
        WORLD_TEST(addresses_when_whole_again_then_they_make_room),
        WORLD_TEST(address_when_time_wraps_then_limited_as_ever),
        WORLD_TEST(address_when_words_are_noise_then_limited_as_ever),
    };
    return cmocka_run_group_tests_name("allowance_table", tests, nullptr, nullptr);
}
