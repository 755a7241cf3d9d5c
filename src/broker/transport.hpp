// The ways a message may come and go.
#ifndef BAYEUX_BROKER_TRANSPORT_HPP
#define BAYEUX_BROKER_TRANSPORT_HPP

#include <cstdint>

namespace bayeux::broker {

enum class Transport : std::uint8_t {
    kNone = 0,         // a session that has not connected yet
    kLongPolling = 1,  // the value is part of the shared memory's layout
};

}  // namespace bayeux::broker

#endif
