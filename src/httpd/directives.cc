// The setters of the plain directives. Every refusal is a sentence that names the directive, the
// value and what is allowed; `httpd -t` prints it.
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "bayeux_module.h"
#include "httpd/boundary.hpp"
#include "httpd/config.hpp"
#include "httpd/directive_values.hpp"

namespace bayeux::httpd {
namespace {

DirConfig& config_of(void* dir) noexcept {
    return *static_cast<DirConfig*>(dir);
}

const char* only_in_main_server(cmd_parms* cmd) noexcept {
    if (const char* wrong = ap_check_cmd_context(cmd, GLOBAL_ONLY)) {
        return wrong;
    }
    return nullptr;
}

// scheme://host[:port], nothing behind it (S8).
bool is_origin(std::string_view text) noexcept {
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos || colon == 0) {
        return false;
    }
    const std::string_view host = text.substr(colon + 3);
    return !host.empty() && host.find_first_of("/?#@ \"*") == std::string_view::npos;
}

}  // namespace
}  // namespace bayeux::httpd

using namespace bayeux::httpd;  // NOLINT(google-build-using-namespace): the C names of this file

const char* bayeux_set_shared_memory(cmd_parms* cmd, void* /*dir*/, const char* value) noexcept {
    if (const char* wrong = only_in_main_server(cmd)) {
        return wrong;
    }
    std::uint64_t size = 0;
    if (!parse_size(value, size) || size < kMinSharedMemory || size > kMaxSharedMemory) {
        return refusal(cmd, value, "a size from 1M to 16G, such as 64M");
    }
    server_config(cmd->server).shared_memory.set(size);
    return nullptr;
}

const char* bayeux_set_drain_timeout(cmd_parms* cmd, void* /*dir*/, const char* value) noexcept {
    if (const char* wrong = only_in_main_server(cmd)) {
        return wrong;
    }
    std::int64_t ms = 0;
    if (!parse_time(value, ms) || ms > 3'600'000) {
        return refusal(cmd, value, "a time from 0 to 1h, such as 10s");
    }
    server_config(cmd->server).drain_timeout_ms.set(ms);
    return nullptr;
}

const char* bayeux_set_max_blocking_holds(cmd_parms* cmd, void* /*dir*/,
                                          const char* value) noexcept {
    if (const char* wrong = only_in_main_server(cmd)) {
        return wrong;
    }
    std::uint32_t n = 0;
    if (!parse_count(value, 0, 20000, n)) {
        return refusal(cmd, value, "a number from 0 to 20000");
    }
    server_config(cmd->server).max_blocking_holds.set(n);
    return nullptr;
}

const char* bayeux_set_domain(cmd_parms* cmd, void* dir, const char* value) noexcept {
    const std::string_view name = value;
    bool printable = !name.empty() && name.size() <= 255;
    for (const char c : name) {
        printable = printable && std::isgraph(static_cast<unsigned char>(c)) != 0;
    }
    if (!printable) {
        return refusal(cmd, value, "a name of 1 to 255 printable characters without blanks");
    }
    config_of(dir).domain.set(value);
    return nullptr;
}

