#include "store/verify_members.hpp"

#include <map>
#include <set>

#include "store/member_table.hpp"
#include "store/user_table.hpp"

namespace bayeux::store {

namespace {

using Seen = std::set<std::uint32_t>;

std::string check_chains(const Locked& locked, Seen& chained) {
    for (const MemberIndex head : locked.segment().member_buckets()) {
        for (MemberIndex index = head; index; index = locked.cell(index).hash_next) {
            if (locked.segment().live(index) == nullptr || !chained.insert(index.value).second) {
                return "V19 members: a bucket chain that leads astray";
            }
        }
    }
    return {};
}

std::string check_channel_lists(const Locked& locked, Seen& listed) {
    std::string wrong;
    for_each_live<Channel>(locked.segment(), [&](ChannelIndex of, const Channel& channel) {
        std::uint32_t announced = 0;
        MemberIndex before;
        for (MemberIndex index = channel.members; index && wrong.empty();) {
            const Member* const member = locked.segment().live(index);
            if (member == nullptr || member->channel != of || member->channel_prev != before ||
                !listed.insert(index.value).second) {
                wrong = "V19 a channel's list of members leads astray";
                return;
            }
            announced += member->announced;
            before = index;
            index = member->channel_next;
        }
        if (wrong.empty() && announced != channel.present) {
            wrong = "V19 a channel's count of announced members is wrong";
        }
    });
    return wrong;
}

std::string check_changes(const Locked& locked, Seen& changed) {
    MemberIndex before;
    for (MemberIndex index = locked.header().changed_head; index;) {
        const Member* const member = locked.segment().live(index);
        if (member == nullptr || member->changed_prev != before ||
            !changed.insert(index.value).second) {
            return "V19 the list of members to announce leads astray";
        }
        before = index;
        index = member->changed_next;
    }
    return before == locked.header().changed_tail
               ? ""
               : "V19 the tail of the members to announce is wrong";
}

std::string count_subscriptions(const Locked& locked,
                                std::map<std::uint32_t, std::uint32_t>& counts) {
    std::string wrong;
    for_each_live<Subscription>(locked.segment(), [&](SubscriptionIndex, const Subscription& s) {
        if (!s.member) {
            return;
        }
        ++counts[s.member.value];
        const Member* const member = locked.segment().live(s.member);
        const Session& session = locked.cell(s.session);
        if (member == nullptr || member->channel != s.channel || session.counted == 0) {
            wrong = "V19 a subscription counts for a member of another channel";
        } else if (session.state != SessionState::kEnded && !is_own_member(locked, s)) {
            wrong = "V19 a subscription counts for somebody else";
        }
    });
    return wrong;
}

}  // namespace

std::string check_V19_members(const Locked& locked) {
    Seen chained;
    Seen listed;
    Seen changed;
    std::map<std::uint32_t, std::uint32_t> counts;
    std::string wrong = check_chains(locked, chained);
    wrong += wrong.empty() ? check_channel_lists(locked, listed) : "";
    wrong += wrong.empty() ? check_changes(locked, changed) : "";
    wrong += wrong.empty() ? count_subscriptions(locked, counts) : "";
    for_each_live<Member>(locked.segment(), [&](MemberIndex index, const Member& member) {
        const bool differs = (member.count != 0) != (member.announced != 0);
        if (!wrong.empty()) {
            return;
        }
        if (member.tag != user_tag(locked.segment(), name_of(member)) ||
            find_member(locked, member.channel, member.tag, name_of(member)) != index ||
            !listed.contains(index.value)) {
            wrong = "V19 a member is not found";
        } else if (member.count != counts[index.value] || member.announced > 1 ||
                   member.announces != 0 || (member.count == 0 && member.announced == 0)) {
            wrong = "V19 a member's count is wrong";
        } else if (changed.contains(index.value) != differs || (member.changed != 0) != differs) {
            wrong = "V19 a change is not to be announced, or announced already";
        }
    });
    return wrong;
}

}  // namespace bayeux::store
