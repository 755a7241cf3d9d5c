#include "loop/event_source.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "protocol/event_stream.hpp"

namespace bayeux::loop {

using Wish = Stream::Wish;

EventSource::EventSource(StreamContext& context, StreamHost& host, ByteStream& bytes,
                         const broker::Bound& bound, bool chunked)
    : context_(context),
      host_(host),
      bytes_(bytes),
      session_(context, broker::Transport::kEventSource),
      output_(bytes, context.output),
      wanted_(bound),
      chunked_(chunked) {}

// --- what the loop calls ---

Wish EventSource::resume(TimePoint now) noexcept {
    const Wish wish = guarded(now, [&] {
        if (!std::exchange(begun_, true)) {
            begin(now);
        } else if (standing_ != Standing::kGood) {
            end(now);  // the session stays for who comes again with a better login
        }
        return flush(now);
    });
    return wish == Wish::kWait ? on_readable(now) : wish;
}

// The client has nothing to say here: what it sends is dropped, and its end is the stream's.
Wish EventSource::on_readable(TimePoint now) noexcept {
    for (int reads = 0; reads < kReadsPerTurn; ++reads) {
        switch (bytes_.read(context_.input).status) {
            case ByteStream::Status::kDone:
                break;
            case ByteStream::Status::kLater:
                return Wish::kWait;
            case ByteStream::Status::kEnd:
                return vanish(now);
        }
    }
    return Wish::kAgain;
}

Wish EventSource::on_writable(TimePoint now) noexcept {
    return output_.pending() ? guarded(now, [&] { return flush(now); }) : Wish::kWait;
}

Wish EventSource::on_deadline(TimePoint now) noexcept {
    if (output_.pending()) {
        return now < output_.stuck_since() + host_.limits().patience ? Wish::kWait : vanish(now);
    }
    if (must_ask(now)) {
        return revalidate(now);
    }
    return guarded(now, [&] {
        session_.on_deadline(now);
        if (look_at_ && now >= *look_at_) {
            look_again(now);
        }
        if (now >= alive_at_) {
            alive_at_ = now + kKeepAlive;
            if (!look_at_ && !session_.waits() && !session_.still_there()) {
                end(now);
            } else {
                context_.text.clear();
                protocol::append_stream_comment(context_.text);
                append();
            }
        }
        return flush(now);
    });
}

Wish EventSource::on_due(EndReason reason, TimePoint now) noexcept {
    if (reason == EndReason::kEvents && must_ask(now)) {
        return revalidate(now);  // the store tells again when that was done
    }
    return guarded(now, [&] {
        if (reason == EndReason::kEvents) {
            deliver(now);
        } else if (reason == EndReason::kSuperseded) {
            step_aside(now);
        } else {
            end(now);
        }
        return flush(now);
    });
}

Wish EventSource::on_stop(TimePoint now) noexcept {
    return guarded(now, [&] {
        end(now);
        return flush(now);
    });
}

void EventSource::close(TimePoint now) noexcept {
    vanish(now);
}

std::optional<ParkTerms> EventSource::waits() const noexcept {
    return output_.pending() ? std::nullopt : session_.waits();
}

std::optional<TimePoint> EventSource::deadline() const noexcept {
    if (output_.pending()) {
        return output_.stuck_since() + host_.limits().patience;
    }
    const TimePoint ask_at = host_.limits().revalidate > Millis{0} ? ask_at_ : alive_at_;
    return std::min(
        {session_.deadline().value_or(alive_at_), look_at_.value_or(alive_at_), alive_at_, ask_at});
}

void EventSource::perform() noexcept {
    standing_ = host_.ask_again();
}

// --- the body ---

void EventSource::begin(TimePoint now) {
    alive_at_ = now + kKeepAlive;
    ask_at_ = now + host_.limits().revalidate;
    context_.text.clear();
    protocol::append_stream_start(context_.text);
    append();
    if (!session_.bind(wanted_)) {
        end(now);
    }
}

void EventSource::deliver(TimePoint now) {
    if (!waits()) {
        return;
    }
    session_.drain_due(now);
    std::string_view left = context_.events;
    context_.text.clear();
    for (const std::uint32_t length : context_.lengths) {
        protocol::append_stream_event(context_.text, left.substr(0, length));
        left.remove_prefix(std::min<std::size_t>(left.size(), std::size_t{length} + 1));
    }
    append();
}

void EventSource::step_aside(TimePoint now) {
    session_.leave(now);
    look_at_ = now + kLookAgain;
}

// Between two connects of an other transport it may take the session from it; the next one takes it
// back, and nothing is lost by that.
void EventSource::look_again(TimePoint now) {
    const auto info =
        context_.store.find_session(host_.request().settings.domain, wanted_.client_id);
    const bool away = info && info->handle == wanted_.session && !broker::is_stream(info->stream);
    if (away && info->connect_open) {
        look_at_ = now + kLookAgain;
        return;
    }
    look_at_.reset();
    if (!away || !session_.bind(wanted_)) {
        end(now);
    }
}

void EventSource::append() {
    if (chunked_) {
        protocol::append_chunk(output_.text(), context_.text);
    } else {
        output_.text() += context_.text;
    }
}

void EventSource::end(TimePoint now) {
    session_.leave(now);
    look_at_.reset();
    if (!std::exchange(done_, true) && chunked_) {
        protocol::append_last_chunk(output_.text());
    }
}

Wish EventSource::flush(TimePoint now) {
    switch (output_.flush(now)) {
        case StreamOutput::State::kBroken:
            return vanish(now);
        case StreamOutput::State::kPending:
            return Wish::kWait;
        case StreamOutput::State::kWritten:
            break;
    }
    session_.written(now);
    return done_ ? Wish::kClose : Wish::kWait;
}

// However slowly the client reads: what is being written was sent before.
bool EventSource::must_ask(TimePoint now) const noexcept {
    return host_.limits().revalidate > Millis{0} && now >= ask_at_;
}

Wish EventSource::revalidate(TimePoint now) noexcept {
    ask_at_ = now + host_.limits().revalidate;
    return Wish::kWorker;
}

Wish EventSource::vanish(TimePoint now) noexcept {
    output_.drop();
    session_.broken(now);
    done_ = true;
    return Wish::kClose;
}

}  // namespace bayeux::loop
