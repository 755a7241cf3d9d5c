#include "protocol/timestamp.hpp"

#include <array>
#include <chrono>
#include <string_view>

namespace bayeux::protocol {

namespace {

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void append_two_digits(std::string& out, unsigned value) {
    out += static_cast<char>('0' + value / 10 % 10);
    out += static_cast<char>('0' + value % 10);
}

}  // namespace

void append_timestamp(std::string& out, WallTime at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
    const auto day = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day date(day);
    const auto of_day = static_cast<unsigned>((seconds - day).count());
    out += '"';
    out += kDays[std::chrono::weekday(day).c_encoding()];
    out += ' ';
    out += kMonths[unsigned{date.month()} - 1];
    out += ' ';
    append_two_digits(out, unsigned{date.day()});
    out += ' ';
    append_two_digits(out, of_day / 3600);
    out += ':';
    append_two_digits(out, of_day / 60 % 60);
    out += ':';
    append_two_digits(out, of_day % 60);
    out += " GMT ";
    out += std::to_string(int{date.year()});
    out += '"';
}

}  // namespace bayeux::protocol
