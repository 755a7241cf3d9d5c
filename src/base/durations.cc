#include "base/durations.hpp"

namespace bayeux {

Durations& Durations::operator+=(const Durations& other) noexcept {
    longest_ns = std::max(longest_ns, other.longest_ns);
    total_ns += other.total_ns;
    for (std::size_t bucket = 0; bucket < kDurationBuckets; ++bucket) {
        buckets[bucket] += other.buckets[bucket];
    }
    return *this;
}

std::uint64_t Durations::count_until(std::uint64_t ns) const noexcept {
    std::uint64_t sum = 0;
    for (std::size_t bucket = 0; bucket < kDurationBuckets && duration_bucket_end(bucket) <= ns;
         ++bucket) {
        sum += buckets[bucket];
    }
    return sum;
}

std::uint64_t Durations::count() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t number : buckets) {
        sum += number;
    }
    return sum;
}

std::uint64_t Durations::percentile(double share) const noexcept {
    const std::uint64_t total = count();
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(total) * share);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < kDurationBuckets; ++bucket) {
        seen += buckets[bucket];
        if (seen > wanted || (seen == total && total != 0)) {
            return std::min(duration_bucket_end(bucket), longest_ns);
        }
    }
    return 0;
}

Durations CountedDurations::read() const noexcept {
    Durations copy{};
    copy.longest_ns = longest_ns_.load(std::memory_order_relaxed);
    copy.total_ns = total_ns_.load(std::memory_order_relaxed);
    for (std::size_t bucket = 0; bucket < kDurationBuckets; ++bucket) {
        copy.buckets[bucket] = buckets_[bucket].load(std::memory_order_relaxed);
    }
    return copy;
}

}  // namespace bayeux
