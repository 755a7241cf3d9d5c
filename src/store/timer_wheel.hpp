// When sessions expire, or have lazy events that waited long enough: a wheel of kWheelSlots ticks
// of kTickMillis. A session whose time moves away stays where it is and is put further when its
// slot comes, so that the usual case, a later expiry with each message, costs nothing.
#ifndef BAYEUX_STORE_TIMER_WHEEL_HPP
#define BAYEUX_STORE_TIMER_WHEEL_HPP

#include "store/store_lock.hpp"

namespace bayeux::store {

void wheel_insert(const Locked& locked, SessionIndex index) noexcept;
void wheel_remove(const Locked& locked, SessionIndex index) noexcept;
// Sets the session's expiry, and moves it if that is before the wheel would look.
void set_expiry(const Locked& locked, SessionIndex index, std::int64_t expires_at) noexcept;
// Sets when the session's lazy events will have waited long enough, likewise.
void set_lazy_time(const Locked& locked, SessionIndex index, std::int64_t lazy_at) noexcept;
// The next session whose time has come, of either kind; those whose time has not are put further on
// the way, up to `budget` of them, which is lowered. kNone if there is none or the budget is used
// up.
[[nodiscard]] SessionIndex next_timed(const Locked& locked, std::uint32_t& budget) noexcept;

// When the wheel has to look at it.
[[nodiscard]] inline std::int64_t next_time(const Session& session) noexcept {
    return session.expires_at < session.lazy_at ? session.expires_at : session.lazy_at;
}
// The first tick at which a time is over.
[[nodiscard]] constexpr std::int64_t tick_after(std::int64_t time) noexcept {
    return time / kTickMillis + 1;
}

}  // namespace bayeux::store

#endif
