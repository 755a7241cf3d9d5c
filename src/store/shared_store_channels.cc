// The facade's functions for subscriptions, channels and publications.
#include <array>
#include <optional>
#include <sched.h>
#include <vector>

#include "store/channel_table.hpp"
#include "store/fanout.hpp"
#include "store/session_table.hpp"
#include "store/subscription_index.hpp"
#include "store/under_lock.hpp"

namespace bayeux::store {

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

enum class Added : std::uint8_t { kNew, kWasThere, kTooMany, kNoRoom };

Added add_one(const Locked& locked, SessionIndex index, std::string_view name, std::uint32_t hash,
              const broker::SubscriptionLimits& limits, bool persistent) noexcept {
    const Session& session = locked.cell(index);
    const ChannelIndex known = find_channel(locked, session.domain, name, hash);
    if (known && find_subscription(locked, index, known)) {
        return Added::kWasThere;
    }
    if (session.subscription_count >= limits.per_session) {
        return Added::kTooMany;
    }
    const ChannelIndex channel =
        find_or_create_channel(locked, session.domain, name, hash, limits.max_channels);
    if (!channel || !add_subscription(locked, index, channel)) {
        return Added::kNoRoom;
    }
    if (persistent) {
        locked.cell(channel).persistent = 1;
    }
    return Added::kNew;
}

}  // namespace

std::optional<ErrorCode> SharedStore::subscribe_some(
    SessionHandle handle, std::span<const protocol::ChannelName> channels,
    const broker::SubscriptionLimits& limits, std::span<char> added) {
    const NameHashes hashes = hashes_of(segment_, channels);
    return under_lock(Operation::kSubscribe, [&](const Locked& locked) -> std::optional<ErrorCode> {
        if (resolve_alive(locked, handle) == nullptr) {
            return ErrorCode::kGone;
        }
        for (std::size_t i = 0; i < channels.size(); ++i) {
            switch (add_one(locked, SessionIndex(handle.index), channels[i].text(), hashes[i],
                            limits, !limits.persistent.empty() && limits.persistent[i] != 0)) {
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
    for (std::size_t start = 0; start < channels.size(); start += kNames) {
        const std::size_t count = std::min(kNames, channels.size() - start);
        broker::SubscriptionLimits some_limits = limits;
        if (!limits.persistent.empty()) {
            some_limits.persistent = limits.persistent.subspan(start, count);
        }
        const auto refused = subscribe_some(session, channels.subspan(start, count), some_limits,
                                            marks.subspan(start, count));
        if (!refused) {
            continue;
        }
        if (refused == ErrorCode::kGone) {
            return Error{ErrorCode::kGone, "the session has ended"};
        }
        for (std::size_t back = 0; back <= start; back += kNames) {
            const std::size_t some = std::min(kNames, channels.size() - back);
            unsubscribe_some(session, channels.subspan(back, some), marks.subspan(back, some));
        }
        return Error{*refused, "no room for another subscription"};
    }
    return {};
}

void SharedStore::unsubscribe(SessionHandle session,
                              std::span<const protocol::ChannelName> channels) {
    for (std::size_t start = 0; start < channels.size(); start += kNames) {
        const std::size_t count = std::min(kNames, channels.size() - start);
        unsubscribe_some(session, channels.subspan(start, count), {});
    }
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
