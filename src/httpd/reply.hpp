// Responses: headers, status and body.
#ifndef BAYEUX_HTTPD_REPLY_HPP
#define BAYEUX_HTTPD_REPLY_HPP

#include <string_view>

#include "httpd/body.hpp"
#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

// What HT-9 asks of every response of this handler.
void set_common_headers(request_rec* r);
// A body of JSON. Returns what the handler returns.
int write_json(request_rec* r, std::string text);
// A one-line JSON error body (design.md 8). The connection is closed if the request's body was not
// read. Returns what the handler returns.
int write_refusal(request_rec* r, const Refusal& refusal);

}  // namespace bayeux::httpd

#endif
