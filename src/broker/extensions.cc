#include "broker/extensions.hpp"

#include "protocol/timesync.hpp"

namespace bayeux::broker {

protocol::PendingReply extended(const protocol::Reply& reply, const protocol::Message& message,
                                const Extensions& extensions, WallTime arrived) {
    protocol::PendingReply pending = reply.pending();
    if (extensions.timesync && message.timesync) {
        pending.timesync = protocol::answer_timesync(*message.timesync, arrived);
    }
    pending.timestamp = extensions.timestamp;
    return pending;
}

std::optional<WallTime> event_time(const Extensions& extensions, WallTime now) noexcept {
    return extensions.timestamp ? std::optional(now) : std::nullopt;
}

bool is_idle(const SessionInfo& session, const Extensions& extensions, TimePoint now) noexcept {
    return extensions.activity && extensions.idle_timeout > Millis{0} &&
           now - session.active_at > extensions.idle_timeout;
}

}  // namespace bayeux::broker
