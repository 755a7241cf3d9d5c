// Internal to the broker: what the handling of one body's messages has at hand and brings about.
// One Batch lives on the stack of Engine::handle(); one thread, nothing is shared.
#ifndef BAYEUX_BROKER_BATCH_CONTEXT_HPP
#define BAYEUX_BROKER_BATCH_CONTEXT_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/engine.hpp"
#include "broker/outcome.hpp"
#include "broker/session_store.hpp"
#include "protocol/channel_name.hpp"
#include "protocol/message.hpp"

namespace bayeux::broker {

// A client that is told to try again later waits this long; without a pause it would come back at
// once, and go on so (FCLI 12: an unsuccessful connect is repeated after `interval`, by default 0).
inline constexpr Millis kRetryPause{5000};

// Life that a lease grants beyond the expiry that it stands in for: whoever answers a connect in
// time must always come first.
inline constexpr Millis kLeaseSlack{5000};

// What a client may ask for in its own advice (CN-6). More would let it keep a dead session's
// memory at will, and overflow the clock.
inline constexpr Millis kMaxWish{3600 * 1000};

// A channel that is published to. Kept for the next message of the batch: bursts go to one channel.
struct Target {
    std::string_view written;  // as the message named it
    std::optional<protocol::ChannelName> name;
    bool judged = false;  // the fields below are known
    std::string refusal;  // empty if publishing is allowed
    ChannelOptions options;
};

class Batch {
  public:
    // `messages` is not empty and outlives the batch.
    Batch(const Request& request, SessionStore& store, const Clock& clock,
          const std::vector<protocol::Message>& messages, RefusalCounts* refusals);

    // The message comes from the session of this batch (CID-5, CID-6).
    [[nodiscard]] bool owns(const protocol::Message& message) const noexcept {
        return session.has_value() && message.client_id == client_id;
    }
    // PB-10: it names no session, nor does the batch.
    [[nodiscard]] bool anonymous(const protocol::Message& message) const noexcept {
        return client_id.empty() && message.client_id.empty();
    }
    // The session's events leave with the replies of connects only (ORD-3, ORD-4).
    [[nodiscard]] bool deliver_only() const noexcept;
    // True if the session's events leave with this response, so that its own held connect need not
    // be woken for them (PB-6).
    [[nodiscard]] bool carries_events() const noexcept {
        return session.has_value() && (!deliver_only() || outcome.answered.has_value());
    }
    // The reply with what extensions add to it.
    [[nodiscard]] protocol::PendingReply extend(const protocol::Message& message,
                                                const protocol::Reply& reply) const;

    void answer(const protocol::Message& message, const protocol::Reply& reply) {
        outcome.replies.push_back(extend(message, reply));
    }
    // For the hooks of other modules.
    [[nodiscard]] HookedMessage hooked(const protocol::Message& message) const noexcept {
        return {settings.domain, session ? client_id : std::string_view(), message};
    }
    void accept(const protocol::Message& message);
    void refuse(const protocol::Message& message, std::string_view error);
    // CID-7.
    void refuse_session(const protocol::Message& message);

    const Request& request;
    const Settings& settings;
    SessionStore& store;
    const TimePoint now;
    const WallTime wall;
    const bool alone;            // the only message of its request (CN-5)
    std::string_view client_id;  // that all messages must carry; empty if the batch names none
    std::optional<protocol::ClientId> id;  // the same, if it is well formed
    std::optional<SessionInfo> session;    // nothing if it is unknown, or ended by this batch
    bool ended = false;                    // this batch has ended it
    ConnectCycle stream;                   // of the WebSocket, 0 while it has none
    Target target;
    Outcome outcome;

  private:
    // Both set `client_id` and, if there is one that the request may use, `session`.
    [[nodiscard]] bool find_bound();
    void find_session(const std::vector<protocol::Message>& messages);
    // Somebody else speaks for the session than before.
    void change_user();
    void note_activity(const std::vector<protocol::Message>& messages);

    RefusalCounts* const refusals_;  // nullptr: nobody counts
    std::string bound_id_;           // what client_id shows of a bound stream
};

// One per message type; each appends its reply to the outcome, or parks the connect. The session is
// known (for publish: or the publish is anonymous and allowed to be), the id is valid.
void connect(Batch& batch, const protocol::Message& message);
void subscribe(Batch& batch, const protocol::Message& message);
void unsubscribe(Batch& batch, const protocol::Message& message);
void disconnect(Batch& batch, const protocol::Message& message);
// find_target() was true for this message.
void publish(Batch& batch, const protocol::Message& message);
// Sets batch.target to the message's channel; false if it is no name to publish to (CH-3, CH-13).
[[nodiscard]] bool find_target(Batch& batch, const protocol::Message& message);

// A handshake is alone in what is processed of its request (HS-8), so it has no batch.
struct Surroundings {
    SessionStore& store;
    const Clock& clock;
    Entropy& entropy;
    RefusalCounts* refusals;  // nullptr: nobody counts
};
[[nodiscard]] Outcome handshake(const Request& request, const protocol::Message& message,
                                const Surroundings& around);

// Engine::may_block(), for one message of a batch of so many bytes.
[[nodiscard]] bool publish_may_block(const Request& request, const protocol::Message& message,
                                     std::size_t batch_size);
[[nodiscard]] bool subscribe_may_block(const Request& request, const protocol::Message& message);

// S2: names that belong to the server itself, refused whatever the policy says.
[[nodiscard]] bool is_internal(const protocol::ChannelName& channel) noexcept;

}  // namespace bayeux::broker

#endif
