// The <Location>s that say `SetHandler bayeux-publish` or `SetHandler bayeux-status`. Each must say
// itself who may come in (S23, S25). What is below one to publish in a request's path is the
// channel.
#ifndef BAYEUX_HTTPD_GUARDED_LOCATIONS_HPP
#define BAYEUX_HTTPD_GUARDED_LOCATIONS_HPP

#include <optional>
#include <string_view>

#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

inline constexpr const char* kPublishHandler = "bayeux-publish";
inline constexpr const char* kStatusHandler = "bayeux-status";

struct GuardedLocation {
    const char* handler = nullptr;  // one of the two above
    std::string_view path;          // without a slash at its end
    const GuardedLocation* next = nullptr;
};

// Notes them for each host. A sentence if one has no Require of its own, else nullptr. The parent,
// when the configuration is read.
[[nodiscard]] const char* find_guarded_locations(apr_pool_t* pconf, server_rec* main_server);

// What the request's path has below the innermost of those to publish, with its slash; nothing if
// the handler was set by something else. Any thread.
[[nodiscard]] std::optional<std::string_view> path_below_location(const request_rec* r) noexcept;

// The path is that of a Location that shows the status, or below one. Any thread.
[[nodiscard]] bool is_status_location(const request_rec* r) noexcept;

}  // namespace bayeux::httpd

#endif
