// Who is subscribed to what: each subscription is in the list of its session, in the list of its
// channel, and found by both together in constant time.
#ifndef BAYEUX_STORE_SUBSCRIPTION_INDEX_HPP
#define BAYEUX_STORE_SUBSCRIPTION_INDEX_HPP

#include "store/store_lock.hpp"

namespace bayeux::store {

[[nodiscard]] SubscriptionIndex find_subscription(const Locked& locked, SessionIndex session,
                                                  ChannelIndex channel) noexcept;
// False if memory is full. There is none yet between the two. It makes its session present as the
// member, if there is one.
[[nodiscard]] bool add_subscription(const Locked& locked, SessionIndex session,
                                    ChannelIndex channel,
                                    MemberIndex member = MemberIndex()) noexcept;
// The channel stays, and is idle if this was its last one.
void remove_subscription(const Locked& locked, SubscriptionIndex index) noexcept;

// --- for repair ---
void link_by_pair(const Locked& locked, SubscriptionIndex index) noexcept;
void link_to_session(const Locked& locked, SubscriptionIndex index) noexcept;
void link_to_channel(const Locked& locked, SubscriptionIndex index) noexcept;

}  // namespace bayeux::store

#endif
