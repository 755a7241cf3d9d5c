// Publish request MUST: channel, data. MAY: clientId, id, ext. Acknowledgement MUST: channel,
// successful. MAY: id, error, ext; it has no data (PB-2).
#include <optional>
#include <string>
#include <utility>

#include "broker/batch_context.hpp"
#include "broker/extensions.hpp"
#include "protocol/error_text.hpp"
#include "protocol/presence_channel.hpp"
#include "protocol/service_answer.hpp"

namespace bayeux::broker {

using protocol::ChannelKind;
using protocol::ChannelName;
using protocol::Message;
namespace error_text = protocol::error_text;

namespace {

// Names to which the server alone publishes.
bool is_reserved(const Settings& settings, const ChannelName& name) noexcept {
    return is_internal(name) || (settings.presence && protocol::is_presence_channel(name));
}

std::string refusal_of(Batch& batch, const ChannelName& name) {
    using error_text::denied;
    if (name.kind() == ChannelKind::kMeta) {  // PB-9
        return denied(error_text::kByPolicy, error_text::kChannelCreate);
    }
    if (is_reserved(batch.settings, name)) {
        return denied(error_text::kByPolicy, error_text::kPublish);
    }
    Policy& policy = batch.request.policy;
    // A service channel is never created by a client: it is there from the start (CH-15).
    if (name.kind() == ChannelKind::kBroadcast &&
        !batch.store.channel_exists(batch.settings.domain, name) &&
        !policy.allows(Operation::kCreate, name)) {
        return denied(error_text::kNotGranting, error_text::kChannelCreate);
    }
    if (!policy.allows(Operation::kPublish, name)) {
        return denied(error_text::kNotGranting, error_text::kPublish);
    }
    return {};
}

void judge(Batch& batch, Target& target) {
    target.refusal = refusal_of(batch, *target.name);
    if (target.refusal.empty() && target.name->kind() != ChannelKind::kMeta) {
        target.options = batch.request.policy.options(*target.name);
    }
    target.judged = true;
}

bool distribute(Batch& batch, const Message& message, const Target& target) {
    const Settings& settings = batch.settings;
    const std::string event = protocol::make_event(message, target.name->text(),
                                                   event_time(settings.extensions, batch.wall));
    Publication publication;
    publication.domain = settings.domain;
    publication.channel = &*target.name;
    publication.event = event;
    publication.persistent = target.options.persistent;
    publication.lazy = target.options.lazy;
    publication.max_channels = settings.max_channels;
    if (batch.session) {
        const bool to_publisher =
            settings.broadcast_to_publisher && target.options.broadcast_to_publisher;  // PB-5
        if (!to_publisher) {
            publication.except = batch.session->handle;
        }
        if (batch.carries_events()) {
            publication.without_wake = batch.session->handle;
        }
    }
    return batch.store.publish(publication).has_value();
}

// Without a session there is nobody to answer.
void call_service(Batch& batch, const Message& message, const Target& target) {
    if (!target.options.service || !batch.session) {
        return;
    }
    batch.outcome.calls.push_back({.session = batch.session->handle,
                                   .user_tag = batch.request.user.tag,
                                   .client_id = std::string(batch.client_id),
                                   .channel = *target.name,
                                   .id = std::string(message.id),
                                   .data = std::string(message.data)});
}

std::string answer_event(const ServiceVerdict& verdict, const Message& message,
                         const Target& target) {
    const protocol::AnswerTo to{target.name->text(), message.id};
    if (!verdict.failed) {
        return protocol::make_answer(to, *verdict.answer);
    }
    return verdict.answer ? protocol::make_failure(to, *verdict.answer)
                          : protocol::make_failure(to, 403, "refused");
}

// True if a module of the server has answered the message, or wants no answer.
bool served_by_module(Batch& batch, const Message& message, const Target& target) {
    Hooks* const hooks = batch.request.hooks;
    if (hooks == nullptr || !hooks->wanted().service) {
        return false;
    }
    const ServiceVerdict verdict =
        hooks->on_service(batch.hooked(message), *target.name, message.data);
    if (verdict.taken && (verdict.answer || verdict.failed) && batch.session) {
        const std::string event = answer_event(verdict, message, target);
        static_cast<void>(batch.store.deliver({.domain = batch.settings.domain,
                                               .session = batch.session->handle,
                                               .event = event,
                                               .user_tag = batch.request.user.tag}));
    }
    return verdict.taken;
}

void pass_on(Batch& batch, const Message& message, const Target& target) {
    if (target.name->kind() == ChannelKind::kService) {
        if (!served_by_module(batch, message, target)) {
            call_service(batch, message, target);
        }
    } else if (!distribute(batch, message, target)) {
        return batch.refuse(message, error_text::kStoreFull);
    }
    batch.accept(message);  // PB-11: a service message too, whoever handles it
}

struct Examined {
    std::string refusal;              // empty: the message passes
    std::optional<std::string> data;  // nothing: as the client wrote it
};

// What other modules say of the message, after the filters.
void ask_hooks(Batch& batch, const Message& message, const Target& target, Examined& examined) {
    Hooks* const hooks = batch.request.hooks;
    if (hooks == nullptr || !hooks->wanted().publish ||
        target.name->kind() != ChannelKind::kBroadcast) {
        return;
    }
    Verdict verdict =
        hooks->on_publish(batch.hooked(message), *target.name,
                          examined.data ? std::string_view(*examined.data) : message.data);
    if (verdict.denied) {
        examined.refusal = error_text::denied_because(verdict.reason, error_text::kPublish);
    } else if (verdict.data) {
        examined.data = std::move(verdict.data);
    }
}

Examined examine(Batch& batch, const Message& message, const Target& target) {
    Examined examined;
    if (target.options.filters != nullptr) {
        protocol::Filtered filtered =
            target.options.filters->apply(message.data, batch.settings.max_message_size);
        examined.refusal = std::move(filtered.refusal);
        examined.data = std::move(filtered.data);
    }
    if (examined.refusal.empty()) {
        ask_hooks(batch, message, target, examined);
    }
    return examined;
}

// Only what was changed on the way is no longer what the client wrote.
void examine_and_pass_on(Batch& batch, const Message& message, const Target& target) {
    const Examined examined = examine(batch, message, target);
    if (!examined.refusal.empty()) {
        return batch.refuse(message, examined.refusal);
    }
    if (!examined.data) {
        return pass_on(batch, message, target);
    }
    Message changed = message;
    changed.data = *examined.data;
    pass_on(batch, changed, target);
}

// False if it was refused by a limit of the Location. What is refused for another reason has been
// counted: it was as much work.
bool within_limits(Batch& batch, const Message& message) {
    const ChannelName& channel = *batch.target.name;
    if (channel.kind() == ChannelKind::kMeta) {
        return true;
    }
    std::optional<SessionHandle> session;
    if (batch.session) {
        session = batch.session->handle;
    }
    const Exceeded exceeded = batch.store.count_message({.domain = batch.settings.domain,
                                                         .session = session,
                                                         .from = batch.request.from,
                                                         .size = message.raw.size(),
                                                         .limits = batch.settings.limits},
                                                        batch.now);
    if (exceeded == Exceeded::kNothing) {
        return true;
    }
    // Without advice: a client would take it for that of its connects.
    batch.refuse(message, error_text::limited(channel.text(), exceeded == Exceeded::kMessages
                                                                  ? error_text::kTooManyMessages
                                                                  : error_text::kTooManyBytes));
    return false;
}

}  // namespace

bool find_target(Batch& batch, const Message& message) {
    Target& target = batch.target;
    if (!target.name || target.written != message.channel) {
        target = Target{};
        target.written = message.channel;
        target.name = ChannelName::parse(message.channel);
    }
    return target.name && !target.name->is_pattern();
}

void publish(Batch& batch, const Message& message) {
    if (batch.settings.limits.on_messages() && !within_limits(batch, message)) {
        return;
    }
    Target& target = batch.target;
    if (!target.judged) {
        judge(batch, target);
    }
    if (!target.refusal.empty()) {
        return batch.refuse(message, target.refusal);
    }
    if (message.data.empty()) {
        return batch.refuse(message, error_text::kDataMissing);
    }
    if (target.options.filters != nullptr || batch.request.hooks != nullptr) {
        return examine_and_pass_on(batch, message, target);
    }
    pass_on(batch, message, target);
}

bool publish_may_block(const Request& request, const Message& message, std::size_t batch_size) {
    const auto name = ChannelName::parse(message.channel);
    if (!name || name->is_pattern() || name->kind() == ChannelKind::kMeta ||
        is_reserved(request.settings, *name)) {
        return false;
    }
    if (request.hooks != nullptr &&
        (name->kind() == ChannelKind::kService ? request.hooks->wanted().service
                                               : request.hooks->wanted().publish)) {
        return true;
    }
    Policy& policy = request.policy;
    if ((name->kind() == ChannelKind::kBroadcast && policy.may_block(Operation::kCreate, *name)) ||
        policy.may_block(Operation::kPublish, *name)) {
        return true;
    }
    // A call needs the request at hand, which the loop has not.
    if (name->kind() == ChannelKind::kService && policy.options(*name).service) {
        return true;
    }
    if (!request.settings.slow_filters) {
        return false;
    }
    const protocol::FilterChain* filters = policy.options(*name).filters;
    return filters != nullptr && !filters->is_quick(batch_size);
}

}  // namespace bayeux::broker
