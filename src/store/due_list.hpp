// Per child, the parks that its loop must end, first come first served. A session has two places in
// due lists: as waiter of the current cycle, and as notice for a park that a newer cycle has
// superseded. All under the store's lock; a node is taken out anywhere in constant time.
//
// The list of a child that was empty before has its bell rung; a list that was not empty has been
// rung for already.
#ifndef BAYEUX_STORE_DUE_LIST_HPP
#define BAYEUX_STORE_DUE_LIST_HPP

#include <cstddef>
#include <span>

#include "store/store_lock.hpp"

namespace bayeux::store {

// The waiter is parked; it becomes due.
void post_waiter(const Locked& locked, SessionIndex index, broker::DueReason reason) noexcept;
// The waiter, parked or due, is forgotten.
void clear_waiter(const Locked& locked, SessionIndex index) noexcept;
// The waiter, parked or due, learns that a newer cycle has begun. An older notice that was not
// taken yet is dropped for it: that park is ended by its own deadline, that stream finds out when
// it parks again.
void turn_waiter_into_notice(const Locked& locked, SessionIndex index) noexcept;
void clear_notice(const Locked& locked, SessionIndex index) noexcept;

[[nodiscard]] inline bool is_referred_to(const Session& session) noexcept {
    return session.waiter_state == WaiterState::kDue || session.notice_child != kNoChild.value;
}

// Takes the oldest one. False if there is none. An ended session may have waited for just this:
// release_if_done() (session_end.hpp) must follow.
[[nodiscard]] bool take_first(const Locked& locked, ChildIndex child, broker::Due& due) noexcept;

// --- for repair: the session's nodes are linked nowhere ---
void relist_due(const Locked& locked, SessionIndex index) noexcept;

}  // namespace bayeux::store

#endif
