#include "broker/batch_context.hpp"

#include <algorithm>
#include <array>

#include "broker/extensions.hpp"
#include "broker/session_access.hpp"
#include "protocol/error_text.hpp"

namespace bayeux::broker {

using protocol::Message;
using protocol::MessageType;

namespace {

constexpr std::array<std::string_view, 3> kInternal{"/bayeux", "/oort", "/seti"};

}  // namespace

Batch::Batch(const Request& from, SessionStore& where, const Clock& clock,
             const std::vector<Message>& messages, RefusalCounts* refusals)
    : request(from),
      settings(from.settings),
      store(where),
      now(clock.now()),
      wall(clock.wall()),
      alone(messages.size() == 1),
      stream(from.stream),
      refusals_(refusals) {
    outcome.replies.reserve(messages.size());
    if (!find_bound()) {
        find_session(messages);
    }
    if (session && session->user_tag != request.user.tag) {
        change_user();
    }
    if (session) {
        note_activity(messages);
    }
}

void Batch::change_user() {
    if (!store.change_user(session->handle, request.user)) {
        session.reset();
    }
}

bool Batch::find_bound() {
    if (!request.bound) {
        return false;
    }
    // WS-7: one that has gone binds no longer.
    const auto found = store.find_session(settings.domain, request.bound->client_id);
    if (!found) {
        return false;
    }
    id = request.bound->client_id;
    bound_id_ = id->text();
    client_id = bound_id_;
    session = *found;
    return true;
}

void Batch::find_session(const std::vector<Message>& messages) {
    // CID-5 looks at the first message. An element that cannot be a message at all and names no
    // session is passed over, so that the good ones behind it are processed (design.md 8).
    const auto first = std::find_if(messages.begin(), messages.end(), [](const Message& message) {
        return !message.problem.has_value() || !message.client_id.empty();
    });
    if (first == messages.end()) {
        return;
    }
    client_id = first->client_id;
    id = protocol::ClientId::parse(client_id);
    if (!id) {
        return;
    }
    const auto found = store.find_session(settings.domain, *id);
    if (found && may_use(*found, request)) {
        session = *found;
    }
}

void Batch::note_activity(const std::vector<Message>& messages) {
    bool renews = false;
    bool acts = false;
    for (const Message& message : messages) {
        if (owns(message)) {
            // A lone connect renews the session's life by itself.
            renews = renews || !alone || message.type != MessageType::kConnect;
            acts = acts || message.type != MessageType::kConnect;  // X-ACT
        }
    }
    const bool cookie = has_cookie_of(*session, request);
    // Of the cookie only the first time is news (S4).
    if (renews || (cookie && !session->cookie_seen)) {
        store.touch(session->handle, {.expires_at = now + settings.max_interval,
                                      .cookie = cookie,
                                      .active_at = acts ? std::optional(now) : std::nullopt});
    }
    if (acts) {
        session->active_at = now;
    }
}

bool Batch::deliver_only() const noexcept {
    return request.transport == Transport::kCallbackPolling ||
           is_deliver_only(settings, session.has_value() && session->ack);
}

protocol::PendingReply Batch::extend(const Message& message, const protocol::Reply& reply) const {
    return extended(reply, message, settings.extensions, wall);
}

void Batch::accept(const Message& message) {
    protocol::Reply reply(message);
    reply.succeed();
    answer(message, reply);
}

void Batch::refuse(const Message& message, std::string_view error) {
    if (refusals_ != nullptr) {
        refusals_->count_error(error);
    }
    protocol::Reply reply(message);
    reply.fail(error);
    if (message.type == MessageType::kConnect) {
        reply.advise({.reconnect = protocol::Reconnect::kRetry,
                      .interval = std::max(settings.interval, kRetryPause),
                      .timeout = settings.timeout,
                      .multiple_clients = std::nullopt});
    }
    answer(message, reply);
}

void Batch::refuse_session(const Message& message) {
    if (refusals_ != nullptr) {
        refusals_->count(RefusedFor::kSession);
    }
    protocol::Reply reply(message);
    reply.fail(protocol::error_text::kSessionUnknown);
    if (message.type == MessageType::kConnect) {
        // AD-4: a client that has just said goodbye is not asked to come back.
        reply.advise(
            {.reconnect = ended ? protocol::Reconnect::kNone : protocol::Reconnect::kHandshake,
             .interval = Millis{0},
             .timeout = std::nullopt,
             .multiple_clients = std::nullopt});
    }
    answer(message, reply);
}

bool is_internal(const protocol::ChannelName& channel) noexcept {
    const std::string_view text = channel.text();
    const std::string_view first = text.substr(0, text.find('/', 1));
    return std::find(kInternal.begin(), kInternal.end(), first) != kInternal.end();
}

}  // namespace bayeux::broker
