// Messages that come from no session: published over plain HTTP, or by the server itself. Who may
// send them was decided before; any thread.
#ifndef BAYEUX_BROKER_OUTSIDE_HPP
#define BAYEUX_BROKER_OUTSIDE_HPP

#include <string>
#include <string_view>

#include "broker/engine.hpp"
#include "broker/policy.hpp"
#include "broker/session_store.hpp"
#include "protocol/channel_name.hpp"

namespace bayeux::broker {

enum class Audience : std::uint8_t {
    kSubscribers,
    kChosen,  // one session, or a user's: whatever they are subscribed to
};

// A sentence why no message from outside may have this channel; empty if it may (S2, S25).
// `presence`: the domain has some, so that names below /presence are the server's.
[[nodiscard]] std::string_view why_not_from_outside(const protocol::ChannelName& channel,
                                                    Audience audience, bool presence) noexcept;

// As a client would get it from another one. `data` is JSON text, passed on as it is (PB-1).
[[nodiscard]] std::string event_from_outside(const protocol::ChannelName& channel,
                                             std::string_view data, const Settings& settings,
                                             const Clock& clock);

// To all subscribers. The number of sessions reached, or kFull.
[[nodiscard]] Result<std::size_t> publish_from_outside(SessionStore& store,
                                                       const Settings& settings,
                                                       const protocol::ChannelName& channel,
                                                       const ChannelOptions& options,
                                                       std::string_view event);

}  // namespace bayeux::broker

#endif
