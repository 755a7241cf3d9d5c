#include "store/announcement.hpp"

#include <algorithm>
#include <atomic>

#include "store/channel_table.hpp"
#include "store/delivery.hpp"
#include "store/kill_point.hpp"
#include "store/member_table.hpp"
#include "store/presence_text.hpp"

namespace bayeux::store {

namespace {

struct Changes {
    std::array<MemberIndex, kMaxAnnounced> members;
    std::uint32_t count = 0;
    std::uint32_t joins = 0;

    [[nodiscard]] std::span<const MemberIndex> all() const noexcept {
        return {members.data(), count};
    }
};

// The changes at the head of the list that are the channel's, as many as there is room for.
Changes take_changes(const Locked& locked, ChannelIndex channel, std::size_t room) noexcept {
    Changes changes;
    std::size_t used = PresenceText::kFrame;
    for (MemberIndex at = locked.header().changed_head; at && changes.count < kMaxAnnounced;) {
        const Member& member = locked.cell(at);
        used += PresenceText::room_for(name_of(member));
        if (member.channel != channel || used > room) {
            break;
        }
        changes.members[changes.count] = at;
        ++changes.count;
        changes.joins += member.announced == 0 ? 1 : 0;
        at = member.changed_next;
    }
    return changes;
}

void write_list(const Locked& locked, const Changes& changes, bool joins,
                PresenceText& text) noexcept {
    if ((joins ? changes.joins : changes.count - changes.joins) == 0) {
        return;
    }
    text.begin_list(joins ? "join" : "leave");
    for (const MemberIndex index : changes.all()) {
        const Member& member = locked.cell(index);
        if ((member.announced == 0) == joins) {
            text.add_name(name_of(member));
        }
    }
    text.end_list();
}

bool has_audience(const Locked& locked, const broker::Publication& publication,
                  const ExpansionHashes& hashes) noexcept {
    protocol::ChannelExpansion expansion(publication.channel->text());
    std::string_view name;
    for (std::uint32_t i = 0; i < hashes.count && expansion.next(name); ++i) {
        const ChannelIndex channel =
            find_channel(locked, publication.domain.value, name, hashes.of[i]);
        if (channel && locked.cell(channel).subscriber_count != 0) {
            return true;
        }
    }
    return false;
}

}  // namespace

bool has_changes(const Segment& segment) noexcept {
    return std::atomic_ref<MemberIndex>(segment.header().changed_head)
               .load(std::memory_order_relaxed) != MemberIndex();
}

bool first_change(const Locked& locked, ChangedChannel& changed) noexcept {
    const MemberIndex first = locked.header().changed_head;
    if (!first) {
        return false;
    }
    const Channel& channel = locked.cell(locked.cell(first).channel);
    changed.domain = channel.domain;
    changed.hash = channel_hash(channel.domain, channel.hash);  // undoes itself
    changed.length = channel.name_length;
    changed.text = channel.name;
    return true;
}

Begun begin_announcement(const Locked& locked, const ChangedChannel& changed,
                         broker::Publication* publication, const ExpansionHashes& hashes,
                         std::span<char> room, Ticket& ticket) noexcept {
    const ChannelIndex index = find_channel(locked, changed.domain, changed.name(), changed.hash);
    const Changes changes = index ? take_changes(locked, index, room.size()) : Changes();
    if (changes.count == 0) {
        return Begun::kNobody;
    }
    const std::uint64_t sequence = locked.header().sequence + 1;
    Begun begun = Begun::kNobody;
    if (publication != nullptr && has_audience(locked, *publication, hashes)) {
        PresenceText text(room);
        text.begin(changed.name());
        write_list(locked, changes, false, text);
        write_list(locked, changes, true, text);
        text.end(locked.cell(index).present + 2 * changes.joins - changes.count, false);
        publication->event = text.text();
        for (const MemberIndex at : changes.all()) {
            Member& member = locked.cell(at);
            store_in_order(member.announces, 2 * sequence + (member.announced == 0 ? 1 : 0));
            BAYEUX_KILL_POINT("presence.named");
        }
        begun = begin_fanout(locked, *publication, hashes, ticket);
        BAYEUX_KILL_POINT("presence.begun");
    }
    for (const MemberIndex at : changes.all()) {
        Member& member = locked.cell(at);
        const bool join = member.announced == 0;
        if (begun == Begun::kRefused) {
            store_in_order(member.announces, std::uint64_t{0});
            continue;
        }
        locked.cell(index).present += join ? 1U : ~0U;
        store_in_order(member.announced, join ? 1U : 0U);
        BAYEUX_KILL_POINT("presence.announced");
        store_in_order(member.announces, std::uint64_t{0});
        settle_member(locked, at);
    }
    return begun;
}

bool send_snapshot(const Locked& locked, SessionIndex session, std::string_view channel,
                   std::uint32_t hash, std::span<char> room) noexcept {
    if (turn_away_if_full(locked, session)) {
        return true;
    }
    const ChannelIndex index = find_channel(locked, locked.cell(session).domain, channel, hash);
    const std::uint32_t present = index ? locked.cell(index).present : 0;
    PresenceText text(room);
    text.begin(channel);
    text.begin_list("here");
    std::uint32_t listed = 0;
    // Those that are still to be announced are passed over: they are bounded, too.
    std::uint32_t seen = 0;
    for (MemberIndex at = index ? locked.cell(index).members : MemberIndex();
         at && listed < kMaxHere && seen < 2 * kMaxHere; ++seen) {
        const Member& member = locked.cell(at);
        if (!text.has_room_for(name_of(member))) {
            break;
        }
        if (member.announced != 0) {
            text.add_name(name_of(member));
            ++listed;
        }
        at = member.channel_next;
    }
    text.end_list();
    text.end(present, listed != present);
    return deliver_event(locked, session, text.text()) != Delivered::kRefused;
}

}  // namespace bayeux::store
