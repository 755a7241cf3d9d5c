// How often something may happen: an allowance that is spent and comes back at a steady rate.
//
// What has to be remembered of whoever is limited is one number: when the allowance will be whole
// again, in microseconds of the monotonic clock. A time that is over, as 0 is, is a whole one.
#ifndef BAYEUX_BASE_RATE_LIMIT_HPP
#define BAYEUX_BASE_RATE_LIMIT_HPP

#include <cstdint>

#include "base/clock.hpp"

namespace bayeux {

using Micros = std::chrono::microseconds;

// `count` in each `period`, and `burst` at once. None is 0, and the allowance comes back within
// kLongestDebt.
struct RateLimit {
    std::uint32_t count = 1;
    Millis period{1000};
    std::uint32_t burst = 1;
};

// Nobody has to wait for longer, whatever he has spent; a time further ahead is no debt but damage,
// and counts as over.
inline constexpr Micros kLongestDebt = std::chrono::hours(24);

struct Spending {
    bool within = true;
    std::int64_t whole_at = 0;  // to be remembered; as before if it is not within
    Millis wait{0};             // if it is not: until it would be
};

// Takes `amount` from the allowance. An amount above `burst` is within a whole allowance, and
// leaves a debt.
[[nodiscard]] Spending spend(const RateLimit& limit, std::int64_t whole_at, TimePoint now,
                             std::uint64_t amount) noexcept;

}  // namespace bayeux

#endif
