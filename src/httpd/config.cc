#include "httpd/config.hpp"

#include <new>

#include "base/siphash.hpp"
#include "bayeux_module.h"
#include "httpd/boundary.hpp"
#include "httpd/channel_sections.hpp"
#include "httpd/module_state.hpp"
#include "httpd/transports.hpp"

namespace bayeux::httpd {

DirConfig& dir_config(request_rec* r) noexcept {
    return *static_cast<DirConfig*>(ap_get_module_config(r->per_dir_config, &bayeux_module));
}

ServerConfig& server_config(server_rec* s) noexcept {
    return *static_cast<ServerConfig*>(ap_get_module_config(s->module_config, &bayeux_module));
}

DomainId domain_id(std::string_view name) noexcept {
    // The names come from the configuration, not from clients: the key has nothing to hide, and
    // must be the same after a restart.
    static constexpr SipKey kKey{'b', 'a', 'y', 'e', 'u', 'x', ' ', 'd',
                                 'o', 'm', 'a', 'i', 'n', ' ', 'i', 'd'};
    return DomainId{siphash(kKey, name)};
}

DomainId domain_of(const DirConfig& dir, server_rec* s) noexcept {
    return dir.domain.written ? domain_id(dir.domain.value) : server_config(s).default_domain;
}

namespace {

broker::Extensions extensions_of(const DirConfig& dir) noexcept {
    const ExtensionTerms terms = dir.extensions.or_else(ExtensionTerms{});
    broker::Extensions extensions;
    extensions.ack = terms.ack;
    extensions.timesync = terms.timesync;
    extensions.timestamp = terms.timestamp;
    extensions.activity = terms.activity;
    extensions.idle_timeout = Millis{dir.idle_timeout_ms.or_else(0)};
    return extensions;
}

// BR-4: HTTP/2 needs no limit, as its requests do not compete for a browser's few connections.
std::uint32_t holds_per_browser(const DirConfig& dir, const request_rec* r) noexcept {
    const bool http2 = r->connection->master != nullptr || r->proto_num >= HTTP_VERSION(2, 0);
    return http2 ? broker::kUnlimited : dir.max_sessions_per_browser.or_else(1);
}

}  // namespace

broker::Settings settings_of(const DirConfig& dir, request_rec* r) {
    // Caps that nobody has written follow from the memory: a session with its queue, a channel with
    // its subscriptions, should find room when the cap is reached (design.md 7).
    const std::uint64_t memory =
        server_config(ap_server_conf).shared_memory.or_else(kDefaultSharedMemory);
    const auto by_memory = static_cast<std::uint32_t>(memory / 2048);
    broker::Settings settings;
    settings.domain = domain_of(dir, r->server);
    settings.timeout = Millis{dir.timeout_ms.or_else(30000)};
    settings.interval = Millis{dir.interval_ms.or_else(0)};
    settings.max_interval = Millis{dir.max_interval_ms.or_else(10000)};
    const QueueTerms queue = dir.queue.or_else(QueueTerms{});
    settings.queue = {queue.messages, queue.bytes,
                      dir.overflow.or_else(broker::Overflow::kDisconnect)};
    settings.max_sessions = dir.max_sessions.or_else(by_memory);
    settings.max_channels = dir.max_channels.or_else(by_memory);
    settings.max_subscriptions =
        dir.max_subscriptions.or_else(static_cast<std::uint32_t>(memory >> 16U));
    settings.transports = transports_for(r, dir);
    settings.trust_client_id = dir.trust_client_id.or_else(false);
    settings.broadcast_to_publisher = dir.broadcast_to_publisher.or_else(true);
    settings.unconnected_publish = dir.unconnected_publish.or_else(false);
    settings.meta_connect_deliver_only = dir.deliver_only.or_else(false);
    settings.holds_per_browser = holds_per_browser(dir, r);
    settings.multi_session_interval = Millis{dir.multi_session_interval_ms.or_else(2000)};
    settings.extensions = extensions_of(dir);
    settings.max_message_size = dir.max_message_size.or_else(kDefaultMaxMessageSize);
    settings.limits = {dir.limit_handshakes.value, dir.limit_messages.value, dir.limit_bytes.value};
    const DomainSections* sections = sections_of(r->server, settings.domain);
    settings.slow_filters = sections != nullptr && sections->has_slow_filters();
    settings.presence = sections != nullptr && sections->has_presence();
    return settings;
}

}  // namespace bayeux::httpd

