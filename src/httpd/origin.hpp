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
    kAny,      // another one, allowed by `*`: without credentials
    kForeign,  // refused
};

[[nodiscard]] Origin judge_origin(request_rec* r, const DirConfig& config);
// Of a request that a page of any origin can make a browser send without an Origin header, and
// whose response it can run as a script: callback-polling. Judged by what else tells of the page.
[[nodiscard]] Origin judge_script_origin(request_rec* r, const DirConfig& config);
// S8: `*` is not for credentials. Where no CORS rule keeps a page from using what a browser sends
// by itself (WebSocket, scripts), a page of any origin does not get in as a user.
[[nodiscard]] bool lends_credentials(const request_rec* r, Origin origin) noexcept;
// Refuses a foreign one: what the handler returns.
[[nodiscard]] int refuse_origin(request_rec* r) noexcept;
// The CORS fields of a response to a request of that origin, and Vary.
void add_cors_headers(request_rec* r, Origin origin);
// Answers OPTIONS: the methods, and to a page of an origin that may send requests the fields of a
// pre-flight (CO-1). What the handler returns.
[[nodiscard]] int answer_options(request_rec* r, Origin origin, const char* methods);

}  // namespace bayeux::httpd

#endif
