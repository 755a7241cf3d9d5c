#include "broker/engine.hpp"

#include <algorithm>
#include <utility>

#include "broker/batch_context.hpp"
#include "broker/session_access.hpp"
#include "protocol/error_text.hpp"

namespace bayeux::broker {

using protocol::Message;
using protocol::MessageType;

namespace {

bool may_send(const Batch& batch, const Message& message) noexcept {
    if (batch.owns(message)) {
        return true;
    }
    return message.type == MessageType::kPublish && batch.settings.unconnected_publish &&
           batch.anonymous(message);
}

// The order of the checks is that of ENV-7.
void dispatch(Batch& batch, const Message& message) {
    if (message.problem) {
        return batch.refuse(message, *message.problem);
    }
    if (message.type == MessageType::kPublish && !find_target(batch, message)) {
        return batch.refuse(message, protocol::error_text::kChannelInvalid);
    }
    if (!message.id_valid()) {
        return batch.refuse(message, protocol::error_text::kMessageIdInvalid);
    }
    if (!may_send(batch, message)) {
        return batch.refuse_session(message);
    }
    switch (message.type) {
        case MessageType::kConnect:
            return connect(batch, message);
        case MessageType::kSubscribe:
            return subscribe(batch, message);
        case MessageType::kUnsubscribe:
            return unsubscribe(batch, message);
        case MessageType::kDisconnect:
            return disconnect(batch, message);
        case MessageType::kPublish:
            return publish(batch, message);
        case MessageType::kHandshake:  // handle() has taken these out
            return;
    }
}

bool has_handshake(const std::vector<Message>& messages) {
    return std::any_of(messages.begin(), messages.end(), [](const Message& message) {
        return message.type == MessageType::kHandshake;
    });
}

std::size_t size_of(const std::vector<Message>& messages) noexcept {
    std::size_t size = 0;
    for (const Message& message : messages) {
        size += message.raw.size();
    }
    return size;
}

void finish(Batch& batch) {
    Outcome& outcome = batch.outcome;
    if (batch.ended && outcome.park) {
        // DC-2: over a stream, a connect and the end of its session may come together.
        outcome.replies.push_back(outcome.park->farewell());
        outcome.park.reset();
    }
    const bool responds = !outcome.park || is_stream(batch.request.transport);
    if (batch.carries_events() && responds) {
        outcome.events_of = batch.session->handle;
    }
    if (batch.session && batch.id) {
        outcome.bound = Bound{.session = batch.session->handle,
                              .client_id = *batch.id,
                              .deliver_only = batch.deliver_only()};
    }
}

}  // namespace

Outcome Engine::handle(const Request& request, const std::vector<Message>& messages) {
    const auto first_handshake = std::find_if(
        messages.begin(), messages.end(),
        [](const Message& message) { return message.type == MessageType::kHandshake; });
    if (first_handshake != messages.end()) {
        return handshake(request, *first_handshake, {store_, clock_, entropy_, refusals_});
    }
    Batch batch(request, store_, clock_, messages, refusals_);
    for (const Message& message : messages) {
        dispatch(batch, message);
    }
    finish(batch);
    return std::move(batch.outcome);
}

std::optional<Bound> Engine::find(const Request& request, std::string_view client_id) {
    const auto id = protocol::ClientId::parse(client_id);
    if (!id) {
        return std::nullopt;
    }
    const auto session = store_.find_session(request.settings.domain, *id);
    if (!session || !may_use(*session, request)) {
        return std::nullopt;
    }
    if (session->user_tag != request.user.tag &&
        !store_.change_user(session->handle, request.user)) {
        return std::nullopt;
    }
    if (has_cookie_of(*session, request) && !session->cookie_seen) {
        store_.touch(session->handle,
                     {.expires_at = clock_.now(), .cookie = true, .active_at = std::nullopt});
    }
    return Bound{.session = session->handle,
                 .client_id = *id,
                 .deliver_only = is_deliver_only(request.settings, session->ack)};
}

bool Engine::may_block(const Request& request, const std::vector<Message>& messages) {
    const HooksWanted* const wanted = request.hooks != nullptr ? &request.hooks->wanted() : nullptr;
    if (has_handshake(messages)) {  // nothing else is processed then (HS-8)
        return wanted != nullptr && wanted->on_handshakes();
    }
    const std::size_t size = request.settings.slow_filters ? size_of(messages) : 0;
    return std::any_of(messages.begin(), messages.end(), [&](const Message& message) {
        if (message.problem) {
            return false;
        }
        switch (message.type) {
            case MessageType::kSubscribe:
                return subscribe_may_block(request, message);
            case MessageType::kPublish:
                return publish_may_block(request, message, size);
            case MessageType::kUnsubscribe:
                return wanted != nullptr && wanted->unsubscribed;
            case MessageType::kHandshake:
            case MessageType::kConnect:
            case MessageType::kDisconnect:
                break;
        }
        return false;
    });
}

}  // namespace bayeux::broker
