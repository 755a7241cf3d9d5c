// Integers that cannot be mixed up: each kind of index or id is a type of its own.
#ifndef BAYEUX_BASE_STRONG_ID_HPP
#define BAYEUX_BASE_STRONG_ID_HPP

#include <compare>
#include <cstdint>

namespace bayeux {

template <class Tag, class Int>
struct StrongId {
    Int value{};

    constexpr StrongId() noexcept = default;
    constexpr explicit StrongId(Int v) noexcept : value(v) {}
    friend constexpr auto operator<=>(const StrongId&, const StrongId&) noexcept = default;
};

// A domain's sessions and channels never meet another's. The id is a hash of its configured name,
// so that it stays the same when the configuration is read again.
using DomainId = StrongId<struct DomainTag, std::uint64_t>;

// A child process's place in the store's child table (not httpd's scoreboard slot).
using ChildIndex = StrongId<struct ChildTag, std::uint16_t>;
inline constexpr ChildIndex kNoChild{0xffff};

// Counts the connects of one session; tells a held connect from the newer one that replaces it
// (CN-12, CN-16).
using ConnectCycle = StrongId<struct CycleTag, std::uint32_t>;

// A session as remembered outside the store's lock: stale once the slot was freed.
struct SessionHandle {
    std::uint32_t index = 0xffffffff;
    std::uint32_t generation = 0;
    friend constexpr bool operator==(const SessionHandle&, const SessionHandle&) noexcept = default;
};

}  // namespace bayeux

#endif
