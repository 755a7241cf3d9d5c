// What happens to a connection: the table in connection.hpp.
#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

#include "loop/event_loop.hpp"
#include "loop/request_head.hpp"

namespace bayeux::loop {
namespace {

using State = Connection::State;

// Edges are watched for the whole life of a connection, so that handing it to a worker and back
// costs no system call; what came meanwhile is remembered in readable_ and writable_.
constexpr std::uint32_t kWatched = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t kInput = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t kOutput = EPOLLOUT | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t kHungUp = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

// Of a read that did not block: nothing is there yet.
bool comes_later(int error) noexcept {
    return error == EAGAIN || error == EINTR;
}

}  // namespace

void EventLoop::link(Connection& connection) noexcept {
    connection.loop_ = this;
    connection.previous_ = nullptr;
    connection.following_ = connections_;
    if (connections_ != nullptr) {
        connections_->previous_ = &connection;
    }
    connections_ = &connection;
    counters_.connections.fetch_add(1, std::memory_order_relaxed);
    counters_.adopted.fetch_add(1, std::memory_order_relaxed);
}

void EventLoop::unlink(Connection& connection) noexcept {
    if (connection.previous_ != nullptr) {
        connection.previous_->following_ = connection.following_;
    } else {
        connections_ = connection.following_;
    }
    if (connection.following_ != nullptr) {
        connection.following_->previous_ = connection.previous_;
    }
    counters_.connections.fetch_sub(1, std::memory_order_relaxed);
}

bool EventLoop::take_in(Connection& connection) noexcept {
    link(connection);
    epoll_event event{};
    event.events = kWatched;
    event.data.ptr = &connection;
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd_, &event) == 0;
}

void EventLoop::settle(Connection& connection) noexcept {
    if (connection.loop_ == nullptr && !take_in(connection)) {
        bury(connection);  // nobody would notice the client: let it come again
        return;
    }
    if (connection.stream_ != nullptr && connection.next.kind != Next::Kind::kStream) {
        connection.stream_->close(now_);
        leave_stream(connection);
    }
    switch (connection.next.kind) {
        case Next::Kind::kIdle:
            settle_idle(connection);
            return;
        case Next::Kind::kPark:
            connection.state_ = State::kParked;
            connection.park_.terms = connection.next.terms;
            take_park(connection.park_);
            if (connection.state_ == State::kParked && connection.worth_a_look()) {
                look_at_parked(connection);
            }
            return;
        case Next::Kind::kResume:
        case Next::Kind::kEnd:
            settle_resumed(connection);
            return;
        case Next::Kind::kFlush:
            connection.state_ = State::kFlushing;
            timers_.arm(connection.park_, now_ + connection.next.patience);
            if (connection.writable_) {
                assign(connection, Task::kFlush);
            }
            return;
        case Next::Kind::kStream:
            settle_stream(connection);
            return;
        case Next::Kind::kLinger:
            connection.state_ = State::kLingering;
            connection.park_.terms.deadline = now_ + kLingerLimit;
            timers_.arm(connection.park_, now_ + kLingerPatience);
            read_and_drop(connection);
            return;
        case Next::Kind::kBury:
        case Next::Kind::kElsewhere:
            bury(connection);
            return;
    }
}

void EventLoop::settle_idle(Connection& connection) noexcept {
    connection.state_ = State::kIdle;
    connection.overdue = false;
    connection.taken_ = connection.next.begun;
    connection.head_begun_ = connection.head_begun_ && connection.taken_;
    if (begun_stop_ != StopMode::kRunning) {
        assign(connection, Task::kClose);
        return;
    }
    timers_.arm(connection.park_, now_ + connection.next.patience);
    if (connection.taken_) {
        await_rest(connection);
    }
    if (connection.worth_a_look()) {
        look_at_idle(connection);
    }
}

// The time for a request runs from its first byte, however many looks are taken at it.
void EventLoop::await_rest(Connection& connection) noexcept {
    if (!std::exchange(connection.head_begun_, true)) {
        connection.head_deadline_ = now_ + settings_.head_timeout;
    }
    timers_.arm(connection.park_, connection.head_deadline_);
}

// Back from a look at what the filters hold. The park went on all the time: it may have become due.
void EventLoop::settle_resumed(Connection& connection) noexcept {
    connection.inspecting_ = false;
    connection.state_ = State::kParked;
    if (std::exchange(connection.end_pending_, false)) {
        end_connection_park(connection, connection.pending_reason_);
    } else if (connection.next.kind == Next::Kind::kEnd) {
        end_park(connection.park_, connection.next.reason);
    } else if (connection.worth_a_look()) {
        look_at_parked(connection);
    }
}

void EventLoop::end_connection_park(Connection& connection, EndReason reason) noexcept {
    if (connection.inspecting_) {
        connection.end_pending_ = true;
        connection.pending_reason_ = reason;
        return;
    }
    connection.reason = reason;
    assign(connection, Task::kAnswer);
}

