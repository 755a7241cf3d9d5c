// What comes on a WebSocket and what is said to it.
#include <algorithm>
#include <utility>

#include "loop/websocket.hpp"
#include "protocol/batch.hpp"
#include "protocol/deflate.hpp"
#include "protocol/json_text.hpp"

namespace bayeux::loop {

using protocol::CloseCode;
using protocol::Opcode;
using protocol::PendingReply;
using protocol::Received;

void WebSocket::take(const Received& received, TimePoint now) {
    const bool open = state_ == State::kOpen;
    switch (received.kind) {
        case Received::Kind::kMessage:
            if (open) {
                take_message(received.payload, now);
            }
            return;
        case Received::Kind::kPing:
            if (open) {
                protocol::append_frame_head(output_.text(), Opcode::kPong, received.payload.size());
                output_.text() += received.payload;
            }
            return;
        case Received::Kind::kClose:
            session_.leave(now);  // WS-9
            if (open) {
                protocol::append_close_frame(output_.text(), received.code, "");
            }
            state_ = State::kDone;
            return;
        case Received::Kind::kError:
            fail(received.code, received.payload, now);
            return;
        case Received::Kind::kPong:
        case Received::Kind::kNothing:
            return;
    }
}

void WebSocket::fail(CloseCode code, std::string_view why, TimePoint now) {
    session_.leave(now);
    if (state_ == State::kOpen) {
        protocol::append_close_frame(output_.text(), code, why);
    }
    state_ = State::kDone;
}

broker::Request WebSocket::request() noexcept {
    broker::Request request = host_.request();
    request.transport = broker::Transport::kWebSocket;
    request.bound = session_.bound();
    request.stream = session_.cycle();
    return request;
}

void WebSocket::take_message(std::string_view text, TimePoint now) {
    auto messages = protocol::decode_batch(text, {});
    if (!messages) {
        refuse(text, messages.error(), now);
        return;
    }
    const broker::Request from = request();
    if (broker::Engine::may_block(from, messages.value())) {
        work_ = std::make_unique<Work>();
        work_->messages = std::move(messages.value());
        return;
    }
    broker::Outcome outcome = context_.engine.handle(from, messages.value());
    apply(outcome, now);
}

// design.md 8: what is no JSON at all, and what is JSON but no message.
void WebSocket::refuse(std::string_view text, const Error& why, TimePoint now) {
    const std::string_view json = protocol::trim_json(text);
    CloseCode code = CloseCode::kTooBig;
    if (why.code != ErrorCode::kTooLarge) {
        std::string_view element;
        if (json.empty() || !protocol::is_json(json)) {
            code = CloseCode::kInvalidData;
        } else if (protocol::kind_of(json) != protocol::JsonKind::kArray ||
                   protocol::JsonElements(json).next(element)) {
            code = CloseCode::kUnsupportedData;
        } else {
            return;  // ENV-15: `[]` is how old Faye clients show that they are alive
        }
    }
    context_.engine.note_refusal(broker::RefusedFor::kUnreadable);
    fail(code, why.text, now);
}

// WS-8: the handshake's reply comes before all else (there are no others with it, HS-8, and no
// events, HS-11), then events, then all replies.
void WebSocket::apply(broker::Outcome& outcome, TimePoint now) {
    const auto farewell = session_.follow(outcome, now);
    std::optional<std::uint32_t> batch;
    if (outcome.events_of) {
        batch = session_.drain(*outcome.events_of).batch;
        append_events();
    }
    if (farewell) {
        // Before the disconnect's reply: cometd.js closes its socket with the later of the two only
        // if they come in this order (DC-5).
        append_replies({&*farewell, 1}, std::nullopt);
    }
    append_replies(outcome.replies, batch);
}

// A session stays for a client that comes again with a better login, as after any close (WS-9).
void WebSocket::apply(Work& work, TimePoint now) {
    if (work.standing == Standing::kRefused) {
        fail(CloseCode::kPolicyViolation, "the login has expired", now);
    } else if (work.standing == Standing::kUnknown) {
        fail(CloseCode::kInternalError, "the login cannot be checked", now);
    } else if (work.outcome) {
        apply(*work.outcome, now);
    } else if (!work.messages.empty()) {
        fail(CloseCode::kInternalError, "out of memory", now);
    }
}

void WebSocket::deliver(TimePoint now) {
    if (!waits()) {
        return;
    }
    const bool with_reply = session_.answers_with_events();
    const broker::Drained drained = session_.drain_due(now);
    append_events();
    if (with_reply) {
        const PendingReply reply = session_.answer();
        append_replies({&reply, 1}, drained.batch);
    }
}

// --- frames ---

// The context's `events`, so many of them in one frame as limits() says.
void WebSocket::append_events() {
    const std::size_t per_frame = std::max(1U, host_.limits().messages_per_frame);
    const std::vector<std::uint32_t>& lengths = context_.lengths;
    std::string_view left = context_.events;
    for (std::size_t first = 0; first < lengths.size(); first += per_frame) {
        const std::size_t end = std::min(first + per_frame, lengths.size());
        std::size_t length = end - first - 1;  // the commas between them
        for (std::size_t i = first; i < end; ++i) {
            length += lengths[i];
        }
        context_.text = '[';
        context_.text += left.substr(0, length);
        context_.text += ']';
        append_frame(context_.text);
        left.remove_prefix(std::min(left.size(), length + 1));
    }
}

void WebSocket::append_replies(std::span<const PendingReply> replies,
                               std::optional<std::uint32_t> batch) {
    if (replies.empty()) {
        return;
    }
    const protocol::WriteTime at{context_.clock.wall(), batch};
    char before = '[';
    context_.text.clear();
    for (const PendingReply& reply : replies) {
        context_.text += std::exchange(before, ',');
        reply.append_to(context_.text, at);
    }
    context_.text += ']';
    append_frame(context_.text);
}

void WebSocket::append_frame(std::string_view payload) {
    std::string& out = output_.text();
    if (host_.limits().deflate && payload.size() > kWorthDeflating) {
        context_.packed.clear();
        if (protocol::deflate_message(payload, context_.packed)) {
            protocol::append_frame_head(out, Opcode::kText, context_.packed.size(), true);
            out += context_.packed;
            return;
        }
    }
    protocol::append_frame_head(out, Opcode::kText, payload.size());
    out += payload;
}

}  // namespace bayeux::loop
