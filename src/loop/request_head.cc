#include "loop/request_head.hpp"

#include <algorithm>
#include <optional>

namespace bayeux::loop {
namespace {

bool same_letters(std::string_view text, std::string_view lower) noexcept {
    return text.size() == lower.size() &&
           std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
               return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
           });
}

// The value of the first field of this name, which is in lower case and ends with the colon.
std::optional<std::string_view> field(std::string_view head, std::string_view name) noexcept {
    while (!head.empty()) {
        const std::size_t end = std::min(head.find('\n'), head.size() - 1);
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(end + 1);
        if (line.size() >= name.size() && same_letters(line.substr(0, name.size()), name)) {
            return line.substr(name.size());
        }
    }
    return std::nullopt;
}

constexpr std::size_t kLongest = std::size_t{1} << 30U;  // beyond any limit

// What httpd refuses about Content-Length is httpd's business.
std::size_t content_length(std::string_view head) noexcept {
    std::size_t length = 0;
    for (const char c : field(head, "content-length:").value_or("")) {
        if (c >= '0' && c <= '9' && length < kLongest) {
            length = length * 10 + static_cast<std::size_t>(c - '0');
        }
    }
    return length;
}

}  // namespace

bool request_has_come(std::string_view peeked) noexcept {
    return peeked.size() >= kPeekSize || request_has_come(peeked, peeked.size(), kPeekSize);
}

bool request_has_come(std::string_view begin, std::size_t total, std::size_t limit) noexcept {
    // A bare line feed ends a line for httpd's lenient modes too.
    std::size_t end = begin.find("\r\n\r\n");
    std::size_t head = end == std::string_view::npos ? end : end + 4;
    if (head == std::string_view::npos) {
        end = begin.find("\n\n");
        if (end == std::string_view::npos) {
            return begin.size() >= kPeekSize;
        }
        head = end + 2;
    }
    if (field(begin.substr(0, head), "expect:")) {
        return true;  // the body comes after httpd has asked for it
    }
    const std::size_t whole = head + content_length(begin.substr(0, head));
    return whole > limit || total >= whole;
}

}  // namespace bayeux::loop