namespace {

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kHour = 3600 * kSecond;

// What a time directive sets, and within which bounds.
struct TimeDirective {
    Setting<std::int64_t> DirConfig::*setting;
    std::int64_t least;
    std::int64_t most;
    bool zero;  // 0 is allowed as well: off
    const char* allowed;
};

// In the order of enum bayeux_time.
constexpr TimeDirective kTimes[] = {
    {&DirConfig::timeout_ms, 0, 24 * kHour, true, "a time from 0 to 24h, such as 30s"},
    {&DirConfig::interval_ms, 0, kHour, true, "a time from 0 to 1h, such as 500ms"},
    {&DirConfig::max_interval_ms, 100, 24 * kHour, false, "a time from 100ms to 24h, such as 10s"},
    {&DirConfig::multi_session_interval_ms, 0, kHour, true,
     "a time from 0 to 1h, such as 2s; 0 refuses surplus connects"},
    {&DirConfig::idle_timeout_ms, kSecond, 24 * kHour, true,
     "a time from 1s to 24h, such as 15min, or Off"},
    {&DirConfig::ping_ms, kSecond, kHour, true, "a time from 1s to 1h, such as 30s, or Off"},
    {&DirConfig::revalidate_ms, kSecond, kHour, false, "a time from 1s to 1h, such as 60s"},
    {&DirConfig::service_timeout_ms, kSecond, kHour, false, "a time from 1s to 1h, such as 30s"},
};

// Those of which 0 means that something is not done at all may be written as Off.
bool can_be_off(std::uintptr_t which) noexcept {
    return which == BAYEUX_IDLE_TIMEOUT || which == BAYEUX_PING;
}

}  // namespace

const char* bayeux_set_time(cmd_parms* cmd, void* dir, const char* value) noexcept {
    const auto which = reinterpret_cast<std::uintptr_t>(cmd->info);
    const TimeDirective& directive = kTimes[which];
    std::int64_t ms = 0;
    const bool off = can_be_off(which) && strcasecmp(value, "off") == 0;
    const bool valid = off || parse_time(value, ms);
    const bool within =
        (ms >= directive.least && ms <= directive.most) || (ms == 0 && directive.zero);
    if (!valid || !within) {
        return refusal(cmd, value, directive.allowed);
    }
    (config_of(dir).*directive.setting).set(ms);
    return nullptr;
}

const char* bayeux_set_cap(cmd_parms* cmd, void* dir, const char* value) noexcept {
    std::uint32_t n = 0;
    if (!parse_count(value, 1, 100'000'000, n)) {
        return refusal(cmd, value, "a number from 1 to 100000000");
    }
    DirConfig& config = config_of(dir);
    switch (static_cast<bayeux_cap>(reinterpret_cast<std::uintptr_t>(cmd->info))) {
        case BAYEUX_MAX_SESSIONS:
            config.max_sessions.set(n);
            return nullptr;
        case BAYEUX_MAX_CHANNELS:
            config.max_channels.set(n);
            return nullptr;
        case BAYEUX_MAX_SUBSCRIPTIONS:
            config.max_subscriptions.set(n);
            return nullptr;
    }
    return "mod_bayeux: an unknown cap directive";
}

const char* bayeux_set_switch(cmd_parms* cmd, void* dir, const char* value) noexcept {
    bool on = false;
    if (!parse_switch(value, on)) {
        return refusal(cmd, value, "On or Off");
    }
    DirConfig& config = config_of(dir);
    switch (static_cast<bayeux_switch>(reinterpret_cast<std::uintptr_t>(cmd->info))) {
        case BAYEUX_TRUST_CLIENT_ID:
            config.trust_client_id.set(on);
            return nullptr;
        case BAYEUX_BROADCAST_TO_PUBLISHER:
            if (config.open_section != nullptr) {
                return set_section_broadcast(*config.open_section, on);
            }
            config.broadcast_to_publisher.set(on);
            return nullptr;
        case BAYEUX_META_CONNECT_DELIVER_ONLY:
            config.deliver_only.set(on);
            return nullptr;
        case BAYEUX_UNCONNECTED_PUBLISH:
            config.unconnected_publish.set(on);
            return nullptr;
        case BAYEUX_WEBSOCKET_DEFLATE:
            config.websocket_deflate.set(on);
            return nullptr;
        case BAYEUX_FAST_LANE:
            config.fast_lane.set(on);
            return nullptr;
    }
    return "mod_bayeux: an unknown switch directive";
}

