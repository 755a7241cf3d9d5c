// What other modules have a say in, and are told of (include/mod_bayeux.h). The broker asks; httpd
// passes it on. Whoever answers may block, so the broker never asks under a lock, and never on a
// loop's thread: Engine::may_block() says so before.
#ifndef BAYEUX_BROKER_HOOKS_HPP
#define BAYEUX_BROKER_HOOKS_HPP

#include <optional>
#include <string>
#include <string_view>

#include "base/strong_id.hpp"
#include "protocol/advice.hpp"
#include "protocol/channel_name.hpp"
#include "protocol/message.hpp"

namespace bayeux::broker {

// What anybody wants to be asked, or told. Decided once, when the configuration has been read.
struct HooksWanted {
    bool handshake = false;
    bool subscribe = false;
    bool publish = false;
    bool service = false;
    // News:
    bool created = false;
    bool subscribed = false;
    bool unsubscribed = false;

    [[nodiscard]] bool on_handshakes() const noexcept { return handshake || created; }
    [[nodiscard]] bool on_subscribes() const noexcept { return subscribe || subscribed; }
};

// A message and who sent it.
struct HookedMessage {
    DomainId domain;
    std::string_view session;  // the clientId; empty if there is none
    const protocol::Message& message;
};

struct HandshakeVerdict {
    bool denied = false;
    std::string reason;  // of a denial; the client reads it
    protocol::Reconnect reconnect = protocol::Reconnect::kNone;
    std::string ext;  // members for the reply's `ext`: JSON without the braces
};

struct Verdict {
    bool denied = false;
    std::string reason;
    std::optional<std::string> data;  // of a publish: JSON instead of what the client sent
};

struct ServiceVerdict {
    bool taken = false;                 // by some module
    bool failed = false;                // it says so
    std::optional<std::string> answer;  // JSON, for the sender
};

class Hooks {
  public:
    explicit Hooks(const HooksWanted& wanted) noexcept : wanted_(wanted) {}
    Hooks(const Hooks&) = delete;
    Hooks& operator=(const Hooks&) = delete;
    virtual ~Hooks() = default;

    [[nodiscard]] const HooksWanted& wanted() const noexcept { return wanted_; }

    // The functions below are called for what is wanted only.
    [[nodiscard]] virtual HandshakeVerdict on_handshake(const HookedMessage& message) = 0;
    [[nodiscard]] virtual Verdict on_subscribe(const HookedMessage& message,
                                               const protocol::ChannelName& channel) = 0;
    // `data` is what filters left.
    [[nodiscard]] virtual Verdict on_publish(const HookedMessage& message,
                                             const protocol::ChannelName& channel,
                                             std::string_view data) = 0;
    [[nodiscard]] virtual ServiceVerdict on_service(const HookedMessage& message,
                                                    const protocol::ChannelName& channel,
                                                    std::string_view data) = 0;
    virtual void created(DomainId domain, std::string_view session) = 0;
    virtual void subscribed(DomainId domain, std::string_view session,
                            const protocol::ChannelName& channel) = 0;
    virtual void unsubscribed(DomainId domain, std::string_view session,
                              const protocol::ChannelName& channel) = 0;

  private:
    const HooksWanted& wanted_;
};

}  // namespace bayeux::broker

#endif
