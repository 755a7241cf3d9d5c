// What was published and who has got it: the proof that nothing was lost, doubled, damaged or out
// of order, and the time that each delivery took.
#ifndef BAYEUX_BENCH_LEDGER_HPP
#define BAYEUX_BENCH_LEDGER_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "bench/histogram.hpp"
#include "bench/payload.hpp"
#include "bench/time.hpp"

namespace bayeux::bench {

class Ledger {
  public:
    Ledger(std::uint32_t subscribers, std::uint32_t publishers);

    // Enters a message that every subscriber is to get; `since`: its delivery is timed from here.
    // Returns its number among those of this publisher.
    [[nodiscard]] std::uint64_t publish(std::uint32_t publisher, TimePoint since);

    void deliver(std::uint32_t subscriber, const PayloadFound& payload, TimePoint now);

    // This subscriber has got everything that was published.
    [[nodiscard]] bool has_all(std::uint32_t subscriber) const noexcept;

    [[nodiscard]] std::uint64_t published() const noexcept { return published_; }
    [[nodiscard]] std::uint64_t delivered() const noexcept { return delivered_; }
    // Messages that not every subscriber has got yet.
    [[nodiscard]] std::uint64_t under_way() const noexcept { return published_ - complete_; }

    [[nodiscard]] Histogram& latency() noexcept { return latency_; }

    // Sentences about the first few faults, and how many there were.
    [[nodiscard]] const std::vector<std::string>& faults() const noexcept { return faults_; }
    [[nodiscard]] std::uint64_t fault_count() const noexcept { return fault_count_; }
    void add_fault(std::string text);

  private:
    struct Sent {
        TimePoint since;
        std::uint32_t missing;  // deliveries
    };

    const std::uint32_t subscribers_;
    std::vector<std::vector<Sent>> sent_;  // by publisher, by number
    std::vector<std::uint64_t> next_;      // by subscriber and publisher: the number that is due
    std::uint64_t published_ = 0;
    std::uint64_t complete_ = 0;
    std::uint64_t delivered_ = 0;
    Histogram latency_;
    std::vector<std::string> faults_;
    std::uint64_t fault_count_ = 0;
};

}  // namespace bayeux::bench

#endif
