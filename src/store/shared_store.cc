#include "store/shared_store.hpp"

#include <algorithm>

#include "store/session_ack.hpp"
#include "store/session_end.hpp"
#include "store/session_queue.hpp"
#include "store/session_table.hpp"
#include "store/timer_wheel.hpp"
#include "store/under_lock.hpp"

namespace bayeux::store {

namespace {

constexpr std::uint32_t kDismantleStep = 256;
constexpr std::uint32_t kMaxSteps = 4096;  // of one call, so that none can be kept busy for ever

std::int64_t millis(TimePoint time) noexcept {
    return time.time_since_epoch().count();
}

}  // namespace

Result<std::unique_ptr<SharedStore>> SharedStore::open(std::span<std::byte> segment,
                                                       broker::Ringer& ringer, const Clock& clock) {
    const auto attached = Segment::attach(segment);
    if (!attached) {
        return attached.error();
    }
    return std::unique_ptr<SharedStore>(new SharedStore(attached.value(), ringer, clock));
}

protocol::SecretKey SharedStore::browser_key() const noexcept {
    return segment_.header().browser_key;
}

Result<SessionHandle> SharedStore::create_session(const broker::NewSession& wanted) {
    const SessionHashes hashes = session_hashes(segment_, wanted);
    SessionHandle handle;
    under_lock(Operation::kCreateSession, [&](const Locked& locked) {
        const SessionIndex index = store::create_session(locked, wanted, hashes);
        if (index) {
            handle = {index.value, locked.cell(index).generation};
        } else {
            ++locked.header().counters.refused_full;
        }
    });
    if (handle == SessionHandle{}) {
        return Error{ErrorCode::kFull, "no room for another session"};
    }
    return handle;
}

std::optional<broker::SessionInfo> SharedStore::find_session(DomainId domain,
                                                             const protocol::ClientId& id) {
    const std::uint32_t hash = session_hash(segment_, domain, id);
    std::optional<broker::SessionInfo> info;
    under_lock(Operation::kRead, [&](const Locked& locked) {
        const SessionIndex index = store::find_session(locked, domain, id, hash);
        if (!index) {
            return;
        }
        const Session& session = locked.cell(index);
        info.emplace();
        info->handle = {index.value, session.generation};
        if (session.has_browser != 0) {
            info->browser = protocol::BrowserId::from_bytes(session.browser);
        }
        info->cookie_seen = session.cookie_seen != 0;
        info->connected = session.state == SessionState::kConnected;
        info->ack = session.ack != 0;
        info->connect_open = session.connect_open != 0;
        info->stream = session.stream;
        info->active_at = TimePoint{Millis{session.active_at}};
        info->user_tag = session.user_tag;
    });
    return info;
}

std::optional<SessionSight> SharedStore::look_at(DomainId domain, const protocol::ClientId& id) {
    const std::uint32_t hash = session_hash(segment_, domain, id);
    std::optional<SessionSight> sight;
    under_lock(Operation::kRead, [&](const Locked& locked) {
        const SessionIndex index = store::find_session(locked, domain, id, hash);
        if (!index) {
            return;
        }
        const Session& session = locked.cell(index);
        const bool streams = session.stream != broker::Transport::kNone;
        sight.emplace();
        sight->handle = {index.value, session.generation};
        sight->transport = streams ? session.stream : session.transport;
        sight->connected = session.state == SessionState::kConnected;
        sight->waiting = streams || session.waiter_state == WaiterState::kParked;
        sight->ack = session.ack != 0;
        sight->subscriptions = session.subscription_count;
        sight->queued_messages = session.queue_count;
        sight->queued_bytes = session.queue_bytes;
        sight->active_at = TimePoint{Millis{session.active_at}};
    });
    return sight;
}

void SharedStore::touch(SessionHandle handle, const broker::Touch& touch) {
    under_lock(Operation::kTouch, [&](const Locked& locked) {
        if (Session* const session = resolve_alive(locked, handle)) {
            const std::int64_t until = std::max(session->expires_at, millis(touch.expires_at));
            set_expiry(locked, SessionIndex(handle.index), until);
            session->cookie_seen |= touch.cookie ? 1 : 0;
            if (touch.active_at) {
                session->active_at = std::max(session->active_at, millis(*touch.active_at));
            }
        }
    });
}

bool SharedStore::end_session(SessionHandle handle) {
    const bool ended = under_lock(Operation::kEndSession, [&](const Locked& locked) {
        if (resolve_alive(locked, handle) == nullptr) {
            return false;
        }
        store::end_session(locked, SessionIndex(handle.index));
        return true;
    });
    if (ended) {
        bury();
    }
    return ended;
}

void SharedStore::bury() {
    dismantle_all();
    announce();
}

void SharedStore::dismantle_all() {
    bool more = true;
    for (std::uint32_t step = 0; more && step < kMaxSteps; ++step) {
        more = under_lock(Operation::kEndSession,
                          [&](const Locked& locked) { return dismantle(locked, kDismantleStep); });
    }
}

bool SharedStore::has_events(SessionHandle handle) {
    return under_lock(Operation::kRead, [&](const Locked& locked) {
        const Session* const session = resolve_alive(locked, handle);
        return session != nullptr && is_drainable(*session);
    });
}

std::optional<SharedStore::Room> SharedStore::drain_once(SessionHandle handle, ChildIndex child,
                                                         const Room& room, std::string& out,
                                                         std::vector<std::uint32_t>* lengths,
                                                         broker::Drained& drained) {
    return under_lock(Operation::kDrain, [&](const Locked& locked) -> std::optional<Room> {
        const Session* const session = resolve_alive(locked, handle);
        if (session == nullptr || (session->ack == 0 && !is_drainable(*session))) {
            return std::nullopt;
        }
        const Share share = next_share(locked, *session);
        if (share.bytes > room.bytes || (lengths != nullptr && share.events > room.events)) {
            return Room{share.bytes, share.events};
        }
        // Within the capacities: no allocation.
        const std::size_t before = out.size();
        out.resize(before + share.bytes);
        std::uint32_t* lengths_end = nullptr;
        if (lengths != nullptr) {
            lengths->resize(lengths->size() + share.events);
            lengths_end = lengths->data() + (lengths->size() - share.events);
        }
        drained.events = share.events;
        const SessionIndex index(handle.index);
        if (session->ack != 0) {
            drained.batch = send_batch(locked, index, share, out.data() + before, lengths_end);
        } else {
            drain_share(locked, index, child, share, out.data() + before, lengths_end);
        }
        return std::nullopt;
    });
}

broker::Drained SharedStore::drain(SessionHandle handle, ChildIndex child, std::string& out,
                                   std::vector<std::uint32_t>* lengths) {
    broker::Drained drained;
    for (;;) {
        Room room{out.capacity() - out.size(), 0};
        if (lengths != nullptr) {
            room.events = lengths->capacity() - lengths->size();
        }
        const auto wanted = drain_once(handle, child, room, out, lengths, drained);
        if (!wanted) {
            return drained;
        }
        out.reserve(out.size() + wanted->bytes);
        if (lengths != nullptr) {
            lengths->reserve(lengths->size() + wanted->events);
        }
    }
}

}  // namespace bayeux::store
