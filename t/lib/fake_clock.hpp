// A clock that a test sets. Any thread.
#ifndef BAYEUX_T_LIB_FAKE_CLOCK_HPP
#define BAYEUX_T_LIB_FAKE_CLOCK_HPP

#include <atomic>

#include "base/clock.hpp"

namespace bayeux::test {

class FakeClock final : public Clock {
  public:
    // The time of day when now() is 0: Tue Nov 14 22:13:20 GMT 2023.
    static constexpr WallTime kWallStart{Millis{1700000000000}};

    explicit FakeClock(Millis since_epoch = Millis{1000000}) noexcept
        : millis_(since_epoch.count()) {}

    [[nodiscard]] TimePoint now() const noexcept override {
        return TimePoint{Millis{millis_.load()}};
    }
    [[nodiscard]] WallTime wall() const noexcept override {
        return kWallStart + Millis{millis_.load()};
    }
    void advance(Millis by) noexcept { millis_ += by.count(); }

  private:
    std::atomic<Millis::rep> millis_;
};

}  // namespace bayeux::test

#endif
