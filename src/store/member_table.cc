#include "store/member_table.hpp"

#include <cstring>

#include "base/siphash.hpp"
#include "store/channel_table.hpp"
#include "store/kill_point.hpp"
#include "store/slab.hpp"
#include "store/user_table.hpp"

namespace bayeux::store {

namespace {

MemberIndex& bucket_of(const Locked& locked, ChannelIndex channel, std::uint64_t tag) noexcept {
    const auto buckets = locked.segment().member_buckets();
    return buckets[(tag ^ channel.value * 0x9e3779b97f4a7c15U) & (buckets.size() - 1)];
}

void list_changed(const Locked& locked, MemberIndex index) noexcept {
    Header& header = locked.header();
    Member& member = locked.cell(index);
    member.changed = 1;
    member.changed_next = MemberIndex();
    member.changed_prev = header.changed_tail;
    if (header.changed_tail) {
        locked.cell(header.changed_tail).changed_next = index;
    } else {
        store_in_order(header.changed_head, index);
    }
    header.changed_tail = index;
}

void unlist_changed(const Locked& locked, MemberIndex index) noexcept {
    Header& header = locked.header();
    Member& member = locked.cell(index);
    if (member.changed_prev) {
        locked.cell(member.changed_prev).changed_next = member.changed_next;
    } else {
        store_in_order(header.changed_head, member.changed_next);
    }
    (member.changed_next ? locked.cell(member.changed_next).changed_prev : header.changed_tail) =
        member.changed_prev;
    member.changed = 0;
}

void destroy_member(const Locked& locked, MemberIndex index) noexcept {
    Member& member = locked.cell(index);
    const ChannelIndex channel = member.channel;
    retire_cell(member);
    BAYEUX_KILL_POINT("member.retired");
    MemberIndex* link = &bucket_of(locked, channel, member.tag);
    while (*link && *link != index) {
        link = &locked.cell(*link).hash_next;
    }
    if (*link) {
        *link = member.hash_next;
    }
    (member.channel_prev ? locked.cell(member.channel_prev).channel_next
                         : locked.cell(channel).members) = member.channel_next;
    if (member.channel_next) {
        locked.cell(member.channel_next).channel_prev = member.channel_prev;
    }
    release(locked, index);
    note_use(locked, channel);
}

}  // namespace

Identity::Identity(const Locked& locked, const Session& session) noexcept {
    if (session.user) {
        const User& user = locked.cell(session.user);
        name_ = store::name_of(user);
        tag_ = user.tag;
        if (!name_.empty() && name_.front() != ':') {
            return;
        }
    }
    std::array<char, 8 + sizeof(session.generation)> of{'p', 'r', 'e', 's', 'e', 'n', 'c', 'e'};
    std::memcpy(of.data() + 8, &session.generation, sizeof(session.generation));
    std::uint64_t number =
        siphash(locked.header().table_key, std::string_view(of.data(), of.size()));
    made_up_.front() = ':';
    for (std::size_t i = 1; i < made_up_.size(); ++i, number >>= 4U) {
        made_up_[i] = "0123456789abcdef"[number & 0xfU];
    }
    name_ = {made_up_.data(), made_up_.size()};
    tag_ = user_tag(locked.segment(), name_);
}

MemberIndex find_member(const Locked& locked, ChannelIndex channel, std::uint64_t tag,
                        std::string_view name) noexcept {
    for (MemberIndex index = bucket_of(locked, channel, tag); index;) {
        const Member& member = locked.cell(index);
        if (member.tag == tag && member.channel == channel && name_of(member) == name) {
            return index;
        }
        index = member.hash_next;
    }
    return MemberIndex();
}

MemberIndex find_or_create_member(const Locked& locked, ChannelIndex channel,
                                  const Identity& identity) noexcept {
    const MemberIndex found = find_member(locked, channel, identity.tag(), identity.name());
    const auto index = found ? MemberIndex() : allocate<Member>(locked);
    if (!index) {
        return found;
    }
    Member& member = locked.cell(index);
    member = Member{};
    member.channel = channel;
    member.tag = identity.tag();
    member.name_length = static_cast<std::uint8_t>(identity.name().size());
    std::memcpy(member.name.data(), identity.name().data(), identity.name().size());
    link_member(locked, index);
    BAYEUX_KILL_POINT("member.linked");
    list_member(locked, index);
    publish_cell(member);
    BAYEUX_KILL_POINT("member.live");
    note_use(locked, channel);
    return index;
}

void count_in(const Locked& locked, MemberIndex index) noexcept {
    ++locked.cell(index).count;
    settle_member(locked, index);
    BAYEUX_KILL_POINT("member.counted");
}

void count_out(const Locked& locked, MemberIndex index) noexcept {
    --locked.cell(index).count;
    settle_member(locked, index);
    BAYEUX_KILL_POINT("member.uncounted");
}

void settle_member(const Locked& locked, MemberIndex index) noexcept {
    const Member& member = locked.cell(index);
    const bool present = member.count != 0;
    const bool changed = present != (member.announced != 0);
    if (changed && member.changed == 0) {
        list_changed(locked, index);
    } else if (!changed && member.changed != 0) {
        unlist_changed(locked, index);
    }
    if (!changed && !present) {
        destroy_member(locked, index);
    }
}

bool count_as_member(const Locked& locked, SubscriptionIndex index) noexcept {
    Subscription& subscription = locked.cell(index);
    Session& session = locked.cell(subscription.session);
    const MemberIndex member =
        find_or_create_member(locked, subscription.channel, Identity(locked, session));
    if (!member) {
        return false;
    }
    session.counted = 1;
    store_in_order(subscription.member, member);
    BAYEUX_KILL_POINT("member.named");
    count_in(locked, member);
    return true;
}

bool rename_members(const Locked& locked, SessionIndex index) noexcept {
    const Session& session = locked.cell(index);
    if (session.counted == 0) {
        return true;
    }
    if (session.subscription_count > kMaxRenamed) {
        return false;
    }
    const Identity identity(locked, session);
    for (SubscriptionIndex at = session.subscriptions; at; at = locked.cell(at).session_next) {
        Subscription& subscription = locked.cell(at);
        const MemberIndex before = subscription.member;
        const MemberIndex member =
            before ? find_or_create_member(locked, subscription.channel, identity) : before;
        if (before && !member) {
            return false;
        }
        if (member != before) {
            store_in_order(subscription.member, member);
            BAYEUX_KILL_POINT("member.renamed");
            count_in(locked, member);
            count_out(locked, before);
        }
    }
    return true;
}

void link_member(const Locked& locked, MemberIndex index) noexcept {
    Member& member = locked.cell(index);
    MemberIndex& bucket = bucket_of(locked, member.channel, member.tag);
    member.hash_next = bucket;
    bucket = index;
}

void list_member(const Locked& locked, MemberIndex index) noexcept {
    Member& member = locked.cell(index);
    Channel& channel = locked.cell(member.channel);
    member.channel_prev = MemberIndex();
    member.channel_next = channel.members;
    if (channel.members) {
        locked.cell(channel.members).channel_prev = index;
    }
    channel.members = index;
}

bool is_own_member(const Locked& locked, const Subscription& subscription) noexcept {
    const Identity identity(locked, locked.cell(subscription.session));
    return name_of(locked.cell(subscription.member)) == identity.name();
}

}  // namespace bayeux::store
