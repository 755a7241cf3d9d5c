// A clientId is a secret, and so is a message. Logs and server-status show a request's URL: from
// where httpd knows whose request it is, they get what shown_url.hpp lets through (S19).
//
// The line, and an event source's path, are changed before anybody is asked whether the request is
// allowed, as httpd logs a refusal, with the path, in the error log too. The handler needs the
// query: that is changed when the handler has read it, or else when the request is logged. Requests
// that httpd refuses before it has looked for their Location are known by the paths of
// guarded_locations.hpp only; event sources are not.
#ifndef BAYEUX_HTTPD_HIDDEN_SECRETS_HPP
#define BAYEUX_HTTPD_HIDDEN_SECRETS_HPP

#include <string_view>

#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

// Of a request to publish, as soon as it is read: httpd notes the line in the scoreboard then.
void hide_in_publish_line(request_rec* r);

// Of a request whose handler has read it, or does not want to.
void hide_in_query(request_rec* r);

// The last segment of an event source's path, as it came, which is hidden from then on.
[[nodiscard]] std::string_view take_client_id(request_rec* r);

// The URL of a GET as it came, for httpd to judge it again: a rule may look at the query.
[[nodiscard]] const char* whole_uri(const request_rec* r) noexcept;
// For a request that was made again from what was noted of it.
void give_whole_uri(request_rec* r, const char* uri);

}  // namespace bayeux::httpd

#endif
