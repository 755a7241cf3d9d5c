// What a WebSocket and an event source have in common: the session whose events they carry, and the
// connect that is held on them.
//
// A stream is bound to at most one session. From then on it stands in the store as a cycle of that
// session: it waits for events, or its held connect ends, until something newer takes its place.
// What was drained counts as delivered when all of it has left, and goes back into the queue if the
// connection breaks before.
#ifndef BAYEUX_LOOP_SESSION_STREAM_HPP
#define BAYEUX_LOOP_SESSION_STREAM_HPP

#include <optional>

#include "base/clock.hpp"
#include "base/strong_id.hpp"
#include "broker/outcome.hpp"
#include "broker/session_store.hpp"
#include "broker/transport.hpp"
#include "loop/park.hpp"
#include "loop/stream_context.hpp"
#include "protocol/pending_reply.hpp"

namespace bayeux::loop {

// Loop thread only.
class SessionStream {
  public:
    SessionStream(StreamContext& context, broker::Transport transport) noexcept
        : context_(context), transport_(transport) {}
    SessionStream(const SessionStream&) = delete;
    SessionStream& operator=(const SessionStream&) = delete;

    // --- binding ---

    // False if the session has ended.
    bool bind(const broker::Bound& to);
    // Takes over what a batch that came on this stream has changed, all but its replies and events.
    // Returns the reply of a connect that was held for a session that has ended (CN-17).
    std::optional<protocol::PendingReply> follow(broker::Outcome& outcome, TimePoint now);
    // No more of this session: something newer took it over, it has ended, or the stream does. A
    // held connect is dropped (CN-13). What is on its way stays so.
    void leave(TimePoint now);
    // The same for a session that has ended, with the reply of the held connect.
    std::optional<protocol::PendingReply> end(TimePoint now);

    [[nodiscard]] const std::optional<broker::Bound>& bound() const noexcept { return bound_; }
    [[nodiscard]] ConnectCycle cycle() const noexcept { return cycle_; }

    // --- events ---

    // What the loop waits for on behalf of the session; nothing while something is on its way.
    [[nodiscard]] std::optional<ParkTerms> waits() const noexcept;
    // Events that may leave now, into the context's `events` and `lengths`; written() or broken()
    // follows.
    broker::Drained drain(SessionHandle session);
    // The same of the session that it is bound to, when it was told that there are some.
    broker::Drained drain_due(TimePoint now);
    // Something was drained or answered, and is not yet known to have left: nothing else may be
    // done for the session.
    [[nodiscard]] bool unsettled() const noexcept { return in_flight_ || answered_; }
    // All output has left.
    void written(TimePoint now);
    // It never will.
    void broken(TimePoint now);
    // False if the session has ended, or belongs to something newer: for a stream that does not
    // wait and is not told.
    [[nodiscard]] bool still_there();

    // --- the held connect ---

    [[nodiscard]] bool holds() const noexcept { return held_.has_value(); }
    // Deliver-only sessions get events with the reply of a connect only (ORD-3).
    [[nodiscard]] bool answers_with_events() const noexcept {
        return held_ && bound_ && bound_->deliver_only;
    }
    [[nodiscard]] bool overdue(TimePoint now) const noexcept {
        return held_ && held_->deadline <= now;
    }
    // Its reply, to be written now; not without holds().
    protocol::PendingReply answer();

    // When to look again: the held connect's deadline, or the end of a pause.
    [[nodiscard]] std::optional<TimePoint> deadline() const noexcept;
    // The pause is over, if it is.
    void on_deadline(TimePoint now) noexcept;

  private:
    // After a notice that brought nothing.
    static constexpr Millis kPause{1000};

    StreamContext& context_;
    const broker::Transport transport_;
    std::optional<broker::Bound> bound_;
    ConnectCycle cycle_;  // 0: none
    std::optional<broker::Park> held_;
    std::optional<broker::OpenConnect> answered_;  // its reply is on its way
    std::optional<SessionHandle> in_flight_;       // whose events are on their way
    std::optional<TimePoint> paused_until_;
    bool came_for_nothing_ = false;  // the last notice brought no event
};

}  // namespace bayeux::loop

#endif
