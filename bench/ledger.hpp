// What was published and who has got it: the proof that nothing was lost, doubled, damaged or out
// of order, and the time that each delivery took.
#ifndef BAYEUX_BENCH_LEDGER_HPP
#define BAYEUX_BENCH_LEDGER_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "bench/histogram.hpp"
#include "bench/payload.hpp"
#include "bench/rooms.hpp"
#include "bench/time.hpp"

namespace bayeux::bench {

class Ledger {
  public:
    Ledger(const Rooms& rooms, std::uint32_t publishers);

    // Enters a message that everybody in the room is to get; `since`: its delivery is timed from
    // here. Returns its number among those of this publisher in this room.
    [[nodiscard]] std::uint64_t publish(std::uint32_t publisher, std::uint32_t room,
                                        TimePoint since);

    void deliver(std::uint32_t subscriber, const PayloadFound& payload, TimePoint now);
    // So many messages were accepted by the server. Where nobody listens they are done with this.
    void acknowledge(std::uint32_t messages, TimePoint since, TimePoint now);

    // This subscriber has got everything that was published in its rooms.
    [[nodiscard]] bool has_all(std::uint32_t subscriber) const noexcept;

    [[nodiscard]] std::uint64_t published() const noexcept { return published_; }
    [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }
    [[nodiscard]] std::uint64_t delivered() const noexcept { return delivered_; }
    // Deliveries that there must be in the end.
    [[nodiscard]] std::uint64_t expected() const noexcept { return expected_; }
    // Messages that not everybody has got yet.
    [[nodiscard]] std::uint64_t under_way() const noexcept { return published_ - complete_; }

    // Of the messages whose time lies between these, whenever they are delivered.
    void measure(TimePoint from, TimePoint to) noexcept {
        from_ = from;
        to_ = to;
    }
    [[nodiscard]] const Histogram& latency() const noexcept { return latency_; }

    // Sentences about the first few faults, and how many there were.
    [[nodiscard]] const std::vector<std::string>& faults() const noexcept { return faults_; }
    [[nodiscard]] std::uint64_t fault_count() const noexcept { return fault_count_; }
    void add_fault(std::string text);

  private:
    struct Sent {
        TimePoint since;
        std::uint32_t missing;  // deliveries
    };

    [[nodiscard]] std::vector<Sent>& sent_by(std::uint32_t publisher, std::uint32_t room) noexcept {
        return sent_[std::size_t{publisher} * rooms_.rooms + room];
    }
    void time(TimePoint since, TimePoint now, std::uint32_t times) noexcept {
        if (since >= from_ && since < to_) {
            latency_.record(now - since, times);
        }
    }
    [[nodiscard]] bool has_all_in(std::uint32_t subscriber, std::uint32_t seat) const noexcept;
    [[nodiscard]] std::size_t row_of(std::uint32_t subscriber, std::uint32_t seat) const noexcept {
        return (std::size_t{subscriber} * rooms_.each + seat) * publishers_;
    }

    const Rooms rooms_;
    const std::uint32_t publishers_;
    std::vector<std::uint32_t> sizes_;     // of the rooms
    std::vector<std::vector<Sent>> sent_;  // by publisher and room, by number
    std::vector<std::uint64_t> next_;  // by subscriber, seat and publisher: the number that is due
    std::uint64_t published_ = 0;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t expected_ = 0;
    std::uint64_t complete_ = 0;
    std::uint64_t delivered_ = 0;
    TimePoint from_ = TimePoint::min();
    TimePoint to_ = TimePoint::max();
    Histogram latency_;
    std::vector<std::string> faults_;
    std::uint64_t fault_count_ = 0;
};

}  // namespace bayeux::bench

#endif
