// What the broker decided about one batch: a value, nothing is written or held by it.
#ifndef BAYEUX_BROKER_OUTCOME_HPP
#define BAYEUX_BROKER_OUTCOME_HPP

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/strong_id.hpp"
#include "broker/service_call.hpp"
#include "protocol/client_id.hpp"
#include "protocol/pending_reply.hpp"

namespace bayeux::broker {

// A connect of which the answer is still owed. From start_connect() on, exactly one
// finish_connect() must follow, whether it was held or answered at once.
struct OpenConnect {
    SessionHandle session;
    ConnectCycle cycle;
    Millis expires_after{0};  // interval + BayeuxMaxInterval: the session's life after the answer
};

// A connect to be held (CN-5).
struct Park {
    OpenConnect connect;
    TimePoint deadline;
    TimePoint lease;               // the session outlives a killed child until then
    protocol::PendingReply reply;  // the connect's success reply (CN-9)

    // For a session that ended while its connect was held: `none` goes into the advice that the
    // reply has already (CN-17, AD-4).
    [[nodiscard]] protocol::PendingReply farewell() const;
};

// The session that a batch spoke for.
struct Bound {
    SessionHandle session;
    protocol::ClientId client_id;
    // Its events leave with the replies of connects only: BayeuxMetaConnectDeliverOnly, or the ack
    // extension (ORD-3).
    bool deliver_only = false;
};

struct Outcome {
    // In the order of their messages (ORD-1). Over HTTP empty if `park` is set; a stream sends
    // those of the other messages at once.
    std::vector<protocol::PendingReply> replies;
    std::optional<Park> park;
    // The session whose queued events travel in this response, before the replies (CN-10, PB-6).
    std::optional<SessionHandle> events_of;
    // A connect that is answered in this response.
    std::optional<OpenConnect> answered;
    // A session was created: the response sets the browser's cookie if the request had none (BR-1).
    bool handshaken = false;
    // What a stream is bound to from now on (CID-6); nothing where the session is unknown or has
    // ended.
    std::optional<Bound> bound;
    // Messages that a service answers, in order: to be started by whoever has the request at hand.
    std::vector<ServiceCall> calls;
};

}  // namespace bayeux::broker

#endif
