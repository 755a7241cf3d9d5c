// What happens to a connection that carries a stream.
#include <optional>
#include <utility>

#include "loop/event_loop.hpp"

namespace bayeux::loop {
namespace {

using State = Connection::State;
using Wish = Stream::Wish;

// How often in a row a stream may take what became due meanwhile, before others have their turn.
constexpr int kDueAtOnce = 2;

bool same_wait(const ParkTerms& a, const ParkTerms& b) noexcept {
    return a.session == b.session && a.cycle == b.cycle && a.lease == b.lease;
}

}  // namespace

// It comes for the first time, or back from a worker; what came meanwhile was remembered.
void EventLoop::settle_stream(Connection& connection) noexcept {
    connection.state_ = State::kStreaming;
    if (connection.stream_ == nullptr) {
        connection.stream_ = connection.next.stream;
        connection.told_to_stop_ = false;
        count_stream(*connection.stream_, 1);
    }
    follow(connection, connection.stream_->resume(now_));
    if (begun_stop_ != StopMode::kRunning) {
        stop_stream(connection);
    }
    look_at_stream(connection);
}

void EventLoop::count_stream(const Stream& stream, std::int32_t more) noexcept {
    const auto add = static_cast<std::uint32_t>(more);  // modulo 2^32
    if (stream.holds_requests()) {
        return;
    }
    counters_.streams.fetch_add(add, std::memory_order_relaxed);
    if (stream.transport() == broker::Transport::kEventSource) {
        counters_.event_sources.fetch_add(add, std::memory_order_relaxed);
    }
}

void EventLoop::look_at_stream(Connection& connection) noexcept {
    if (connection.state_ == State::kStreaming && std::exchange(connection.writable_, false)) {
        follow(connection, connection.stream_->on_writable(now_));
    }
    if (connection.state_ == State::kStreaming && std::exchange(connection.readable_, false)) {
        follow(connection, connection.stream_->on_readable(now_));
    }
}

void EventLoop::follow(Connection& connection, Wish wish) noexcept {
    for (int rounds = 0; wish == Wish::kWait; ++rounds) {
        const std::optional<EndReason> due = await_events(connection);
        if (!due) {
            set_stream_timer(connection);
            return;
        }
        if (rounds == kDueAtOnce) {
            go_on_later(connection);
            return;
        }
        if (*due == EndReason::kDeadline) {  // no memory to wait with
            connection.stream_->close(now_);
            wish = Wish::kClose;
        } else {
            wish = connection.stream_->on_due(*due, now_);
        }
    }
    if (wish == Wish::kAgain) {
        go_on_later(connection);
        return;
    }
    if (wish == Wish::kWorker) {
        assign(connection, Task::kStream);
        return;
    }
    leave_stream(connection);
    assign(connection, wish == Wish::kServe ? Task::kServe : Task::kClose);
}

void EventLoop::set_stream_timer(Connection& connection) noexcept {
    const std::optional<TimePoint> deadline = connection.stream_->deadline();
    Park& timer = connection.park_;
    if (!deadline) {
        timers_.disarm(timer);
    } else if (!timer.armed() || timer.deadline() != *deadline) {
        timers_.arm(timer, *deadline);
    }
}

// Nothing if it waits now, or has nothing to wait for.
std::optional<EndReason> EventLoop::await_events(Connection& connection) noexcept {
    const std::optional<ParkTerms> terms = connection.stream_->waits();
    if (!terms || begun_stop_ != StopMode::kRunning) {
        stop_waiting(connection);
        return std::nullopt;
    }
    Park& park = connection.park_;
    if (connection.waiting_ && same_wait(park.terms, *terms)) {
        return std::nullopt;
    }
    stop_waiting(connection);
    park.terms = *terms;
    connection.waiting_ = true;
    waiting_streams_ += connection.stream_->holds_requests() ? 0U : 1U;
    const std::optional<EndReason> due = enlist(park);
    if (due) {
        stop_waiting(connection);
    }
    return due;
}

void EventLoop::stop_waiting(Connection& connection) noexcept {
    if (!std::exchange(connection.waiting_, false)) {
        return;
    }
    waiting_streams_ -= connection.stream_->holds_requests() ? 0U : 1U;
    parks_.remove(connection.park_);
    count_parks();
}

// At a worker nothing need be remembered: when it comes back and waits again, the store tells.
void EventLoop::stream_due(Connection& connection, EndReason reason) noexcept {
    stop_waiting(connection);
    if (connection.state_ == State::kStreaming) {
        follow(connection, connection.stream_->on_due(reason, now_));
    }
}

void EventLoop::go_on_later(Connection& connection) noexcept {
    if (!std::exchange(connection.again_, true)) {
        connection.next_again_ = std::exchange(again_, &connection);
    }
}

void EventLoop::serve_again() noexcept {
    Connection* in_order = nullptr;
    while (again_ != nullptr) {
        Connection* connection = std::exchange(again_, again_->next_again_);
        connection->next_again_ = std::exchange(in_order, connection);
    }
    while (in_order != nullptr) {
        Connection* connection = std::exchange(in_order, in_order->next_again_);
        connection->again_ = false;
        if (connection->state_ == State::kStreaming) {
            follow(*connection, connection->stream_->resume(now_));
        }
    }
}

void EventLoop::stop_stream(Connection& connection) noexcept {
    if (connection.state_ == State::kStreaming && !std::exchange(connection.told_to_stop_, true)) {
        follow(connection, connection.stream_->on_stop(now_));
    }
}

void EventLoop::leave_stream(Connection& connection) noexcept {
    stop_waiting(connection);
    count_stream(*connection.stream_, -1);
    connection.stream_ = nullptr;
}

// run() returns: the store shall not wait for what nobody serves any more.
void EventLoop::close_streams() noexcept {
    for (Connection* c = connections_; c != nullptr; c = c->following_) {
        if (c->state_ == State::kStreaming) {
            c->stream_->close(now_);
            leave_stream(*c);
            bury(*c);
        }
    }
}

}  // namespace bayeux::loop
