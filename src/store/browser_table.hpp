// The browsers some of whose sessions' connects are held, and how many (BR-4). A browser comes with
// the first place that one of its sessions takes, and goes with the last that is given back.
#ifndef BAYEUX_STORE_BROWSER_TABLE_HPP
#define BAYEUX_STORE_BROWSER_TABLE_HPP

#include <array>
#include <cstdint>

#include "store/store_lock.hpp"

namespace bayeux::store {

using BrowserBytes = std::array<std::uint8_t, 16>;

// Needs no lock: the key never changes.
[[nodiscard]] std::uint32_t browser_hash(const Segment& segment, std::uint64_t domain,
                                         const BrowserBytes& id) noexcept;
[[nodiscard]] BrowserIndex find_browser(const Locked& locked, std::uint64_t domain,
                                        const BrowserBytes& id, std::uint32_t hash) noexcept;

// True if the session's connect may be held where its browser may hold `limit` of them; then it has
// a place from now on, unless nothing limits it. The session had none before.
[[nodiscard]] bool take_place(const Locked& locked, SessionIndex index,
                              std::uint32_t limit) noexcept;
// Gives the session's place back, if it has one.
void leave_place(const Locked& locked, SessionIndex index) noexcept;

void link_browser(const Locked& locked, BrowserIndex index) noexcept;

}  // namespace bayeux::store

#endif
