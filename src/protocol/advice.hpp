// The advice object of a reply (AD-1). AD-4 says which reply gets which.
#ifndef BAYEUX_PROTOCOL_ADVICE_HPP
#define BAYEUX_PROTOCOL_ADVICE_HPP

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace bayeux::protocol {

enum class Reconnect : std::uint8_t { kRetry, kHandshake, kNone };

struct Advice {
    Reconnect reconnect = Reconnect::kRetry;
    std::optional<Millis> interval;  // milliseconds on the wire
    std::optional<Millis> timeout;
    std::optional<bool> multiple_clients;

    // {"reconnect":"retry","interval":0,"timeout":30000}
    void append_to(std::string& out) const;
};

}  // namespace bayeux::protocol

#endif