void EventLoop::on_event(Connection& connection, std::uint32_t events) noexcept {
    connection.readable_ = connection.readable_ || (events & kInput) != 0;
    connection.writable_ = connection.writable_ || (events & kOutput) != 0;
    connection.hung_up_ = connection.hung_up_ || (events & kHungUp) != 0;
    switch (connection.state_) {
        case State::kIdle:
            if (connection.readable_) {
                look_at_idle(connection);
            }
            return;
        case State::kParked:
            if (connection.readable_) {
                look_at_parked(connection);
            }
            return;
        case State::kFlushing:
            if (connection.writable_) {
                assign(connection, Task::kFlush);
            }
            return;
        case State::kStreaming:
            look_at_stream(connection);
            return;
        case State::kLingering:
            read_and_drop(connection);
            return;
        case State::kAtWorker:
        case State::kBuried:
            return;
    }
}

// A worker is worth its while only once a request's head is there, and a small body too: no client
// that is slow to send one keeps a thread.
void EventLoop::look_at_idle(Connection& connection) noexcept {
    connection.readable_ = false;
    if (!connection.transparent_ || connection.taken_) {
        assign(connection, Task::kServe);
        return;
    }
    std::array<char, kPeekSize> peeked;
    const ssize_t n = ::recv(connection.fd_, peeked.data(), peeked.size(), MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && comes_later(errno)) {
        return;
    }
    if (n <= 0) {
        assign(connection, Task::kClose);
        return;
    }
    if (connection.hung_up_ || request_has_come({peeked.data(), static_cast<std::size_t>(n)})) {
        assign(connection, Task::kServe);
    } else {
        await_rest(connection);
    }
}

void EventLoop::look_at_parked(Connection& connection) noexcept {
    connection.readable_ = false;
    if (!connection.transparent_) {
        connection.inspecting_ = true;
        connection.end_pending_ = false;
        connection.state_ = State::kAtWorker;
        connection.task = Task::kInspect;
        workers_.assign(connection);
        return;
    }
    char byte = 0;
    const ssize_t n = ::recv(connection.fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && comes_later(errno)) {
        return;
    }
    end_park(connection.park_, n > 0 ? EndReason::kPipelined : EndReason::kGone);
}

void EventLoop::read_and_drop(Connection& connection) noexcept {
    connection.readable_ = false;
    std::array<char, 8192> dropped;
    // Not more than a share: what is left is seen at the next deadline at the latest.
    for (int i = 0; i < 16; ++i) {
        const ssize_t n = ::recv(connection.fd_, dropped.data(), dropped.size(), MSG_DONTWAIT);
        if (n < 0 && comes_later(errno)) {
            return;
        }
        if (n <= 0) {
            bury(connection);
            return;
        }
    }
    connection.readable_ = true;
}

void EventLoop::on_deadline(Connection& connection) noexcept {
    switch (connection.state_) {
        case State::kParked:
            end_park(connection.park_, EndReason::kDeadline);
            return;
        case State::kIdle:
            // A request that does not come to its end: httpd shall have a look, it answers 408.
            connection.overdue = connection.head_begun_;
            assign(connection, connection.head_begun_ ? Task::kServe : Task::kClose);
            return;
        case State::kFlushing:
            assign(connection, Task::kClose);
            return;
        case State::kStreaming:
            // It parks anew behind this, and so learns now and then what it should have been told:
            // a notice may be overtaken by another one.
            stop_waiting(connection);
            follow(connection, connection.stream_->on_deadline(now_));
            return;
        case State::kLingering:
            if (connection.readable_ && now_ < connection.park_.terms.deadline) {
                timers_.arm(connection.park_, now_ + kLingerPatience);
                read_and_drop(connection);
            } else {
                bury(connection);
            }
            return;
        case State::kAtWorker:
            if (connection.inspecting_) {
                end_park(connection.park_, EndReason::kDeadline);
            }
            return;
        case State::kBuried:
            return;
    }
}

void EventLoop::assign(Connection& connection, Task task) noexcept {
    timers_.disarm(connection.park_);
    connection.state_ = State::kAtWorker;
    connection.writable_ = false;
    connection.task = task;
    if (task == Task::kServe) {
        counters_.served.fetch_add(1, std::memory_order_relaxed);
    }
    workers_.assign(connection);
}

void EventLoop::bury(Connection& connection) noexcept {
    if (connection.state_ == State::kBuried) {
        return;
    }
    timers_.disarm(connection.park_);
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd_, nullptr);
    // The client need not wait until may_destroy(): half-closed, it would not know that it is over.
    ::shutdown(connection.fd_, SHUT_RDWR);
    connection.state_ = State::kBuried;
    connection.queued_ = std::exchange(graves_, &connection);
}

void EventLoop::empty_graves() noexcept {
    Connection* waiting = nullptr;
    while (graves_ != nullptr) {
        Connection* connection = std::exchange(graves_, graves_->queued_);
        if (!connection->again_ && connection->may_destroy(now_)) {
            unlink(*connection);
            connection->destroy();
        } else {
            connection->queued_ = std::exchange(waiting, connection);
        }
    }
    graves_ = waiting;
}

}  // namespace bayeux::loop
