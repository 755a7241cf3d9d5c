#include "loop/event_loop.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "base/prefetch.hpp"

namespace bayeux::loop {
namespace {

constexpr std::size_t kEventsPerPoll = 256;
constexpr std::size_t kDuePerTurn = 256;
// Whose memory is asked for at once, before the first of them is served: as much as stays in the
// nearest cache until the last one's turn.
constexpr std::size_t kExpected = 16;

// A loop that finds work more often than this in one millisecond lets others go first: those whose
// work it waits for get ahead, so that it finds more of it with each look, and is woken less often.
// One with less to do does not, as beside other busy programs it may not come back for a while.
constexpr std::uint32_t kLooksOfAnIdleLoop = 3;

void expect(std::span<const epoll_event> events) noexcept {
    for (const epoll_event& event : events) {
        prefetch(event.data.ptr, sizeof(Connection));
    }
    for (const epoll_event& event : events) {
        if (event.data.ptr != nullptr) {
            static_cast<const Connection*>(event.data.ptr)->expect();
        }
    }
}

// One is found by another, so these are rounds: each finds what the one before has asked for.
void expect(std::span<const broker::Due> due, const ParkTable& parks) noexcept {
    std::array<const Connection*, kExpected> connections{};
    for (const broker::Due& one : due) {
        parks.expect(one.session.index);
    }
    for (std::size_t i = 0; i < due.size(); ++i) {
        if (Park* const park = parks.find(due[i].session.index)) {
            connections[i] = park->connection();
            prefetch(connections[i], sizeof(Connection));
        }
    }
    for (const Connection* const connection : connections) {
        if (connection != nullptr) {
            connection->expect();
        }
    }
}

}  // namespace

void Connection::HeldHere::end(EndReason why) noexcept {
    connection_.loop_->end_connection_park(connection_, why);
}

EventLoop::EventLoop(const LoopSettings& settings, broker::SessionStore& store, Bells& bells,
                     Workers& workers, const Clock& clock, LoopCounters& counters) noexcept
    : settings_(settings),
      store_(store),
      bells_(bells),
      workers_(workers),
      clock_(clock),
      counters_(counters),
      now_(clock.now()),
      timers_(now_),
      next_sweep_(now_ + kSweepPeriod) {}

EventLoop::~EventLoop() {
    if (epoll_ >= 0) {
        ::close(epoll_);
    }
}

bool EventLoop::open() noexcept {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) {
        return false;
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;  // the bell
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, bells_.fd(settings_.child), &event) == 0;
}

void EventLoop::run() noexcept {
    while (!finished()) {
        serve_again();
        poll();
        empty_inbox();
        begin_stop();
        answer_due();
        while (TimerNode* node = timers_.pop_due(now_)) {
            auto& park = static_cast<Park&>(*node);
            if (Connection* connection = park.connection()) {
                on_deadline(*connection);
            } else {
                end_park(park, EndReason::kDeadline);
            }
        }
        if (now_ >= next_sweep_) {
            next_sweep_ = now_ + kSweepPeriod;
            store_.sweep(settings_.child, now_);
            if (settings_.chore != nullptr) {
                settings_.chore->look(now_);
            }
        }
        press_stop();
        workers_.start_turns(now_);
        empty_graves();
    }
    close_streams();
    close_inbox();
}

bool EventLoop::finished() const noexcept {
    if (quit_.load(std::memory_order_acquire)) {
        return true;
    }
    return begun_stop_ == StopMode::kAtOnce && parks_.empty() &&
           (connections_ == nullptr || now_ >= stop_deadline_);
}

int EventLoop::poll_timeout() const noexcept {
    if (more_due_ || again_ != nullptr) {
        return 0;
    }
    TimePoint next = next_sweep_;
    if (const auto due = timers_.next_due()) {
        next = std::min(next, *due);
    }
    if (begun_stop_ != StopMode::kRunning && !pressed_) {
        next = std::min(next, stop_deadline_);
    }
    if (workers_.busy()) {
        next = std::min(next, now_ + kBusyPeriod);
    }
    if (graves_ != nullptr) {
        next = std::min(next, now_ + Millis{100});
    }
    const auto wait = (next - clock_.now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(wait, 0, kSweepPeriod.count()));
}

// Of the turn that ends: what the next one finds waits no longer for this loop.
void EventLoop::time_turn() noexcept {
    if (turn_began_) {
        counters_.turns.count(std::chrono::steady_clock::now() - *turn_began_);
        turn_began_.reset();
    }
}

void EventLoop::poll() noexcept {
    std::array<epoll_event, kEventsPerPoll> events;
    time_turn();
    if (looks_ > kLooksOfAnIdleLoop) {
        std::this_thread::yield();
    }
    const int n =
        ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), poll_timeout());
    const TimePoint before = std::exchange(now_, clock_.now());
    looks_ = now_ != before ? 0 : looks_ + (n > 0 ? 1 : 0);
    if (n > 0 && ++turns_ % kTurnsPerSample == 0) {
        turn_began_ = std::chrono::steady_clock::now();
    }
    const std::span<const epoll_event> ready(events.data(),
                                             static_cast<std::size_t>(std::max(n, 0)));
    for (std::size_t i = 0; i < ready.size(); ++i) {
        if (i % kExpected == 0) {
            expect(ready.subspan(i, std::min(kExpected, ready.size() - i)));
        }
        const epoll_event& event = ready[i];
        if (event.data.ptr == nullptr) {
            bells_.silence(settings_.child);
        } else {
            const Bells::Together together(bells_);
            on_event(*static_cast<Connection*>(event.data.ptr), event.events);
        }
    }
}

