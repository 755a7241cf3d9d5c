#include "base/durations.hpp"
#include "cmocka.hpp"

namespace bayeux::test {
namespace {

using std::chrono::nanoseconds;

void percentile_when_spread_then_between(void**) {
    Durations times{};
    assert_int_equal(times.percentile(0.5), 0);
    times.longest_ns = 1000000;
    times.buckets[4 * 10] = 900;  // from 1024 ns
    times.buckets[4 * 16] = 99;   // from 65536 ns
    times.buckets[4 * 19] = 1;    // from 524288 ns
    assert_int_equal(times.percentile(0.5), 1280);
    assert_int_equal(times.percentile(0.99), 81920);
    assert_int_equal(times.percentile(1.0), 655360);
    times.longest_ns = 600000;
    assert_int_equal(times.percentile(1.0), 600000);
}

void bucket_when_any_duration_then_it_lies_below_the_end(void**) {
    for (std::uint64_t ns = 0; ns < 100000; ++ns) {
        const std::size_t bucket = duration_bucket(ns);
        assert_true(ns < duration_bucket_end(bucket));
        assert_true(bucket == 0 || duration_bucket_end(bucket) - ns <= ns / 4 + 1);
    }
    assert_int_equal(duration_bucket(~std::uint64_t{0}), kDurationBuckets - 1);
}

void count_until_when_some_are_longer_then_without_them(void**) {
    Durations times{};
    times.count(nanoseconds(3));
    times.count(nanoseconds(900));
    times.count(nanoseconds(5000));
    assert_int_equal(times.count_until(4), 1);
    assert_int_equal(times.count_until(1024), 2);
    assert_int_equal(times.count_until(4096), 2);
    assert_int_equal(times.count_until(1 << 20), 3);
    assert_int_equal(times.count(), 3);
    assert_int_equal(times.total_ns, 5903);
}

void counted_when_read_then_the_same_and_added_up(void**) {
    CountedDurations counted;
    Durations plain{};
    for (const int ns : {0, 7, 90, 100000, 90}) {
        counted.count(nanoseconds(ns));
        plain.count(nanoseconds(ns));
    }
    Durations twice = counted.read();
    assert_int_equal(twice.longest_ns, 100000);
    twice += plain;
    assert_int_equal(twice.count(), 10);
    assert_int_equal(twice.total_ns, 2 * plain.total_ns);
    assert_int_equal(twice.percentile(0.5), plain.percentile(0.5));
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(percentile_when_spread_then_between),
        cmocka_unit_test(bucket_when_any_duration_then_it_lies_below_the_end),
        cmocka_unit_test(count_until_when_some_are_longer_then_without_them),
        cmocka_unit_test(counted_when_read_then_the_same_and_added_up),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
