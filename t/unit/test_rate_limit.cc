#include "base/rate_limit.hpp"
#include "cmocka.hpp"

namespace bayeux::test {
namespace {

constexpr RateLimit kTenASecond{10, Millis{1000}, 10};

// One who is limited.
struct Spender {
    RateLimit limit = kTenASecond;
    TimePoint now{Millis{1000000}};
    std::int64_t whole_at = 0;
    Millis wait{0};

    bool spend(std::uint64_t amount = 1) {
        const Spending spent = bayeux::spend(limit, whole_at, now, amount);
        whole_at = spent.whole_at;
        wait = spent.wait;
        return spent.within;
    }
    int spend_all() {
        int count = 0;
        while (count < 100000 && spend()) {
            ++count;
        }
        return count;
    }
};

void spend_when_at_once_then_burst_and_no_more(void**) {
    Spender spender;
    assert_int_equal(spender.spend_all(), 10);
    assert_int_equal(spender.wait.count(), 100);
    spender.limit.burst = 1;
    assert_false(spender.spend());
    assert_int_equal(spender.wait.count(), 1000);
}

void spend_when_burst_differs_from_count_then_rate_is_that_of_count(void**) {
    Spender spender;
    spender.limit.burst = 25;
    assert_int_equal(spender.spend_all(), 25);
    spender.now += Millis{1000};
    assert_int_equal(spender.spend_all(), 10);
    spender.now += Millis{1'000'000};
    assert_int_equal(spender.spend_all(), 25);
}

// What comes back comes at a steady rate, not at the end of a period.
void spend_when_time_passes_then_one_for_each_tenth(void**) {
    Spender spender;
    assert_int_equal(spender.spend_all(), 10);
    spender.now += Millis{99};
    assert_false(spender.spend());
    assert_int_equal(spender.wait.count(), 1);
    spender.now += spender.wait;
    assert_true(spender.spend());
    assert_false(spender.spend());
    spender.now += Millis{300};
    assert_int_equal(spender.spend_all(), 3);
}

// Whoever is refused pays nothing: he who waits as long as he is told gets in.
void spend_when_refused_often_then_wait_does_not_grow(void**) {
    Spender spender;
    assert_int_equal(spender.spend_all(), 10);
    for (int i = 0; i < 1000; ++i) {
        assert_false(spender.spend());
        assert_int_equal(spender.wait.count(), 100);
    }
    spender.now += spender.wait;
    assert_true(spender.spend());
}

void spend_when_for_long_then_no_more_than_the_rate(void**) {
    Spender spender;
    spender.limit = {7, Millis{3000}, 2};
    int count = 0;
    for (int i = 0; i < 600'000; ++i) {
        spender.now += Millis{1};
        count += spender.spend() ? 1 : 0;
    }
    assert_in_range(count, 1390, 1402);  // 7 in 3 s, in 600 s
}

void spend_when_amount_is_above_burst_then_whole_allowance_and_debt(void**) {
    Spender spender;
    spender.limit = {1000, Millis{1000}, 1000};
    assert_true(spender.spend(5000));
    assert_false(spender.spend(1));
    assert_int_equal(spender.wait.count(), 4001);
    spender.now += spender.wait;
    assert_true(spender.spend(1));
    assert_false(spender.spend(5000));
    assert_int_equal(spender.wait.count(), 1000);
    spender.now += spender.wait;
    assert_true(spender.spend(5000));
}

// The largest values that a configuration and a message may have.
void spend_when_numbers_are_large_then_nothing_overflows(void**) {
    Spender spender;
    spender.limit = {1U << 30U, Millis{3600'000}, 1U << 30U};
    assert_true(spender.spend(64U << 20U));
    spender.limit = {1, Millis{3600'000}, 24};
    spender.whole_at = 0;
    assert_true(spender.spend(~std::uint64_t{0}));
    assert_false(spender.spend());
    // A day at most, of which all but an hour's share has to pass.
    assert_int_equal(spender.wait.count(), 3600'000);
    spender.whole_at = 0;
    spender.limit = {1'000'000'000, Millis{1}, 1};
    assert_true(spender.spend(1));  // what takes no time at all still counts
    assert_true(spender.whole_at > Micros(spender.now.time_since_epoch()).count());
}

// What cannot be is no reason to shut somebody out for ever.
void spend_when_time_is_absurd_then_as_if_over(void**) {
    Spender spender;
    spender.whole_at = INT64_MAX;
    assert_int_equal(spender.spend_all(), 10);
    spender.whole_at = INT64_MIN;
    assert_int_equal(spender.spend_all(), 10);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(spend_when_at_once_then_burst_and_no_more),
        cmocka_unit_test(spend_when_burst_differs_from_count_then_rate_is_that_of_count),
        cmocka_unit_test(spend_when_time_passes_then_one_for_each_tenth),
        cmocka_unit_test(spend_when_refused_often_then_wait_does_not_grow),
        cmocka_unit_test(spend_when_for_long_then_no_more_than_the_rate),
        cmocka_unit_test(spend_when_amount_is_above_burst_then_whole_allowance_and_debt),
        cmocka_unit_test(spend_when_numbers_are_large_then_nothing_overflows),
        cmocka_unit_test(spend_when_time_is_absurd_then_as_if_over),
    };
    return cmocka_run_group_tests_name("rate_limit", tests, nullptr, nullptr);
}
