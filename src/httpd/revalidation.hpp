// Whether httpd would let a request in, if it came now: logins expire, passwords and rules change
// (S20), and a stream is one request for days.
#ifndef BAYEUX_HTTPD_REVALIDATION_HPP
#define BAYEUX_HTTPD_REVALIDATION_HPP

#include <string_view>

#include "httpd/httpd_api.hpp"
#include "loop/stream_host.hpp"

namespace bayeux::httpd {

// Asks all of httpd's hooks from the translation of the name to the fixups, on behalf of a request
// with the head of `r`; and whether that is still this user's. A worker that owns the connection:
// providers may block. Nothing of it stays.
[[nodiscard]] loop::Standing ask_httpd_again(const request_rec* r, std::string_view user) noexcept;

}  // namespace bayeux::httpd

#endif
