#include "protocol/timesync.hpp"

#include <algorithm>
#include <string_view>

namespace bayeux::protocol {

namespace {

constexpr std::int64_t kAccurate = 25;  // milliseconds

void append_member(std::string& out, std::string_view name, std::int64_t value) {
    out += name;
    out += std::to_string(value);
}

}  // namespace

void TimesyncReply::append_to(std::string& out, WallTime now) const {
    append_member(out, "{\"tc\":", client_time);
    append_member(out, ",\"ts\":", arrived.time_since_epoch().count());
    // A clock may be set back meanwhile; no client is to hear of it.
    append_member(out, ",\"p\":", std::max(now - arrived, Millis{0}).count());
    if (accuracy) {
        append_member(out, ",\"a\":", *accuracy);
    }
    out += '}';
}

std::optional<TimesyncReply> answer_timesync(const TimesyncRequest& request,
                                             WallTime arrived) noexcept {
    TimesyncReply reply{
        .client_time = request.client_time, .arrived = arrived, .accuracy = std::nullopt};
    if (request.lag) {
        const std::int64_t accuracy = request.client_time + request.offset + *request.lag -
                                      arrived.time_since_epoch().count();
        if (*request.lag != 0 && accuracy > -kAccurate && accuracy < kAccurate) {
            return std::nullopt;
        }
        reply.accuracy = accuracy;
    }
    return reply;
}

}  // namespace bayeux::protocol
