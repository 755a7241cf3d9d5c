#include "loop/timers.hpp"

#include <algorithm>
#include <bit>

namespace bayeux::loop {
namespace {

// The first tick at which a deadline has certainly passed.
std::int64_t tick_after(TimePoint deadline) noexcept {
    return (deadline.time_since_epoch().count() + TimerWheel::kTick.count() - 1) /
           TimerWheel::kTick.count();
}

std::int64_t tick_at(TimePoint now) noexcept {
    return now.time_since_epoch().count() / TimerWheel::kTick.count();
}

std::size_t slot_of(std::int64_t tick) noexcept {
    return static_cast<std::size_t>(tick) % TimerWheel::kSlots;
}

}  // namespace

TimerWheel::TimerWheel(TimePoint now) noexcept : tick_(tick_at(now)) {
    for (TimerNode& head : slots_) {
        head.next_ = head.previous_ = &head;
    }
}

void TimerWheel::arm(TimerNode& node, TimePoint deadline) noexcept {
    disarm(node);
    node.deadline_ = deadline;
    link(node);
}

void TimerWheel::link(TimerNode& node) noexcept {
    constexpr auto kHorizon = static_cast<std::int64_t>(kSlots) - 1;
    const std::int64_t tick = std::clamp(tick_after(node.deadline_), tick_ + 1, tick_ + kHorizon);
    const std::size_t slot = slot_of(tick);
    TimerNode& head = slots_[slot];
    node.next_ = &head;
    node.previous_ = head.previous_;
    head.previous_->next_ = &node;
    head.previous_ = &node;
    occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

void TimerWheel::disarm(TimerNode& node) noexcept {
    if (!node.armed()) {
        return;
    }
    // The slot's bit stays set: an empty slot is noticed when its time comes.
    node.previous_->next_ = node.next_;
    node.next_->previous_ = node.previous_;
    node.next_ = node.previous_ = nullptr;
}

TimerNode* TimerWheel::pop_due(TimePoint now) noexcept {
    const std::int64_t last = tick_at(now);
    while (tick_ < last) {
        const std::size_t slot = slot_of(tick_ + 1);
        TimerNode& head = slots_[slot];
        if (head.next_ != &head) {
            TimerNode& node = *head.next_;
            disarm(node);
            if (node.deadline_ <= now) {
                return &node;
            }
            ++tick_;  // beyond the horizon when it was armed: a full turn on, in another slot
            link(node);
            --tick_;
            continue;
        }
        occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
        ++tick_;
    }
    return nullptr;
}

std::optional<TimePoint> TimerWheel::next_due() const noexcept {
    for (std::size_t step = 1; step <= kSlots;) {
        const std::size_t slot = slot_of(tick_ + static_cast<std::int64_t>(step));
        const std::uint64_t rest = occupied_[slot / 64] >> (slot % 64);
        if (rest != 0) {
            step += static_cast<std::size_t>(std::countr_zero(rest));
            return TimePoint{kTick * (tick_ + static_cast<std::int64_t>(step))};
        }
        step += 64 - slot % 64;
    }
    return std::nullopt;
}

}  // namespace bayeux::loop
