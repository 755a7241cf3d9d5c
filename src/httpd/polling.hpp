// A request that brings messages and takes a response: long-polling and callback-polling.
#ifndef BAYEUX_HTTPD_POLLING_HPP
#define BAYEUX_HTTPD_POLLING_HPP

#include <cstddef>

#include "broker/transport.hpp"
#include "httpd/body.hpp"
#include "httpd/config.hpp"
#include "httpd/httpd_api.hpp"
#include "httpd/origin.hpp"

namespace bayeux::httpd {

struct Polling {
    broker::Transport transport = broker::Transport::kLongPolling;
    const char* callback = nullptr;  // of callback-polling, in the request's pool
    // Where the messages are: read_messages() or read_query_messages().
    bool (*read)(request_rec* r, std::size_t limit, DecodedBody& body,
                 Refusal& refusal) = read_messages;
};

// Returns what the handler returns. A worker.
int serve_polling(request_rec* r, const DirConfig& config, const Polling& way);

// GET with `message` and `jsonp` (JP-1). The origin is judged here, as it needs more than an Origin
// header (S8).
[[nodiscard]] bool is_callback_request(const request_rec* r) noexcept;
int serve_callback_polling(request_rec* r, const DirConfig& config, Origin origin);

}  // namespace bayeux::httpd

#endif
