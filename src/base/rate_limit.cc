#include "base/rate_limit.hpp"

#include <algorithm>

namespace bayeux {

namespace {

// Larger ones are as good as this: no product below overflows.
constexpr std::uint64_t kMostAmount = std::uint64_t{1} << 30U;

// How long it takes to come back.
std::int64_t time_for(const RateLimit& limit, std::uint64_t amount) noexcept {
    const auto period = static_cast<std::uint64_t>(Micros(limit.period).count());
    const std::uint64_t time = std::min(amount, kMostAmount) * period / limit.count;
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(time), 1, kLongestDebt.count());
}

}  // namespace

Spending spend(const RateLimit& limit, std::int64_t whole_at, TimePoint now,
               std::uint64_t amount) noexcept {
    const std::int64_t now_us = Micros(now.time_since_epoch()).count();
    std::int64_t debt = whole_at > now_us ? whole_at - now_us : 0;
    if (debt > kLongestDebt.count()) {
        debt = 0;
    }
    const std::int64_t cost = time_for(limit, amount);
    const std::int64_t room = std::max<std::int64_t>(time_for(limit, limit.burst) - cost, 0);
    if (debt > room) {
        const Micros wait(debt - room);
        return {false, whole_at, std::chrono::ceil<Millis>(wait)};
    }
    return {true, now_us + std::min(debt + cost, kLongestDebt.count()), Millis{0}};
}

}  // namespace bayeux
