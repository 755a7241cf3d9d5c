// The transports of a Location (BayeuxTransports), and which of them a request can count on.
#ifndef BAYEUX_HTTPD_TRANSPORTS_HPP
#define BAYEUX_HTTPD_TRANSPORTS_HPP

#include <string>
#include <string_view>
#include <vector>

#include "httpd/config.hpp"
#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

inline constexpr const char* kWebSocketName = "websocket";
inline constexpr const char* kLongPollingName = "long-polling";
inline constexpr const char* kEventSourceName = "eventsource";
inline constexpr const char* kCallbackPollingName = "callback-polling";
inline constexpr const char* kCrossOriginName = "cross-origin-long-polling";

[[nodiscard]] bool is_transport(std::string_view name) noexcept;
// Whether BayeuxTransports lists it here.
[[nodiscard]] bool offers(const DirConfig& config, std::string_view name) noexcept;
// What a handshake by this request names (HS-4), in order of preference: without streams where none
// would be accepted, so that clients do not try.
[[nodiscard]] std::vector<std::string> transports_for(request_rec* r, const DirConfig& config);

// The methods that the Location takes, for Allow and for a pre-flight.
[[nodiscard]] bool takes_get(const DirConfig& config) noexcept;
// What an event source's client sends comes by POST as well.
[[nodiscard]] bool takes_post(const DirConfig& config) noexcept;
[[nodiscard]] const char* methods_of(const DirConfig& config) noexcept;

}  // namespace bayeux::httpd

#endif
