#include "loop/websocket.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace bayeux::loop {

using Wish = Stream::Wish;
using protocol::Received;

WebSocket::WebSocket(StreamContext& context, StreamHost& host, ByteStream& bytes,
                     std::string_view early)
    : context_(context),
      host_(host),
      bytes_(bytes),
      session_(context, broker::Transport::kWebSocket),
      output_(bytes, context.output),
      reader_(host.limits().max_message, host.limits().deflate ? &context.inflater : nullptr),
      unread_(early) {}

// --- what the loop calls ---

Wish WebSocket::resume(TimePoint now) noexcept {
    if (!std::exchange(begun_, true)) {
        heard_at_ = now;
        ping_at_ = now + host_.limits().ping;
        ask_at_ = now + host_.limits().revalidate;
    }
    return guarded(now, [&] {
        if (work_ && work_->performed) {
            const std::unique_ptr<Work> work = std::move(work_);
            apply(*work, now);
        }
        return go_on(now);
    });
}

Wish WebSocket::on_readable(TimePoint now) noexcept {
    readable_ = true;
    return guarded(now, [&] { return go_on(now); });
}

Wish WebSocket::on_writable(TimePoint now) noexcept {
    return output_.pending() ? guarded(now, [&] { return go_on(now); }) : Wish::kWait;
}

Wish WebSocket::on_deadline(TimePoint now) noexcept {
    if (output_.pending()) {
        return now < output_.stuck_since() + host_.limits().patience ? Wish::kWait : vanish(now);
    }
    if (state_ == State::kClosing) {
        return now < echo_by_ ? Wish::kWait : Wish::kClose;
    }
    return guarded(now, [&] {
        if (!keep_alive(now)) {
            return vanish(now);
        }
        session_.on_deadline(now);
        if (session_.overdue(now) && !session_.still_there()) {
            session_.leave(now);
        }
        if (session_.overdue(now) && !must_ask(now)) {
            // Lazy events leave at the latest now (ORD-8), and an ack session's reply always has
            // the number of a batch (X-ACK 4).
            const broker::Drained drained = session_.drain(session_.bound()->session);
            append_events();
            const protocol::PendingReply reply = session_.answer();
            append_replies({&reply, 1}, drained.batch);
        }
        return go_on(now);
    });
}

Wish WebSocket::on_due(EndReason reason, TimePoint now) noexcept {
    return guarded(now, [&] {
        if (reason == EndReason::kEvents) {
            if (!must_ask(now)) {  // else the store tells again when that was done
                deliver(now);
            }
        } else if (reason == EndReason::kEnded) {
            if (const auto farewell = session_.end(now)) {
                append_replies({&*farewell, 1}, std::nullopt);
            }
        } else {
            session_.leave(now);
        }
        return go_on(now);
    });
}

Wish WebSocket::on_stop(TimePoint now) noexcept {
    return guarded(now, [&] {
        session_.leave(now);
        work_.reset();  // it has not begun: only a written answer lets it
        if (state_ == State::kOpen) {
            protocol::append_close_frame(output_.text(), protocol::CloseCode::kServiceRestart, "");
            state_ = State::kClosing;
            echo_by_ = now + kEchoPatience;
        }
        return go_on(now);
    });
}

void WebSocket::close(TimePoint now) noexcept {
    vanish(now);
}

std::optional<ParkTerms> WebSocket::waits() const noexcept {
    return output_.pending() ? std::nullopt : session_.waits();
}

std::optional<TimePoint> WebSocket::deadline() const noexcept {
    if (output_.pending()) {
        return output_.stuck_since() + host_.limits().patience;
    }
    if (state_ != State::kOpen) {
        return echo_by_;
    }
    std::optional<TimePoint> next = session_.deadline();
    if (host_.limits().ping > Millis{0}) {
        next = std::min(next.value_or(ping_at_), ping_at_);
    }
    if (host_.limits().revalidate > Millis{0}) {
        next = std::min(next.value_or(ask_at_), ask_at_);
    }
    return next;
}

