#include "store/session_end.hpp"

#include "store/browser_table.hpp"
#include "store/domain_table.hpp"
#include "store/due_list.hpp"
#include "store/kill_point.hpp"
#include "store/session_queue.hpp"
#include "store/session_table.hpp"
#include "store/slab.hpp"
#include "store/subscription_index.hpp"
#include "store/timer_wheel.hpp"
#include "store/user_table.hpp"

namespace bayeux::store {

namespace {

bool owns_something(const Session& session) noexcept {
    return session.subscriptions || session.queue_head;
}

void remove_dying(const Locked& locked, SessionIndex index) noexcept {
    Header& header = locked.header();
    Session& session = locked.cell(index);
    (session.peer_prev ? locked.cell(session.peer_prev).peer_next : header.dying_head) =
        session.peer_next;
    (session.peer_next ? locked.cell(session.peer_next).peer_prev : header.dying_tail) =
        session.peer_prev;
    session.dying = 0;
}

}  // namespace

void append_dying(const Locked& locked, SessionIndex index) noexcept {
    Header& header = locked.header();
    Session& session = locked.cell(index);
    session.dying = 1;
    session.peer_next = SessionIndex();
    session.peer_prev = header.dying_tail;
    (header.dying_tail ? locked.cell(header.dying_tail).peer_next : header.dying_head) = index;
    header.dying_tail = index;
}

void end_session(const Locked& locked, SessionIndex index) noexcept {
    Session& session = locked.cell(index);
    store_in_order(session.state, SessionState::kEnded);
    BAYEUX_KILL_POINT("end.marked");
    unlink_session(locked, index);
    wheel_remove(locked, index);
    leave_place(locked, index);
    leave_user(locked, index);
    const DomainIndex domain = session.domain_cell;
    session.domain_cell = DomainIndex();
    --locked.cell(domain).sessions;
    release_unused_domain(locked, domain);
    BAYEUX_KILL_POINT("end.unlinked");
    if (session.waiter_state == WaiterState::kParked) {
        post_waiter(locked, index, broker::DueReason::kEnded);
    } else {
        session.waiter_reason = broker::DueReason::kEnded;
    }
    ++locked.header().counters.sessions_ended;
    locked.bid_farewell(session);
    if (owns_something(session)) {
        append_dying(locked, index);
    } else {
        release_if_done(locked, index);
    }
}

void end_full_session(const Locked& locked, SessionIndex index) noexcept {
    ++locked.header().counters.overflow_disconnects;
    end_session(locked, index);
}

bool dismantle(const Locked& locked, std::uint32_t budget) noexcept {
    for (SessionIndex index = locked.header().dying_head; index;
         index = locked.header().dying_head) {
        Session& session = locked.cell(index);
        for (; budget != 0 && session.subscriptions; --budget) {
            remove_subscription(locked, session.subscriptions);
        }
        for (; budget != 0 && session.queue_head; --budget) {
            remove_first(locked, index);
        }
        if (owns_something(session)) {
            return true;
        }
        BAYEUX_KILL_POINT("end.dismantled");
        remove_dying(locked, index);
        release_if_done(locked, index);
    }
    return false;
}

void release_if_done(const Locked& locked, SessionIndex index) noexcept {
    Session& session = locked.cell(index);
    if (session.state != SessionState::kEnded || session.dying != 0 || owns_something(session) ||
        is_referred_to(session)) {
        return;
    }
    retire_cell(session);
    BAYEUX_KILL_POINT("end.retired");
    release(locked, index);
}

void wake_if_ready(const Locked& locked, SessionIndex index) noexcept {
    const Session& session = locked.cell(index);
    if (session.waiter_state == WaiterState::kParked && must_not_wait(session)) {
        post_waiter(locked, index, broker::DueReason::kEvents);
    }
}

void wake_for_lazy(const Locked& locked, SessionIndex index) noexcept {
    make_urgent(locked.cell(index));
    BAYEUX_KILL_POINT("lazy.urgent");
    wake_if_ready(locked, index);
}

}  // namespace bayeux::store
