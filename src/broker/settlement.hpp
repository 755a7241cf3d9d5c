// A response has left, or never will: the store hears of what it brought and what it answered.
#ifndef BAYEUX_BROKER_SETTLEMENT_HPP
#define BAYEUX_BROKER_SETTLEMENT_HPP

#include <optional>
#include <utility>

#include "broker/outcome.hpp"
#include "broker/session_store.hpp"

namespace bayeux::broker {

// What is owed, and then no more: the session whose events were drained for the response, and the
// connect that it answers, whose session's expiry clock starts now (EX-1).
inline void settle(SessionStore& store, std::optional<SessionHandle>& events_of,
                   std::optional<OpenConnect>& answered, bool written, TimePoint now) {
    if (!events_of && !answered) {
        return;
    }
    Settlement response;
    response.events_of = std::exchange(events_of, std::nullopt);
    response.written = written;
    if (const auto open = std::exchange(answered, std::nullopt)) {
        response.connect = {open->session, open->cycle, now + open->expires_after};
    }
    store.settle(response);
}

}  // namespace bayeux::broker

#endif
