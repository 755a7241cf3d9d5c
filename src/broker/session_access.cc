#include "broker/session_access.hpp"

namespace bayeux::broker {

bool has_cookie_of(const SessionInfo& session, const Request& request) noexcept {
    return request.browser.has_value() && session.browser.has_value() &&
           *request.browser == *session.browser;
}

bool may_use(const SessionInfo& session, const Request& request) noexcept {
    if (request.settings.trust_client_id || has_cookie_of(session, request)) {
        return true;
    }
    if (request.transport != Transport::kWebSocket) {
        return false;
    }
    // A session that began on a WebSocket without a cookie has nothing else to prove itself by. One
    // of a browser that keeps no cookies (Faye's on Node) is found as long as it never showed one.
    return !session.browser.has_value() || (request.no_cookie && !session.cookie_seen);
}

bool is_deliver_only(const Settings& settings, bool ack) noexcept {
    return ack || settings.meta_connect_deliver_only;
}

}  // namespace bayeux::broker
