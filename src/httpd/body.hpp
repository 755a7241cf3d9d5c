// What a request brings, bounded before it is buffered, as messages.
#ifndef BAYEUX_HTTPD_BODY_HPP
#define BAYEUX_HTTPD_BODY_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "httpd/httpd_api.hpp"
#include "protocol/message.hpp"

namespace bayeux::httpd {

// A body and the messages that borrow from it.
struct DecodedBody {
    std::vector<std::string> texts;  // one JSON body, or the `message` fields of a form (HT-5)
    std::vector<protocol::Message> messages;
};

// The HTTP status of a refusal, and why, in a few words for the client.
struct Refusal {
    int status = HTTP_OK;
    std::string text;
    bool connection_lost = false;  // httpd has an answer of its own: return `status`
};

// Reads at most `limit` bytes (413 above, before any of it is read where Content-Length tells). On
// failure `refusal` is set. A worker; blocks until the body is there, as long as httpd's own
// time-outs allow.
[[nodiscard]] bool read_text(request_rec* r, std::size_t limit, std::string& text,
                             Refusal& refusal);

// The same, decoded by its Content-Type (HT-4..HT-6).
[[nodiscard]] bool read_messages(request_rec* r, std::size_t limit, DecodedBody& body,
                                 Refusal& refusal);

// The same from the `message` parameters of the query (JP-1), in UTF-8. Does not block.
[[nodiscard]] bool read_query_messages(request_rec* r, std::size_t limit, DecodedBody& body,
                                       Refusal& refusal);

}  // namespace bayeux::httpd

#endif
