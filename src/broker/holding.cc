#include "broker/holding.hpp"

#include <algorithm>
#include <string_view>

namespace bayeux::broker {

using protocol::Advice;
using protocol::Message;
using protocol::Reconnect;

namespace {

constexpr std::string_view kEventSource = "eventsource";

// The way that the message came decides (CN-3), but for a client whose events come by an event
// source: its connects are ordinary POSTs and say what they are by their connectionType (Faye 8).
Transport transport_of(const Batch& batch, const Message& message) noexcept {
    const auto& offered = batch.settings.transports;
    const bool event_source =
        batch.request.transport == Transport::kLongPolling &&
        message.connection_type == kEventSource &&
        std::find(offered.begin(), offered.end(), kEventSource) != offered.end();
    return event_source ? Transport::kEventSource : batch.request.transport;
}

// AD-4: such a connect only says that the client is alive; the next one comes when a held one would
// have been answered. Faye's server advises timeout 0 with it; but Faye's client takes that for the
// time after which any message is lost (FCLI 10), and gives up and repeats what is on its way.
void set_event_source(const Settings& settings, Holding& holding) {
    holding.timeout = settings.timeout;
    holding.interval = std::max(settings.timeout, settings.interval);
    holding.always_advised = true;
}

// The client's own advice holds for this one message, without it what is configured (CN-6).
void set_terms(const Batch& batch, const Message& message, Holding& holding) {
    const Settings& settings = batch.settings;
    holding.timeout = settings.timeout;  // CN-8
    holding.interval = std::min(message.advice_interval.value_or(settings.interval),
                                std::max(kMaxWish, settings.interval));
    // CN-5: a WebSocket's replies to the other messages go out without the connect's.
    if (batch.alone || holding.transport == Transport::kWebSocket) {
        holding.hold = std::min(message.advice_timeout.value_or(settings.timeout),
                                std::max(kMaxWish, settings.timeout));
    }
    if (!batch.request.can_hold) {
        // A session's first connect is not held anyway (CN-4), so it need not slow down.
        if (holding.hold > Millis{0} && batch.session->connected) {
            holding.interval = std::max(holding.interval, batch.request.unheld_interval);
        }
        holding.hold = Millis{0};
    }
    holding.counts = holding.hold > Millis{0} && batch.session->connected &&
                     holding.transport != Transport::kWebSocket;
}

Millis turned_away_interval(const Settings& settings, const Holding& holding) noexcept {
    return std::max(holding.interval, settings.multi_session_interval);
}

}  // namespace

Holding holding_of(const Batch& batch, const Message& message) {
    const Settings& settings = batch.settings;
    Holding holding;
    holding.transport = transport_of(batch, message);
    if (holding.transport == Transport::kEventSource) {
        set_event_source(settings, holding);
    } else {
        set_terms(batch, message, holding);
    }
    holding.expires_after = holding.interval + settings.max_interval;
    holding.deadline = batch.now + holding.hold;
    TimePoint end = holding.deadline + holding.expires_after;
    if (holding.counts) {
        end = std::max(end,
                       batch.now + turned_away_interval(settings, holding) + settings.max_interval);
    }
    holding.lease = end + kLeaseSlack;
    return holding;
}

bool waits(const Batch& batch, const Message& message, const Holding& holding,
           const ConnectStart& start) noexcept {
    if (holding.hold == Millis{0} || start.first) {
        return false;
    }
    // WS-4: what is queued is pushed over a stream, and the connect stays.
    const bool pushed = is_stream(holding.transport) && !batch.deliver_only();
    if (start.due && !pushed) {
        return false;
    }
    // X-ACK 7: what was lost with a response is sent again at once.
    return !start.replay || message.advice_timeout.has_value();
}

std::optional<Advice> advice_for(const Message& message, const Holding& holding,
                                 const ConnectStart& start) {
    if (!message.has_advice && !start.advice_due && !holding.always_advised) {
        return std::nullopt;
    }
    return Advice{.reconnect = Reconnect::kRetry,
                  .interval = holding.interval,
                  .timeout = holding.timeout,
                  .multiple_clients = std::nullopt};
}

void turn_away(const Settings& settings, Holding& holding, protocol::Reply& reply) {
    if (settings.multi_session_interval == Millis{0}) {
        reply.fail({}).advise({.reconnect = Reconnect::kNone,
                               .interval = std::nullopt,
                               .timeout = std::nullopt,
                               .multiple_clients = true});
        return;
    }
    holding.interval = turned_away_interval(settings, holding);
    holding.expires_after = holding.interval + settings.max_interval;
    reply.succeed().advise({.reconnect = Reconnect::kRetry,
                            .interval = holding.interval,
                            .timeout = holding.timeout,
                            .multiple_clients = true});
}

}  // namespace bayeux::broker
