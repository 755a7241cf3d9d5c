// Internal to the broker: by what terms a connect is held and answered (CN-4..CN-8), whatever
// transport it came by.
#ifndef BAYEUX_BROKER_HOLDING_HPP
#define BAYEUX_BROKER_HOLDING_HPP

#include <optional>

#include "base/clock.hpp"
#include "broker/batch_context.hpp"
#include "broker/session_store.hpp"
#include "protocol/advice.hpp"
#include "protocol/message.hpp"

namespace bayeux::broker {

struct Holding {
    Transport transport = Transport::kLongPolling;
    Millis hold{0};  // 0: answered at once
    // As the client is told, and how long the session lives after the answer.
    Millis timeout{0};
    Millis interval{0};
    Millis expires_after{0};
    bool always_advised = false;
    bool counts = false;  // as one of its browser's holds, if it comes to that (BR-4, BR-6)
    TimePoint deadline;
    TimePoint lease;
};

[[nodiscard]] Holding holding_of(const Batch& batch, const protocol::Message& message);

// CN-4, CN-5, CN-11: the connect waits, as far as the session's other connects allow (BR-4).
[[nodiscard]] bool waits(const Batch& batch, const protocol::Message& message,
                         const Holding& holding, const ConnectStart& start) noexcept;

// What the reply advises; nothing if the client knows it all (CN-7).
[[nodiscard]] std::optional<protocol::Advice> advice_for(const protocol::Message& message,
                                                         const Holding& holding,
                                                         const ConnectStart& start);

// BR-5: makes a connect that its browser's others leave no place to hold come back later, or not
// at all (AD-4).
void turn_away(const Settings& settings, Holding& holding, protocol::Reply& reply);

}  // namespace bayeux::broker

#endif
