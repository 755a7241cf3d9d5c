// The functions of include/mod_bayeux.h.
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <httpd.h>

#include "bayeux_module.h"
#include "broker/outside.hpp"
#include "httpd/authorization.hpp"
#include "httpd/boundary.hpp"
#include "httpd/channel_sections.hpp"
#include "httpd/config.hpp"
#include "httpd/module_hooks.hpp"
#include "httpd/module_state.hpp"
#include "mod_bayeux.h"
#include "protocol/channel_name.hpp"
#include "protocol/client_id.hpp"
#include "protocol/json.hpp"
#include "protocol/json_text.hpp"

namespace bayeux::httpd {
namespace {

using broker::Audience;
using protocol::ChannelName;
using protocol::ClientId;

// What is to be sent, checked.
struct Parcel {
    broker::Settings settings;
    ChannelName channel;
    std::string event;
};

bayeux_result pack(Child& child, bayeux_domain domain, const char* channel, const char* data,
                   Audience audience, std::optional<Parcel>& parcel) {
    if (channel == nullptr || data == nullptr) {
        return BAYEUX_INVALID;
    }
    auto name = ChannelName::parse(channel);
    const std::string_view json = protocol::trim_json(data);
    broker::Settings settings;
    settings.domain = DomainId{domain};
    settings.presence = has_presence(ap_server_conf, settings.domain);
    if (!name || !broker::why_not_from_outside(*name, audience, settings.presence).empty() ||
        !protocol::is_json(json)) {
        return BAYEUX_INVALID;
    }
    std::string event = broker::event_from_outside(*name, json, settings, child.clock());
    parcel.emplace(Parcel{std::move(settings), *std::move(name), std::move(event)});
    return BAYEUX_OK;
}

void count(unsigned* reached, std::size_t sessions) noexcept {
    if (reached != nullptr) {
        *reached = static_cast<unsigned>(sessions);
    }
}

bayeux_result publish(bayeux_domain domain, const char* channel, const char* data,
                      unsigned* reached) {
    Child* const child = this_child();
    if (child == nullptr) {
        return BAYEUX_NOT_SERVING;
    }
    std::optional<Parcel> parcel;
    const bayeux_result packed =
        pack(*child, domain, channel, data, Audience::kSubscribers, parcel);
    if (packed != BAYEUX_OK) {
        return packed;
    }
    const broker::ChannelOptions options =
        options_of(sections_of(ap_server_conf, parcel->settings.domain), parcel->channel, true);
    const auto result = broker::publish_from_outside(child->store(), parcel->settings,
                                                     parcel->channel, options, parcel->event);
    if (!result) {
        return BAYEUX_FULL;
    }
    count(reached, result.value());
    return BAYEUX_OK;
}

std::optional<broker::SessionInfo> find(Child& child, bayeux_domain domain, const char* session) {
    const auto id = ClientId::parse(session != nullptr ? session : "");
    return id ? child.store().find_session(DomainId{domain}, *id) : std::nullopt;
}

bayeux_result deliver(bayeux_domain domain, const char* session, const char* channel,
                      const char* data) {
    Child* const child = this_child();
    if (child == nullptr) {
        return BAYEUX_NOT_SERVING;
    }
    std::optional<Parcel> parcel;
    const bayeux_result packed = pack(*child, domain, channel, data, Audience::kChosen, parcel);
    if (packed != BAYEUX_OK) {
        return packed;
    }
    const auto found = find(*child, domain, session);
    if (!found) {
        return BAYEUX_UNKNOWN;
    }
    const std::size_t reached = child->store().deliver({.domain = parcel->settings.domain,
                                                        .session = found->handle,
                                                        .event = parcel->event,
                                                        .user_tag = found->user_tag});
    return reached != 0 ? BAYEUX_OK : BAYEUX_FULL;
}

bayeux_result deliver_to_user(bayeux_domain domain, const char* user, const char* channel,
                              const char* data, unsigned* reached) {
    Child* const child = this_child();
    if (child == nullptr) {
        return BAYEUX_NOT_SERVING;
    }
    if (user == nullptr || *user == '\0') {
        return BAYEUX_INVALID;
    }
    std::optional<Parcel> parcel;
    const bayeux_result packed = pack(*child, domain, channel, data, Audience::kChosen, parcel);
    if (packed != BAYEUX_OK) {
        return packed;
    }
    const auto result = child->store().deliver_to_user(
        {.domain = parcel->settings.domain, .user = user, .event = parcel->event});
    if (!result) {
        return BAYEUX_FULL;
    }
    count(reached, result.value());
    return BAYEUX_OK;
}

bayeux_result disconnect(bayeux_domain domain, const char* session) {
    Child* const child = this_child();
    if (child == nullptr) {
        return BAYEUX_NOT_SERVING;
    }
    const auto found = find(*child, domain, session);
    return found && child->store().end_session(found->handle) ? BAYEUX_OK : BAYEUX_UNKNOWN;
}

bayeux_result look_at(bayeux_domain domain, const char* session, apr_pool_t* pool,
                      bayeux_session_info* info) {
    Child* const child = this_child();
    if (child == nullptr) {
        return BAYEUX_NOT_SERVING;
    }
    // As of version 1. What later versions add is to be written only where `size` has room for it.
    constexpr apr_size_t kLeastSize = sizeof(bayeux_session_info);
    if (info == nullptr || pool == nullptr || info->size < kLeastSize) {
        return BAYEUX_INVALID;
    }
    const auto id = ClientId::parse(session != nullptr ? session : "");
    const auto sight = id ? child->store().look_at(DomainId{domain}, *id) : std::nullopt;
    if (!sight) {
        return BAYEUX_UNKNOWN;
    }
    const std::string user = child->store().user_of(sight->handle);
    info->connected = sight->connected ? 1 : 0;
    info->waiting = sight->waiting ? 1 : 0;
    info->acknowledges = sight->ack ? 1 : 0;
    info->transport = transport_name(sight->transport);
    info->user = user.empty() ? nullptr : apr_pstrmemdup(pool, user.data(), user.size());
    info->subscriptions = sight->subscriptions;
    info->queued_messages = sight->queued_messages;
    info->queued_bytes = sight->queued_bytes;
    const auto idle = child->clock().now() - sight->active_at;
    info->idle = apr_time_from_msec(idle.count() > 0 ? idle.count() : 0);
    return BAYEUX_OK;
}

const char* json_member(apr_pool_t* pool, const char* json, const char* name) {
    if (json == nullptr || name == nullptr) {
        return nullptr;
    }
    const std::string_view text = protocol::trim_json(json);
    if (!protocol::is_json(text) || protocol::kind_of(text) != protocol::JsonKind::kObject) {
        return nullptr;
    }
    protocol::JsonMembers members(text);
    std::string storage;
    for (std::string_view key, value; members.next(key, value);) {
        if (protocol::decode_key(key, storage) == name) {
            return apr_pstrmemdup(pool, value.data(), value.size());
        }
    }
    return nullptr;
}

const char* json_string(apr_pool_t* pool, const char* json) {
    if (json == nullptr) {
        return nullptr;
    }
    const std::string_view text = protocol::trim_json(json);
    if (!protocol::is_json(text)) {
        return nullptr;
    }
    const auto decoded = protocol::decode_string(text);
    if (!decoded || decoded->find('\0') != std::string::npos) {
        return nullptr;
    }
    return apr_pstrmemdup(pool, decoded->data(), decoded->size());
}

}  // namespace
}  // namespace bayeux::httpd

