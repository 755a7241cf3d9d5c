#include "bench/http_response.hpp"

#include <charconv>
#include <strings.h>

namespace bayeux::bench {
namespace {

constexpr std::string_view kVersion = "HTTP/1.1 ";
constexpr std::size_t kStatusLength = 3;

// The value if the line is the field of this name.
bool is_field(std::string_view line, std::string_view name, std::string_view& value) noexcept {
    if (line.size() <= name.size() || line[name.size()] != ':' ||
        ::strncasecmp(line.data(), name.data(), name.size()) != 0) {
        return false;
    }
    value = line.substr(name.size() + 1);
    while (value.starts_with(' ')) {
        value.remove_prefix(1);
    }
    return true;
}

template <class Number>
bool to_number(std::string_view text, Number& number) noexcept {
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

// Reads the fields of `head` behind the status line.
bool read_fields(std::string_view head, bool& closing, std::size_t& length) noexcept {
    bool sized = false;
    std::size_t at = head.find("\r\n") + 2;
    while (at < head.size()) {
        const std::size_t end = head.find('\r', at);
        const std::string_view line = head.substr(at, end - at);
        at = end + 2;
        // Of all names that a server sends, few begin with a C.
        if (line.empty() || (line[0] | 0x20) != 'c') {
            continue;
        }
        std::string_view value;
        if (is_field(line, "Content-Length", value)) {
            sized = to_number(value, length);
        } else if (is_field(line, "Connection", value)) {
            closing = value == "close" || value == "Close";
        }
    }
    return sized;
}

}  // namespace

std::string_view Response::field(std::string_view name, std::size_t& from) const noexcept {
    while (from < head.size()) {
        const std::size_t end = head.find('\r', from);
        const std::string_view line = head.substr(from, end - from);
        from = end == std::string_view::npos ? head.size() : end + 2;
        std::string_view value;
        if (is_field(line, name, value)) {
            return value;
        }
    }
    return {};
}

Parsed parse_response(std::string_view data, Response& response, std::size_t& length) noexcept {
    const std::size_t end = data.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        return Parsed::kIncomplete;
    }
    response.head = data.substr(0, end + 2);
    response.closing = false;
    if (!response.head.starts_with(kVersion) ||
        !to_number(response.head.substr(kVersion.size(), kStatusLength), response.status)) {
        return Parsed::kWrong;
    }
    std::size_t body_length = 0;
    if (!read_fields(response.head, response.closing, body_length)) {
        return Parsed::kWrong;
    }
    if (data.size() - (end + 4) < body_length) {
        return Parsed::kIncomplete;
    }
    response.body = data.substr(end + 4, body_length);
    length = end + 4 + body_length;
    return Parsed::kWhole;
}

}  // namespace bayeux::bench
