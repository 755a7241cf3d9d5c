// The facade's functions for limits against floods: none of them takes the lock.
#include <atomic>

#include "store/allowance_table.hpp"
#include "store/shared_store.hpp"

namespace bayeux::store {

using broker::Exceeded;

namespace {

void add_one(std::uint64_t& counter) noexcept {
    std::atomic_ref(counter).fetch_add(1, std::memory_order_relaxed);
}

void note_refusal(const Segment& segment, std::uint64_t Limited::*counter,
                  ClientAddress from) noexcept {
    Limited& limited = segment.header().limited;
    add_one(limited.*counter);
    std::atomic_ref(limited.address).store(from.value, std::memory_order_relaxed);
}

// Whose allowance the message takes from. A handle is never used again, so a new session has a
// whole one.
AllowanceKey key_of(const broker::CountedMessage& message) noexcept {
    if (!message.session) {
        return {message.domain.value, message.from.value, Purpose::kMessages};
    }
    const std::uint64_t handle =
        std::uint64_t{message.session->index} << 32U | message.session->generation;
    return {message.domain.value, handle, Purpose::kMessagesOfSession};
}

Exceeded exceeded_by(const Segment& segment, const broker::CountedMessage& message,
                     TimePoint now) noexcept {
    AllowanceKey key = key_of(message);
    if (const RateLimit* const limit = message.limits.messages) {
        if (!spend_allowance(segment, key, *limit, now, 1).within) {
            return Exceeded::kMessages;
        }
    }
    if (const RateLimit* const limit = message.limits.bytes) {
        key.purpose = message.session ? Purpose::kBytesOfSession : Purpose::kBytes;
        if (!spend_allowance(segment, key, *limit, now, message.size).within) {
            return Exceeded::kBytes;
        }
    }
    return Exceeded::kNothing;
}

}  // namespace

Millis SharedStore::count_handshake(const broker::CountedHandshake& handshake, TimePoint now) {
    const AllowanceKey key{handshake.domain.value, handshake.from.value, Purpose::kHandshakes};
    const Spending spent = spend_allowance(segment_, key, handshake.limit, now, 1);
    if (!spent.within) {
        note_refusal(segment_, &Limited::handshakes, handshake.from);
    }
    return spent.wait;
}

Exceeded SharedStore::count_message(const broker::CountedMessage& message, TimePoint now) {
    const Exceeded exceeded = exceeded_by(segment_, message, now);
    if (exceeded != Exceeded::kNothing) {
        note_refusal(segment_,
                     exceeded == Exceeded::kMessages ? &Limited::messages : &Limited::bytes,
                     message.from);
    }
    return exceeded;
}

}  // namespace bayeux::store
