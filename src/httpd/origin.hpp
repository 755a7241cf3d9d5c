// Which pages may send requests (CO-1..CO-4, S8, S9). Any thread.
#ifndef BAYEUX_HTTPD_ORIGIN_HPP
#define BAYEUX_HTTPD_ORIGIN_HPP

#include "httpd/config.hpp"
#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

enum class Origin : std::uint8_t {
    kNone,     // no Origin header: not a page, or a request that needs no leave
    kSelf,     // the request's own origin
    kAllowed,  // another one, by BayeuxAllowOrigin
    kAny,      // allowed by `*`: without credentials
    kForeign,  // refused
};

[[nodiscard]] Origin judge_origin(request_rec* r, const DirConfig& config);
// The CORS fields of a response to a request of that origin, and Vary.
void add_cors_headers(request_rec* r, Origin origin);
// CO-1: the further fields of the answer to a pre-flight.
void add_preflight_headers(request_rec* r);

}  // namespace bayeux::httpd

#endif
