#include "bench/reactor.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace bayeux::bench {
namespace {

constexpr int kEventsPerPoll = 256;

timespec timespec_of(TimePoint at) noexcept {
    const auto since = at.time_since_epoch();
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(since);
    timespec spec{};
    spec.tv_sec = whole.count();
    spec.tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(since - whole).count();
    return spec;
}

}  // namespace

Reactor::Reactor() noexcept
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;  // the timer
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event) != 0 && epoll_ >= 0) {
        ::close(epoll_);
        epoll_ = -1;
    }
}

Reactor::~Reactor() {
    ::close(timer_);
    ::close(epoll_);
}

bool Reactor::watch(int fd, std::uint32_t events, Source& source) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &source;
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Reactor::change(int fd, std::uint32_t events, Source& source) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &source;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

// The timer, unlike epoll_wait(), is not rounded to milliseconds: what is due is sent when it is
// due. It is set only when the time has changed.
void Reactor::arm(TimePoint until) noexcept {
    if (until == armed_) {
        return;
    }
    armed_ = until;
    itimerspec spec{};
    spec.it_value = timespec_of(until);
    ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr);
}

void Reactor::poll(TimePoint until) noexcept {
    int timeout = -1;
    if (until <= Clock::now()) {
        timeout = 0;
    } else {
        arm(until);
    }
    std::array<epoll_event, kEventsPerPoll> events;
    const int n = ::epoll_wait(epoll_, events.data(), kEventsPerPoll, timeout);
    for (int i = 0; i < n; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == nullptr) {
            std::uint64_t count = 0;
            [[maybe_unused]] const ssize_t got = ::read(timer_, &count, sizeof count);
            armed_ = {};
        } else {
            static_cast<Source*>(event.data.ptr)->on_ready(event.events);
        }
    }
}

}  // namespace bayeux::bench
