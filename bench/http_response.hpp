// The head of an HTTP response, as far as a load program has to understand it.
#ifndef BAYEUX_BENCH_HTTP_RESPONSE_HPP
#define BAYEUX_BENCH_HTTP_RESPONSE_HPP

#include <cstddef>
#include <string_view>

namespace bayeux::bench {

// Views into the bytes that it was parsed from.
struct Response {
    int status = 0;
    bool closing = false;  // Connection: close
    std::string_view head;
    std::string_view body;

    // The value of the first field of this name from `from` on, which is moved behind it; empty if
    // there is none.
    [[nodiscard]] std::string_view field(std::string_view name, std::size_t& from) const noexcept;
};

enum class Parsed {
    kWhole,
    kIncomplete,
    kWrong,  // not HTTP/1.1 with a Content-Length
};

// On kWhole `length` bytes of `data` are the response.
[[nodiscard]] Parsed parse_response(std::string_view data, Response& response,
                                    std::size_t& length) noexcept;

}  // namespace bayeux::bench

#endif
