// When sessions expire: a wheel of kWheelSlots ticks of kTickMillis. A session whose expiry moves
// away stays where it is and is put further when its slot comes, so that the usual case, a later
// expiry with each message, costs nothing.
#ifndef BAYEUX_STORE_TIMER_WHEEL_HPP
#define BAYEUX_STORE_TIMER_WHEEL_HPP

#include "store/store_lock.hpp"

namespace bayeux::store {

void wheel_insert(const Locked& locked, SessionIndex index) noexcept;
void wheel_remove(const Locked& locked, SessionIndex index) noexcept;
// Sets the session's expiry, and moves it if that is before the wheel would look.
void set_expiry(const Locked& locked, SessionIndex index, std::int64_t expires_at) noexcept;
// The next session whose expiry has come; those that live on are put further on the way, up to
// `budget` of them, which is lowered. kNone if there is none or the budget is used up.
[[nodiscard]] SessionIndex next_expired(const Locked& locked, std::uint32_t& budget) noexcept;

// The first tick at which an expiry is over.
[[nodiscard]] constexpr std::int64_t tick_after(std::int64_t expires_at) noexcept {
    return expires_at / kTickMillis + 1;
}

}  // namespace bayeux::store

#endif
