// Handshake request MUST: channel, version, supportedConnectionTypes. MAY: minimumVersion, ext, id.
// Success reply MUST: channel, version, supportedConnectionTypes, clientId, successful. MAY:
// minimumVersion, advice, ext, id, authSuccessful. Failure reply MUST: channel, successful, error.
#include <algorithm>
#include <memory>
#include <utility>

#include "broker/batch_context.hpp"
#include "broker/extensions.hpp"
#include "broker/session_access.hpp"
#include "protocol/error_text.hpp"
#include "protocol/json.hpp"

namespace bayeux::broker {

using protocol::Message;
using protocol::Reconnect;
using protocol::Reply;
namespace error_text = protocol::error_text;

namespace {

constexpr Millis kLeastPause{1000};

std::string transports_json(const Settings& settings) {
    std::string json = "[";
    for (const std::string& transport : settings.transports) {
        if (json.size() > 1) {
            json += ',';
        }
        json += protocol::quote(transport);
    }
    return json += ']';
}

// HS-5: only a client that names its transports, none of which is offered here, is turned away.
bool shares_transport(const Settings& settings, const Message& message) {
    return message.connection_types.empty() ||
           std::any_of(message.connection_types.begin(), message.connection_types.end(),
                       [&](const std::string& type) {
                           return std::find(settings.transports.begin(), settings.transports.end(),
                                            type) != settings.transports.end();
                       });
}

void refuse_transports(const Settings& settings, const Message& message, Reply& reply) {
    std::string types;
    for (const std::string& type : message.connection_types) {
        if (!types.empty()) {
            types += ',';
        }
        types += type;
    }
    // Trying again would not help (HS-7).
    reply.fail(error_text::connection_types_unsupported(types))
        .advise({.reconnect = Reconnect::kNone,
                 .interval = std::nullopt,
                 .timeout = std::nullopt,
                 .multiple_clients = std::nullopt})
        .with("supportedConnectionTypes", transports_json(settings));
}

void refuse_for_now(const Settings& settings, std::string_view error, Reply& reply,
                    Millis pause = kRetryPause) {
    reply.fail(error).advise({.reconnect = Reconnect::kRetry,
                              .interval = std::max(settings.interval, pause),
                              .timeout = std::nullopt,
                              .multiple_clients = std::nullopt});
}

// S16: how long until the address may shake hands again; zero: it may. There may be many clients
// behind it that wait for the same moment: a second is as often as each of them should ask.
Millis pause_by_limit(const Request& request, SessionStore& store, TimePoint now) {
    const RateLimit* const limit = request.settings.limits.handshakes;
    if (limit == nullptr) {
        return Millis{0};
    }
    const Millis wait = store.count_handshake(
        {.domain = request.settings.domain, .from = request.from, .limit = *limit}, now);
    return wait == Millis{0} ? wait : std::max(wait, kLeastPause);
}

void welcome(const Settings& settings, const protocol::ClientId& id, Reply& reply) {
    reply.succeed()
        .with("version", "\"1.0\"")
        .with("minimumVersion", "\"1.0\"")
        .with("supportedConnectionTypes", transports_json(settings))
        .with("clientId", protocol::quote(id.text()))
        .advise({.reconnect = Reconnect::kRetry,
                 .interval = settings.interval,
                 .timeout = settings.timeout,
                 .multiple_clients = std::nullopt});
}

// X-ACK 1: only if the server has it and the client asks for it.
bool wants_ack(const Settings& settings, const Message& message) noexcept {
    return settings.extensions.ack && message.wants_ack;
}

NewSession session_for(const Request& request, const protocol::ClientId& id, bool ack,
                       TimePoint now) {
    const Settings& settings = request.settings;
    return {.domain = settings.domain,
            .client_id = id,
            .browser = request.new_browser,
            .queue = settings.queue,
            .max_sessions = settings.max_sessions,
            .expires_at = now + settings.interval + settings.max_interval,
            .transport = request.transport,
            .timeout = settings.timeout,
            .interval = settings.interval,
            .ack = ack,
            // Over HTTP the response sets the cookie; only its return shows that it is kept (S4).
            .cookie_seen = request.transport == Transport::kWebSocket && request.browser &&
                           request.browser == request.new_browser,
            .active_at = now,
            .user = request.user};
}

// HS-6, HS-7.
void deny(const HandshakeVerdict& verdict, Reply& reply) {
    reply.fail(error_text::denied_because(verdict.reason, error_text::kHandshake))
        .advise({.reconnect = verdict.reconnect,
                 .interval = verdict.reconnect == Reconnect::kNone ? std::nullopt
                                                                   : std::optional(kRetryPause),
                 .timeout = std::nullopt,
                 .multiple_clients = std::nullopt});
}

// What other modules say, and `ext` of the reply with it.
HandshakeVerdict ask_hooks(const Request& request, const Message& message) {
    if (request.hooks == nullptr || !request.hooks->wanted().handshake) {
        return {};
    }
    return request.hooks->on_handshake({request.settings.domain, {}, message});
}

// What was created; nothing if the reply says why not.
std::optional<Bound> begin_session(const Request& request, const Message& message,
                                   SessionStore& store, TimePoint now, Entropy& entropy,
                                   Reply& reply) {
    const Settings& settings = request.settings;
    const auto id = protocol::ClientId::make(entropy);
    if (!id) {
        refuse_for_now(settings, error_text::kHandshakeFailed, reply);
        return std::nullopt;
    }
    const bool ack = wants_ack(settings, message);
    const auto created = store.create_session(session_for(request, *id, ack, now));
    if (!created) {
        refuse_for_now(settings, error_text::kStoreFull, reply);
        return std::nullopt;
    }
    welcome(settings, *id, reply);
    return Bound{
        .session = *created, .client_id = *id, .deliver_only = is_deliver_only(settings, ack)};
}

}  // namespace

Outcome handshake(const Request& request, const Message& message, const Surroundings& around) {
    const auto& [store, clock, entropy, refusals] = around;
    const WallTime arrived = clock.wall();
    const auto refused_for = [counts = refusals](RefusedFor why) {
        if (counts != nullptr) {
            counts->count(why);
        }
    };
    Outcome outcome;
    Reply reply(message);
    HandshakeVerdict verdict;
    if (message.problem) {
        refused_for(RefusedFor::kInvalid);
        reply.fail(*message.problem);
    } else if (!message.id_valid()) {
        refused_for(RefusedFor::kInvalid);
        reply.fail(error_text::kMessageIdInvalid);
    } else if (!shares_transport(request.settings, message)) {
        refused_for(RefusedFor::kInvalid);
        refuse_transports(request.settings, message, reply);
    } else if (const Millis pause = pause_by_limit(request, store, clock.now());
               pause != Millis{0}) {
        refuse_for_now(request.settings, error_text::kTooManyHandshakes, reply, pause);
    } else if (verdict = ask_hooks(request, message); verdict.denied) {
        refused_for(RefusedFor::kDenied);
        deny(verdict, reply);
    } else {
        // WS-3: a stream is bound to the new session, or to none.
        outcome.bound = begin_session(request, message, store, clock.now(), entropy, reply);
    }
    outcome.handshaken = outcome.bound.has_value();
    auto pending = extended(reply, message, request.settings.extensions, arrived);
    if (outcome.handshaken && wants_ack(request.settings, message)) {
        pending.ack = "true";  // X-ACK 2
    }
    if (!verdict.ext.empty()) {
        pending.ext = std::make_shared<const std::string>(std::move(verdict.ext));
    }
    if (outcome.handshaken && request.hooks != nullptr && request.hooks->wanted().created) {
        request.hooks->created(request.settings.domain, outcome.bound->client_id.text());
    }
    outcome.replies.push_back(std::move(pending));
    return outcome;
}

}  // namespace bayeux::broker
