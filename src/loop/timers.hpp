// Deadlines of one loop: a hashed wheel of intrusive nodes. Arming and disarming cost O(1), a
// connection without a deadline costs nothing. Times come late by up to one tick, never early.
// Loop thread only.
#ifndef BAYEUX_LOOP_TIMERS_HPP
#define BAYEUX_LOOP_TIMERS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace bayeux::loop {

// Lives inside what it times. Must be disarmed before it goes.
class TimerNode {
  public:
    TimerNode() noexcept = default;
    TimerNode(const TimerNode&) = delete;
    TimerNode& operator=(const TimerNode&) = delete;

    [[nodiscard]] bool armed() const noexcept { return next_ != nullptr; }
    [[nodiscard]] TimePoint deadline() const noexcept { return deadline_; }

  private:
    friend class TimerWheel;
    TimerNode* next_ = nullptr;
    TimerNode* previous_ = nullptr;
    TimePoint deadline_{};
};

class TimerWheel {
  public:
    static constexpr Millis kTick{16};
    static constexpr std::size_t kSlots = 4096;  // 65 s; what is further off is moved on then

    explicit TimerWheel(TimePoint now) noexcept;
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;

    // Arms again if it is armed.
    void arm(TimerNode& node, TimePoint deadline) noexcept;
    void disarm(TimerNode& node) noexcept;
    // One node whose deadline has passed, disarmed; nullptr when there is none (left).
    [[nodiscard]] TimerNode* pop_due(TimePoint now) noexcept;
    // When pop_due() has to be asked next; nothing while no node is armed.
    [[nodiscard]] std::optional<TimePoint> next_due() const noexcept;

  private:
    void link(TimerNode& node) noexcept;

    std::array<TimerNode, kSlots> slots_;  // heads of circular lists
    std::array<std::uint64_t, kSlots / 64> occupied_{};
    std::int64_t tick_;  // slots up to this tick have been emptied
};

}  // namespace bayeux::loop

#endif
