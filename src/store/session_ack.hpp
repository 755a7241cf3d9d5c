// Sessions with the ack extension (X-ACK): what is sent stays at the head of the queue, stamped
// with the number of the batch in which it went out first, until the client acknowledges that batch
// or a later one.
#ifndef BAYEUX_STORE_SESSION_ACK_HPP
#define BAYEUX_STORE_SESSION_ACK_HPP

#include <cstdint>

#include "store/session_queue.hpp"

namespace bayeux::store {

// Copies the share to `out` and stamps what goes out for the first time. Returns the number of this
// batch, for ext.ack; the share may be empty. `lengths` as in copy_share().
[[nodiscard]] std::uint32_t send_batch(const Locked& locked, SessionIndex index, const Share& share,
                                       char* out, std::uint32_t* lengths) noexcept;
// The client has batch `number` and all before: their events go, at most `budget` of them. False if
// there are more. A number that was never sent says nothing (S3).
[[nodiscard]] bool acknowledge(const Locked& locked, SessionIndex index, std::int64_t number,
                               std::uint32_t budget) noexcept;

}  // namespace bayeux::store

#endif
