// What bayeux-bench can do. Each scenario takes its arguments, runs, and fills a report.
#ifndef BAYEUX_BENCH_SCENARIO_HPP
#define BAYEUX_BENCH_SCENARIO_HPP

#include <memory>
#include <string_view>

#include "bench/arguments.hpp"
#include "bench/reactor.hpp"
#include "bench/report.hpp"
#include "bench/time.hpp"

namespace bayeux::bench {

class Scenario {
  public:
    virtual ~Scenario() = default;
    // False if something went wrong that must not; the report says what.
    [[nodiscard]] virtual bool run(Report& report) = 0;
};

[[nodiscard]] std::unique_ptr<Scenario> make_fanout(Arguments& arguments);
[[nodiscard]] std::unique_ptr<Scenario> make_idle(Arguments& arguments);
[[nodiscard]] std::unique_ptr<Scenario> make_get(Arguments& arguments);

// Polls until the condition holds; false if it does not within the patience.
template <class Condition>
[[nodiscard]] bool poll_until(Reactor& reactor, Duration patience, Condition condition) {
    const TimePoint deadline = Clock::now() + patience;
    while (!condition()) {
        if (Clock::now() >= deadline) {
            return false;
        }
        reactor.poll(deadline);
    }
    return true;
}

}  // namespace bayeux::bench

#endif
