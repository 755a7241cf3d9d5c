// The facade's functions for connects and streams.
#include "store/connect_cycle.hpp"
#include "store/due_list.hpp"
#include "store/kill_point.hpp"
#include "store/session_ack.hpp"
#include "store/session_end.hpp"
#include "store/session_queue.hpp"
#include "store/session_table.hpp"
#include "store/timer_wheel.hpp"
#include "store/under_lock.hpp"

namespace bayeux::store {

namespace {

// Acknowledged events that one hold forgets.
constexpr std::uint32_t kAcknowledgeStep = 256;

Error gone() {
    return {ErrorCode::kGone, "the session has ended"};
}

enum class Step : std::uint8_t { kGone, kAgain, kDone };

// What one connect or stream leaves behind, by `forget`; with `expires_at`, if the cycle is still
// the session's, the expiry clock starts.
template <class Forget>
void end_cycle(const Locked& locked, SessionHandle handle, ConnectCycle cycle,
               std::optional<TimePoint> expires_at, Forget&& forget) noexcept {
    const Session* const session = resolve(locked, handle);
    if (session == nullptr) {
        return;
    }
    const SessionIndex index(handle.index);
    locked.works_on(index);
    forget(locked, index, cycle);
    BAYEUX_KILL_POINT("cycle.forgotten");
    if (session->state == SessionState::kEnded) {
        release_if_done(locked, index);
    } else if (expires_at && session->cycle == cycle.value) {
        set_expiry(locked, index, expires_at->time_since_epoch().count());
    }
}

void settle_events(const Locked& locked, SessionHandle handle, bool written) noexcept {
    const Session* const session = resolve_alive(locked, handle);
    if (session == nullptr || !session->in_flight_last) {
        return;
    }
    const SessionIndex index(handle.index);
    if (written) {
        count_delivered(locked, *session, session->in_flight_count);
        forget_in_flight(locked, index);
    } else {
        return_in_flight(locked, index);
    }
    wake_if_ready(locked, index);
}

}  // namespace

Result<broker::ConnectStart> SharedStore::start_connect(SessionHandle handle,
                                                        const broker::ConnectTerms& terms) {
    broker::ConnectStart start;
    Step step = Step::kAgain;
    while (step == Step::kAgain) {
        step = under_lock(Operation::kStartConnect, [&](const Locked& locked) {
            if (resolve_alive(locked, handle) == nullptr) {
                return Step::kGone;
            }
            const SessionIndex index(handle.index);
            if (terms.acknowledged &&
                !acknowledge(locked, index, *terms.acknowledged, kAcknowledgeStep)) {
                return Step::kAgain;
            }
            begin_connect(locked, index, terms, start);
            return Step::kDone;
        });
    }
    if (step == Step::kGone) {
        return gone();
    }
    return start;
}

Result<ConnectCycle> SharedStore::start_stream(SessionHandle handle, broker::Transport transport) {
    ConnectCycle cycle;
    const bool alive = under_lock(Operation::kStartStream, [&](const Locked& locked) {
        const Session* const session = resolve_alive(locked, handle);
        if (session == nullptr) {
            return false;
        }
        begin_stream(locked, SessionIndex(handle.index), transport);
        cycle = ConnectCycle(session->cycle);
        return true;
    });
    if (!alive) {
        return gone();
    }
    return cycle;
}

broker::ParkState SharedStore::park(SessionHandle handle, ConnectCycle cycle, ChildIndex child,
                                    TimePoint lease) {
    return under_lock(Operation::kPark, [&](const Locked& locked) {
        const Session* const session = resolve_alive(locked, handle);
        if (session == nullptr) {
            return broker::ParkState::kEnded;
        }
        if (session->cycle != cycle.value) {
            return broker::ParkState::kSuperseded;
        }
        return park_cycle(locked, SessionIndex(handle.index), child,
                          lease.time_since_epoch().count());
    });
}

void SharedStore::finish_connect(SessionHandle session, ConnectCycle cycle, TimePoint expires_at) {
    under_lock(Operation::kFinishConnect, [&](const Locked& locked) {
        end_cycle(locked, session, cycle, expires_at, forget_connect);
    });
}

void SharedStore::end_stream(SessionHandle session, ConnectCycle cycle,
                             std::optional<TimePoint> expires_at) {
    under_lock(Operation::kEndStream, [&](const Locked& locked) {
        end_cycle(locked, session, cycle, expires_at, forget_cycle);
    });
}

void SharedStore::delivered(SessionHandle session, bool written) {
    under_lock(Operation::kDelivered,
               [&](const Locked& locked) { settle_events(locked, session, written); });
}

void SharedStore::settle(const broker::Settlement& response) {
    under_lock(Operation::kFinishConnect, [&](const Locked& locked) {
        if (response.events_of) {
            settle_events(locked, *response.events_of, response.written);
        }
        if (response.connect) {
            end_cycle(locked, response.connect->session, response.connect->cycle,
                      response.connect->expires_at, forget_connect);
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

}  // namespace bayeux::store
