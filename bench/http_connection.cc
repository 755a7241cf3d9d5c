#include "bench/http_connection.hpp"

#include <utility>

namespace bayeux::bench {

void HttpConnection::close() noexcept {
    connection_.close();
    waiting_ = false;
    partial_.clear();
}

void HttpConnection::send(std::string_view request) {
    waiting_ = true;
    connection_.send(request);
}

void HttpConnection::on_bytes(std::string_view bytes) {
    std::string joined;
    if (!partial_.empty()) {
        joined = std::exchange(partial_, {});
        joined += bytes;
        bytes = joined;
    }
    Response response;
    std::size_t length = 0;
    switch (parse_response(bytes, response, length)) {
        case Parsed::kIncomplete:
            partial_ = bytes;
            return;
        case Parsed::kWrong:
            lose("not a response with a Content-Length");
            return;
        case Parsed::kWhole:
            break;
    }
    if (!waiting_ || length != bytes.size()) {
        lose("bytes that nobody has asked for");
        return;
    }
    waiting_ = false;
    if (response.closing) {
        close();
    }
    user_.on_response(response);
}

// Nobody misses a connection that was idle.
void HttpConnection::on_end(std::string_view why) {
    const bool missed = waiting_;
    close();
    if (missed) {
        user_.on_lost(why);
    }
}

void HttpConnection::lose(std::string_view why) {
    close();
    user_.on_lost(why);
}

}  // namespace bayeux::bench
