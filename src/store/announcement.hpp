// What subscribers of a presence channel are told: who has come and gone since, and who is there to
// begin with.
//
// An announcement takes changes out of the list and begins their publication in one hold. So
// whoever gets the lock next finds them both announced and published, or neither; also after a
// process was killed in between, as each member knows the publication that announces it until it is
// done (repair_members.hpp). A snapshot is queued in the hold that makes its reader a subscriber,
// who therefore gets exactly the announcements that follow it.
#ifndef BAYEUX_STORE_ANNOUNCEMENT_HPP
#define BAYEUX_STORE_ANNOUNCEMENT_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/channel_name.hpp"
#include "store/fanout.hpp"
#include "store/store_lock.hpp"

namespace bayeux::store {

// The channel of the first change that is to be announced.
struct ChangedChannel {
    std::uint64_t domain = 0;
    std::uint32_t hash = 0;
    std::uint8_t length = 0;
    std::array<char, 256> text;

    [[nodiscard]] std::string_view name() const noexcept { return {text.data(), length}; }
};
// A hint, without the lock: true if this thread's own changes are not announced.
[[nodiscard]] bool has_changes(const Segment& segment) noexcept;
// False if there is none.
[[nodiscard]] bool first_change(const Locked& locked, ChangedChannel& changed) noexcept;

// Members of one announcement, at most.
inline constexpr std::uint32_t kMaxAnnounced = 64;
inline constexpr std::size_t kAnnouncementRoom = 8192;

// Announces changes of that channel, if it is still the first one with any. The publication has all
// but its event; nullptr: nobody can be told. kNobody: nothing is to be driven.
[[nodiscard]] Begun begin_announcement(const Locked& locked, const ChangedChannel& changed,
                                       broker::Publication* publication,
                                       const ExpansionHashes& hashes, std::span<char> room,
                                       Ticket& ticket) noexcept;

// A snapshot names no more members than this, nor more than there is room for.
inline constexpr std::uint32_t kMaxHere = 1024;
inline constexpr std::size_t kSnapshotRoom = std::size_t{96} << 10U;

// Queues who is on the channel for the session, unless its queue is full: then its policy is done
// instead. False without memory for it.
[[nodiscard]] bool send_snapshot(const Locked& locked, SessionIndex session,
                                 std::string_view channel, std::uint32_t hash,
                                 std::span<char> room) noexcept;

}  // namespace bayeux::store

#endif
