// The part of repair() that looks at who is present.
#ifndef BAYEUX_STORE_REPAIR_MEMBERS_HPP
#define BAYEUX_STORE_REPAIR_MEMBERS_HPP

#include "store/store_lock.hpp"

namespace bayeux::store {

void clear_member_lists(const Locked& locked) noexcept;
// Channels are found before.
void relist_members(const Locked& locked) noexcept;
// Of a live subscription, whose session and channel are live.
void recount_member(const Locked& locked, Subscription& subscription) noexcept;
// Subscriptions are counted and publications listed before: what is announced, what is to be.
void settle_members(const Locked& locked) noexcept;
// Ends sessions that got another name, of which not all their subscriptions know. This frees cells,
// so it is the last step.
void end_renamed(const Locked& locked) noexcept;

}  // namespace bayeux::store

#endif
