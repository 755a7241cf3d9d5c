#include "base/config_value.hpp"
#include "cmocka.hpp"

namespace bayeux::test {
namespace {

// -1 if it is none.
std::int64_t time_of(const char* text) {
    std::int64_t ms = -1;
    return parse_time(text, ms) ? ms : -1;
}

std::int64_t size_of(const char* text) {
    std::uint64_t bytes = 0;
    return parse_size(text, bytes) ? static_cast<std::int64_t>(bytes) : -1;
}

void time_when_unit_then_milliseconds(void**) {
    assert_int_equal(time_of("0"), 0);
    assert_int_equal(time_of("30"), 30000);
    assert_int_equal(time_of("30S"), 30000);
    assert_int_equal(time_of("500ms"), 500);
    assert_int_equal(time_of("5min"), 300000);
    assert_int_equal(time_of("5m"), 300000);
    assert_int_equal(time_of("1h"), 3600000);
}

void time_when_anything_else_then_refused(void**) {
    for (const char* const text : {"", "s", "-1", "+1", " 1", "1 ", "1s ", "1.5", "1d", "1hh",
                                   "0x1", "1000000001", "9999999999999999", "99999999999999h"}) {
        assert_int_equal(time_of(text), -1);
    }
}

void size_when_letter_then_power_of_1024(void**) {
    assert_int_equal(size_of("7"), 7);
    assert_int_equal(size_of("7k"), 7 << 10);
    assert_int_equal(size_of("7M"), 7 << 20);
    assert_int_equal(size_of("7G"), std::int64_t{7} << 30);
    assert_int_equal(size_of("1048576G"), -1);
    for (const char* const text : {"", "K", "7KB", "7 K", "-7", "1.5M", "9999999999999999"}) {
        assert_int_equal(size_of(text), -1);
    }
}

void count_when_out_of_bounds_then_refused_and_left_alone(void**) {
    std::uint32_t n = 42;
    assert_false(parse_count("9", 10, 20, n));
    assert_false(parse_count("21", 10, 20, n));
    assert_false(parse_count("4294967306", 10, 20, n));
    assert_false(parse_count("12x", 10, 20, n));
    assert_int_equal(n, 42);
    assert_true(parse_count("20", 10, 20, n));
    assert_int_equal(n, 20);
}

void switch_when_on_or_off_then_so(void**) {
    bool on = false;
    assert_true(parse_switch("ON", on));
    assert_true(on);
    assert_true(parse_switch("off", on));
    assert_false(on);
    assert_false(parse_switch("onn", on));
    assert_false(parse_switch("", on));
}

// Nothing that ends an attribute, or the header.
void cookie_when_text_could_end_it_then_refused(void**) {
    assert_true(is_cookie_name("BAYEUX_BROWSER.1-x"));
    for (const char* const text : {"", "a b", "a=b", "a;b", "a\r\nb", "\xc3\xa4"}) {
        assert_false(is_cookie_name(text));
    }
    assert_true(is_attribute_value("/chat"));
    for (const char* const text : {"", "/a b", "/a;b", "/a,b", "/a\nb", "/\xc3\xa4"}) {
        assert_false(is_attribute_value(text));
    }
}

void rate_when_burst_is_left_out_then_as_much_as_in_a_period(void**) {
    RateLimit limit;
    assert_true(parse_rate("10/5s", nullptr, {false, 1, 100}, limit) == RateProblem::kNone);
    assert_int_equal(limit.count, 10);
    assert_int_equal(limit.period.count(), 5000);
    assert_int_equal(limit.burst, 10);
    assert_true(parse_rate("2K/1h", "4K", {true, 128, 8192}, limit) == RateProblem::kNone);
    assert_int_equal(limit.count, 2048);
    assert_int_equal(limit.burst, 4096);
}

void rate_when_one_part_is_wrong_then_that_is_named(void**) {
    RateLimit limit;
    const RateBounds numbers{false, 1, 100000};
    for (const char* const text : {"10", "/1s", "10/", "10/999ms", "10/61min", "0/1s", "100001/1s",
                                   "1K/1s", "10/1s/1s", "10 /1s"}) {
        assert_true(parse_rate(text, nullptr, numbers, limit) == RateProblem::kRate);
    }
    assert_true(parse_rate("10/1s", "0", numbers, limit) == RateProblem::kBurst);
    assert_true(parse_rate("1/1h", "25", numbers, limit) == RateProblem::kTooSlow);
    assert_true(parse_rate("1/1h", "24", numbers, limit) == RateProblem::kNone);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(time_when_unit_then_milliseconds),
        cmocka_unit_test(time_when_anything_else_then_refused),
        cmocka_unit_test(size_when_letter_then_power_of_1024),
        cmocka_unit_test(count_when_out_of_bounds_then_refused_and_left_alone),
        cmocka_unit_test(switch_when_on_or_off_then_so),
        cmocka_unit_test(cookie_when_text_could_end_it_then_refused),
        cmocka_unit_test(rate_when_burst_is_left_out_then_as_much_as_in_a_period),
        cmocka_unit_test(rate_when_one_part_is_wrong_then_that_is_named),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
