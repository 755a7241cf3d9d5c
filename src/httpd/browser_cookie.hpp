// The cookie that binds a session to a browser (BR-1..BR-3, CID-4).
#ifndef BAYEUX_HTTPD_BROWSER_COOKIE_HPP
#define BAYEUX_HTTPD_BROWSER_COOKIE_HPP

#include <optional>

#include "httpd/config.hpp"
#include "httpd/httpd_api.hpp"
#include "protocol/client_id.hpp"

namespace bayeux::httpd {

// The browser id that came with the request, if this server issued it (BR-2).
[[nodiscard]] std::optional<protocol::BrowserId> browser_of(request_rec* r,
                                                            const CookieTerms& terms,
                                                            const protocol::SecretKey& key);
// Whether the request brought any cookie of that name (S4).
[[nodiscard]] bool has_browser_cookie(request_rec* r, const CookieTerms& terms);
// Sends it with the response.
void set_browser(request_rec* r, const CookieTerms& terms, const protocol::BrowserId& browser,
                 const protocol::SecretKey& key);

}  // namespace bayeux::httpd

#endif
