// The users who have sessions, by domain and name, and a list of each one's sessions. Who joins
// gets a number and stands before all others, so the numbers descend along the list.
#ifndef BAYEUX_STORE_USER_TABLE_HPP
#define BAYEUX_STORE_USER_TABLE_HPP

#include <cstdint>
#include <string_view>

#include "store/store_lock.hpp"

namespace bayeux::store {

// Never 0 but for no name. Needs no lock: the key never changes.
[[nodiscard]] std::uint64_t user_tag(const Segment& segment, std::string_view name) noexcept;
[[nodiscard]] inline std::string_view name_of(const User& user) noexcept {
    return {user.name.data(), user.name_length};
}
[[nodiscard]] UserIndex find_user(const Locked& locked, std::uint64_t domain, std::uint64_t tag,
                                  std::string_view name) noexcept;

// The session is the user's from now on; it was nobody's before. False without memory for it. Users
// with names that are too long are not listed.
[[nodiscard]] bool join_user(const Locked& locked, SessionIndex index,
                             const broker::User& user) noexcept;
// The session is nobody's any more.
void leave_user(const Locked& locked, SessionIndex index) noexcept;

// --- for repair ---
void link_user(const Locked& locked, UserIndex index) noexcept;
// In front of all others, whatever its number is.
void enlist(const Locked& locked, SessionIndex index, UserIndex user) noexcept;
// Puts the user's list in the order of the numbers.
void sort_sessions(const Locked& locked, UserIndex index) noexcept;

}  // namespace bayeux::store

#endif
