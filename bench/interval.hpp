// How long something took, and what CPU it cost the server and this program.
#ifndef BAYEUX_BENCH_INTERVAL_HPP
#define BAYEUX_BENCH_INTERVAL_HPP

#include <cstdint>

#include "bench/report.hpp"
#include "bench/server_processes.hpp"
#include "bench/time.hpp"

namespace bayeux::bench {

class Interval {
  public:
    explicit Interval(const ServerProcesses& server) : server_(server) {}

    void begin() { begin_ = now(); }
    void end() { end_ = now(); }

    [[nodiscard]] double seconds() const noexcept { return seconds_of(end_.time - begin_.time); }

    // Adds how many there were, how many a second, and the CPU seconds that a million of them cost.
    void report(Report& report, const char* what, std::uint64_t count) const;

  private:
    struct Reading {
        TimePoint time;
        double server_cpu = 0;
        double own_cpu = 0;
    };

    [[nodiscard]] Reading now() const {
        return {Clock::now(), server_.known() ? server_.cpu_seconds() : 0, own_cpu_seconds()};
    }

    const ServerProcesses& server_;
    Reading begin_;
    Reading end_;
};

}  // namespace bayeux::bench

#endif
