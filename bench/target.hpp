// The server that is measured, and how it is spoken to.
#ifndef BAYEUX_BENCH_TARGET_HPP
#define BAYEUX_BENCH_TARGET_HPP

#include <cstdint>

#include "bench/arguments.hpp"
#include "bench/endpoint.hpp"

namespace bayeux::bench {

enum class Dialect : std::uint8_t {
    kBayeux,
    kNchan,  // nothing but payloads; each room is a URL: the server's with the numbers behind it
};

enum class Transport : std::uint8_t { kLongPolling, kWebSocket };

struct Target {
    Endpoint server;
    Endpoint publish;  // kNchan: where rooms are published to
    Dialect dialect;
    Transport transport;
    std::uint32_t pid;  // of the server's first process; 0: not known

    [[nodiscard]] static Target take(Arguments& arguments);
    [[nodiscard]] const char* transport_name() const noexcept {
        return transport == Transport::kWebSocket ? "websocket" : "long-polling";
    }
};

}  // namespace bayeux::bench

#endif
