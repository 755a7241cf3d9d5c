#include "cli/line_input.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace bayeux::cli {

namespace {

constexpr std::size_t kMaxLine = std::size_t{64} << 20U;  // no server takes more

// How long poll() may wait, -1 for ever.
int patience(std::optional<Clock::time_point> deadline) noexcept {
    if (!deadline) {
        return -1;
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - Clock::now()).count();
    return left > 0 ? static_cast<int>(std::min<long>(left + 1, 60000)) : 0;
}

}  // namespace

void LineInput::split(std::vector<std::string>& lines) {
    std::size_t start = 0;
    for (std::size_t end = rest_.find('\n'); end != std::string::npos;
         end = rest_.find('\n', start)) {
        lines.push_back(rest_.substr(start, end - start));
        start = end + 1;
    }
    rest_.erase(0, start);
}

LineInput::State LineInput::read(std::vector<std::string>& lines,
                                 std::optional<Clock::time_point> deadline) {
    lines.clear();
    while (lines.empty()) {
        if (ended_) {
            return State::kEnd;
        }
        std::array<pollfd, 2> fds{{{fd_, POLLIN, 0}, {interrupt_fd(), POLLIN, 0}}};
        const int ready = poll(fds.data(), fds.size(), patience(deadline));
        if (interrupted()) {
            return State::kInterrupted;
        }
        if (ready <= 0) {
            if (deadline && Clock::now() >= *deadline) {
                return State::kLate;
            }
            continue;
        }
        std::array<char, 65536> chunk;
        const ssize_t got = ::read(fd_, chunk.data(), chunk.size());
        if (got < 0 && errno != EINTR && errno != EAGAIN) {
            return State::kBroken;
        }
        if (got == 0) {  // the last line may lack its end
            ended_ = true;
            if (!rest_.empty()) {
                rest_ += '\n';
            }
        }
        rest_.append(chunk.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
        split(lines);
        if (rest_.size() > kMaxLine) {
            return State::kTooLong;
        }
    }
    return State::kLines;
}

}  // namespace bayeux::cli
