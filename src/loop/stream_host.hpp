// What a stream needs to know of the request that began it. Given by httpd; lives as long as the
// stream.
#ifndef BAYEUX_LOOP_STREAM_HOST_HPP
#define BAYEUX_LOOP_STREAM_HOST_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "broker/engine.hpp"

namespace bayeux::loop {

// The directives that hold for a stream, and sizes in bytes.
struct StreamLimits {
    std::size_t max_message = 65536;       // BayeuxMaxMessageSize: of one WebSocket message
    std::uint32_t messages_per_frame = 1;  // WS-8
    Millis ping{30000};                    // BayeuxPing; 0: none
    Millis patience{60000};                // Timeout: for a client to take what is written
    Millis revalidate{0};                  // BayeuxRevalidate: between two ask_again(); 0: never
    bool deflate = false;                  // permessage-deflate was agreed on
};

// Whether httpd would accept the request that began the stream, if it came now.
enum class Standing : std::uint8_t {
    kGood,
    kRefused,  // or accept it as somebody else's
    kUnknown,  // who would have to say so fails
};

class StreamHost {
  public:
    StreamHost() = default;
    StreamHost(const StreamHost&) = delete;
    StreamHost& operator=(const StreamHost&) = delete;
    virtual ~StreamHost() = default;

    // Settings, policy and cookie of the request that began the stream; the caller fills in what is
    // bound. The loop, or a worker during perform(); its policy may block only then.
    [[nodiscard]] virtual broker::Request request() noexcept = 0;
    [[nodiscard]] virtual const StreamLimits& limits() const noexcept = 0;
    // What the broker wants services to be told. A worker, during perform().
    virtual void start_calls(const std::vector<broker::ServiceCall>& calls) noexcept = 0;
    // Logins expire. A worker, during perform(); it may block.
    [[nodiscard]] virtual Standing ask_again() noexcept = 0;
};

}  // namespace bayeux::loop

#endif
