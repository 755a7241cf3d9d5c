#include "store/timer_wheel.hpp"

#include <algorithm>

#include "store/kill_point.hpp"

namespace bayeux::store {

namespace {

SessionIndex& slot_of(const Locked& locked, std::int64_t tick) noexcept {
    return locked.header().wheel[static_cast<std::uint64_t>(tick) % kWheelSlots];
}

void look_by(const Locked& locked, SessionIndex index, std::int64_t time) noexcept {
    if (tick_after(time) < locked.cell(index).wheel_tick) {
        wheel_remove(locked, index);
        wheel_insert(locked, index);
    }
}

}  // namespace

void wheel_insert(const Locked& locked, SessionIndex index) noexcept {
    Session& session = locked.cell(index);
    const std::int64_t first = locked.header().wheel_tick + 1;
    // Never the slot that is being looked at, which is also the one a full turn ahead.
    const std::int64_t last = first + static_cast<std::int64_t>(kWheelSlots) - 2;
    session.wheel_tick = std::clamp(tick_after(next_time(session)), first, last);
    SessionIndex& head = slot_of(locked, session.wheel_tick);
    session.wheel_prev = SessionIndex();
    session.wheel_next = head;
    if (head) {
        locked.cell(head).wheel_prev = index;
    }
    head = index;
}

void wheel_remove(const Locked& locked, SessionIndex index) noexcept {
    const Session& session = locked.cell(index);
    if (session.wheel_prev) {
        locked.cell(session.wheel_prev).wheel_next = session.wheel_next;
    } else {
        slot_of(locked, session.wheel_tick) = session.wheel_next;
    }
    if (session.wheel_next) {
        locked.cell(session.wheel_next).wheel_prev = session.wheel_prev;
    }
    BAYEUX_KILL_POINT("wheel.removed");
}

void set_expiry(const Locked& locked, SessionIndex index, std::int64_t expires_at) noexcept {
    locked.cell(index).expires_at = expires_at;
    BAYEUX_KILL_POINT("wheel.expiry_set");
    look_by(locked, index, expires_at);
}

void set_lazy_time(const Locked& locked, SessionIndex index, std::int64_t lazy_at) noexcept {
    locked.cell(index).lazy_at = lazy_at;
    BAYEUX_KILL_POINT("wheel.lazy_time_set");
    look_by(locked, index, lazy_at);
}

SessionIndex next_timed(const Locked& locked, std::uint32_t& budget) noexcept {
    Header& header = locked.header();
    const std::int64_t now_tick = locked.now() / kTickMillis;
    // After a long pause each slot is looked at once, not each tick.
    header.wheel_tick =
        std::max(header.wheel_tick, now_tick - static_cast<std::int64_t>(kWheelSlots));
    while (budget != 0) {
        const SessionIndex index = slot_of(locked, header.wheel_tick);
        if (!index) {
            if (header.wheel_tick >= now_tick) {
                return SessionIndex();
            }
            ++header.wheel_tick;
            continue;
        }
        --budget;
        if (next_time(locked.cell(index)) <= locked.now()) {
            return index;
        }
        wheel_remove(locked, index);
        wheel_insert(locked, index);
        BAYEUX_KILL_POINT("wheel.put_further");
    }
    return SessionIndex();
}

}  // namespace bayeux::store
