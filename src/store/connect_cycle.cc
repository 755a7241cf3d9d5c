#include "store/connect_cycle.hpp"

#include <algorithm>

#include "store/browser_table.hpp"
#include "store/child_table.hpp"
#include "store/due_list.hpp"
#include "store/kill_point.hpp"
#include "store/session_queue.hpp"
#include "store/session_table.hpp"
#include "store/timer_wheel.hpp"

namespace bayeux::store {

namespace {

using broker::Transport;

bool goes_on(const Session& session, const broker::ConnectTerms& terms) noexcept {
    if (terms.stream != ConnectCycle{}) {
        return terms.stream.value == session.cycle;
    }
    // Faye's first connect comes by long-polling while its event source opens: that one is answered
    // at once anyway (CN-4), and must not take the stream's place.
    return session.stream == Transport::kEventSource &&
           (terms.transport == Transport::kEventSource ||
            (terms.transport == Transport::kLongPolling && session.state == SessionState::kNew));
}

void begin_cycle(const Locked& locked, SessionIndex index, Transport stream) noexcept {
    Session& session = locked.cell(index);
    if (session.waiter_state != WaiterState::kNobody) {
        turn_waiter_into_notice(locked, index);
    }
    session.cycle_child = kNoChild.value;
    session.connect_open = 0;
    // The new cycle is never taken for one of the old stream.
    store_in_order(session.stream, Transport::kNone);
    BAYEUX_KILL_POINT("cycle.old_one_left");
    store_in_order(session.cycle, session.cycle + 1);
    BAYEUX_KILL_POINT("cycle.begun");
    store_in_order(session.stream, stream);
}

// BR-4, and AD-5: who was told that the browser holds enough is told when that is over.
void ask_for_place(const Locked& locked, SessionIndex index, const broker::ConnectTerms& terms,
                   broker::ConnectStart& start) noexcept {
    Session& session = locked.cell(index);
    leave_place(locked, index);
    if (!terms.wants_hold) {
        return;
    }
    start.may_hold = take_place(locked, index, terms.holds_per_browser);
    if (start.may_hold && session.crowded != 0) {
        start.advice_due = true;
    }
    session.crowded = start.may_hold ? 0 : 1;
}

}  // namespace

void begin_connect(const Locked& locked, SessionIndex index, const broker::ConnectTerms& terms,
                   broker::ConnectStart& start) noexcept {
    Session& session = locked.cell(index);
    if (!goes_on(session, terms)) {
        // A WebSocket's connect brings its stream with it; an event source begins by itself.
        begin_cycle(locked, index,
                    terms.transport == Transport::kWebSocket ? terms.transport : Transport::kNone);
    }
    start.cycle = ConnectCycle(session.cycle);
    start.first = session.state == SessionState::kNew;
    start.advice_due = take_advice(session, terms.transport, terms.timeout, terms.interval);
    ask_for_place(locked, index, terms, start);
    start.due = must_not_wait(session);
    start.replay = session.sent_count != 0;
    session.connect_open = 1;
    BAYEUX_KILL_POINT("connect.open");
    store_in_order(session.state, SessionState::kConnected);
    set_expiry(locked, index, terms.lease.time_since_epoch().count());
}

void begin_stream(const Locked& locked, SessionIndex index, Transport transport) noexcept {
    begin_cycle(locked, index, transport);
    leave_place(locked, index);
}

broker::ParkState park_cycle(const Locked& locked, SessionIndex index, ChildIndex child,
                             std::int64_t lease) noexcept {
    Session& session = locked.cell(index);
    // A child without a place would never be asked for what is due.
    if (must_not_wait(session) || !is_claimed(locked, child)) {
        return broker::ParkState::kDue;
    }
    // A stream that parks again has seen to whatever it was due for before.
    clear_waiter(locked, index);
    set_expiry(locked, index, std::max(session.expires_at, lease));
    session.cycle_child = child.value;
    BAYEUX_KILL_POINT("park.child_named");
    store_in_order(session.waiter_state, WaiterState::kParked);
    return broker::ParkState::kParked;
}

void forget_connect(const Locked& locked, SessionIndex index, ConnectCycle cycle) noexcept {
    Session& session = locked.cell(index);
    if (session.cycle != cycle.value) {
        // A stream that was superseded has still to be told.
        if (session.notice_cycle == cycle.value && session.notice_stream == Transport::kNone) {
            clear_notice(locked, index);
        }
        return;
    }
    if (session.stream == Transport::kNone) {
        forget_cycle(locked, index, cycle);
        return;
    }
    leave_place(locked, index);
    session.connect_open = 0;
}

void forget_cycle(const Locked& locked, SessionIndex index, ConnectCycle cycle) noexcept {
    Session& session = locked.cell(index);
    if (session.cycle == cycle.value) {
        clear_waiter(locked, index);
        leave_place(locked, index);
        session.connect_open = 0;
        store_in_order(session.stream, Transport::kNone);
        session.cycle_child = kNoChild.value;
    } else if (session.notice_cycle == cycle.value) {
        clear_notice(locked, index);
    }
}

}  // namespace bayeux::store
