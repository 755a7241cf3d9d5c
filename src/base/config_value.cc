#include "base/config_value.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace bayeux {
namespace {

// Leading digits of `text`; false if there are none or too many.
bool take_number(std::string_view& text, std::uint64_t& number) noexcept {
    std::size_t digits = 0;
    number = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
        if (digits == 15) {
            return false;
        }
        number = number * 10 + static_cast<std::uint64_t>(text[digits] - '0');
        ++digits;
    }
    text.remove_prefix(digits);
    return digits > 0;
}

bool is_word(std::string_view text, std::string_view lower) noexcept {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

// A number is a size without a letter.
bool parse_amount(std::string_view text, const RateBounds& bounds, std::uint32_t& out) noexcept {
    std::uint64_t amount = 0;
    const bool plain = text.find_first_not_of("0123456789") == std::string_view::npos;
    if (!parse_size(text, amount) || (!bounds.is_size && !plain) || amount < bounds.least ||
        amount > bounds.most) {
        return false;
    }
    out = static_cast<std::uint32_t>(amount);
    return true;
}

// A whole allowance that is spent comes back within kLongestDebt.
bool comes_back(const RateLimit& limit) noexcept {
    return Millis(limit.burst * limit.period.count() / limit.count) <= kLongestDebt;
}

}  // namespace

bool parse_time(std::string_view text, std::int64_t& ms) noexcept {
    struct Unit {
        const char* name;
        std::uint64_t ms;
    };
    static constexpr Unit kUnits[] = {{"", 1000},      {"s", 1000},    {"ms", 1},
                                      {"m", 60'000},   {"mi", 60'000}, {"min", 60'000},
                                      {"h", 3'600'000}};
    std::string_view rest = text;
    std::uint64_t number = 0;
    if (!take_number(rest, number)) {
        return false;
    }
    for (const Unit& unit : kUnits) {
        if (is_word(rest, unit.name) && number <= 1'000'000'000'000 / unit.ms) {
            ms = static_cast<std::int64_t>(number * unit.ms);
            return true;
        }
    }
    return false;
}

bool parse_size(std::string_view text, std::uint64_t& bytes) noexcept {
    std::string_view rest = text;
    std::uint64_t number = 0;
    if (!take_number(rest, number) || number >= (std::uint64_t{1} << 40U)) {
        return false;
    }
    unsigned shift = 0;
    if (is_word(rest, "k")) {
        shift = 10;
    } else if (is_word(rest, "m")) {
        shift = 20;
    } else if (is_word(rest, "g")) {
        shift = 30;
    } else if (!rest.empty()) {
        return false;
    }
    if (number >= (std::uint64_t{1} << (50U - shift))) {
        return false;
    }
    bytes = number << shift;
    return true;
}

bool parse_count(std::string_view text, std::uint32_t least, std::uint32_t most,
                 std::uint32_t& out) noexcept {
    std::string_view rest = text;
    std::uint64_t number = 0;
    if (!take_number(rest, number) || !rest.empty() || number < least || number > most) {
        return false;
    }
    out = static_cast<std::uint32_t>(number);
    return true;
}

bool parse_switch(std::string_view text, bool& on) noexcept {
    if (is_word(text, "on")) {
        on = true;
        return true;
    }
    if (is_word(text, "off")) {
        on = false;
        return true;
    }
    return false;
}

bool is_cookie_name(const char* text) noexcept {
    if (*text == '\0' || std::strlen(text) > 64) {
        return false;
    }
    for (; *text != '\0'; ++text) {
        if (std::isalnum(static_cast<unsigned char>(*text)) == 0 &&
            std::strchr("_.-", *text) == nullptr) {
            return false;
        }
    }
    return true;
}

bool is_attribute_value(const char* text) noexcept {
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; ++text) {
        if (std::isgraph(static_cast<unsigned char>(*text)) == 0 || *text == ';' || *text == ',') {
            return false;
        }
    }
    return true;
}

RateProblem parse_rate(const char* rate, const char* burst, const RateBounds& bounds,
                       RateLimit& out) noexcept {
    const std::string_view text = rate;
    const std::size_t slash = text.find('/');
    std::int64_t ms = 0;
    RateLimit limit;
    if (slash == std::string_view::npos || !parse_time(text.substr(slash + 1), ms) ||
        ms < kLeastPeriodMs || ms > kMostPeriodMs ||
        !parse_amount(text.substr(0, slash), bounds, limit.count)) {
        return RateProblem::kRate;
    }
    limit.period = Millis{ms};
    limit.burst = limit.count;
    if (burst != nullptr && !parse_amount(burst, bounds, limit.burst)) {
        return RateProblem::kBurst;
    }
    if (!comes_back(limit)) {
        return RateProblem::kTooSlow;
    }
    out = limit;
    return RateProblem::kNone;
}

}  // namespace bayeux
