// What addresses and sessions have spent of their limits: a table of fixed size in the segment,
// without the store's lock.
//
// A word holds all that is known of one allowance, a tag of its keyed hash and when it is whole
// again, and is changed by one compare-and-swap. So a process may be killed anywhere, and nothing
// has to be repaired. An allowance is looked for in the eight words of its set, one line of the
// cache; a new one takes the place of the one that is whole soonest. One that is whole is as good
// as not there, so where there are too many, those who have spent most are forgotten last.
//
// Two of a set are taken for one in one of a million cases, by chance: which, nobody knows who has
// not the key.
#ifndef BAYEUX_STORE_ALLOWANCE_TABLE_HPP
#define BAYEUX_STORE_ALLOWANCE_TABLE_HPP

#include <cstdint>

#include "base/clock.hpp"
#include "base/rate_limit.hpp"
#include "store/segment.hpp"

namespace bayeux::store {

enum class Purpose : std::uint64_t {
    kHandshakes = 1,  // of an address
    kMessages = 2,
    kBytes = 3,
    kMessagesOfSession = 4,
    kBytesOfSession = 5,
};

struct AllowanceKey {
    std::uint64_t domain;
    std::uint64_t who;  // the address, or the session's handle
    Purpose purpose;
};

// Any thread, with or without the store's lock.
[[nodiscard]] Spending spend_allowance(const Segment& segment, const AllowanceKey& key,
                                       const RateLimit& limit, TimePoint now,
                                       std::uint64_t amount) noexcept;

}  // namespace bayeux::store

#endif
