#include "broker/batch_context.hpp"

#include <algorithm>
#include <array>

#include "protocol/error_text.hpp"

namespace bayeux::broker {

using protocol::Message;
using protocol::MessageType;

namespace {

constexpr std::array<std::string_view, 3> kInternal{"/bayeux", "/oort", "/seti"};

// CID-4: over HTTP the clientId alone proves nothing, unless the admin says so.
bool cookie_matches(const Request& request, const SessionInfo& session) noexcept {
    return request.browser.has_value() && session.browser.has_value() &&
           *request.browser == *session.browser;
}

}  // namespace

Batch::Batch(const Request& from, SessionStore& where, TimePoint when,
             const std::vector<Message>& messages)
    : request(from), settings(from.settings), store(where), now(when), alone(messages.size() == 1) {
    outcome.replies.reserve(messages.size());
    find_session(messages);
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
    const auto id = protocol::ClientId::parse(client_id);
    if (!id) {
        return;
    }
    auto found = store.find_session(settings.domain, *id);
    if (!found) {
        return;
    }
    const bool cookie = cookie_matches(request, *found);
    if (!cookie && !settings.trust_client_id) {
        return;
    }
    session = *found;
    note_activity(messages, cookie);
}

void Batch::note_activity(const std::vector<Message>& messages, bool cookie) {
    // A lone connect renews the session's life by itself; only its first cookie is news (S4).
    const bool renews = !alone || messages.front().type != MessageType::kConnect;
    if (renews || (cookie && !session->cookie_seen)) {
        store.touch(session->handle, now + settings.max_interval, cookie);
    }
}

void Batch::accept(const Message& message) {
    protocol::Reply reply(message);
    reply.succeed();
    answer(reply);
}

void Batch::refuse(const Message& message, std::string_view error) {
    protocol::Reply reply(message);
    reply.fail(error);
    if (message.type == MessageType::kConnect) {
        reply.advise({.reconnect = protocol::Reconnect::kRetry,
                      .interval = std::max(settings.interval, kRetryPause),
                      .timeout = settings.timeout,
                      .multiple_clients = std::nullopt});
    }
    answer(reply);
}

void Batch::refuse_session(const Message& message) {
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
    answer(reply);
}

bool is_internal(const protocol::ChannelName& channel) noexcept {
    const std::string_view text = channel.text();
    const std::string_view first = text.substr(0, text.find('/', 1));
    return std::find(kInternal.begin(), kInternal.end(), first) != kInternal.end();
}

}  // namespace bayeux::broker
