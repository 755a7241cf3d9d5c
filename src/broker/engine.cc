#include "broker/engine.hpp"

#include <algorithm>
#include <utility>

#include "broker/batch_context.hpp"
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

}  // namespace

Outcome Engine::handle(const Request& request, const std::vector<Message>& messages) {
    const TimePoint now = clock_.now();
    const auto first_handshake = std::find_if(
        messages.begin(), messages.end(),
        [](const Message& message) { return message.type == MessageType::kHandshake; });
    if (first_handshake != messages.end()) {
        return handshake(request, *first_handshake, store_, now, entropy_);
    }
    Batch batch(request, store_, now, messages);
    for (const Message& message : messages) {
        dispatch(batch, message);
    }
    if (batch.carries_events() && !batch.outcome.park) {
        batch.outcome.events_of = batch.session->handle;
    }
    return std::move(batch.outcome);
}

}  // namespace bayeux::broker
