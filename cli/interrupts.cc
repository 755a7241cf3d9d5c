#include "cli/interrupts.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace bayeux::cli {

namespace {

std::array<int, 2> wake_pipe{-1, -1};
volatile std::sig_atomic_t seen = 0;

void note(int /*signal*/) {
    seen = 1;
    const char byte = 0;
    static_cast<void>(!write(wake_pipe[1], &byte, 1));
}

}  // namespace

bool watch_interrupts() {
    if (pipe2(wake_pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        return false;
    }
    struct sigaction action {};
    action.sa_handler = note;
    struct sigaction ignored {};
    ignored.sa_handler = SIG_IGN;
    return sigaction(SIGINT, &action, nullptr) == 0 && sigaction(SIGTERM, &action, nullptr) == 0 &&
           sigaction(SIGPIPE, &ignored, nullptr) == 0;
}

bool interrupted() noexcept {
    return seen != 0;
}

int interrupt_fd() noexcept {
    return wake_pipe[0];
}

bool sleep_for(std::chrono::milliseconds time) noexcept {
    const auto end = Clock::now() + time;
    while (!interrupted()) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0) {
            return true;
        }
        pollfd wake{interrupt_fd(), POLLIN, 0};
        poll(&wake, 1, static_cast<int>(left.count()));
    }
    return false;
}

}  // namespace bayeux::cli
