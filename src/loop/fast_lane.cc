#include "loop/fast_lane.hpp"

#include <algorithm>
#include <utility>

#include "broker/settlement.hpp"
#include "loop/event_loop.hpp"
#include "loop/request_head.hpp"
#include "protocol/batch.hpp"

namespace bayeux::loop {

using Wish = Stream::Wish;
using protocol::Message;

namespace {

// Its reply may set a cookie.
bool has_handshake(const std::vector<Message>& messages) noexcept {
    return std::any_of(messages.begin(), messages.end(), [](const Message& message) {
        return message.type == protocol::MessageType::kHandshake;
    });
}

}  // namespace

// --- the worker ---

std::string FastLane::take_rest() noexcept {
    begun_ = false;
    overdue_ = false;
    return std::exchange(kept_, {});
}

std::uint32_t FastLane::take_count() noexcept {
    return std::exchange(served_, 0);
}

// --- what the loop calls ---

Wish FastLane::resume(TimePoint now) noexcept {
    if (kept_.empty() && !held_ && !output_.pending()) {
        since_ = now;
    }
    return guarded(now, [&] { return go_on(now); });
}

Wish FastLane::on_readable(TimePoint now) noexcept {
    return guarded(now, [&] { return read(now); });
}

Wish FastLane::on_writable(TimePoint now) noexcept {
    if (!output_.pending()) {
        return Wish::kWait;
    }
    return guarded(now, [&] {
        const Wish wish = flush(now);
        return wish == Wish::kWait && !output_.pending() ? go_on(now) : wish;
    });
}

Wish FastLane::on_deadline(TimePoint now) noexcept {
    if (now < deadline().value_or(now)) {
        return Wish::kWait;
    }
    if (output_.pending()) {
        return vanish(now);
    }
    return guarded(now, [&] {
        if (held_) {
            answer_held(EndReason::kDeadline);
            return flush(now);
        }
        // A request that does not come to its end: httpd shall have a look, it answers 408.
        overdue_ = begun_;
        return begun_ ? Wish::kServe : vanish(now);
    });
}

Wish FastLane::on_due(EndReason reason, TimePoint now) noexcept {
    if (!held_ || output_.pending()) {
        return Wish::kWait;
    }
    return guarded(now, [&] {
        answer_held(reason);
        return flush(now);
    });
}

Wish FastLane::on_stop(TimePoint now) noexcept {
    last_ = true;
    return guarded(now, [&] {
        if (held_ && !output_.pending()) {
            answer_held(EndReason::kStopping);
        }
        return flush(now);
    });
}

void FastLane::close(TimePoint now) noexcept {
    vanish(now);
}

std::optional<ParkTerms> FastLane::waits() const noexcept {
    if (!held_ || output_.pending()) {
        return std::nullopt;
    }
    return ParkTerms{.session = held_->connect.session,
                     .cycle = held_->connect.cycle,
                     .deadline = held_->deadline,
                     .lease = held_->lease};
}

std::optional<TimePoint> FastLane::deadline() const noexcept {
    const LaneTerms& terms = host_.terms();
    if (output_.pending()) {
        return output_.stuck_since() + terms.patience;
    }
    if (held_) {
        return held_->deadline;
    }
    return since_ + (begun_ ? terms.head_timeout : terms.keep_alive);
}

// --- requests ---

Wish FastLane::go_on(TimePoint now) {
    if (!kept_.empty()) {
        const Wish wish = take({}, now);
        if (wish != Wish::kWait || output_.pending()) {
            return wish;
        }
    }
    return read(now);
}

Wish FastLane::read(TimePoint now) {
    if (output_.pending()) {
        return Wish::kWait;  // go_on() reads when it has left
    }
    for (int reads = 0; reads < kReadsPerTurn; ++reads) {
        const ByteStream::Result result = bytes_.read(context_.input);
        switch (result.status) {
            case ByteStream::Status::kLater:
                return Wish::kWait;
            case ByteStream::Status::kEnd:
                return end_of_input(now);
            case ByteStream::Status::kDone:
                break;
        }
        const Wish wish = take({context_.input.data(), result.bytes}, now);
        if (wish != Wish::kWait || output_.pending()) {
            return wish;
        }
        if (result.bytes < context_.input.size() && !bytes_.may_have_more()) {
            return Wish::kWait;
        }
    }
    return Wish::kAgain;
}

// What has begun to come is httpd's to answer, as ever.
Wish FastLane::end_of_input(TimePoint now) {
    return kept_.empty() || held_ ? vanish(now) : Wish::kServe;
}

Wish FastLane::take(std::string_view fresh, TimePoint now) {
    std::string before = std::exchange(kept_, {});
    if (!before.empty()) {
        before += fresh;
    }
    std::string_view bytes = before.empty() ? fresh : before;
    if (held_) {
        // Nothing is held in front of a request that is there.
        answer_held(EndReason::kPipelined);
        const Wish wish = flush(now);
        if (wish != Wish::kWait || output_.pending()) {
            keep(bytes, now);
            return wish;
        }
    }
    return serve_all(bytes, now);
}

Wish FastLane::serve_all(std::string_view bytes, TimePoint now) {
    for (int requests = 0; !bytes.empty() && !output_.pending(); ++requests) {
        if (requests == kRequestsPerTurn) {
            return stop_at(bytes, Wish::kAgain, now);
        }
        std::size_t used = 0;
        const Step step = serve(bytes, used, now);
        bytes.remove_prefix(used);
        if (step == Step::kMore || step == Step::kLeave) {
            return stop_at(bytes, step == Step::kMore ? Wish::kWait : Wish::kServe, now);
        }
        begun_ = false;
        if (held_ && !bytes.empty()) {
            answer_held(EndReason::kPipelined);
        }
        // Answers to pipelined requests leave together, as long as the store waits for none.
        if (bytes.empty() || events_of_ || answered_ || last_ ||
            output_.text().size() >= kTogether) {
            const Wish wish = flush(now);
            if (wish != Wish::kWait) {
                return wish;
            }
        }
    }
    if (!bytes.empty()) {
        keep(bytes, now);
    }
    return Wish::kWait;
}

// `rest` is for later; what was answered before it leaves now.
Wish FastLane::stop_at(std::string_view rest, Wish then, TimePoint now) {
    keep(rest, now);
    const Wish wish = flush(now);
    return wish != Wish::kWait || output_.pending() ? wish : then;
}

void FastLane::keep(std::string_view rest, TimePoint now) {
    kept_.assign(rest);
    if (!std::exchange(begun_, true)) {
        since_ = now;
    }
}

FastLane::Whole FastLane::whole(std::string_view bytes, TimePoint now) const noexcept {
    const LaneTerms& terms = host_.terms();
    if (terms.accepted && now < terms.good_until) {
        const AcceptedHead::Match match = terms.accepted->match(bytes);
        if (match.verdict == AcceptedHead::Verdict::kYes && match.body <= terms.max_body &&
            match.head + match.body <= kPeekSize) {
            const bool all = match.head + match.body <= bytes.size();
            return {all ? Step::kServed : Step::kMore, match.head, match.body};
        }
    }
    return {request_has_come(bytes) ? Step::kLeave : Step::kMore};
}

FastLane::Step FastLane::serve(std::string_view bytes, std::size_t& used, TimePoint now) {
    const Whole request = whole(bytes, now);
    if (request.step != Step::kServed) {
        return request.step;
    }
    const auto left = host_.terms().requests_left;
    if ((left && *left <= served_) || !handle(bytes.substr(request.head, request.body))) {
        return Step::kLeave;
    }
    used = request.head + request.body;
    return Step::kServed;
}

bool FastLane::handle(std::string_view body) {
    if (const auto* const messages = repeated_.recall(body)) {
        return handle(*messages);
    }
    auto messages = protocol::decode_batch(body, {});
    if (!messages || has_handshake(messages.value()) || !handle(messages.value())) {
        return false;
    }
    repeated_.keep(body, std::move(messages.value()));
    return true;
}

bool FastLane::handle(const std::vector<Message>& messages) {
    const broker::Request from = host_.request();
    if (broker::Engine::may_block(from, messages)) {
        return false;
    }
    broker::Outcome outcome = context_.engine.handle(from, messages);
    ++served_;
    if (context_.counters != nullptr) {
        context_.counters->fast.fetch_add(1, std::memory_order_relaxed);
    }
    if (outcome.park) {
        held_ = std::move(outcome.park);
        return true;
    }
    answered_ = outcome.answered;
    answer_batch(outcome.events_of, outcome.replies);
    return true;
}

// --- answers ---

// Events first, then replies (CN-10).
void FastLane::answer_batch(const std::optional<SessionHandle>& events_of,
                            std::span<const protocol::PendingReply> replies) {
    std::string& body = context_.text;
    body = '[';
    protocol::WriteTime at;
    at.now = context_.clock.wall();
    if (events_of) {
        const broker::Drained drained = context_.store.drain(*events_of, context_.child, body);
        if (drained.in_flight()) {
            events_of_ = events_of;
        }
        at.batch = drained.batch;
    }
    for (const protocol::PendingReply& reply : replies) {
        if (body.size() > 1) {
            body += ',';
        }
        reply.append_to(body, at);
    }
    body += ']';
    append_head(body.size(), at.now);
    output_.text() += body;
}

void FastLane::answer_held(EndReason reason) {
    const broker::Park park = std::move(*held_);
    held_.reset();
    answered_ = park.connect;
    if (context_.counters != nullptr) {
        context_.counters->answered.fetch_add(1, std::memory_order_relaxed);
    }
    if (reason == EndReason::kSuperseded) {
        answer_duplicate();
    } else if (reason == EndReason::kEnded) {
        const protocol::PendingReply farewell = park.farewell();
        answer_batch(std::nullopt, {&farewell, 1});
    } else {
        answer_batch(park.connect.session, {&park.reply, 1});
    }
}

// CN-12: not a Bayeux reply, so that nobody takes it for a success.
void FastLane::answer_duplicate() {
    last_ = true;
    const LaneTerms& terms = host_.terms();
    terms.reply->append_last(output_.text(), terms.duplicate,
                             {.date = context_.date.text(context_.clock.wall())});
}

void FastLane::append_head(std::size_t body, WallTime now) {
    const LaneTerms& terms = host_.terms();
    ReplyHead::Renewed renewed;
    renewed.date = context_.date.text(now);
    renewed.length = body;
    if (terms.requests_left) {
        renewed.requests = *terms.requests_left + 1 - std::min(served_, *terms.requests_left);
    }
    if (last_) {
        terms.reply->append_last(output_.text(), "200 OK", renewed);
    } else {
        terms.reply->append_to(output_.text(), renewed);
    }
}

// --- ends ---

Wish FastLane::flush(TimePoint now) {
    switch (output_.flush(now)) {
        case StreamOutput::State::kBroken:
            return vanish(now);
        case StreamOutput::State::kPending:
            return Wish::kWait;
        case StreamOutput::State::kWritten:
            break;
    }
    settle(true, now);
    if (!held_ && !begun_) {
        since_ = now;
    }
    return last_ ? Wish::kClose : Wish::kWait;
}

void FastLane::settle(bool written, TimePoint now) {
    broker::settle(context_.store, events_of_, answered_, written, now);
}

Wish FastLane::vanish(TimePoint now) noexcept {
    output_.drop();
    if (held_) {
        answered_ = held_->connect;  // CN-15
        held_.reset();
    }
    settle(false, now);
    kept_ = std::string();
    return Wish::kClose;
}

}  // namespace bayeux::loop
