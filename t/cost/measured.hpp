// What is measured, natively by CPU time and under callgrind by instructions: what lies between
// start() and stop(), without what the test's own side does between pause() and go_on().
#ifndef BAYEUX_T_COST_MEASURED_HPP
#define BAYEUX_T_COST_MEASURED_HPP

#include <ctime>

// Without valgrind's headers the program measures time only.
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define BAYEUX_COST_CALLGRIND(request) request
#else
#define BAYEUX_COST_CALLGRIND(request)
#endif

namespace bayeux::cost {

// callgrind is to be run with --instr-atstart=no and --collect-atstart=no: what comes before is
// fast, and counts nothing.
class Measured {
  public:
    static void start() noexcept { BAYEUX_COST_CALLGRIND(CALLGRIND_START_INSTRUMENTATION); }
    static void stop() noexcept { BAYEUX_COST_CALLGRIND(CALLGRIND_STOP_INSTRUMENTATION); }
    void go_on() noexcept {
        since_ = cpu_seconds();
        BAYEUX_COST_CALLGRIND(CALLGRIND_TOGGLE_COLLECT);
    }
    void pause() noexcept {
        BAYEUX_COST_CALLGRIND(CALLGRIND_TOGGLE_COLLECT);
        spent_ += cpu_seconds() - since_;
    }
    [[nodiscard]] double seconds() const noexcept { return spent_; }

  private:
    // Of this process, so that others on the machine do not count.
    static double cpu_seconds() noexcept {
        std::timespec at{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
        return static_cast<double>(at.tv_sec) + 1e-9 * static_cast<double>(at.tv_nsec);
    }

    double since_ = 0;
    double spent_ = 0;
};

}  // namespace bayeux::cost

#endif
