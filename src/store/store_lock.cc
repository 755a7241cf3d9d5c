#include "store/store_lock.hpp"

#include <algorithm>
#include <bit>

#include "store/kill_point.hpp"
#include "store/repair.hpp"
#include "store/robust_mutex.hpp"

namespace bayeux::store {

namespace {

std::size_t bucket_of(std::uint64_t ns) noexcept {
    if (ns < 4) {
        return ns;
    }
    const std::size_t exponent = std::bit_width(ns) - 1U;
    const std::size_t fraction = (ns >> (exponent - 2)) & 3U;
    return std::min(exponent * 4 + fraction, kHoldBuckets - 1);
}

std::uint64_t upper_end(std::size_t bucket) noexcept {
    if (bucket < 8) {
        return bucket + 1;
    }
    const std::size_t exponent = bucket / 4;
    return (std::uint64_t{4} + bucket % 4 + 1) << (exponent - 2);
}

void count_hold(HoldTimes& times, std::chrono::nanoseconds held) noexcept {
    const auto ns = static_cast<std::uint64_t>(held.count());
    ++times.buckets[bucket_of(ns)];
    times.longest_ns = std::max(times.longest_ns, ns);
}

void set_operation(Header& header, Operation operation) noexcept {
    store_in_order(header.writer.operation, operation);
}

}  // namespace

Locked::Locked(const Segment& segment, Operation operation, TimePoint now, broker::WakeSet& wake,
               Farewells* farewells) noexcept
    : segment_(segment), now_(now.time_since_epoch().count()), wake_(wake), farewells_(farewells) {
    const Acquired acquired = lock_mutex(header().mutex);
    if (++header().holds % kHoldsPerSample == 0) {
        since_ = std::chrono::steady_clock::now();
    }
    if (acquired == Acquired::kOwnerDied && header().writer.operation != Operation::kRead) {
        set_operation(header(), Operation::kRepair);
        repair(*this);
        ++header().counters.repairs;
    }
    header().writer.session = kNone;
    set_operation(header(), operation);
    BAYEUX_KILL_POINT("lock.entered");
}

Locked::~Locked() {
    BAYEUX_KILL_POINT("lock.leaving");
    set_operation(header(), Operation::kRead);
    if (since_) {
        count_hold(header().hold_times, std::chrono::steady_clock::now() - *since_);
    }
    unlock_mutex(header().mutex);
}

std::uint64_t hold_percentile(const HoldTimes& times, double share) noexcept {
    std::uint64_t total = 0;
    for (const std::uint64_t count : times.buckets) {
        total += count;
    }
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(total) * share);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < kHoldBuckets; ++bucket) {
        seen += times.buckets[bucket];
        if (seen > wanted || (seen == total && total != 0)) {
            return std::min(upper_end(bucket), times.longest_ns);
        }
    }
    return 0;
}

}  // namespace bayeux::store
