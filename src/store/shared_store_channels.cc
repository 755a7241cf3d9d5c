// The facade's functions for subscriptions, channels and publications.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <sched.h>
#include <vector>

#include "protocol/presence_channel.hpp"
#include "store/announcement.hpp"
#include "store/channel_table.hpp"
#include "store/fanout.hpp"
#include "store/member_table.hpp"
#include "store/session_table.hpp"
#include "store/subscription_index.hpp"
#include "store/under_lock.hpp"

namespace bayeux::store {

using broker::PresenceMark;

namespace {

// Names that one hold of the lock works on.
constexpr std::size_t kNames = 64;

using NameHashes = std::array<std::uint32_t, kNames>;

NameHashes hashes_of(const Segment& segment, std::span<const protocol::ChannelName> channels) {
    NameHashes hashes{};
    for (std::size_t i = 0; i < channels.size(); ++i) {
        hashes[i] = name_hash(segment, channels[i].text());
    }
    return hashes;
}

// What is to be of the channel and the subscription.
struct Wanted {
    bool persistent = false;
    bool counts = false;
};

Wanted wanted_at(const broker::SubscriptionLimits& limits, std::size_t i) noexcept {
    return {!limits.persistent.empty() && limits.persistent[i] != 0,
            !limits.presence.empty() && limits.presence[i] == PresenceMark::kCounts};
}

enum class Added : std::uint8_t { kNew, kWasThere, kTooMany, kNoRoom };

Added add_one(const Locked& locked, SessionIndex index, std::string_view name, std::uint32_t hash,
              const broker::SubscriptionLimits& limits, const Wanted& wanted) noexcept {
    const Session& session = locked.cell(index);
    const ChannelIndex known = find_channel(locked, session.domain, name, hash);
    if (const auto found = known ? find_subscription(locked, index, known) : SubscriptionIndex()) {
        // It may be older than BayeuxPresence.
        const bool counts = !wanted.counts || locked.cell(found).member;
        return counts || count_as_member(locked, found) ? Added::kWasThere : Added::kNoRoom;
    }
    if (session.subscription_count >= limits.per_session) {
        return Added::kTooMany;
    }
    const ChannelIndex channel =
        find_or_create_channel(locked, session.domain, name, hash, limits.max_channels);
    MemberIndex member;
    if (channel && wanted.counts) {
        member = find_or_create_member(locked, channel, Identity(locked, session));
    }
    if (!channel || (wanted.counts && !member) ||
        !add_subscription(locked, index, channel, member)) {
        if (member) {
            settle_member(locked, member);
        }
        return Added::kNoRoom;
    }
    if (wanted.persistent) {
        locked.cell(channel).persistent = 1;
    }
    return Added::kNew;
}

broker::SubscriptionLimits part_of(broker::SubscriptionLimits limits, std::size_t start,
                                   std::size_t count) noexcept {
    if (!limits.persistent.empty()) {
        limits.persistent = limits.persistent.subspan(start, count);
    }
    if (!limits.presence.empty()) {
        limits.presence = limits.presence.subspan(start, count);
    }
    return limits;
}

}  // namespace

std::optional<ErrorCode> SharedStore::subscribe_some(
    SessionHandle handle, std::span<const protocol::ChannelName> channels,
    const broker::SubscriptionLimits& limits, std::span<char> added, std::span<char> snapshot) {
    const NameHashes hashes = hashes_of(segment_, channels);
    std::string_view watched;
    if (!snapshot.empty()) {
        watched = std::string_view(channels[0].text()).substr(protocol::kPresencePrefix.size());
    }
    const std::uint32_t watched_hash = watched.empty() ? 0 : name_hash(segment_, watched);
    return under_lock(Operation::kSubscribe, [&](const Locked& locked) -> std::optional<ErrorCode> {
        if (resolve_alive(locked, handle) == nullptr) {
            return ErrorCode::kGone;
        }
        for (std::size_t i = 0; i < channels.size(); ++i) {
            switch (add_one(locked, SessionIndex(handle.index), channels[i].text(), hashes[i],
                            limits, wanted_at(limits, i))) {
                case Added::kNew:
                    added[i] = 1;
                    break;
                case Added::kWasThere:
                    break;
                case Added::kTooMany:
                    ++locked.header().counters.refused_full;
                    return ErrorCode::kTooLarge;
                case Added::kNoRoom:
                    ++locked.header().counters.refused_full;
                    return ErrorCode::kFull;
            }
        }
        if (!watched.empty() &&
            !send_snapshot(locked, SessionIndex(handle.index), watched, watched_hash, snapshot)) {
            return ErrorCode::kFull;
        }
        return std::nullopt;
    });
}

void SharedStore::unsubscribe_some(SessionHandle handle,
                                   std::span<const protocol::ChannelName> channels,
                                   std::span<const char> chosen) {
    const NameHashes hashes = hashes_of(segment_, channels);
    under_lock(Operation::kUnsubscribe, [&](const Locked& locked) {
        const Session* const session = resolve_alive(locked, handle);
        for (std::size_t i = 0; i < channels.size() && session != nullptr; ++i) {
            const ChannelIndex channel =
                chosen.empty() || chosen[i] != 0
                    ? find_channel(locked, session->domain, channels[i].text(), hashes[i])
                    : ChannelIndex();
            const auto found = channel
                                   ? find_subscription(locked, SessionIndex(handle.index), channel)
                                   : SubscriptionIndex();
            if (found) {
                remove_subscription(locked, found);
            }
        }
    });
}

Result<void> SharedStore::subscribe(SessionHandle session,
                                    std::span<const protocol::ChannelName> channels,
                                    const broker::SubscriptionLimits& limits) {
    // Which ones are new, to take back exactly these if not all can be had (SB-5).
    std::vector<char> added(channels.size(), 0);
    const std::span<char> marks(added);
    // A snapshot is as much as one hold should do, and its text has room before it begins.
    const bool watches = std::ranges::count(limits.presence, PresenceMark::kWatches) != 0;
    const std::unique_ptr<char[]> room =
        watches ? std::make_unique_for_overwrite<char[]>(kSnapshotRoom) : nullptr;
    const std::size_t step = watches ? 1 : kNames;
    for (std::size_t start = 0; start < channels.size(); start += step) {
        const std::size_t count = std::min(step, channels.size() - start);
        const broker::SubscriptionLimits some_limits = part_of(limits, start, count);
        const bool watch = watches && limits.presence[start] == PresenceMark::kWatches;
        const auto refused =
            subscribe_some(session, channels.subspan(start, count), some_limits,
                           marks.subspan(start, count), {room.get(), watch ? kSnapshotRoom : 0});
        if (!refused) {
            continue;
        }
        if (refused == ErrorCode::kGone) {
            bury();  // the snapshot before may have been too much for its queue
            return Error{ErrorCode::kGone, "the session has ended"};
        }
        for (std::size_t back = 0; back <= start; back += kNames) {
            const std::size_t some = std::min(kNames, channels.size() - back);
            unsubscribe_some(session, channels.subspan(back, some), marks.subspan(back, some));
        }
        announce();
        return Error{*refused, "no room for another subscription"};
    }
    if (watches) {
        bury();  // a snapshot may be too much for a queue
    } else {
        announce();
    }
    return {};
}

void SharedStore::unsubscribe(SessionHandle session,
                              std::span<const protocol::ChannelName> channels) {
    for (std::size_t start = 0; start < channels.size(); start += kNames) {
        const std::size_t count = std::min(kNames, channels.size() - start);
        unsubscribe_some(session, channels.subspan(start, count), {});
    }
    announce();
}

bool SharedStore::channel_exists(DomainId domain, const protocol::ChannelName& channel) {
    const std::uint32_t hash = name_hash(segment_, channel.text());
    return under_lock(Operation::kRead, [&](const Locked& locked) {
        return static_cast<bool>(find_channel(locked, domain.value, channel.text(), hash));
    });
}

Result<std::size_t> SharedStore::publish(const broker::Publication& publication) {
    const ExpansionHashes hashes(segment_, publication.channel->text());
    Ticket ticket;
    bool done = false;
    bool dying = false;
    const Begun begun = under_lock(Operation::kPublish, [&](const Locked& locked) {
        const Begun result = begin_fanout(locked, publication, hashes, ticket);
        if (result == Begun::kStarted) {
            done = drive_fanout(locked, hashes, ticket);
        } else if (result == Begun::kRefused) {
            ++locked.header().counters.refused_full;
        }
        dying = static_cast<bool>(locked.header().dying_head);
        return result;
    });
    if (begun == Begun::kRefused) {
        return Error{ErrorCode::kFull, "no room for another message"};
    }
    while (begun == Begun::kStarted && !done) {
        // The lock is not fair: without this the one that just released it takes it again at once.
        sched_yield();
        under_lock(Operation::kPublish, [&](const Locked& locked) {
            done = drive_fanout(locked, hashes, ticket);
            dying = static_cast<bool>(locked.header().dying_head);
        });
    }
    if (dying) {
        bury();
    }
    return std::size_t{ticket.reached};
}

}  // namespace bayeux::store
