// How the values of directives are written: times, sizes, numbers, switches, rates. They come from
// an admin, or from an .htaccess that anybody may have written.
#ifndef BAYEUX_BASE_CONFIG_VALUE_HPP
#define BAYEUX_BASE_CONFIG_VALUE_HPP

#include <cstdint>
#include <string_view>

#include "base/rate_limit.hpp"

namespace bayeux {

// The parsers return false, and leave `out` alone, if the text is not wholly of their form.

// `500ms`, `30s`, `5min` (`mi`, `m`), `1h`; a bare number is seconds. Milliseconds, not negative.
[[nodiscard]] bool parse_time(std::string_view text, std::int64_t& ms) noexcept;
// A number of bytes with an optional K, M or G (powers of 1024).
[[nodiscard]] bool parse_size(std::string_view text, std::uint64_t& bytes) noexcept;
// Decimal digits only, within the bounds.
[[nodiscard]] bool parse_count(std::string_view text, std::uint32_t least, std::uint32_t most,
                               std::uint32_t& out) noexcept;
// On or Off, in any letter case.
[[nodiscard]] bool parse_switch(std::string_view text, bool& on) noexcept;

[[nodiscard]] bool is_cookie_name(const char* text) noexcept;
// What may stand behind a cookie attribute's `=`: nothing that would end it.
[[nodiscard]] bool is_attribute_value(const char* text) noexcept;

// What a rate may be.
struct RateBounds {
    bool is_size = false;  // the amounts are sizes, not numbers
    std::uint64_t least = 1;
    std::uint64_t most = 1;
};
inline constexpr std::int64_t kLeastPeriodMs = 1000;
inline constexpr std::int64_t kMostPeriodMs = 3'600'000;

// What is wrong with one: its first value, its second, or both together.
enum class RateProblem : std::uint8_t { kNone, kRate, kBurst, kTooSlow };

// `10/1s`, and how much may come at once; nullptr: as much as in each period.
[[nodiscard]] RateProblem parse_rate(const char* rate, const char* burst, const RateBounds& bounds,
                                     RateLimit& out) noexcept;

}  // namespace bayeux

#endif
