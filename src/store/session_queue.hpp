// The events that wait for a session: a chain of references to messages, the oldest first. What was
// drained for a response stays at the head, in flight, until the response was written (or not).
#ifndef BAYEUX_STORE_SESSION_QUEUE_HPP
#define BAYEUX_STORE_SESSION_QUEUE_HPP

#include <cstddef>
#include <cstdint>

#include "store/store_lock.hpp"

namespace bayeux::store {

enum class Enqueued : std::uint8_t {
    kQueued,
    kDropped,   // the event, by the session's policy
    kOverflow,  // the session must end, by its policy
};

// One drain takes no more than this, but at least one event: it is one hold of the lock.
inline constexpr std::uint32_t kMaxDrainBytes = 256U << 10U;
inline constexpr std::uint32_t kMaxDrainEvents = 1024;

// Takes a reference of its own.
[[nodiscard]] Enqueued enqueue(const Locked& locked, SessionIndex index,
                               BlockIndex message) noexcept;

[[nodiscard]] inline bool has_pending(const Session& session) noexcept {
    return session.queue_count != session.in_flight_count;
}
[[nodiscard]] inline bool is_drainable(const Session& session) noexcept {
    return !session.in_flight_last && has_pending(session);
}

struct Share {
    std::uint32_t events = 0;
    std::uint32_t bytes = 0;  // with commas between the events
};
// What the next drain takes.
[[nodiscard]] Share next_share(const Locked& locked, const Session& session) noexcept;
// Takes it: `out` has room for share.bytes. Nothing is in flight before.
void drain_share(const Locked& locked, SessionIndex index, ChildIndex child, const Share& share,
                 char* out) noexcept;

// What is in flight is gone, or waits again.
void forget_in_flight(const Locked& locked, SessionIndex index) noexcept;
void return_in_flight(const Locked& locked, SessionIndex index) noexcept;
// Removes the first event, whether it is in flight or not. There is one.
void remove_first(const Locked& locked, SessionIndex index) noexcept;

}  // namespace bayeux::store

#endif
