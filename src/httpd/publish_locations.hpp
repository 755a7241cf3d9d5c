// The <Location>s that say `SetHandler bayeux-publish`: what is below one of them in a request's
// path is the channel. Each must say itself who may publish (S25).
#ifndef BAYEUX_HTTPD_PUBLISH_LOCATIONS_HPP
#define BAYEUX_HTTPD_PUBLISH_LOCATIONS_HPP

#include <optional>
#include <string_view>

#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

inline constexpr const char* kPublishHandler = "bayeux-publish";

struct PublishLocation {
    std::string_view path;  // without a slash at its end
    const PublishLocation* next = nullptr;
};

// Notes them for each host. A sentence if one has no Require of its own, else nullptr. The parent,
// when the configuration is read.
[[nodiscard]] const char* find_publish_locations(apr_pool_t* pconf, server_rec* main_server);

// What the request's path has below the innermost of them, with its slash; nothing if the handler
// was set by something else. Any thread.
[[nodiscard]] std::optional<std::string_view> path_below_location(const request_rec* r) noexcept;

}  // namespace bayeux::httpd

#endif
