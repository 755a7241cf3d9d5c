// How long something took, time after time, as counts on a logarithmic scale: bucket =
// 4 * log2(ns) + the next two bits, so a percentile is accurate to a quarter. Plain numbers: they
// may lie in shared memory.
#ifndef BAYEUX_BASE_DURATIONS_HPP
#define BAYEUX_BASE_DURATIONS_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bayeux {

inline constexpr std::size_t kDurationBuckets = 160;

[[nodiscard]] constexpr std::size_t duration_bucket(std::uint64_t ns) noexcept {
    if (ns < 4) {
        return ns;
    }
    const std::size_t exponent = std::bit_width(ns) - 1U;
    const std::size_t fraction = (ns >> (exponent - 2)) & 3U;
    return std::min(exponent * 4 + fraction, kDurationBuckets - 1);
}

// Nanoseconds that are no longer in the bucket, but in one behind it.
[[nodiscard]] constexpr std::uint64_t duration_bucket_end(std::size_t bucket) noexcept {
    if (bucket < 8) {
        return bucket + 1;
    }
    const std::size_t exponent = bucket / 4;
    return (std::uint64_t{4} + bucket % 4 + 1) << (exponent - 2);
}

struct Durations {
    std::uint64_t longest_ns;
    std::uint64_t total_ns;
    std::array<std::uint64_t, kDurationBuckets> buckets;

    void count(std::chrono::nanoseconds took) noexcept {
        const auto ns = static_cast<std::uint64_t>(took.count());
        ++buckets[duration_bucket(ns)];
        total_ns += ns;
        longest_ns = std::max(longest_ns, ns);
    }
    Durations& operator+=(const Durations& other) noexcept;
    // How many took so long or less; those of a bucket count if its end does.
    [[nodiscard]] std::uint64_t count_until(std::uint64_t ns) const noexcept;
    [[nodiscard]] std::uint64_t count() const noexcept;
    // Nanoseconds below which the given share (0..1) of all stayed.
    [[nodiscard]] std::uint64_t percentile(double share) const noexcept;
};
static_assert(sizeof(Durations) == 16 + 8 * kDurationBuckets);

// The same, counted by one thread and read by any.
class CountedDurations {
  public:
    void count(std::chrono::nanoseconds took) noexcept {
        const auto ns = static_cast<std::uint64_t>(took.count());
        add(buckets_[duration_bucket(ns)], 1);
        add(total_ns_, ns);
        if (ns > longest_ns_.load(std::memory_order_relaxed)) {
            longest_ns_.store(ns, std::memory_order_relaxed);
        }
    }
    [[nodiscard]] Durations read() const noexcept;

  private:
    using Number = std::atomic<std::uint64_t>;
    // Nobody else writes: no locked instruction.
    static void add(Number& number, std::uint64_t more) noexcept {
        number.store(number.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    }

    Number longest_ns_{0};
    Number total_ns_{0};
    std::array<Number, kDurationBuckets> buckets_{};
};
static_assert(sizeof(CountedDurations) == sizeof(Durations));

}  // namespace bayeux

#endif
