// Latencies in buckets of at most 1/64 of their value, from 1 ns up to hours; exact below 128 ns.
#ifndef BAYEUX_BENCH_HISTOGRAM_HPP
#define BAYEUX_BENCH_HISTOGRAM_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/time.hpp"

namespace bayeux::bench {

class Histogram {
  public:
    Histogram();

    void record(Duration latency, std::uint64_t times = 1) noexcept;
    void clear() noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    // The latency that the given share of all does not exceed; the bucket's upper end.
    [[nodiscard]] Duration quantile(double share) const noexcept;
    [[nodiscard]] Duration max() const noexcept { return Duration{max_}; }

  private:
    std::vector<std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
    std::int64_t max_ = 0;
};

}  // namespace bayeux::bench

#endif
