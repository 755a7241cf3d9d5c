// The clock of all measurements: monotonic, the same one that timerfd counts by.
#ifndef BAYEUX_BENCH_TIME_HPP
#define BAYEUX_BENCH_TIME_HPP

#include <chrono>

namespace bayeux::bench {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

[[nodiscard]] inline double seconds_of(Duration d) noexcept {
    return std::chrono::duration<double>(d).count();
}

[[nodiscard]] inline Duration from_seconds(double seconds) noexcept {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace bayeux::bench

#endif
