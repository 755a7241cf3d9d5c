#include "loop/http_date.hpp"

#include <algorithm>
#include <cstddef>
#include <ctime>

namespace bayeux::loop {
namespace {

constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::size_t kLength = 29;  // Sun, 06 Nov 1994 08:49:37 GMT

void put(char* at, std::string_view text) noexcept {
    std::copy(text.begin(), text.end(), at);
}

void put(char* at, int number, int digits) noexcept {
    for (int i = digits - 1; i >= 0; --i, number /= 10) {
        at[i] = static_cast<char>('0' + number % 10);
    }
}

}  // namespace

std::string_view HttpDate::text(WallTime now) noexcept {
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    if (second != second_) {
        second_ = second;
        const std::time_t time = std::chrono::system_clock::to_time_t(second);
        std::tm utc{};
        ::gmtime_r(&time, &utc);
        char* const out = text_.data();
        put(out, kDays.substr(static_cast<std::size_t>(utc.tm_wday) * 3, 3));
        put(out + 3, ", ");
        put(out + 5, utc.tm_mday, 2);
        put(out + 7, " ");
        put(out + 8, kMonths.substr(static_cast<std::size_t>(utc.tm_mon) * 3, 3));
        put(out + 11, " ");
        put(out + 12, utc.tm_year + 1900, 4);
        put(out + 16, " ");
        put(out + 17, utc.tm_hour, 2);
        put(out + 19, ":");
        put(out + 20, utc.tm_min, 2);
        put(out + 22, ":");
        put(out + 23, utc.tm_sec, 2);
        put(out + 25, " GMT");
    }
    return {text_.data(), kLength};
}

}  // namespace bayeux::loop
