// For trouble that comes again with each message: a line now and then says enough.
#ifndef BAYEUX_BASE_LOG_PAUSE_HPP
#define BAYEUX_BASE_LOG_PAUSE_HPP

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace bayeux {

// Any thread, without a lock. One for each kind of line.
class LogPause {
  public:
    explicit constexpr LogPause(Millis pause) noexcept : pause_(pause) {}

    // How many lines were left out since the last one, if there is to be one now; else nothing, and
    // this one is counted. Of several threads at once one gets to say it.
    [[nodiscard]] std::optional<std::uint32_t> ends(TimePoint now) noexcept {
        const std::int64_t time = now.time_since_epoch().count();
        std::int64_t due = due_.load(std::memory_order_relaxed);
        if (time < due || !due_.compare_exchange_strong(due, time + pause_.count())) {
            left_out_.fetch_add(1, std::memory_order_relaxed);
            return std::nullopt;
        }
        return left_out_.exchange(0, std::memory_order_relaxed);
    }

  private:
    const Millis pause_;
    std::atomic<std::int64_t> due_{0};
    std::atomic<std::uint32_t> left_out_{0};
};

}  // namespace bayeux

#endif
