// Lines of a file descriptor as they come, so that what is piped in is passed on at once.
#ifndef BAYEUX_CLI_LINE_INPUT_HPP
#define BAYEUX_CLI_LINE_INPUT_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/interrupts.hpp"

namespace bayeux::cli {

class LineInput {
  public:
    enum class State : std::uint8_t { kLines, kEnd, kInterrupted, kLate, kTooLong, kBroken };

    explicit LineInput(int fd) noexcept : fd_(fd) {}

    // Waits for at least one whole line; `lines` gets all that are there, up to a bound.
    [[nodiscard]] State read(std::vector<std::string>& lines,
                             std::optional<Clock::time_point> deadline);

  private:
    void split(std::vector<std::string>& lines);

    const int fd_;
    std::string rest_;
    bool ended_ = false;
};

}  // namespace bayeux::cli

#endif