using bayeux::httpd::guard;

unsigned bayeux_api_version(void) noexcept {
    return BAYEUX_API_VERSION;
}

bayeux_domain bayeux_domain_named(server_rec* s, const char* name) noexcept {
    return name != nullptr ? bayeux::httpd::domain_id(name).value
                           : bayeux::httpd::server_config(s).default_domain.value;
}

bayeux_domain bayeux_domain_of(request_rec* r) noexcept {
    return bayeux::httpd::domain_of(bayeux::httpd::dir_config(r), r->server).value;
}

bayeux_result bayeux_publish(bayeux_domain domain, const char* channel, const char* data,
                             unsigned* reached) noexcept {
    return guard("bayeux_publish", BAYEUX_FAILED,
                 [&] { return bayeux::httpd::publish(domain, channel, data, reached); });
}

bayeux_result bayeux_deliver(bayeux_domain domain, const char* session, const char* channel,
                             const char* data) noexcept {
    return guard("bayeux_deliver", BAYEUX_FAILED,
                 [&] { return bayeux::httpd::deliver(domain, session, channel, data); });
}

bayeux_result bayeux_deliver_to_user(bayeux_domain domain, const char* user, const char* channel,
                                     const char* data, unsigned* reached) noexcept {
    return guard("bayeux_deliver_to_user", BAYEUX_FAILED, [&] {
        return bayeux::httpd::deliver_to_user(domain, user, channel, data, reached);
    });
}

bayeux_result bayeux_disconnect(bayeux_domain domain, const char* session) noexcept {
    return guard("bayeux_disconnect", BAYEUX_FAILED,
                 [&] { return bayeux::httpd::disconnect(domain, session); });
}

bayeux_result bayeux_look_at(bayeux_domain domain, const char* session, apr_pool_t* pool,
                             bayeux_session_info* info) noexcept {
    return guard("bayeux_look_at", BAYEUX_FAILED,
                 [&] { return bayeux::httpd::look_at(domain, session, pool, info); });
}

const char* bayeux_json_member(apr_pool_t* pool, const char* json, const char* name) noexcept {
    return guard("bayeux_json_member", static_cast<const char*>(nullptr),
                 [&] { return bayeux::httpd::json_member(pool, json, name); });
}

const char* bayeux_json_string(apr_pool_t* pool, const char* json) noexcept {
    return guard("bayeux_json_string", static_cast<const char*>(nullptr),
                 [&] { return bayeux::httpd::json_string(pool, json); });
}
