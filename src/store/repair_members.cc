#include "store/repair_members.hpp"

#include <algorithm>

#include "store/kill_point.hpp"
#include "store/member_table.hpp"
#include "store/session_end.hpp"
#include "store/slab.hpp"
#include "store/user_table.hpp"

namespace bayeux::store {

namespace {

bool is_published(const Locked& locked, std::uint64_t sequence) noexcept {
    for (JobIndex at = locked.header().jobs_head; at; at = locked.cell(at).next) {
        if (locked.cell(at).sequence == sequence) {
            return true;
        }
    }
    return false;
}

// An announcement that had begun has either been published, or never will be.
void decide_announcement(const Locked& locked, Member& member) noexcept {
    if (member.announces != 0 && is_published(locked, member.announces / 2)) {
        store_in_order(member.announced, static_cast<std::uint32_t>(member.announces % 2));
        BAYEUX_KILL_POINT("repair.member_announced");
    }
    store_in_order(member.announces, std::uint64_t{0});
}

}  // namespace

void clear_member_lists(const Locked& locked) noexcept {
    std::ranges::fill(locked.segment().member_buckets(), MemberIndex());
    store_in_order(locked.header().changed_head, MemberIndex());
    locked.header().changed_tail = MemberIndex();
}

void relist_members(const Locked& locked) noexcept {
    for_each_live<Member>(locked.segment(), [&](MemberIndex index, Member& member) {
        member.tag = user_tag(locked.segment(), name_of(member));
        member.count = 0;
        member.changed = 0;
        member.announced = member.announced != 0 ? 1 : 0;
        if (locked.segment().live(member.channel) == nullptr || member.name_length == 0 ||
            find_member(locked, member.channel, member.tag, name_of(member))) {
            retire_cell(member);
        } else {
            link_member(locked, index);
        }
    });
}

void recount_member(const Locked& locked, Subscription& subscription) noexcept {
    Member* const member = locked.segment().live(subscription.member);
    if (member == nullptr || member->channel != subscription.channel) {
        subscription.member = MemberIndex();
        return;
    }
    locked.cell(subscription.session).counted = 1;
    ++member->count;
}

void settle_members(const Locked& locked) noexcept {
    std::ranges::fill(locked.segment().member_buckets(), MemberIndex());
    for_each_live<Member>(locked.segment(), [&](MemberIndex index, Member& member) {
        decide_announcement(locked, member);
        if (member.count == 0 && member.announced == 0) {
            retire_cell(member);
            return;
        }
        link_member(locked, index);
        list_member(locked, index);
        locked.cell(member.channel).present += member.announced;
        settle_member(locked, index);
        BAYEUX_KILL_POINT("repair.member_settled");
    });
}

void end_renamed(const Locked& locked) noexcept {
    for_each_live<Subscription>(
        locked.segment(), [&](SubscriptionIndex, const Subscription& subscription) {
            if (subscription.member &&
                locked.cell(subscription.session).state != SessionState::kEnded &&
                !is_own_member(locked, subscription)) {
                end_session(locked, subscription.session);
            }
        });
}

}  // namespace bayeux::store
