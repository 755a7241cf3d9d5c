// The protocol itself: what each message does. Stateless but for what it was given; any thread.
#ifndef BAYEUX_BROKER_ENGINE_HPP
#define BAYEUX_BROKER_ENGINE_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/entropy.hpp"
#include "broker/hooks.hpp"
#include "broker/limits.hpp"
#include "broker/outcome.hpp"
#include "broker/policy.hpp"
#include "broker/refusals.hpp"
#include "broker/session_store.hpp"
#include "protocol/client_id.hpp"
#include "protocol/message.hpp"

namespace bayeux::broker {

// BayeuxExtensions.
struct Extensions {
    bool ack = true;
    bool timesync = true;
    bool timestamp = false;
    bool activity = false;
    Millis idle_timeout{0};  // BayeuxIdleTimeout, of `activity`; 0: off
};

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
    // BayeuxMaxSessionsPerBrowser; kUnlimited for -1, and for requests over HTTP/2 (BR-4).
    std::uint32_t holds_per_browser = 1;
    Millis multi_session_interval{2000};  // 0: surplus connects are refused (AD-4)
    Extensions extensions;
    std::size_t max_message_size = 65536;  // what filters make of a message is no larger
    // Some channel of the domain has filters that may take a loop too long.
    bool slow_filters = false;
    // Some channel of the domain has BayeuxPresence: names below /presence are the server's.
    bool presence = false;
    Limits limits;
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

    // --- of a WebSocket ---
    // What the connection is bound to, by an earlier message on it (CID-6).
    std::optional<Bound> bound;
    // The cycle of its stream, which a connect goes on with; 0: it has none yet.
    ConnectCycle stream;
    // The request (the upgrade) carried no browser's cookie at all. A session that never showed its
    // cookie after its handshake may then be resumed by its id alone (S4, WS-6).
    bool no_cookie = false;

    // Whom httpd has let in with this request; of a stream, with the one that began it.
    User user = {};
    ClientAddress from = {};

    // Other modules that want to be asked or told; nullptr: none.
    Hooks* hooks = nullptr;
};

class Engine {
  public:
    Engine(SessionStore& store, const Clock& clock, Entropy& entropy) noexcept
        : store_(store), clock_(clock), entropy_(entropy) {}

    // From now on refusals are counted there. Before there are threads; `counts` outlives it.
    void count_in(RefusalCounts& counts) noexcept { refusals_ = &counts; }
    // Of what never became a message.
    void note_refusal(RefusedFor why) noexcept {
        if (refusals_ != nullptr) {
            refusals_->count(why);
        }
    }

    // Decides about all messages of one body, in order. `messages` is not empty.
    [[nodiscard]] Outcome handle(const Request& request,
                                 const std::vector<protocol::Message>& messages);

    // The session that a stream without messages of its own asks for, by the rules of CID-4;
    // nothing if there is none, or not for this browser.
    [[nodiscard]] std::optional<Bound> find(const Request& request, std::string_view client_id);

    // True if the policy may have to block for these messages: not for a loop to handle.
    [[nodiscard]] static bool may_block(const Request& request,
                                        const std::vector<protocol::Message>& messages);

  private:
    SessionStore& store_;
    const Clock& clock_;
    Entropy& entropy_;
    RefusalCounts* refusals_ = nullptr;
};

}  // namespace bayeux::broker

#endif
