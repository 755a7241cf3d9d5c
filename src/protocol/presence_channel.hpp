// The names of presence channels: who is on /chat/room is told on /presence/chat/room. What a
// pattern below /presence covers is the presence of just what it covers without that.
#ifndef BAYEUX_PROTOCOL_PRESENCE_CHANNEL_HPP
#define BAYEUX_PROTOCOL_PRESENCE_CHANNEL_HPP

#include <optional>
#include <string>
#include <string_view>

#include "protocol/channel_name.hpp"

namespace bayeux::protocol {

inline constexpr std::string_view kPresencePrefix = "/presence";

// True of any name or pattern below /presence.
[[nodiscard]] inline bool is_presence_channel(const ChannelName& name) noexcept {
    const std::string_view text = name.text();
    return text.size() > kPresencePrefix.size() && text.starts_with(kPresencePrefix) &&
           text[kPresencePrefix.size()] == '/';
}

// The channel or pattern that a presence channel is about; nothing if there is no such name, or if
// it is a presence channel itself.
[[nodiscard]] inline std::optional<ChannelName> watched_by(const ChannelName& name) {
    auto watched = ChannelName::parse(std::string_view(name.text()).substr(kPresencePrefix.size()));
    return watched && is_presence_channel(*watched) ? std::nullopt : watched;
}

// Nothing if that name would be too long.
[[nodiscard]] inline std::optional<ChannelName> presence_channel_of(std::string_view channel) {
    return ChannelName::parse(std::string(kPresencePrefix).append(channel));
}

}  // namespace bayeux::protocol

#endif
