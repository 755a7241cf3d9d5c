// The facade's part that announces who has come and gone on channels with presence.
#include <array>
#include <optional>
#include <sched.h>

#include "protocol/presence_channel.hpp"
#include "store/announcement.hpp"
#include "store/under_lock.hpp"

namespace bayeux::store {

namespace {

// Of one call, so that none can be kept busy for ever: a sweep does the rest.
constexpr std::uint32_t kMaxAnnouncements = 1024;

}  // namespace

void SharedStore::announce() {
    for (std::uint32_t i = 0; i < kMaxAnnouncements && has_changes(segment_); ++i) {
        if (!announce_some()) {
            return;
        }
    }
}

bool SharedStore::announce_some() {
    ChangedChannel changed;
    const bool any = under_lock(
        Operation::kRead, [&](const Locked& locked) { return first_change(locked, changed); });
    if (!any) {
        return false;
    }
    const auto channel = protocol::presence_channel_of(changed.name());
    const ExpansionHashes hashes(segment_, channel ? channel->text() : "/");
    broker::Publication publication;
    publication.domain = DomainId{changed.domain};
    publication.channel = channel ? &*channel : nullptr;
    std::array<char, kAnnouncementRoom> room;
    Ticket ticket;
    bool done = false;
    bool dying = false;
    const Begun begun = under_lock(Operation::kAnnounce, [&](const Locked& locked) {
        const Begun result = begin_announcement(locked, changed, channel ? &publication : nullptr,
                                                hashes, room, ticket);
        done = result != Begun::kStarted || drive_fanout(locked, hashes, ticket);
        dying = static_cast<bool>(locked.header().dying_head);
        return result;
    });
    while (!done) {
        sched_yield();  // the lock is not fair
        under_lock(Operation::kPublish, [&](const Locked& locked) {
            done = drive_fanout(locked, hashes, ticket);
            dying = static_cast<bool>(locked.header().dying_head);
        });
    }
    if (dying) {
        dismantle_all();
    }
    // Without memory for it the changes stay what they are until the next sweep.
    return begun != Begun::kRefused;
}

}  // namespace bayeux::store
