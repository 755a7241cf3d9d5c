#include "bench/http_connection.hpp"

#include <utility>

namespace bayeux::bench {

void HttpConnection::close() noexcept {
    connection_.close();
    under_way_ = 0;
    behind_.clear();
    ++closed_;
    partial_.clear();
}

void HttpConnection::send(std::string_view request) {
    if (++under_way_ > 1) {
        behind_.emplace_back(request);
    }
    connection_.send(request);
}

// Whoever ends a connection with a response has looked at nothing that came behind its request.
void HttpConnection::begin_anew() {
    const std::deque<std::string> unanswered = std::exchange(behind_, {});
    close();
    for (const std::string& request : unanswered) {
        send(request);
    }
}

void HttpConnection::on_bytes(std::string_view bytes) {
    std::string joined;
    if (!partial_.empty()) {
        joined = std::exchange(partial_, {});
        joined += bytes;
        bytes = joined;
    }
    while (!bytes.empty()) {
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
        bytes.remove_prefix(length);
        if (under_way_ == 0 || (under_way_ == 1 && !bytes.empty())) {
            lose("bytes that nobody has asked for");
            return;
        }
        --under_way_;
        if (response.closing) {
            begin_anew();
            bytes = {};
        } else if (!behind_.empty()) {
            behind_.pop_front();
        }
        const std::uint32_t closed = closed_;
        const bool last = bytes.empty();
        user_.on_response(response);
        if (last || closed != closed_) {
            return;
        }
    }
}

// Nobody misses a connection that was idle.
void HttpConnection::on_end(std::string_view why) {
    const bool missed = waiting();
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
