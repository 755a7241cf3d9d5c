// The protocol itself: what each message does. Stateless but for what it was given; any thread.
#ifndef BAYEUX_BROKER_ENGINE_HPP
#define BAYEUX_BROKER_ENGINE_HPP

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/entropy.hpp"
#include "broker/outcome.hpp"
#include "broker/policy.hpp"
#include "broker/session_store.hpp"
#include "protocol/client_id.hpp"
#include "protocol/message.hpp"

namespace bayeux::broker {

// The directives that hold where the request came in.
struct Settings {
    DomainId domain;
    Millis timeout{30000};
    Millis interval{0};
    Millis max_interval{10000};
    QueueLimits queue;
    std::uint32_t max_sessions = 0xffffffff;
    std::uint32_t max_channels = 0xffffffff;
    std::uint32_t max_subscriptions = 0xffffffff;         // per session
    std::vector<std::string> transports{"long-polling"};  // offered, in order of preference (HS-4)
    bool trust_client_id = false;
    bool broadcast_to_publisher = true;
    bool unconnected_publish = false;
    bool meta_connect_deliver_only = false;
};

// Who sends, and by what way.
struct Request {
    const Settings& settings;
    Policy& policy;
    Transport transport = Transport::kLongPolling;
    // The cookie that came with the request, if this server issued it (BR-2).
    std::optional<protocol::BrowserId> browser;
    // The id that a new session is bound to: `browser`, or a fresh one that the response will set.
    std::optional<protocol::BrowserId> new_browser;
    bool can_hold = true;  // false where a connect cannot be held: it is answered at once
    // The advice `interval` of a connect that is answered at once for that reason only
    // (design 4.8).
    Millis unheld_interval{0};
};

class Engine {
  public:
    Engine(SessionStore& store, const Clock& clock, Entropy& entropy) noexcept
        : store_(store), clock_(clock), entropy_(entropy) {}

    // Decides about all messages of one body, in order. `messages` is not empty.
    [[nodiscard]] Outcome handle(const Request& request,
                                 const std::vector<protocol::Message>& messages);

  private:
    SessionStore& store_;
    const Clock& clock_;
    Entropy& entropy_;
};

}  // namespace bayeux::broker

#endif
