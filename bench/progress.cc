#include "bench/progress.hpp"

#include <cinttypes>
#include <cstdio>

namespace bayeux::bench {

void Progress::begin(std::uint64_t count) {
    counted_ = count;
    each_second_.clear();
    next_ = Clock::now() + std::chrono::seconds(1);
}

void Progress::look(std::uint64_t count, const Histogram& latency) {
    if (Clock::now() < next_) {
        return;
    }
    next_ += std::chrono::seconds(1);
    each_second_.push_back(count - counted_);
    counted_ = count;
    if (aloud_) {
        const double p99 = seconds_of(latency.quantile(0.99)) * 1e3;
        static_cast<void>(std::fprintf(stderr, "%4zu s  %9" PRIu64 " %s/s  p99 %.2f ms\n",
                                       each_second_.size(), each_second_.back(), what_, p99));
    }
}

}  // namespace bayeux::bench
