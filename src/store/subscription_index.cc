#include "store/subscription_index.hpp"

#include <cstring>

#include "store/channel_table.hpp"
#include "store/kill_point.hpp"
#include "store/member_table.hpp"
#include "store/slab.hpp"

namespace bayeux::store {

namespace {

// Both are places in the segment, which no client chooses; the key only makes them unforeseeable.
SubscriptionIndex& bucket_of(const Locked& locked, SessionIndex session,
                             ChannelIndex channel) noexcept {
    std::uint64_t key = 0;
    std::memcpy(&key, locked.header().table_key.data(), sizeof(key));
    std::uint64_t x = (std::uint64_t{session.value} << 32U | channel.value) ^ key;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    const auto buckets = locked.segment().subscription_buckets();
    return buckets[(x ^ (x >> 31U)) & (buckets.size() - 1)];
}

void unlink_from_pair(const Locked& locked, SubscriptionIndex index) noexcept {
    const Subscription& subscription = locked.cell(index);
    SubscriptionIndex* link = &bucket_of(locked, subscription.session, subscription.channel);
    while (*link && *link != index) {
        link = &locked.cell(*link).hash_next;
    }
    if (*link) {
        *link = subscription.hash_next;
    }
}

void unlink_from_session(const Locked& locked, SubscriptionIndex index) noexcept {
    const Subscription& subscription = locked.cell(index);
    Session& session = locked.cell(subscription.session);
    (subscription.session_prev ? locked.cell(subscription.session_prev).session_next
                               : session.subscriptions) = subscription.session_next;
    if (subscription.session_next) {
        locked.cell(subscription.session_next).session_prev = subscription.session_prev;
    }
    --session.subscription_count;
}

void unlink_from_channel(const Locked& locked, SubscriptionIndex index) noexcept {
    const Subscription& subscription = locked.cell(index);
    Channel& channel = locked.cell(subscription.channel);
    // One store takes it out of the forward chain, which is whole before and after.
    store_in_order(subscription.channel_prev ? locked.cell(subscription.channel_prev).channel_next
                                             : channel.subscribers,
                   subscription.channel_next);
    BAYEUX_KILL_POINT("subscription.off_channel");
    if (subscription.channel_next) {
        locked.cell(subscription.channel_next).channel_prev = subscription.channel_prev;
    }
    --channel.subscriber_count;
}

// Publications that stand on this subscription go on with the next one. If the process is killed
// before the subscription is gone, one event may be missing for it: it was going anyway.
void move_cursors(const Locked& locked, SubscriptionIndex index) noexcept {
    const Subscription& subscription = locked.cell(index);
    Channel& channel = locked.cell(subscription.channel);
    for (JobIndex at = locked.header().jobs_head; at && channel.cursors != 0;) {
        Job& job = locked.cell(at);
        if (job.cursor == index) {
            store_in_order(job.cursor, subscription.channel_next);
            BAYEUX_KILL_POINT("subscription.cursor_moved");
            if (!job.cursor) {
                job.cursor_channel = ChannelIndex();
                --channel.cursors;
            }
        }
        at = job.next;
    }
}

}  // namespace

SubscriptionIndex find_subscription(const Locked& locked, SessionIndex session,
                                    ChannelIndex channel) noexcept {
    for (SubscriptionIndex index = bucket_of(locked, session, channel); index;) {
        const Subscription& subscription = locked.cell(index);
        if (subscription.session == session && subscription.channel == channel) {
            return index;
        }
        index = subscription.hash_next;
    }
    return SubscriptionIndex();
}

void link_by_pair(const Locked& locked, SubscriptionIndex index) noexcept {
    Subscription& subscription = locked.cell(index);
    SubscriptionIndex& bucket = bucket_of(locked, subscription.session, subscription.channel);
    subscription.hash_next = bucket;
    bucket = index;
}

void link_to_session(const Locked& locked, SubscriptionIndex index) noexcept {
    Subscription& subscription = locked.cell(index);
    Session& session = locked.cell(subscription.session);
    subscription.session_prev = SubscriptionIndex();
    subscription.session_next = session.subscriptions;
    if (session.subscriptions) {
        locked.cell(session.subscriptions).session_prev = index;
    }
    session.subscriptions = index;
    ++session.subscription_count;
}

void link_to_channel(const Locked& locked, SubscriptionIndex index) noexcept {
    Subscription& subscription = locked.cell(index);
    Channel& channel = locked.cell(subscription.channel);
    // In front: a publication that is under way never meets who came after it.
    subscription.channel_prev = SubscriptionIndex();
    subscription.channel_next = channel.subscribers;
    if (channel.subscribers) {
        locked.cell(channel.subscribers).channel_prev = index;
    }
    BAYEUX_KILL_POINT("subscription.before_channel");
    store_in_order(channel.subscribers, index);
    ++channel.subscriber_count;
}

bool add_subscription(const Locked& locked, SessionIndex session, ChannelIndex channel,
                      MemberIndex member) noexcept {
    const auto index = allocate<Subscription>(locked);
    if (!index) {
        return false;
    }
    Subscription fresh{};
    fresh.session = session;
    fresh.generation = locked.cell(session).generation;
    fresh.channel = channel;
    fresh.since = locked.header().sequence;
    fresh.member = member;
    Subscription& subscription = locked.cell(index);
    subscription = fresh;
    link_to_channel(locked, index);
    BAYEUX_KILL_POINT("subscription.on_channel");
    link_to_session(locked, index);
    BAYEUX_KILL_POINT("subscription.on_session");
    link_by_pair(locked, index);
    publish_cell(subscription);
    BAYEUX_KILL_POINT("subscription.live");
    if (member) {
        locked.cell(session).counted = 1;
        count_in(locked, member);
    }
    note_use(locked, channel);
    return true;
}

void remove_subscription(const Locked& locked, SubscriptionIndex index) noexcept {
    Subscription& subscription = locked.cell(index);
    const ChannelIndex channel = subscription.channel;
    const MemberIndex member = subscription.member;
    move_cursors(locked, index);
    retire_cell(subscription);
    BAYEUX_KILL_POINT("subscription.retired");
    unlink_from_channel(locked, index);
    unlink_from_session(locked, index);
    unlink_from_pair(locked, index);
    BAYEUX_KILL_POINT("subscription.unlinked");
    release(locked, index);
    if (member) {
        count_out(locked, member);
    }
    note_use(locked, channel);
}

}  // namespace bayeux::store
