// Sessions by domain and client id, and by handle.
#ifndef BAYEUX_STORE_SESSION_TABLE_HPP
#define BAYEUX_STORE_SESSION_TABLE_HPP

#include "store/store_lock.hpp"

namespace bayeux::store {

// Needs no lock: the key never changes.
[[nodiscard]] std::uint32_t session_hash(const Segment& segment, DomainId domain,
                                         const protocol::ClientId& id) noexcept;
struct SessionHashes {
    std::uint32_t session = 0;
    std::uint32_t browser = 0;
};
[[nodiscard]] SessionHashes session_hashes(const Segment& segment,
                                           const broker::NewSession& wanted) noexcept;
// kNone if the domain has none of that id, or it has ended.
[[nodiscard]] SessionIndex find_session(const Locked& locked, DomainId domain,
                                        const protocol::ClientId& id, std::uint32_t hash) noexcept;
// kNone above the domain's cap, if memory is full, or if the id is taken.
[[nodiscard]] SessionIndex create_session(const Locked& locked, const broker::NewSession& wanted,
                                          const SessionHashes& hashes) noexcept;

// The session of a handle, if its cell has not been reused; it may have ended.
[[nodiscard]] Session* resolve(const Locked& locked, SessionHandle handle) noexcept;
// The same, if it has not ended. Marks it as the one that is worked on.
[[nodiscard]] Session* resolve_alive(const Locked& locked, SessionHandle handle) noexcept;

// As the segment keeps spans of time, in milliseconds.
[[nodiscard]] std::uint32_t clamped(Millis time) noexcept;
// Remembers what the client was advised last; true if that differs from before (CN-7).
bool take_advice(Session& session, broker::Transport transport, Millis timeout,
                 Millis interval) noexcept;

void link_session(const Locked& locked, SessionIndex index) noexcept;
void unlink_session(const Locked& locked, SessionIndex index) noexcept;

}  // namespace bayeux::store

#endif
