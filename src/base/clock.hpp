// Time as the layers below httpd see it. Deadlines are monotonic, so that a corrected wall clock
// ends no session; CLOCK_MONOTONIC is one clock for all processes of a host, so a TimePoint may be
// compared across children.
#ifndef BAYEUX_BASE_CLOCK_HPP
#define BAYEUX_BASE_CLOCK_HPP

#include <chrono>
#include <ctime>

namespace bayeux {

using Millis = std::chrono::milliseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Millis>;
// What clients are told of the time of day; no deadline is made of it.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Millis>;

class Clock {
  public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;
    // Any thread.
    [[nodiscard]] virtual TimePoint now() const noexcept = 0;
    // The same as it was at the kernel's last tick, up to 10 ms ago, for a fifth of the price.
    [[nodiscard]] virtual TimePoint recent() const noexcept { return now(); }
    [[nodiscard]] virtual WallTime wall() const noexcept = 0;
};

class SystemClock final : public Clock {
  public:
    [[nodiscard]] TimePoint now() const noexcept override {
        return std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now());
    }
    [[nodiscard]] TimePoint recent() const noexcept override {
#ifdef CLOCK_MONOTONIC_COARSE
        timespec time{};
        if (::clock_gettime(CLOCK_MONOTONIC_COARSE, &time) == 0) {
            const auto since =
                std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
            return TimePoint(std::chrono::duration_cast<Millis>(since));
        }
#endif
        return now();
    }
    [[nodiscard]] WallTime wall() const noexcept override {
        return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
    }
};

}  // namespace bayeux

#endif
