// Channels by domain and name. A channel is made by the first publish or subscribe and swept once
// it has been without subscriber and publication for kChannelIdle (CH-15).
#ifndef BAYEUX_STORE_CHANNEL_TABLE_HPP
#define BAYEUX_STORE_CHANNEL_TABLE_HPP

#include <string_view>

#include "store/store_lock.hpp"

namespace bayeux::store {

inline constexpr std::int64_t kChannelIdle = 3000;  // milliseconds

// Of a name in any domain. Needs no lock: the key never changes.
[[nodiscard]] std::uint32_t name_hash(const Segment& segment, std::string_view name) noexcept;
// What a channel is filed under. Domains are few, and no client chooses them.
[[nodiscard]] constexpr std::uint32_t channel_hash(std::uint64_t domain,
                                                   std::uint32_t name_hash) noexcept {
    return name_hash ^ static_cast<std::uint32_t>(domain ^ (domain >> 32U));
}

[[nodiscard]] ChannelIndex find_channel(const Locked& locked, std::uint64_t domain,
                                        std::string_view name, std::uint32_t name_hash) noexcept;
// kNone above the domain's cap or if memory is full. `name` is at most kMaxChannelName long.
[[nodiscard]] ChannelIndex find_or_create_channel(const Locked& locked, std::uint64_t domain,
                                                  std::string_view name, std::uint32_t name_hash,
                                                  std::uint32_t max_channels) noexcept;
[[nodiscard]] inline std::string_view name_of(const Channel& channel) noexcept {
    return {channel.name.data(), channel.name_length};
}

// To be called when the channel was used, or its last subscriber or job may have come or gone.
void note_use(const Locked& locked, ChannelIndex index) noexcept;
// Removes the channel that was unused longest, if that is long enough. False if it did nothing.
bool sweep_one_channel(const Locked& locked) noexcept;

void link_channel(const Locked& locked, ChannelIndex index) noexcept;

}  // namespace bayeux::store

#endif
