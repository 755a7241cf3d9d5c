// The ways a message may come and go.
#ifndef BAYEUX_BROKER_TRANSPORT_HPP
#define BAYEUX_BROKER_TRANSPORT_HPP

#include <cstddef>
#include <cstdint>

namespace bayeux::broker {

// The values are part of the shared memory's layout.
enum class Transport : std::uint8_t {
    kNone = 0,             // a session that has not connected yet
    kLongPolling = 1,      // cross-origin-long-polling too: only its content type differs
    kWebSocket = 2,        // a stream that carries connects and events
    kEventSource = 3,      // a stream that carries events; what the client sends comes by POST
    kCallbackPolling = 4,  // JSONP
};
inline constexpr std::size_t kTransports = 5;

// A stream stays open and takes events at any time.
[[nodiscard]] constexpr bool is_stream(Transport transport) noexcept {
    return transport == Transport::kWebSocket || transport == Transport::kEventSource;
}

}  // namespace bayeux::broker

#endif