const char* bayeux_set_max_message_size(cmd_parms* cmd, void* dir, const char* value) noexcept {
    std::uint64_t size = 0;
    if (!parse_size(value, size) || size < 128 || size > (std::uint64_t{64} << 20U)) {
        return refusal(cmd, value, "a size from 128 to 64M, such as 64K");
    }
    config_of(dir).max_message_size.set(static_cast<std::uint32_t>(size));
    return nullptr;
}

const char* bayeux_set_max_queue(cmd_parms* cmd, void* dir, const char* messages,
                                 const char* bytes) noexcept {
    QueueTerms terms;
    if (!parse_count(messages, 1, 10'000'000, terms.messages)) {
        return refusal(cmd, messages, "a number of messages from 1 to 10000000, then a size");
    }
    std::uint64_t size = terms.bytes;
    if (bytes != nullptr &&
        (!parse_size(bytes, size) || size < 1024 || size > (std::uint64_t{1} << 30U))) {
        return refusal(cmd, bytes, "as its second value a size from 1K to 1G, such as 1M");
    }
    terms.bytes = static_cast<std::uint32_t>(size);
    config_of(dir).queue.set(terms);
    return nullptr;
}

const char* bayeux_set_queue_overflow(cmd_parms* cmd, void* dir, const char* value) noexcept {
    using bayeux::broker::Overflow;
    struct Name {
        const char* word;
        Overflow overflow;
    };
    static constexpr Name kNames[] = {{"disconnect", Overflow::kDisconnect},
                                      {"drop-oldest", Overflow::kDropOldest},
                                      {"drop-newest", Overflow::kDropNewest}};
    for (const Name& name : kNames) {
        if (apr_strnatcasecmp(value, name.word) == 0) {
            config_of(dir).overflow.set(name.overflow);
            return nullptr;
        }
    }
    return refusal(cmd, value, "disconnect, drop-oldest or drop-newest");
}

const char* bayeux_set_cookie(cmd_parms* cmd, void* dir, int argc, char* const argv[]) noexcept {
    if (argc == 0) {
        return refusal(cmd, "", "the cookie's name, then path=, domain=, samesite=, secure, ...");
    }
    CookieTerms terms;
    if (!is_cookie_name(argv[0])) {
        return refusal(cmd, argv[0], "a cookie name of letters, digits, _ . and -");
    }
    terms.name = apr_pstrdup(cmd->pool, argv[0]);
    for (int i = 1; i < argc; ++i) {
        if (!parse_cookie_attribute(cmd->pool, argv[i], terms)) {
            return refusal(cmd, argv[i],
                           "path=/..., domain=..., samesite=strict|lax|none, secure, partitioned "
                           "and maxage=<seconds>");
        }
    }
    if ((terms.partitioned ||
         (terms.same_site != nullptr && std::strcmp(terms.same_site, "None") == 0)) &&
        !terms.secure) {
        return refusal(cmd, argv[0], "`secure` together with partitioned or samesite=none");
    }
    config_of(dir).cookie.set(terms);
    return nullptr;
}

const char* bayeux_set_duplicate_status(cmd_parms* cmd, void* dir, const char* value) noexcept {
    std::uint32_t status = 0;
    if (!parse_count(value, 400, 599, status)) {
        return refusal(cmd, value, "an HTTP status from 400 to 599");
    }
    config_of(dir).duplicate_status.set(static_cast<int>(status));
    return nullptr;
}

const char* bayeux_set_allow_origin(cmd_parms* cmd, void* dir, int argc,
                                    char* const argv[]) noexcept {
    constexpr const char* kAllowed = "self, * or origins such as https://www.example.org";
    if (argc == 0) {
        return refusal(cmd, "", kAllowed);
    }
    for (int i = 0; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word != "self" && word != "*" && !is_origin(word)) {
            return refusal(cmd, argv[i], kAllowed);
        }
        if (word == "*" && argc > 1) {
            return refusal(cmd, argv[i], "* alone: it allows every origin");
        }
    }
    config_of(dir).origins.set(copy_words(cmd->pool, argc, argv));
    return nullptr;
}
