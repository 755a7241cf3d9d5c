#include "bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bayeux::bench {
namespace {

// A value is its leading kDetail + 1 bits and the number of bits that were cut off behind them.
constexpr unsigned kDetail = 6;
constexpr std::size_t kPerPower = std::size_t{1} << kDetail;
constexpr unsigned kPowers = 44;

std::uint64_t bucket_of(std::uint64_t value) noexcept {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    const unsigned cut = width > kDetail + 1 ? width - (kDetail + 1) : 0;
    return (std::uint64_t{cut} << kDetail) + (value >> cut);
}

std::uint64_t upper_end_of(std::size_t bucket) noexcept {
    if (bucket < 2 * kPerPower) {
        return bucket;
    }
    const auto cut = static_cast<unsigned>((bucket >> kDetail) - 1);
    const std::uint64_t leading = bucket - (std::size_t{cut} << kDetail);
    return ((leading + 1) << cut) - 1;
}

}  // namespace

Histogram::Histogram() : buckets_((kPowers + 1) * kPerPower) {}

void Histogram::record(Duration latency, std::uint64_t times) noexcept {
    const std::int64_t value = std::max<std::int64_t>(latency.count(), 0);
    const std::uint64_t bucket = bucket_of(static_cast<std::uint64_t>(value));
    buckets_[std::min<std::uint64_t>(bucket, buckets_.size() - 1)] += times;
    count_ += times;
    max_ = std::max(max_, value);
}

void Histogram::clear() noexcept {
    std::fill(buckets_.begin(), buckets_.end(), 0);
    count_ = 0;
    max_ = 0;
}

Duration Histogram::quantile(double share) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
        seen += buckets_[bucket];
        if (seen >= wanted && seen > 0) {
            const auto end = static_cast<std::int64_t>(upper_end_of(bucket));
            return Duration{std::min(end, max_)};
        }
    }
    return Duration{max_};
}

}  // namespace bayeux::bench
