// Tells the store when a response has left, or that it never will.
//
// httpd destroys a request's pool when the last byte of its response was written, or when that
// became impossible; that is the moment when drained events are forgotten or go back into the
// queue, and when the session's expiry clock starts (EX-1). However a request ends, it ends there.
#ifndef BAYEUX_HTTPD_RECEIPT_HPP
#define BAYEUX_HTTPD_RECEIPT_HPP

#include <optional>

#include "broker/outcome.hpp"
#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

struct Receipt {
    request_rec* r = nullptr;
    // The session whose events were drained into this response.
    std::optional<SessionHandle> events_of;
    // The connect that this response answers.
    std::optional<broker::OpenConnect> connect;
    // False until the response was handed to httpd: dropped before, it was not written either.
    bool handed_over = false;

    // The response was handed to httpd's filters just now. On an HTTP/2 stream that is the last
    // that can be known, so the store hears of it at once: mod_http2 gives the stream's connection
    // up, as aborted, once it has the bytes, and frees the request when the connection next has
    // something to do, maybe never.
    void hand_over() noexcept;
    // An HTTP/2 stream's request is over, whatever becomes of its pool.
    void settle_stream() noexcept;
};

// One for each request that drains or connects; in its pool.
Receipt* new_receipt(request_rec* r);

}  // namespace bayeux::httpd

#endif
