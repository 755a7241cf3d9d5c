#include "store/shared_store.hpp"

#include <algorithm>

#include "store/child_table.hpp"
#include "store/due_list.hpp"
#include "store/kill_point.hpp"
#include "store/session_end.hpp"
#include "store/session_queue.hpp"
#include "store/session_table.hpp"
#include "store/timer_wheel.hpp"
#include "store/under_lock.hpp"

namespace bayeux::store {

namespace {

constexpr std::uint32_t kDismantleStep = 256;
constexpr std::uint32_t kMaxSteps = 4096;  // of one call, so that none can be kept busy for ever

Error gone() {
    return {ErrorCode::kGone, "the session has ended"};
}

std::int64_t millis(TimePoint time) noexcept {
    return time.time_since_epoch().count();
}

// What a held or answered connect leaves behind when it is over.
void forget_connect(const Locked& locked, SessionIndex index, ConnectCycle cycle) noexcept {
    Session& session = locked.cell(index);
    if (session.cycle == cycle.value) {
        clear_waiter(locked, index);
        session.connect_open = 0;
    } else if (session.notice_cycle == cycle.value) {
        clear_notice(locked, index);
    }
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
    const std::uint32_t hash = session_hash(segment_, wanted.domain, wanted.client_id);
    SessionHandle handle;
    under_lock(Operation::kCreateSession, [&](const Locked& locked) {
        const SessionIndex index = store::create_session(locked, wanted, hash);
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
    });
    return info;
}

void SharedStore::touch(SessionHandle handle, TimePoint expires_at, bool cookie) {
    under_lock(Operation::kTouch, [&](const Locked& locked) {
        if (Session* const session = resolve_alive(locked, handle)) {
            const std::int64_t until = std::max(session->expires_at, millis(expires_at));
            set_expiry(locked, SessionIndex(handle.index), until);
            session->cookie_seen |= cookie ? 1 : 0;
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
    bool more = true;
    for (std::uint32_t step = 0; more && step < kMaxSteps; ++step) {
        more = under_lock(Operation::kEndSession,
                          [&](const Locked& locked) { return dismantle(locked, kDismantleStep); });
    }
}

Result<broker::ConnectStart> SharedStore::start_connect(SessionHandle handle,
                                                        const broker::ConnectTerms& terms) {
    broker::ConnectStart start;
    const bool alive = under_lock(Operation::kStartConnect, [&](const Locked& locked) {
        Session* const session = resolve_alive(locked, handle);
        if (session == nullptr) {
            return false;
        }
        const SessionIndex index(handle.index);
        if (session->waiter_state != WaiterState::kNobody) {
            turn_waiter_into_notice(locked, index);
        }
        start.first = session->state == SessionState::kNew;
        start.advice_due = take_advice(*session, terms.transport, terms.timeout, terms.interval);
        start.cycle = ConnectCycle(++session->cycle);
        BAYEUX_KILL_POINT("connect.cycle_begun");
        session->connect_open = 1;
        store_in_order(session->state, SessionState::kConnected);
        set_expiry(locked, index, millis(terms.lease));
        return true;
    });
    if (!alive) {
        return gone();
    }
    return start;
}

broker::ParkState SharedStore::park(SessionHandle handle, ConnectCycle cycle, ChildIndex child,
                                    TimePoint lease) {
    return under_lock(Operation::kPark, [&](const Locked& locked) {
        Session* const session = resolve_alive(locked, handle);
        if (session == nullptr) {
            return broker::ParkState::kEnded;
        }
        if (session->cycle != cycle.value) {
            return broker::ParkState::kSuperseded;
        }
        // A child without a place would never be asked for what is due.
        if (is_drainable(*session) || !is_claimed(locked, child)) {
            return broker::ParkState::kDue;
        }
        const SessionIndex index(handle.index);
        clear_waiter(locked, index);
        set_expiry(locked, index, std::max(session->expires_at, millis(lease)));
        session->waiter_child = child.value;
        BAYEUX_KILL_POINT("park.child_named");
        store_in_order(session->waiter_state, WaiterState::kParked);
        return broker::ParkState::kParked;
    });
}

void SharedStore::finish_connect(SessionHandle handle, ConnectCycle cycle, TimePoint expires_at) {
    under_lock(Operation::kFinishConnect, [&](const Locked& locked) {
        Session* const session = resolve(locked, handle);
        if (session == nullptr) {
            return;
        }
        const SessionIndex index(handle.index);
        locked.works_on(index);
        forget_connect(locked, index, cycle);
        BAYEUX_KILL_POINT("connect.forgotten");
        if (session->state == SessionState::kEnded) {
            release_if_done(locked, index);
        } else if (session->cycle == cycle.value) {
            set_expiry(locked, index, millis(expires_at));
        }
    });
}

std::size_t SharedStore::take_due(ChildIndex child, std::span<broker::Due> due) {
    return under_lock(Operation::kTakeDue, [&](const Locked& locked) {
        std::size_t taken = 0;
        while (child.value < segment_.children().size() && taken < due.size() &&
               take_first(locked, child, due[taken])) {
            BAYEUX_KILL_POINT("due.taken");
            release_if_done(locked, SessionIndex(due[taken].session.index));
            ++taken;
        }
        return taken;
    });
}

bool SharedStore::has_events(SessionHandle handle) {
    return under_lock(Operation::kRead, [&](const Locked& locked) {
        const Session* const session = resolve_alive(locked, handle);
        return session != nullptr && is_drainable(*session);
    });
}

broker::Drained SharedStore::drain(SessionHandle handle, ChildIndex child, std::string& out) {
    broker::Drained drained;
    const std::size_t before = out.size();
    for (bool again = true; again;) {
        const std::size_t room = out.capacity() - before;
        std::size_t wanted = 0;
        under_lock(Operation::kDrain, [&](const Locked& locked) {
            const Session* const session = resolve_alive(locked, handle);
            if (session == nullptr || !is_drainable(*session)) {
                return;
            }
            const Share share = next_share(locked, *session);
            wanted = share.bytes;
            if (wanted <= room) {
                // Within the capacity: no allocation.
                out.resize(before + wanted);
                drain_share(locked, SessionIndex(handle.index), child, share, out.data() + before);
                drained.events = share.events;
            }
        });
        again = wanted > room;
        if (again) {
            out.reserve(before + wanted);
        }
    }
    return drained;
}

void SharedStore::delivered(SessionHandle handle, bool written) {
    under_lock(Operation::kDelivered, [&](const Locked& locked) {
        const Session* const session = resolve_alive(locked, handle);
        if (session == nullptr || !session->in_flight_last) {
            return;
        }
        const SessionIndex index(handle.index);
        if (written) {
            forget_in_flight(locked, index);
        } else {
            return_in_flight(locked, index);
        }
        wake_if_ready(locked, index);
    });
}

}  // namespace bayeux::store
