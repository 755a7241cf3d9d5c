// The limits that an admin sets against floods (S16): BayeuxLimitHandshakes, BayeuxLimitMessages,
// BayeuxLimitBytes.
#ifndef BAYEUX_BROKER_LIMITS_HPP
#define BAYEUX_BROKER_LIMITS_HPP

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/client_address.hpp"
#include "base/rate_limit.hpp"
#include "base/strong_id.hpp"

namespace bayeux::broker {

// Of a Location; nullptr: Off. As long as the configuration.
struct Limits {
    const RateLimit* handshakes = nullptr;  // of one address
    const RateLimit* messages = nullptr;    // of one session
    const RateLimit* bytes = nullptr;       // of one session

    [[nodiscard]] bool on_messages() const noexcept {
        return messages != nullptr || bytes != nullptr;
    }
};

// A handshake that is to be counted.
struct CountedHandshake {
    DomainId domain;
    ClientAddress from;
    const RateLimit& limit;
};

// A message that is to be counted: for its session, or for its address if it has none.
struct CountedMessage {
    DomainId domain;
    std::optional<SessionHandle> session;
    ClientAddress from;
    std::size_t size = 0;
    const Limits& limits;
};

enum class Exceeded : std::uint8_t { kNothing, kMessages, kBytes };

}  // namespace bayeux::broker

#endif
