// How often clients were refused, by reason. What limits and a full store refuse the store counts;
// this is the rest.
#ifndef BAYEUX_BROKER_REFUSALS_HPP
#define BAYEUX_BROKER_REFUSALS_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bayeux::broker {

// The values are places in shared memory.
enum class RefusedFor : std::uint8_t {
    kUnreadable = 0,  // a request or WebSocket message that is no Bayeux at all
    kInvalid = 1,     // a message that lacks something or says what may not be said
    kSession = 2,     // of an unknown session: 402
    kDenied = 3,      // by authorization, or by another module
    kFilter = 4,      // by a BayeuxFilter
    kOrigin = 5,      // a page of a foreign origin
};
inline constexpr std::size_t kRefusalReasons = 6;

// Of one child; in shared memory. Any thread.
struct RefusalCounts {
    std::array<std::atomic<std::uint64_t>, kRefusalReasons> of{};

    void count(RefusedFor why) noexcept {
        of[static_cast<std::size_t>(why)].fetch_add(1, std::memory_order_relaxed);
    }
    // By the text of a reply's `error`; nothing of what the store counts.
    void count_error(std::string_view error) noexcept;
};
static_assert(sizeof(RefusalCounts) == 8 * kRefusalReasons);

}  // namespace bayeux::broker

#endif
