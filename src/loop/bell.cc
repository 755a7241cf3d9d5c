#include "loop/bell.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

namespace bayeux::loop {

namespace {

thread_local broker::WakeSet* gathered = nullptr;  // of the Together that lives on this thread

}  // namespace

int make_bells(std::span<int> fds) noexcept {
    for (std::size_t i = 0; i < fds.size(); ++i) {
        fds[i] = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (fds[i] < 0) {
            const int error = errno;
            close_bells(fds.first(i));
            return error;
        }
    }
    return 0;
}

void close_bells(std::span<const int> fds) noexcept {
    for (const int fd : fds) {
        ::close(fd);
    }
}

void Bells::ring(const broker::WakeSet& children) noexcept {
    if (children.none()) {
        return;
    }
    if (gathered != nullptr) {
        *gathered |= children;
        return;
    }
    for (std::size_t i = 0; i < fds_.size() && i < children.size(); ++i) {
        if (children.test(i)) {
            ring_one(ChildIndex{static_cast<std::uint16_t>(i)});
        }
    }
}

void Bells::ring_one(ChildIndex child) noexcept {
    const std::uint64_t one = 1;
    // A full counter (EAGAIN) rings as loudly as this write would have.
    [[maybe_unused]] const ssize_t n = ::write(fd(child), &one, sizeof one);
}

void Bells::silence(ChildIndex child) noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t n = ::read(fd(child), &count, sizeof count);
}

Bells::Together::Together(Bells& bells) noexcept : bells_(bells) {
    gathered = &children_;
}

Bells::Together::~Together() {
    gathered = nullptr;
    bells_.ring(children_);
}

int Bells::fd(ChildIndex child) const noexcept {
    return child.value < fds_.size() ? fds_[child.value] : -1;
}

}  // namespace bayeux::loop
