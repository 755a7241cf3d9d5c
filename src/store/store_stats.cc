#include "store/store_stats.hpp"

#include <atomic>

namespace bayeux::store {

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
    stats.hold_p50_ns = hold_percentile(header.hold_times, 0.5);
    stats.hold_p99_ns = hold_percentile(header.hold_times, 0.99);
    stats.hold_p999_ns = hold_percentile(header.hold_times, 0.999);
    stats.hold_max_ns = header.hold_times.longest_ns;
    return stats;
}

}  // namespace bayeux::store
