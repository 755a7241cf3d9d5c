#include <array>
#include <clocale>
#include <cstdint>
#include <ctime>
#include <string>

#include "cmocka.hpp"
#include "protocol/timestamp.hpp"

namespace {

using bayeux::Millis;
using bayeux::WallTime;

std::string at(std::int64_t millis) {
    std::string out = "x";
    bayeux::protocol::append_timestamp(out, WallTime{Millis{millis}});
    return out;
}

// X-TS: EEE MMM dd HH:mm:ss zzz yyyy.
void timestamp_when_appended_then_as_the_extension_writes_it(void** /*state*/) {
    assert_string_equal(at(0).c_str(), "x\"Thu Jan 01 00:00:00 GMT 1970\"");
    assert_string_equal(at(1700000000999).c_str(), "x\"Tue Nov 14 22:13:20 GMT 2023\"");
    assert_string_equal(at(1709251199000).c_str(), "x\"Thu Feb 29 23:59:59 GMT 2024\"");
    assert_string_equal(at(1709251200000).c_str(), "x\"Fri Mar 01 00:00:00 GMT 2024\"");
    assert_string_equal(at(-1).c_str(), "x\"Wed Dec 31 23:59:59 GMT 1969\"");
}

// The C library's own idea of the same time, in UTC and the C locale.
bool agrees_with_strftime(std::int64_t seconds) {
    std::array<char, 64> expected{};
    const std::time_t time = seconds;
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::strftime(expected.data(), expected.size(), "x\"%a %b %d %H:%M:%S GMT %Y\"", &parts);
    return at(seconds * 1000) == expected.data();
}

void timestamp_when_any_day_then_as_the_c_library_has_it(void** /*state*/) {
    std::setlocale(LC_ALL, "C");
    int different = 0;
    // A little more than a day and a prime number of seconds, from 1970 to 2100.
    for (std::int64_t seconds = 0; seconds < 4102444800; seconds += 86400 + 3607) {
        different += agrees_with_strftime(seconds) ? 0 : 1;
    }
    assert_int_equal(different, 0);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(timestamp_when_appended_then_as_the_extension_writes_it),
        cmocka_unit_test(timestamp_when_any_day_then_as_the_c_library_has_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