// ---- parks ----

void EventLoop::count_parks() noexcept {
    const std::size_t connects = parks_.size() - waiting_streams_;
    counters_.parked.store(static_cast<std::uint32_t>(connects), std::memory_order_relaxed);
    counters_.callbacks.store(callbacks_, std::memory_order_relaxed);
}

void EventLoop::take_park(Park& park) noexcept {
    if (begun_stop_ != StopMode::kRunning) {
        park.end(EndReason::kStopping);
        return;
    }
    if (const auto due = enlist(park)) {
        park.end(*due);
        return;
    }
    timers_.arm(park, park.terms.deadline);
}

std::optional<EndReason> EventLoop::enlist(Park& park) noexcept {
    switch (store_.park(park.terms.session, park.terms.cycle, settings_.child, park.terms.lease)) {
        case broker::ParkState::kDue:
            return EndReason::kEvents;
        case broker::ParkState::kSuperseded:
            return EndReason::kSuperseded;
        case broker::ParkState::kEnded:
            return EndReason::kEnded;
        case broker::ParkState::kParked:
            break;
    }
    if (Park* const older = parks_.find(park.terms.session.index)) {
        // The store's notice of this comes later and finds nothing left to do.
        on_due(*older, older->terms.session == park.terms.session ? EndReason::kSuperseded
                                                                  : EndReason::kEnded);
        if (parks_.find(park.terms.session.index) != nullptr) {
            return EndReason::kSuperseded;  // the older one had a newer connect to read
        }
    }
    if (!parks_.insert(park)) {
        return EndReason::kDeadline;
    }
    callbacks_ += park.terms.transport == broker::Transport::kCallbackPolling ? 1 : 0;
    count_parks();
    return std::nullopt;
}

void EventLoop::on_due(Park& park, EndReason reason) noexcept {
    Connection* const connection = park.connection();
    if (connection != nullptr && connection->stream_ != nullptr) {
        stream_due(*connection, reason);
    } else {
        end_park(park, reason);
    }
}

void EventLoop::end_park(Park& park, EndReason reason) noexcept {
    parks_.remove(park);
    callbacks_ -= park.terms.transport == broker::Transport::kCallbackPolling ? 1 : 0;
    count_parks();
    counters_.answered.fetch_add(1, std::memory_order_relaxed);
    timers_.disarm(park);
    park.end(reason);
}

void EventLoop::answer_due() noexcept {
    std::array<broker::Due, kDuePerTurn> due;
    const std::size_t n = store_.take_due(settings_.child, due);
    more_due_ = n == due.size();
    for (std::size_t i = 0; i < n; ++i) {
        if (i % kExpected == 0) {
            expect(std::span(due).subspan(i, std::min(kExpected, n - i)), parks_);
        }
        Park* const park = parks_.find(due[i].session.index);
        if (park == nullptr || park->terms.session != due[i].session ||
            park->terms.cycle != due[i].cycle) {
            continue;  // ended for another reason meanwhile
        }
        switch (due[i].reason) {
            case broker::DueReason::kEvents:
                on_due(*park, EndReason::kEvents);
                break;
            case broker::DueReason::kSuperseded:
                on_due(*park, EndReason::kSuperseded);
                break;
            case broker::DueReason::kEnded:
                on_due(*park, EndReason::kEnded);
                break;
        }
    }
}

// ---- stopping ----

void EventLoop::begin_stop() noexcept {
    const StopMode mode = stop_mode_.load(std::memory_order_acquire);
    if (mode == begun_stop_) {
        return;
    }
    begun_stop_ = mode;
    pressed_ = false;
    stop_deadline_ = now_ + (mode == StopMode::kAtOnce ? kLastMoments : settings_.drain_timeout);
    if (mode == StopMode::kAtOnce) {
        workers_.perform_here();
    }
    for (Connection* c = connections_; c != nullptr; c = c->following_) {
        if (c->stream_ != nullptr) {
            stop_waiting(*c);
            stop_stream(*c);
        }
    }
    while (!parks_.empty()) {
        end_park(parks_.any(), EndReason::kStopping);
    }
    for (Connection* c = connections_; c != nullptr; c = c->following_) {
        if (c->state_ == Connection::State::kIdle) {
            assign(*c, Task::kClose);
        }
    }
}

// The time is up: nobody is waited for any longer, whoever still writes or reads finds a closed
// connection.
void EventLoop::press_stop() noexcept {
    if (begun_stop_ == StopMode::kRunning || pressed_ || now_ < stop_deadline_) {
        return;
    }
    pressed_ = true;
    for (Connection* c = connections_; c != nullptr; c = c->following_) {
        ::shutdown(c->fd_, SHUT_RDWR);
        if (c->state_ == Connection::State::kLingering) {
            bury(*c);
        }
    }
}

}  // namespace bayeux::loop
