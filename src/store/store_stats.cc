#include "store/store_stats.hpp"

#include <algorithm>
#include <atomic>

namespace bayeux::store {

namespace {

Sample sample_of(std::int64_t at, const Counters& counters, std::uint32_t sessions,
                 std::uint32_t waiting) noexcept {
    return {.at = at,
            .published = counters.published,
            .queued = counters.queued,
            .delivered = all_delivered(counters),
            .sessions = sessions,
            .waiting = waiting};
}

void copy_history(const History& history, StoreStats& stats) noexcept {
    stats.sample_count =
        static_cast<std::size_t>(std::min<std::uint64_t>(history.taken, kShownSamples));
    const std::uint64_t first = history.taken - stats.sample_count;
    for (std::size_t i = 0; i < stats.sample_count; ++i) {
        stats.samples[i] = history.samples[(first + i) % kSamples];
    }
}

}  // namespace

std::uint64_t StoreStats::used_bytes() const noexcept {
    std::uint64_t bytes = 0;
    for (std::size_t kind = 1; kind < kKinds; ++kind) {
        bytes += this->bytes(static_cast<Kind>(kind));
    }
    return bytes;
}

std::uint64_t StoreStats::spare_bytes() const noexcept {
    std::uint64_t bytes = 0;
    for (std::size_t kind = 1; kind < kKinds; ++kind) {
        bytes += std::uint64_t{pages_of[kind]} * kPageSize;
    }
    return bytes - used_bytes();
}

LimitedCounts read_limited(Limited& limited) noexcept {
    const auto read = [](std::uint64_t& number) {
        return std::atomic_ref(number).load(std::memory_order_relaxed);
    };
    return {read(limited.handshakes), read(limited.messages), read(limited.bytes),
            ClientAddress{read(limited.address)}};
}

Sample StoreStats::sample() const noexcept {
    return sample_of(now, counters, count(Kind::kSession), count(Kind::kQueueEntry));
}

void take_sample(const Locked& locked) noexcept {
    Header& header = locked.header();
    History& history = header.history;
    if (locked.now() < history.next_at) {
        return;
    }
    const auto used = [&](Kind kind) { return header.kinds[static_cast<std::size_t>(kind)].used; };
    history.samples[history.taken % kSamples] =
        sample_of(locked.now(), header.counters, used(Kind::kSession), used(Kind::kQueueEntry));
    store_in_order(history.taken, history.taken + 1);
    history.next_at = (locked.now() / kSampleMillis + 1) * kSampleMillis;
}

StoreStats read_stats(const Locked& locked) noexcept {
    Header& header = locked.header();
    StoreStats stats;
    stats.size = header.size;
    stats.pages = header.geometry.page_count;
    stats.free_pages = header.free_pages;
    for (std::size_t kind = 1; kind < kKinds; ++kind) {
        stats.used[kind] = header.kinds[kind].used;
        stats.pages_of[kind] = header.kinds[kind].pages;
    }
    for (const ChildSlot& child : locked.segment().children()) {
        stats.children += child.state == ChildState::kClaimed ? 1 : 0;
        stats.due += child.due_count;
    }
    stats.counters = header.counters;
    stats.limited = read_limited(header.limited);
    stats.hold_times = header.hold_times;
    stats.now = locked.now();
    copy_history(header.history, stats);
    return stats;
}

}  // namespace bayeux::store