void WebSocket::perform() noexcept {
    work_->performed = true;
    if (work_->revalidates) {
        work_->standing = host_.ask_again();
    }
    if (work_->standing != Standing::kGood || work_->messages.empty()) {
        return;
    }
    try {
        work_->outcome = context_.engine.handle(request(), work_->messages);
        if (!work_->outcome->calls.empty()) {
            host_.start_calls(work_->outcome->calls);
        }
    } catch (const std::bad_alloc&) {
        work_->outcome.reset();
    }
}

// --- input and output ---

Wish WebSocket::go_on(TimePoint now) {
    if (must_ask(now)) {
        revalidate(now);
    }
    const std::string kept = std::exchange(unread_, {});
    std::string_view unread = kept;
    const Wish wish = take_input(unread, now);
    if (!unread.empty() && wish != Wish::kClose) {
        unread_ = unread;
    }
    return wish;
}

Wish WebSocket::take_input(std::string_view& unread, TimePoint now) {
    int messages = kMessagesPerTurn;
    int reads = kReadsPerTurn;
    while (!work_ && state_ != State::kDone && messages != 0) {
        // All that was read is answered before more is read: the client, which may have more to
        // send when it has the answers, need not wait until this loop finds nothing.
        const bool all_handled = unread.empty() && !output_.text().empty();
        if (session_.unsettled() || output_.pending() || all_handled ||
            output_.text().size() > kGather) {
            if (!flush(now)) {
                return vanish(now);
            }
            if (output_.pending()) {
                return Wish::kWait;
            }
        }
        const Received received = reader_.next(unread);
        if (received.kind != Received::Kind::kNothing) {
            take(received, now);
            --messages;
        } else if (!readable_) {
            break;
        } else if (reads-- == 0) {
            messages = 0;
        } else if (!read(unread, now)) {
            return vanish(now);
        }
    }
    if (!flush(now)) {
        return vanish(now);
    }
    if (output_.pending()) {
        return Wish::kWait;
    }
    if (state_ == State::kDone) {
        session_.leave(now);
        return Wish::kClose;
    }
    return work_ ? Wish::kWorker : messages == 0 ? Wish::kAgain : Wish::kWait;
}

bool WebSocket::read(std::string_view& unread, TimePoint now) {
    const ByteStream::Result result = bytes_.read(context_.input);
    switch (result.status) {
        case ByteStream::Status::kDone:
            unread = {context_.input.data(), result.bytes};
            heard_at_ = now;
            pinged_ = false;
            return true;
        case ByteStream::Status::kLater:
            readable_ = false;
            return true;
        case ByteStream::Status::kEnd:
            break;
    }
    return false;
}

bool WebSocket::flush(TimePoint now) {
    const bool waited = output_.pending();
    switch (output_.flush(now)) {
        case StreamOutput::State::kBroken:
            return false;
        case StreamOutput::State::kPending:
            return true;
        case StreamOutput::State::kWritten:
            break;
    }
    session_.written(now);
    if (waited && state_ == State::kClosing) {
        echo_by_ = now + kEchoPatience;  // the frame has left only now
    }
    return true;
}

Wish WebSocket::vanish(TimePoint now) noexcept {
    output_.drop();
    session_.broken(now);
    state_ = State::kDone;
    return Wish::kClose;
}

// Whoever has said something within a period is there and is not asked, nor is who will speak next
// because its connect is answered now.
bool WebSocket::keep_alive(TimePoint now) {
    const Millis period = host_.limits().ping;
    if (period <= Millis{0} || now < ping_at_) {
        return true;
    }
    if (now < heard_at_ + period) {
        ping_at_ = heard_at_ + period;
        return true;
    }
    if (pinged_) {
        return false;
    }
    if (session_.overdue(now)) {
        ping_at_ = now + std::min(period, kNextConnect);
        return true;
    }
    pinged_ = true;
    protocol::append_frame_head(output_.text(), protocol::Opcode::kPing, 0);
    ping_at_ = now + period;
    return true;
}

// However slowly the client reads: what is being written was sent before.
bool WebSocket::must_ask(TimePoint now) const noexcept {
    return host_.limits().revalidate > Millis{0} && now >= ask_at_ && state_ == State::kOpen;
}

void WebSocket::revalidate(TimePoint now) {
    ask_at_ = now + host_.limits().revalidate;
    if (!work_) {
        work_ = std::make_unique<Work>();
    }
    work_->revalidates = true;
}

}  // namespace bayeux::loop
