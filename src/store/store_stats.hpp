// What the store knows about itself, for status pages and tests: a copy, taken in one hold.
#ifndef BAYEUX_STORE_STORE_STATS_HPP
#define BAYEUX_STORE_STORE_STATS_HPP

#include <array>
#include <cstdint>
#include <span>

#include "store/store_lock.hpp"

namespace bayeux::store {

// What limits have refused, ever.
struct LimitedCounts {
    std::uint64_t handshakes = 0;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;  // messages, too
    ClientAddress last;       // whose was the last
};

// Any thread: they are written without the lock.
[[nodiscard]] LimitedCounts read_limited(Limited& limited) noexcept;

struct StoreStats {
    std::uint64_t size = 0;   // bytes of the segment
    std::uint32_t pages = 0;  // of kPageSize bytes, of all kinds
    std::uint32_t free_pages = 0;
    std::array<std::uint32_t, kKinds> used{};  // cells by kind; message blocks under kBlock
    std::array<std::uint32_t, kKinds> pages_of{};
    std::uint32_t children = 0;  // claimed places
    std::uint32_t due = 0;       // parks that loops have to end, of all children
    Counters counters{};
    LimitedCounts limited;
    Durations hold_times{};  // of the lock
    std::int64_t now = 0;    // milliseconds of CLOCK_MONOTONIC
    // What was taken of the last minutes, the oldest first: `sample_count` of them.
    std::array<Sample, kShownSamples> samples{};
    std::size_t sample_count = 0;

    [[nodiscard]] std::span<const Sample> history() const noexcept {
        return {samples.data(), sample_count};
    }
    // What a sample would have of now.
    [[nodiscard]] Sample sample() const noexcept;

    [[nodiscard]] std::uint32_t count(Kind kind) const noexcept {
        return used[static_cast<std::size_t>(kind)];
    }
    // Of its cells in use.
    [[nodiscard]] std::uint64_t bytes(Kind kind) const noexcept {
        return std::uint64_t{count(kind)} * kCellSize[static_cast<std::size_t>(kind)];
    }
    // Bytes of all cells in use. An empty store has 0. With the next three it is all of the
    // segment.
    [[nodiscard]] std::uint64_t used_bytes() const noexcept;
    // Of pages that have a kind and are not full: for more of the same kind.
    [[nodiscard]] std::uint64_t spare_bytes() const noexcept;
    // Of pages that any kind may take.
    [[nodiscard]] std::uint64_t free_bytes() const noexcept {
        return std::uint64_t{free_pages} * kPageSize;
    }
    // Of what is there from the beginning: header, tables, buckets.
    [[nodiscard]] std::uint64_t fixed_bytes() const noexcept {
        return size - std::uint64_t{pages} * kPageSize;
    }
};

[[nodiscard]] constexpr std::uint64_t all_delivered(const Counters& counters) noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t number : counters.delivered) {
        sum += number;
    }
    return sum;
}

// Adds a sample to the history if one is due.
void take_sample(const Locked& locked) noexcept;

[[nodiscard]] StoreStats read_stats(const Locked& locked) noexcept;

}  // namespace bayeux::store

#endif
