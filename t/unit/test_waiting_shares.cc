#include <map>
#include <vector>

#include "httpd/waiting_shares.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

using httpd::WaitingShares;

SessionHandle session(std::uint32_t number) {
    return {number % 7, number};
}

void share_when_added_and_removed_then_counted(void**) {
    WaitingShares shares(3);
    assert_int_equal(shares.of(session(1)), 0);
    shares.add(session(1));
    shares.add(session(2));
    shares.add(session(1));
    assert_int_equal(shares.of(session(1)), 2);
    assert_int_equal(shares.of(session(2)), 1);
    assert_int_equal(shares.of(session(8)), 0);  // in the same cell, later
    shares.remove(session(1));
    assert_int_equal(shares.of(session(1)), 1);
    shares.remove(session(1));
    shares.remove(session(2));
    assert_int_equal(shares.of(session(1)), 0);
    assert_int_equal(shares.of(session(2)), 0);
}

// Places that were given back serve again; more than there are places for is not counted.
void share_when_all_places_are_taken_then_no_more_until_one_is_free(void**) {
    WaitingShares shares(4);
    for (std::uint32_t round = 0; round < 50; ++round) {
        for (std::uint32_t i = 0; i < 4; ++i) {
            shares.add(session(4 * round + i));
        }
        shares.add(session(9999));
        assert_int_equal(shares.of(session(9999)), 0);
        shares.remove(session(9999));
        for (std::uint32_t i = 0; i < 4; ++i) {
            assert_int_equal(shares.of(session(4 * round + i)), 1);
            shares.remove(session(4 * round + i));
        }
    }
    WaitingShares none(0);
    none.add(session(1));
    assert_int_equal(none.of(session(1)), 0);
}

// Against a map, in whatever order calls come and go.
void share_when_calls_come_and_go_then_as_counted_otherwise(void**) {
    constexpr std::size_t kMost = 200;
    WaitingShares shares(kMost);
    std::map<std::uint32_t, std::uint32_t> counts;
    std::vector<std::uint32_t> waiting;
    std::uint32_t dice = 1;
    for (int i = 0; i < 20000; ++i) {
        dice = dice * 1664525U + 1013904223U;
        if (waiting.empty() || (waiting.size() < kMost && (dice >> 30U) != 0)) {
            waiting.push_back((dice >> 8U) % 90);
            shares.add(session(waiting.back()));
            ++counts[waiting.back()];
        } else {
            std::swap(waiting[(dice >> 8U) % waiting.size()], waiting.back());
            shares.remove(session(waiting.back()));
            --counts[waiting.back()];
            waiting.pop_back();
        }
        const std::uint32_t one = (dice >> 4U) % 90;
        assert_int_equal(shares.of(session(one)), counts[one]);
    }
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(share_when_added_and_removed_then_counted),
        cmocka_unit_test(share_when_all_places_are_taken_then_no_more_until_one_is_free),
        cmocka_unit_test(share_when_calls_come_and_go_then_as_counted_otherwise),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
