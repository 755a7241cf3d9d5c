// Internal to the broker: whether a request may speak for a session that it names (CID-4, WS-6,
// S4), and what a stream is told of it.
#ifndef BAYEUX_BROKER_SESSION_ACCESS_HPP
#define BAYEUX_BROKER_SESSION_ACCESS_HPP

#include "broker/engine.hpp"
#include "broker/outcome.hpp"
#include "broker/session_store.hpp"

namespace bayeux::broker {

// The request came with the cookie that the session is bound to.
[[nodiscard]] bool has_cookie_of(const SessionInfo& session, const Request& request) noexcept;
// The clientId alone proves something over a WebSocket only, or if the admin says so.
[[nodiscard]] bool may_use(const SessionInfo& session, const Request& request) noexcept;
// ORD-3: the events of such a session leave with the replies of connects only.
[[nodiscard]] bool is_deliver_only(const Settings& settings, bool ack) noexcept;

}  // namespace bayeux::broker

#endif
