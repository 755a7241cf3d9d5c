// The time of day as HTTP writes it, made anew once a second.
#ifndef BAYEUX_LOOP_HTTP_DATE_HPP
#define BAYEUX_LOOP_HTTP_DATE_HPP

#include <array>
#include <chrono>
#include <string_view>

#include "base/clock.hpp"

namespace bayeux::loop {

// One thread.
class HttpDate {
  public:
    // Valid until the next call.
    [[nodiscard]] std::string_view text(WallTime now) noexcept;

  private:
    std::chrono::sys_seconds second_{std::chrono::seconds{-1}};
    std::array<char, 32> text_{};
};

}  // namespace bayeux::loop

#endif
