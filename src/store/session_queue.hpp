// The events that wait for a session: a chain of references to messages, the oldest first. What was
// drained for a response stays at the head, in flight, until the response was written (or not); of
// an ack session, until the client has acknowledged it (session_ack.hpp).
//
// What waits is urgent, or lazy: then it may wait for company until the session's `lazy_at`, and
// wakes nobody before (ORD-8). One urgent event makes all urgent.
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

// Takes a reference of its own. The event may wait for `lazy` milliseconds; 0: not at all.
[[nodiscard]] Enqueued enqueue(const Locked& locked, SessionIndex index, BlockIndex message,
                               std::uint32_t lazy) noexcept;

// What enqueue() would say of an event of any length; kQueued: it depends. Nothing is changed.
[[nodiscard]] Enqueued outlook(const Session& session) noexcept;

[[nodiscard]] inline bool has_pending(const Session& session) noexcept {
    return session.queue_count != session.in_flight_count;
}
// Events that never went out: neither in flight nor sent before.
[[nodiscard]] inline bool has_waiting(const Session& session) noexcept {
    return session.queue_count != session.in_flight_count + session.sent_count;
}
[[nodiscard]] inline bool is_drainable(const Session& session) noexcept {
    return !session.in_flight_last && has_pending(session);
}
// CN-9, CN-11: a connect is answered, or a stream written to, at once.
[[nodiscard]] inline bool must_not_wait(const Session& session) noexcept {
    return session.urgent != 0 && is_drainable(session);
}

// What waits must go out with the next chance.
void make_urgent(Session& session) noexcept;
// After events have left: nothing waits any more, or the rest waits as before; a rest of what was
// just taken is to follow at once.
void settle_urgency(Session& session, bool rest_follows) noexcept;

struct Share {
    std::uint32_t events = 0;
    std::uint32_t bytes = 0;  // with commas between the events
};
// What the next drain takes.
[[nodiscard]] Share next_share(const Locked& locked, const Session& session) noexcept;
// Copies it: `out` has room for share.bytes, and `lengths`, if it is not null, for share.events; it
// gets the length of each event. Returns the last one.
[[nodiscard]] QueueIndex copy_share(const Locked& locked, const Session& session,
                                    const Share& share, char* out, std::uint32_t* lengths) noexcept;
// Takes it, not of an ack session. Nothing is in flight before.
void drain_share(const Locked& locked, SessionIndex index, ChildIndex child, const Share& share,
                 char* out, std::uint32_t* lengths) noexcept;

// What is in flight is gone, or waits again.
void forget_in_flight(const Locked& locked, SessionIndex index) noexcept;
void return_in_flight(const Locked& locked, SessionIndex index) noexcept;
// Removes the first event, whether it is in flight or not. There is one.
void remove_first(const Locked& locked, SessionIndex index) noexcept;

// The way that its client uses.
[[nodiscard]] inline broker::Transport transport_of(const Session& session) noexcept {
    return session.stream != broker::Transport::kNone ? session.stream : session.transport;
}

// So many events have come to the client of this session.
inline void count_delivered(const Locked& locked, const Session& session,
                            std::uint32_t events) noexcept {
    const auto place = static_cast<std::size_t>(transport_of(session));
    locked.header().counters.delivered[place < broker::kTransports ? place : 0] += events;
}

}  // namespace bayeux::store

#endif