using bayeux::httpd::DirConfig;
using bayeux::httpd::ServerConfig;

void* bayeux_create_dir_config(apr_pool_t* p, char* /*path*/) noexcept {
    return new (apr_palloc(p, sizeof(DirConfig))) DirConfig;
}

void* bayeux_merge_dir_config(apr_pool_t* p, void* base_config, void* add_config) noexcept {
    const auto& base = *static_cast<const DirConfig*>(base_config);
    const auto& add = *static_cast<const DirConfig*>(add_config);
    // Most sections say nothing of Bayeux, and each request is merged from several.
    if (add == DirConfig{}) {
        return base_config;
    }
    if (base == DirConfig{}) {
        return add_config;
    }
    auto* merged = new (apr_palloc(p, sizeof(DirConfig))) DirConfig;
    merged->domain = add.domain.over(base.domain);
    merged->timeout_ms = add.timeout_ms.over(base.timeout_ms);
    merged->interval_ms = add.interval_ms.over(base.interval_ms);
    merged->max_interval_ms = add.max_interval_ms.over(base.max_interval_ms);
    merged->transports = add.transports.over(base.transports);
    merged->max_message_size = add.max_message_size.over(base.max_message_size);
    merged->queue = add.queue.over(base.queue);
    merged->overflow = add.overflow.over(base.overflow);
    merged->max_sessions = add.max_sessions.over(base.max_sessions);
    merged->max_channels = add.max_channels.over(base.max_channels);
    merged->max_subscriptions = add.max_subscriptions.over(base.max_subscriptions);
    merged->cookie = add.cookie.over(base.cookie);
    merged->trust_client_id = add.trust_client_id.over(base.trust_client_id);
    merged->duplicate_status = add.duplicate_status.over(base.duplicate_status);
    merged->origins = add.origins.over(base.origins);
    merged->broadcast_to_publisher = add.broadcast_to_publisher.over(base.broadcast_to_publisher);
    merged->deliver_only = add.deliver_only.over(base.deliver_only);
    merged->unconnected_publish = add.unconnected_publish.over(base.unconnected_publish);
    merged->extensions = add.extensions.over(base.extensions);
    merged->idle_timeout_ms = add.idle_timeout_ms.over(base.idle_timeout_ms);
    merged->max_sessions_per_browser =
        add.max_sessions_per_browser.over(base.max_sessions_per_browser);
    merged->multi_session_interval_ms =
        add.multi_session_interval_ms.over(base.multi_session_interval_ms);
    merged->ping_ms = add.ping_ms.over(base.ping_ms);
    merged->messages_per_frame = add.messages_per_frame.over(base.messages_per_frame);
    merged->websocket_deflate = add.websocket_deflate.over(base.websocket_deflate);
    merged->fast_lane = add.fast_lane.over(base.fast_lane);
    merged->revalidate_ms = add.revalidate_ms.over(base.revalidate_ms);
    merged->service_timeout_ms = add.service_timeout_ms.over(base.service_timeout_ms);
    merged->service_max_answer = add.service_max_answer.over(base.service_max_answer);
    merged->limit_handshakes = add.limit_handshakes.over(base.limit_handshakes);
    merged->limit_messages = add.limit_messages.over(base.limit_messages);
    merged->limit_bytes = add.limit_bytes.over(base.limit_bytes);
    return merged;
}

void* bayeux_create_server_config(apr_pool_t* p, server_rec* /*s*/) noexcept {
    return new (apr_palloc(p, sizeof(ServerConfig))) ServerConfig;
}

void* bayeux_merge_server_config(apr_pool_t* p, void* /*base*/, void* add) noexcept {
    // What is written for the whole server is read from the main server; sections belong to the
    // virtual host that they are written in.
    return new (apr_palloc(p, sizeof(ServerConfig)))
        ServerConfig(*static_cast<const ServerConfig*>(add));
}
