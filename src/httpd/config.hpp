// What the directives of design.md 7 say, for a Location, a virtual host and the server.
//
// All three structs live in httpd's configuration pools and are plain data: they are written while
// the configuration is read, by one thread, and only read afterwards.
#ifndef BAYEUX_HTTPD_CONFIG_HPP
#define BAYEUX_HTTPD_CONFIG_HPP

#include <cstdint>
#include <string_view>

#include "base/strong_id.hpp"
#include "broker/engine.hpp"
#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

class DomainRules;
struct ChannelSection;
struct GuardedLocation;
struct Service;

// A directive's value, and whether it was written here at all.
template <class T>
struct Setting {
    T value{};
    bool written = false;

    void set(T v) noexcept {
        value = v;
        written = true;
    }
    // What holds for a Location inside a container: its own value, or else the container's.
    [[nodiscard]] Setting over(const Setting& base) const noexcept {
        return written ? *this : base;
    }
    [[nodiscard]] T or_else(T fallback) const noexcept { return written ? value : fallback; }
    [[nodiscard]] bool operator==(const Setting&) const noexcept = default;
};

struct CookieTerms {
    const char* name = "BAYEUX_BROWSER";
    const char* path = "/";
    const char* domain = nullptr;
    const char* same_site = nullptr;
    bool secure = false;
    bool partitioned = false;
    std::int64_t max_age = -1;  // seconds; -1: until the browser is closed
    [[nodiscard]] bool operator==(const CookieTerms&) const noexcept = default;
};

struct QueueTerms {
    std::uint32_t messages = 1000;
    std::uint32_t bytes = 1U << 20U;
    [[nodiscard]] bool operator==(const QueueTerms&) const noexcept = default;
};

// BayeuxExtensions.
struct ExtensionTerms {
    bool ack = true;
    bool timesync = true;
    bool timestamp = false;
    bool activity = false;
    [[nodiscard]] bool operator==(const ExtensionTerms&) const noexcept = default;
};

// A list of words of the configuration, in its pool.
struct Words {
    const char* const* first = nullptr;
    std::uint32_t count = 0;
    [[nodiscard]] bool operator==(const Words&) const noexcept = default;
};

struct DirConfig {
    Setting<const char*> domain;
    Setting<std::int64_t> timeout_ms;
    Setting<std::int64_t> interval_ms;
    Setting<std::int64_t> max_interval_ms;
    Setting<Words> transports;
    Setting<std::uint32_t> max_message_size;
    Setting<QueueTerms> queue;
    Setting<broker::Overflow> overflow;
    Setting<std::uint32_t> max_sessions;
    Setting<std::uint32_t> max_channels;
    Setting<std::uint32_t> max_subscriptions;
    Setting<CookieTerms> cookie;
    Setting<bool> trust_client_id;
    Setting<int> duplicate_status;
    Setting<Words> origins;
    Setting<bool> broadcast_to_publisher;
    Setting<bool> deliver_only;
    Setting<bool> unconnected_publish;
    Setting<ExtensionTerms> extensions;
    Setting<std::int64_t> idle_timeout_ms;            // 0: off
    Setting<std::uint32_t> max_sessions_per_browser;  // broker::kUnlimited for -1
    Setting<std::int64_t> multi_session_interval_ms;
    Setting<std::int64_t> ping_ms;  // 0: none
    Setting<std::uint32_t> messages_per_frame;
    Setting<bool> websocket_deflate;
    Setting<bool> fast_lane;
    Setting<std::int64_t> revalidate_ms;
    Setting<std::int64_t> service_timeout_ms;
    Setting<std::uint32_t> service_max_answer;
    Setting<const RateLimit*> limit_handshakes;  // nullptr: Off
    Setting<const RateLimit*> limit_messages;
    Setting<const RateLimit*> limit_bytes;
    // While a <BayeuxChannel> section is read: where its directives go. Never merged.
    ChannelSection* open_section = nullptr;
    [[nodiscard]] bool operator==(const DirConfig&) const noexcept = default;
};

// BayeuxServiceCalls: how many service calls of a child run, and wait for that, at once.
struct CallTerms {
    std::uint32_t running = 0;
    std::uint32_t waiting = 0;
};

struct ServerConfig {
    // Written in the main server only.
    Setting<std::uint64_t> shared_memory;
    Setting<std::int64_t> drain_timeout_ms;
    Setting<std::uint32_t> max_blocking_holds;
    Setting<CallTerms> service_calls;
    // The <BayeuxChannel> sections written in this host, in order, as a linked list; those of the
    // main server hold for all hosts.
    ChannelSection* sections = nullptr;
    Service* services = nullptr;  // the BayeuxService lines, likewise
    // Set by check_config: the rules of all domains (the same table for all hosts), and the domain
    // that a Location has where no BayeuxDomain is written.
    const DomainRules* rules = nullptr;
    DomainId default_domain;
    // Likewise: where messages may be published from outside.
    const GuardedLocation* guarded_locations = nullptr;
};

inline constexpr std::uint64_t kDefaultSharedMemory = std::uint64_t{64} << 20U;
inline constexpr std::uint64_t kMinSharedMemory = std::uint64_t{1} << 20U;
inline constexpr std::uint64_t kMaxSharedMemory = std::uint64_t{16} << 30U;
inline constexpr std::uint32_t kDefaultMaxMessageSize = 64U << 10U;
inline constexpr bool kDefaultFastLane = true;
inline constexpr std::int64_t kDefaultRevalidateMs = 60000;
inline constexpr std::int64_t kDefaultServiceTimeoutMs = 30000;
inline constexpr std::uint32_t kDefaultServiceMaxAnswer = 64U << 10U;
// Calls that may wait for each that may run, where BayeuxServiceCalls says nothing.
inline constexpr std::uint32_t kWaitingPerCall = 8;

[[nodiscard]] DirConfig& dir_config(request_rec* r) noexcept;
[[nodiscard]] ServerConfig& server_config(server_rec* s) noexcept;

// The id under which the store knows a domain.
[[nodiscard]] DomainId domain_id(std::string_view name) noexcept;
// The domain of requests to this Location.
[[nodiscard]] DomainId domain_of(const DirConfig& dir, server_rec* s) noexcept;

// What the broker has to know of this request's Location.
[[nodiscard]] broker::Settings settings_of(const DirConfig& dir, request_rec* r);

}  // namespace bayeux::httpd

#endif
