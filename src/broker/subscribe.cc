// Subscribe and unsubscribe request MUST: channel, clientId, subscription. MAY: ext, id. Reply
// MUST: channel, successful, subscription. MAY: error, advice, ext, clientId, id.
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/batch_context.hpp"
#include "protocol/error_text.hpp"
#include "protocol/presence_channel.hpp"

namespace bayeux::broker {

using protocol::ChannelKind;
using protocol::ChannelName;
using protocol::Message;
namespace error_text = protocol::error_text;

namespace {

// Appends the names of the message's subscription that a store keeps, those of broadcast channels,
// to `kept`; the error if one is not allowed. Nothing is done before all are judged (SB-5).
template <class Judge>
std::string collect(const Message& message, std::vector<ChannelName>& kept, Judge&& judge) {
    if (message.subscription.empty() ||
        (message.subscription_valid && message.subscriptions.empty())) {
        return std::string(error_text::kSubscriptionMissing);  // SB-3, SB-6
    }
    if (!message.subscription_valid) {
        return std::string(error_text::kSubscriptionInvalid);
    }
    std::vector<ChannelName> names;
    names.reserve(message.subscriptions.size());
    std::set<std::string_view> seen;
    for (const std::string& text : message.subscriptions) {
        if (!seen.insert(text).second) {
            continue;  // once is enough: of a presence channel each brings a snapshot
        }
        auto name = ChannelName::parse(text);
        if (!name) {
            return std::string(error_text::kSubscriptionInvalid);
        }
        names.push_back(*std::move(name));
    }
    kept.reserve(names.size());
    for (ChannelName& name : names) {
        std::string refusal = judge(name);
        if (!refusal.empty()) {
            return refusal;
        }
        if (name.kind() != ChannelKind::kService) {  // SB-9
            kept.push_back(std::move(name));
        }
    }
    return {};
}

bool is_known_meta(std::string_view name) noexcept {
    static constexpr std::array<std::string_view, 5> kKnown{"/meta/handshake", "/meta/connect",
                                                            "/meta/subscribe", "/meta/unsubscribe",
                                                            "/meta/disconnect"};
    for (const std::string_view known : kKnown) {
        if (name == known) {
            return true;
        }
    }
    return false;
}

bool is_presence(const Settings& settings, const ChannelName& name) noexcept {
    return settings.presence && protocol::is_presence_channel(name);
}

std::string judge_subscribe(Batch& batch, const Message& message, const ChannelName& name);

// Whoever may subscribe to a channel may know who else has. So a presence channel has no rules of
// its own: one that is denied /chat/secret is denied its presence, by whatever pattern.
std::string judge_watch(Batch& batch, const Message& message, const ChannelName& name) {
    const auto watched = protocol::watched_by(name);
    return watched && watched->kind() != ChannelKind::kService
               ? judge_subscribe(batch, message, *watched)
               : error_text::denied(error_text::kByPolicy, error_text::kSubscribe);
}

std::string judge_subscribe(Batch& batch, const Message& message, const ChannelName& name) {
    using error_text::denied;
    if (name.kind() == ChannelKind::kMeta) {  // SB-8
        return denied(error_text::kByPolicy,
                      is_known_meta(name.text()) ? error_text::kSubscribe : error_text::kCreate);
    }
    if (is_internal(name)) {
        return denied(error_text::kByPolicy, error_text::kSubscribe);
    }
    if (is_presence(batch.settings, name)) {
        return judge_watch(batch, message, name);
    }
    Policy& policy = batch.request.policy;
    // A service channel is never created by a client: it is there from the start (CH-15).
    if (name.kind() == ChannelKind::kBroadcast &&
        !batch.store.channel_exists(batch.settings.domain, name) &&
        !policy.allows(Operation::kCreate, name)) {
        return denied(error_text::kNotGranting, error_text::kCreate);
    }
    if (!policy.allows(Operation::kSubscribe, name)) {
        return denied(error_text::kNotGranting, error_text::kSubscribe);
    }
    Hooks* const hooks = batch.request.hooks;
    if (hooks != nullptr && hooks->wanted().subscribe) {
        const Verdict verdict = hooks->on_subscribe(batch.hooked(message), name);
        if (verdict.denied) {
            return error_text::denied_because(verdict.reason, error_text::kSubscribe);
        }
    }
    return {};
}

std::string judge_unsubscribe(Batch& batch, const ChannelName& name) {
    if (name.kind() == ChannelKind::kMeta) {
        return std::string(error_text::kUnsubscribeFailed);
    }
    if (name.kind() == ChannelKind::kBroadcast &&
        !batch.store.channel_exists(batch.settings.domain, name)) {
        return std::string(error_text::kChannelMissing);
    }
    return {};
}

// A pattern is no channel: it goes with its last subscriber.
std::vector<char> persistence_of(Batch& batch, const std::vector<ChannelName>& names) {
    std::vector<char> persistent;
    persistent.reserve(names.size());
    for (const ChannelName& name : names) {
        const bool kept = !name.is_pattern() && batch.request.policy.options(name).persistent;
        persistent.push_back(kept ? 1 : 0);
    }
    return persistent;
}

PresenceMark presence_of(Batch& batch, const ChannelName& name) {
    if (name.is_pattern()) {
        return PresenceMark::kNone;
    }
    Policy& policy = batch.request.policy;
    if (is_presence(batch.settings, name)) {
        const auto watched = protocol::watched_by(name);
        return watched && policy.options(*watched).presence ? PresenceMark::kWatches
                                                            : PresenceMark::kNone;
    }
    return policy.options(name).presence && protocol::presence_channel_of(name.text())
               ? PresenceMark::kCounts
               : PresenceMark::kNone;
}

// Empty if there is no presence in the whole domain.
std::vector<PresenceMark> presence_of(Batch& batch, const std::vector<ChannelName>& names) {
    std::vector<PresenceMark> marks;
    if (batch.settings.presence) {
        marks.reserve(names.size());
        for (const ChannelName& name : names) {
            marks.push_back(presence_of(batch, name));
        }
    }
    return marks;
}

std::string_view text_for(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::kGone:
            return error_text::kSubscribeFailed;
        case ErrorCode::kTooLarge:
            return error_text::kSubscriptionLimit;
        case ErrorCode::kFull:
        case ErrorCode::kInvalid:
        case ErrorCode::kDenied:
        case ErrorCode::kInternal:
            break;
    }
    return error_text::kStoreFull;
}

void tell_subscribed(Batch& batch, const std::vector<ChannelName>& names) {
    Hooks* const hooks = batch.request.hooks;
    if (hooks == nullptr || !hooks->wanted().subscribed) {
        return;
    }
    for (const ChannelName& name : names) {
        hooks->subscribed(batch.settings.domain, batch.client_id, name);
    }
}

void tell_unsubscribed(Batch& batch, const std::vector<ChannelName>& names) {
    Hooks* const hooks = batch.request.hooks;
    if (hooks == nullptr || !hooks->wanted().unsubscribed) {
        return;
    }
    for (const ChannelName& name : names) {
        hooks->unsubscribed(batch.settings.domain, batch.client_id, name);
    }
}

}  // namespace

