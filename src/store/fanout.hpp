// A publication on its way to all subscribers, in steps of a bounded number of sessions per hold of
// the lock. What is not done in the first hold is a job, queued on the channel: jobs of one channel
// are done one after the other, hence all subscribers get its messages in one order. Whoever
// publishes to a channel drives its first job until his own is done; what a killed publisher leaves
// is driven by the next one, or by sweep().
#ifndef BAYEUX_STORE_FANOUT_HPP
#define BAYEUX_STORE_FANOUT_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "protocol/channel_name.hpp"
#include "store/store_lock.hpp"

namespace bayeux::store {

// Subscriptions looked at in one hold.
inline constexpr std::uint32_t kFanoutStep = 192;
inline constexpr std::uint32_t kMaxJobs = 4096;
inline constexpr std::size_t kMaxPositions = protocol::kMaxChannelSegments + 2;

// The hashes of the names in a channel's expansion (CH-8), computed before the lock is taken.
struct ExpansionHashes {
    ExpansionHashes(const Segment& segment, std::string_view name) noexcept;

    std::array<std::uint32_t, kMaxPositions> of;
    std::uint32_t count = 0;
};

enum class Begun : std::uint8_t {
    kRefused,  // no room
    kNobody,   // no subscriber: nothing to drive
    kStarted,
};

// A publication as its publisher sees it.
struct Ticket {
    JobIndex job;
    std::uint64_t sequence = 0;
    std::uint32_t reached = 0;
};

[[nodiscard]] Begun begin_fanout(const Locked& locked, const broker::Publication& publication,
                                 const ExpansionHashes& hashes, Ticket& ticket) noexcept;
// One step of the first job of the ticket's channel. True if the ticket's own job is done.
[[nodiscard]] bool drive_fanout(const Locked& locked, const ExpansionHashes& hashes,
                                Ticket& ticket) noexcept;
// One step of the oldest job. False if there is none.
bool drive_oldest(const Locked& locked) noexcept;

// --- for repair: jobs come in order of sequence ---
void link_job(const Locked& locked, JobIndex index) noexcept;

}  // namespace bayeux::store

#endif
