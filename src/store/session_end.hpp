// How a session goes: it ends at once for everybody, then what it owns is dismantled in bounded
// steps, then, once no loop still has to be told, its cell is freed. Also how its waiter is woken.
//
//   state      event                        next
//   new        start_connect                connected
//   new, conn. end_session, expiry,         ended: not found, gets nothing, its waiter is due
//              overflow
//   ended      dismantled, not in due list  (freed)
#ifndef BAYEUX_STORE_SESSION_END_HPP
#define BAYEUX_STORE_SESSION_END_HPP

#include <cstdint>

#include "store/store_lock.hpp"

namespace bayeux::store {

// Constant time. The cell may be freed at once, if it owned nothing.
void end_session(const Locked& locked, SessionIndex index) noexcept;
// The same, counted: its queue has no room, and its policy is that it ends over it.
void end_full_session(const Locked& locked, SessionIndex index) noexcept;
// Frees up to `budget` subscriptions and events of ended sessions; true if some are left.
bool dismantle(const Locked& locked, std::uint32_t budget) noexcept;
// Frees the cell of an ended session that owns nothing and is in no due list.
void release_if_done(const Locked& locked, SessionIndex index) noexcept;

// Makes the held connect, or the stream, due if there are events for it that must not wait.
void wake_if_ready(const Locked& locked, SessionIndex index) noexcept;
// The session's lazy events have waited long enough (ORD-8).
void wake_for_lazy(const Locked& locked, SessionIndex index) noexcept;

void append_dying(const Locked& locked, SessionIndex index) noexcept;

}  // namespace bayeux::store

#endif
