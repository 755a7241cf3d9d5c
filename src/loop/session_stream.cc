#include "loop/session_stream.hpp"

#include <algorithm>
#include <utility>

#include "broker/settlement.hpp"

namespace bayeux::loop {

using broker::Bound;
using broker::OpenConnect;
using protocol::PendingReply;

// --- binding ---

bool SessionStream::bind(const Bound& to) {
    const auto cycle = context_.store.start_stream(to.session, transport_);
    if (!cycle) {
        return false;
    }
    bound_ = to;
    cycle_ = cycle.value();
    return true;
}

std::optional<PendingReply> SessionStream::follow(broker::Outcome& outcome, TimePoint now) {
    std::optional<PendingReply> farewell;
    if (bound_ && !outcome.bound) {
        farewell = end(now);
    } else if (bound_ && outcome.bound->session != bound_->session) {
        leave(now);  // WS-3
    }
    if (outcome.answered) {
        answered_ = outcome.answered;
    }
    if (!outcome.bound) {
        if (outcome.park) {  // the same batch has ended its session
            answered_ = outcome.park->connect;
            farewell = outcome.park->farewell();
        }
        return farewell;
    }
    const bool connects = outcome.park || outcome.answered;
    if (connects) {
        const OpenConnect& open = outcome.park ? outcome.park->connect : *outcome.answered;
        bound_ = outcome.bound;
        cycle_ = open.cycle;
        held_ = std::exchange(outcome.park, std::nullopt);  // CN-13
    } else if (cycle_ != ConnectCycle{} || outcome.bound->deliver_only) {
        // A deliver-only session without a connect waits for nothing: nobody needs to make room.
        bound_ = outcome.bound;
    } else if (!bind(*outcome.bound)) {
        bound_.reset();
    }
    return farewell;
}

void SessionStream::leave(TimePoint now) {
    if (bound_ && cycle_ != ConnectCycle{}) {
        const OpenConnect* open = held_ ? &held_->connect : answered_ ? &*answered_ : nullptr;
        std::optional<TimePoint> expires_at;
        if (open != nullptr) {
            expires_at = now + open->expires_after;
        }
        context_.store.end_stream(bound_->session, cycle_, expires_at);
        answered_.reset();
    }
    bound_.reset();
    cycle_ = ConnectCycle{};
    held_.reset();
    paused_until_.reset();
    came_for_nothing_ = false;
}

std::optional<PendingReply> SessionStream::end(TimePoint now) {
    std::optional<PendingReply> farewell;
    if (held_) {
        farewell = held_->farewell();
    }
    leave(now);
    return farewell;
}

// --- events ---

std::optional<ParkTerms> SessionStream::waits() const noexcept {
    if (!bound_ || cycle_ == ConnectCycle{} || unsettled() || paused_until_ ||
        (bound_->deliver_only && !held_)) {
        return std::nullopt;
    }
    ParkTerms terms;
    terms.session = bound_->session;
    terms.cycle = cycle_;
    if (held_) {
        terms.lease = held_->lease;
    }
    return terms;
}

broker::Drained SessionStream::drain(SessionHandle session) {
    context_.events.clear();
    context_.lengths.clear();
    const broker::Drained drained =
        context_.store.drain(session, context_.child, context_.events, &context_.lengths);
    if (drained.in_flight()) {
        in_flight_ = session;
    }
    if (drained.events != 0) {
        came_for_nothing_ = false;  // what a batch takes, a notice on its way may have been for
    }
    return drained;
}

broker::Drained SessionStream::drain_due(TimePoint now) {
    const broker::Drained drained = drain(bound_->session);
    if (drained.events == 0 && std::exchange(came_for_nothing_, true)) {
        // Once, somebody else was quicker. Again and again, the store cannot tell this child, and
        // asking would keep the loop busy.
        paused_until_ = now + kPause;
    }
    return drained;
}

void SessionStream::written(TimePoint now) {
    broker::settle(context_.store, in_flight_, answered_, true, now);
}

void SessionStream::broken(TimePoint now) {
    leave(now);
    broker::settle(context_.store, in_flight_, answered_, false, now);
}

bool SessionStream::still_there() {
    if (!bound_) {
        return false;
    }
    switch (context_.store.park(bound_->session, cycle_, context_.child, TimePoint{})) {
        case broker::ParkState::kParked:
        case broker::ParkState::kDue:
            return true;
        case broker::ParkState::kSuperseded:
        case broker::ParkState::kEnded:
            break;
    }
    return false;
}

// --- the held connect ---

PendingReply SessionStream::answer() {
    answered_ = held_->connect;
    PendingReply reply = std::move(held_->reply);
    held_.reset();
    return reply;
}

std::optional<TimePoint> SessionStream::deadline() const noexcept {
    if (held_ && paused_until_) {
        return std::min(held_->deadline, *paused_until_);
    }
    return held_ ? std::optional(held_->deadline) : paused_until_;
}

void SessionStream::on_deadline(TimePoint now) noexcept {
    if (paused_until_ && *paused_until_ <= now) {
        paused_until_.reset();
        came_for_nothing_ = false;
    }
}

}  // namespace bayeux::loop
