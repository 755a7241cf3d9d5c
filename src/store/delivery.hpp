// An event for chosen sessions, whatever they are subscribed to. It goes into their queues as a
// publication does, by the same limits.
#ifndef BAYEUX_STORE_DELIVERY_HPP
#define BAYEUX_STORE_DELIVERY_HPP

#include <cstdint>
#include <string_view>

#include "store/store_lock.hpp"

namespace bayeux::store {

// Puts the message into the queue of a session that has not ended, and wakes its connect. False if
// it did not get it: its queue is full, over which it may have ended.
[[nodiscard]] bool deliver_message(const Locked& locked, SessionIndex index,
                                   BlockIndex message) noexcept;

// The session is about to get what is for its user alone: it ends if it changes hands before that
// was read (S20).
void mark_for_user(const Locked& locked, SessionIndex index) noexcept;

enum class Delivered : std::uint8_t {
    kQueued,
    kRefused,  // no room in memory; the session is as it was
    kPassed,   // by the session's own limits
};
// The event, to one session that has not ended.
[[nodiscard]] Delivered deliver_event(const Locked& locked, SessionIndex index,
                                      std::string_view event) noexcept;

// Before there is an event, which is work to make: true if the session's queue is so full that it
// would not get it. Then its policy is done, over which it may have ended.
[[nodiscard]] bool turn_away_if_full(const Locked& locked, SessionIndex index) noexcept;

// --- to all sessions of a user, in steps of a bounded number of sessions per hold ---

inline constexpr std::uint32_t kDeliveryStep = 192;

// A round goes from who joined last to who joined first. All below a number are still to get it,
// nobody else is: so each session that is the user's all the time gets it once, whoever comes, goes
// or comes back meanwhile.
struct UserRound {
    std::uint32_t reached = 0;
    bool begun = false;
    bool refused = false;     // no room in memory: the rest does not get it
    std::uint64_t below = 0;  // once begun
    // Where the next step begins to look for these, if it is still there: it saves the way from the
    // beginning of the list. It may stand before them, as a step also ends while it looks.
    SessionHandle next;
};
// True when the round is over. Who becomes the user's after it has begun is not in it.
[[nodiscard]] bool deliver_round(const Locked& locked, const broker::UserDelivery& delivery,
                                 std::uint64_t tag, UserRound& round) noexcept;

}  // namespace bayeux::store

#endif
