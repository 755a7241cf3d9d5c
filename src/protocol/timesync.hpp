// The timesync extension (X-TSYNC): a client learns how far its clock is from the server's.
#ifndef BAYEUX_PROTOCOL_TIMESYNC_HPP
#define BAYEUX_PROTOCOL_TIMESYNC_HPP

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace bayeux::protocol {

// ext.timesync of a meta message: what the client knows, in its milliseconds.
struct TimesyncRequest {
    std::int64_t client_time = 0;     // tc
    std::optional<std::int64_t> lag;  // l
    std::int64_t offset = 0;          // o
};

// ext.timesync of the reply, but for `p`, which is known when it is written.
struct TimesyncReply {
    std::int64_t client_time = 0;          // tc, as it came
    WallTime arrived;                      // ts
    std::optional<std::int64_t> accuracy;  // a

    // Appends {"tc":..,"ts":..,"p":..,"a":..}.
    void append_to(std::string& out, WallTime now) const;
};

// Nothing if the client is accurate enough not to need one: l is not 0 and |a| < 25 ms.
[[nodiscard]] std::optional<TimesyncReply> answer_timesync(const TimesyncRequest& request,
                                                           WallTime arrived) noexcept;

}  // namespace bayeux::protocol

#endif
