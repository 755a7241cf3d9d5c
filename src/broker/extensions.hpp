// Internal to the broker: what the extensions add to replies and events, and ask of a session.
#ifndef BAYEUX_BROKER_EXTENSIONS_HPP
#define BAYEUX_BROKER_EXTENSIONS_HPP

#include <optional>

#include "base/clock.hpp"
#include "broker/engine.hpp"
#include "broker/session_store.hpp"
#include "protocol/message.hpp"
#include "protocol/pending_reply.hpp"

namespace bayeux::broker {

// The reply to a message that has `arrived`, with what every reply gets (X-TSYNC, X-TS).
[[nodiscard]] protocol::PendingReply extended(const protocol::Reply& reply,
                                              const protocol::Message& message,
                                              const Extensions& extensions, WallTime arrived);
// X-TS, of an event.
[[nodiscard]] std::optional<WallTime> event_time(const Extensions& extensions,
                                                 WallTime now) noexcept;
// X-ACT: nothing but connects came from the client for too long.
[[nodiscard]] bool is_idle(const SessionInfo& session, const Extensions& extensions,
                           TimePoint now) noexcept;

}  // namespace bayeux::broker

#endif
