// What the broker decided about one batch: a value, nothing is written or held by it.
#ifndef BAYEUX_BROKER_OUTCOME_HPP
#define BAYEUX_BROKER_OUTCOME_HPP

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/strong_id.hpp"
#include "protocol/message.hpp"

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
    TimePoint lease;       // the session outlives a killed child until then
    std::string reply;     // the connect's success reply, as it will go out (CN-9)
    std::string farewell;  // the same with advice `none`, for a session that ended (CN-17)
};

struct Outcome {
    // In the order of their messages (ORD-1), as JSON texts. Empty if `park` is set.
    std::vector<std::string> replies;
    std::optional<Park> park;
    // The session whose queued events travel in this response, before the replies (CN-10, PB-6).
    std::optional<SessionHandle> events_of;
    // A connect that is answered in this response.
    std::optional<OpenConnect> answered;
    // A session was created: the response sets the browser's cookie if the request had none (BR-1).
    bool handshaken = false;
};

}  // namespace bayeux::broker

#endif
