// What happens while a run goes on: counted each second, and told on stderr if somebody wants it.
#ifndef BAYEUX_BENCH_PROGRESS_HPP
#define BAYEUX_BENCH_PROGRESS_HPP

#include <cstdint>
#include <vector>

#include "bench/histogram.hpp"
#include "bench/time.hpp"

namespace bayeux::bench {

class Progress {
  public:
    // `what` is counted: "deliveries".
    Progress(const char* what, bool aloud) noexcept : what_(what), aloud_(aloud) {}

    // Begins to count, from this number on.
    void begin(std::uint64_t count);
    // To be called at next() at the latest, with the number by now.
    void look(std::uint64_t count, const Histogram& latency);
    [[nodiscard]] TimePoint next() const noexcept { return next_; }

    // How many there were in each whole second.
    [[nodiscard]] const std::vector<std::uint64_t>& each_second() const noexcept {
        return each_second_;
    }

  private:
    const char* const what_;
    const bool aloud_;
    TimePoint next_ = TimePoint::max();
    std::uint64_t counted_ = 0;
    std::vector<std::uint64_t> each_second_;
};

}  // namespace bayeux::bench

#endif