void subscribe(Batch& batch, const Message& message) {
    std::vector<ChannelName> names;
    const std::string refusal = collect(message, names, [&](const ChannelName& name) {
        return judge_subscribe(batch, message, name);
    });
    if (!refusal.empty()) {
        return batch.refuse(message, refusal);
    }
    if (!names.empty()) {
        const std::vector<char> persistent = persistence_of(batch, names);
        const std::vector<PresenceMark> presence = presence_of(batch, names);
        const auto subscribed =
            batch.store.subscribe(batch.session->handle, names,
                                  {.per_session = batch.settings.max_subscriptions,
                                   .max_channels = batch.settings.max_channels,
                                   .persistent = persistent,
                                   .presence = presence});
        if (!subscribed) {
            return batch.refuse(message, text_for(subscribed.error().code));
        }
        tell_subscribed(batch, names);
    }
    batch.accept(message);
}

void unsubscribe(Batch& batch, const Message& message) {
    std::vector<ChannelName> names;
    const std::string refusal = collect(
        message, names, [&](const ChannelName& name) { return judge_unsubscribe(batch, name); });
    if (!refusal.empty()) {
        return batch.refuse(message, refusal);
    }
    if (!names.empty()) {
        batch.store.unsubscribe(batch.session->handle, names);
        tell_unsubscribed(batch, names);
    }
    batch.accept(message);
}

bool subscribe_may_block(const Request& request, const Message& message) {
    if (request.hooks != nullptr && request.hooks->wanted().on_subscribes()) {
        return true;
    }
    Policy& policy = request.policy;
    for (const std::string& text : message.subscriptions) {
        auto name = ChannelName::parse(text);
        if (name && is_presence(request.settings, *name)) {
            name = protocol::watched_by(*name);
        }
        if (!name || name->kind() == ChannelKind::kMeta || is_internal(*name)) {
            continue;
        }
        if ((name->kind() == ChannelKind::kBroadcast &&
             policy.may_block(Operation::kCreate, *name)) ||
            policy.may_block(Operation::kSubscribe, *name)) {
            return true;
        }
    }
    return false;
}

}  // namespace bayeux::broker
