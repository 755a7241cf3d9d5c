// The inbox of a loop: any thread puts in, the loop takes out.
#include <new>
#include <utility>

#include "loop/event_loop.hpp"

namespace bayeux::loop {

void EventLoop::ring_self() noexcept {
    bells_.ring_one(settings_.child);
}

bool EventLoop::must_ring() noexcept {
    unrung_ = 0;
    return !std::exchange(inbox_rung_, true);
}

void EventLoop::give_back(Connection& connection) noexcept {
    bool ring = false;
    {
        const MutexLock guard(inbox_mutex_);
        connection.queued_ = std::exchange(inbox_, &connection);
        ring = must_ring();
    }
    if (ring) {
        ring_self();
    }
}

void EventLoop::give_back_in_turn(Connection& connection) noexcept {
    bool ring = false;
    {
        const MutexLock guard(inbox_mutex_);
        connection.queued_ = std::exchange(inbox_, &connection);
        ring = ++unrung_ >= kPerRing && must_ring();
    }
    if (ring) {
        ring_self();
    }
}

void EventLoop::turn_is_over() noexcept {
    bool ring = false;
    {
        const MutexLock guard(inbox_mutex_);
        ring = unrung_ != 0 && must_ring();
    }
    if (ring) {
        ring_self();
    }
}

bool EventLoop::hold(Park& park) noexcept {
    {
        const MutexLock guard(inbox_mutex_);
        if (inbox_closed_) {
            return false;
        }
        park.in_inbox_ = std::exchange(held_inbox_, &park);
    }
    ring_self();
    return true;
}

void EventLoop::close_inbox() noexcept {
    Park* held = nullptr;
    {
        const MutexLock guard(inbox_mutex_);
        inbox_closed_ = true;
        held = std::exchange(held_inbox_, nullptr);
    }
    while (held != nullptr) {
        Park* park = std::exchange(held, held->in_inbox_);
        park->end(EndReason::kStopping);
    }
}

void EventLoop::cancel(const ParkTerms& terms) noexcept {
    try {
        const MutexLock guard(inbox_mutex_);
        cancelled_.push_back(terms);
    } catch (const std::bad_alloc&) {
        return;  // the deadline ends it
    }
    ring_self();
}

void EventLoop::stop(StopMode mode) noexcept {
    StopMode before = stop_mode_.load(std::memory_order_relaxed);
    while (before < mode && !stop_mode_.compare_exchange_weak(before, mode)) {
    }
    ring_self();
}

void EventLoop::quit() noexcept {
    quit_.store(true, std::memory_order_release);
    ring_self();
}

void EventLoop::empty_inbox() noexcept {
    Connection* arrived = nullptr;
    Park* held = nullptr;
    std::vector<ParkTerms> cancelled;
    {
        const MutexLock guard(inbox_mutex_);
        arrived = std::exchange(inbox_, nullptr);
        held = std::exchange(held_inbox_, nullptr);
        cancelled.swap(cancelled_);
        inbox_rung_ = false;
        unrung_ = 0;
    }
    Connection* in_order = nullptr;
    while (arrived != nullptr) {
        Connection* connection = std::exchange(arrived, arrived->queued_);
        connection->queued_ = std::exchange(in_order, connection);
    }
    while (in_order != nullptr) {
        Connection* connection = std::exchange(in_order, in_order->queued_);
        connection->queued_ = nullptr;
        settle(*connection);
    }
    while (held != nullptr) {
        Park* park = std::exchange(held, held->in_inbox_);
        park->in_inbox_ = nullptr;
        take_park(*park);
    }
    cancel_parks(cancelled);
}

void EventLoop::cancel_parks(const std::vector<ParkTerms>& all) noexcept {
    for (const ParkTerms& terms : all) {
        Park* const park = parks_.find(terms.session.index);
        if (park != nullptr && park->terms.session == terms.session &&
            park->terms.cycle == terms.cycle && park->connection() == nullptr) {
            end_park(*park, EndReason::kGone);
        }
    }
}

}  // namespace bayeux::loop
