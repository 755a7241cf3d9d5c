#include "broker/outside.hpp"

#include "broker/batch_context.hpp"
#include "broker/extensions.hpp"
#include "protocol/presence_channel.hpp"

namespace bayeux::broker {

using protocol::ChannelKind;
using protocol::ChannelName;

std::string_view why_not_from_outside(const ChannelName& channel, Audience audience,
                                      bool presence) noexcept {
    if (channel.is_pattern()) {
        return "a pattern is no channel to publish to";
    }
    if (channel.kind() == ChannelKind::kMeta) {
        return "the channels below /meta are the protocol's own";
    }
    if (is_internal(channel)) {
        return "the channels below /bayeux, /oort and /seti are the server's own";
    }
    if (presence && protocol::is_presence_channel(channel)) {
        return "the channels below /presence are the server's own";
    }
    if (channel.kind() == ChannelKind::kService && audience == Audience::kSubscribers) {
        return "a channel below /service has no subscribers; name a session or a user";
    }
    return {};
}

std::string event_from_outside(const ChannelName& channel, std::string_view data,
                               const Settings& settings, const Clock& clock) {
    protocol::Message message;
    message.data = data;
    return protocol::make_event(message, channel.text(),
                                event_time(settings.extensions, clock.wall()));
}

Result<std::size_t> publish_from_outside(SessionStore& store, const Settings& settings,
                                         const ChannelName& channel, const ChannelOptions& options,
                                         std::string_view event) {
    Publication publication;
    publication.domain = settings.domain;
    publication.channel = &channel;
    publication.event = event;
    publication.persistent = options.persistent;
    publication.lazy = options.lazy;
    publication.max_channels = settings.max_channels;
    return store.publish(publication);
}

}  // namespace bayeux::broker
