#include "store/channel_table.hpp"

#include <cstring>

#include "base/siphash.hpp"
#include "store/domain_table.hpp"
#include "store/kill_point.hpp"
#include "store/slab.hpp"

namespace bayeux::store {

namespace {

ChannelIndex& bucket_of(const Locked& locked, std::uint32_t hash) noexcept {
    const auto buckets = locked.segment().channel_buckets();
    return buckets[hash & (buckets.size() - 1)];
}

void idle_append(const Locked& locked, ChannelIndex index) noexcept {
    Header& header = locked.header();
    Channel& channel = locked.cell(index);
    channel.idle_since = locked.now();
    channel.idle = 1;
    channel.idle_next = ChannelIndex();
    channel.idle_prev = header.idle_tail;
    (header.idle_tail ? locked.cell(header.idle_tail).idle_next : header.idle_head) = index;
    header.idle_tail = index;
}

void idle_remove(const Locked& locked, ChannelIndex index) noexcept {
    Header& header = locked.header();
    Channel& channel = locked.cell(index);
    (channel.idle_prev ? locked.cell(channel.idle_prev).idle_next : header.idle_head) =
        channel.idle_next;
    (channel.idle_next ? locked.cell(channel.idle_next).idle_prev : header.idle_tail) =
        channel.idle_prev;
    channel.idle = 0;
}

void destroy(const Locked& locked, ChannelIndex index) noexcept {
    Channel& channel = locked.cell(index);
    retire_cell(channel);
    BAYEUX_KILL_POINT("channel.retired");
    ChannelIndex* link = &bucket_of(locked, channel.hash);
    while (*link && *link != index) {
        link = &locked.cell(*link).hash_next;
    }
    if (*link) {
        *link = channel.hash_next;
    }
    idle_remove(locked, index);
    BAYEUX_KILL_POINT("channel.unlinked");
    --locked.cell(channel.domain_cell).channels;
    release_unused_domain(locked, channel.domain_cell);
    release(locked, index);
}

}  // namespace

std::uint32_t name_hash(const Segment& segment, std::string_view name) noexcept {
    return static_cast<std::uint32_t>(siphash(segment.header().table_key, name));
}

ChannelIndex find_channel(const Locked& locked, std::uint64_t domain, std::string_view name,
                          std::uint32_t name_hash) noexcept {
    const std::uint32_t hash = channel_hash(domain, name_hash);
    for (ChannelIndex index = bucket_of(locked, hash); index;) {
        const Channel& channel = locked.cell(index);
        if (channel.hash == hash && channel.domain == domain && name_of(channel) == name) {
            return index;
        }
        index = channel.hash_next;
    }
    return ChannelIndex();
}

ChannelIndex find_or_create_channel(const Locked& locked, std::uint64_t domain_id,
                                    std::string_view name, std::uint32_t name_hash,
                                    std::uint32_t max_channels) noexcept {
    const ChannelIndex found = find_channel(locked, domain_id, name, name_hash);
    if (found || name.size() > protocol::kMaxChannelName) {
        return found;
    }
    const DomainIndex domain = find_or_create_domain(locked, domain_id);
    if (!domain) {
        return ChannelIndex();
    }
    const bool allowed = locked.cell(domain).channels < max_channels;
    const auto index = allowed ? allocate<Channel>(locked) : ChannelIndex();
    if (!index) {
        release_unused_domain(locked, domain);
        return ChannelIndex();
    }
    Channel fresh{};
    fresh.hash = channel_hash(domain_id, name_hash);
    fresh.domain = domain_id;
    fresh.domain_cell = domain;
    fresh.name_length = static_cast<std::uint8_t>(name.size());
    std::memcpy(fresh.name.data(), name.data(), name.size());
    Channel& channel = locked.cell(index);
    channel = fresh;
    ++locked.cell(domain).channels;
    link_channel(locked, index);
    BAYEUX_KILL_POINT("channel.linked");
    publish_cell(channel);
    note_use(locked, index);
    return index;
}

void note_use(const Locked& locked, ChannelIndex index) noexcept {
    Channel& channel = locked.cell(index);
    if (channel.idle != 0) {
        idle_remove(locked, index);
    }
    BAYEUX_KILL_POINT("channel.not_idle");
    if (channel.subscriber_count == 0 && !channel.jobs_head && channel.persistent == 0 &&
        !channel.members) {
        idle_append(locked, index);
    }
}

bool sweep_one_channel(const Locked& locked) noexcept {
    const ChannelIndex index = locked.header().idle_head;
    if (!index || locked.cell(index).idle_since + kChannelIdle > locked.now()) {
        return false;
    }
    destroy(locked, index);
    ++locked.header().counters.channels_swept;
    return true;
}

void link_channel(const Locked& locked, ChannelIndex index) noexcept {
    Channel& channel = locked.cell(index);
    ChannelIndex& bucket = bucket_of(locked, channel.hash);
    channel.hash_next = bucket;
    bucket = index;
}

}  // namespace bayeux::store
