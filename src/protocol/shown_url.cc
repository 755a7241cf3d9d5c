#include "protocol/shown_url.hpp"

#include <cstddef>

#include "protocol/percent.hpp"

namespace bayeux::protocol {

namespace {

constexpr std::size_t kMostDigits = 16;
constexpr std::size_t kShownDigits = 6;
constexpr std::string_view kHidden = "...";

// How many characters the digit at the begin of the text takes; 0 if there is none.
std::size_t digit_length(std::string_view text) noexcept {
    if (text.empty()) {
        return 0;
    }
    if (text[0] != '%') {
        return hex_value(text[0]) >= 0 ? 1 : 0;
    }
    const int byte = escaped_byte(text);
    return byte >= 0 && hex_value(static_cast<char>(byte)) >= 0 ? 3 : 0;
}

// Of what is no digit: an escape is one character, not digits behind a percent sign.
std::size_t other_length(std::string_view text) noexcept {
    return text[0] == '%' && escaped_byte(text) >= 0 ? 3 : 1;
}

void append_shown(std::string& out, std::string_view text) {
    while (!text.empty()) {
        std::size_t digits = 0;
        std::size_t length = 0;
        std::size_t beginning = 0;
        while (const std::size_t more = digit_length(text.substr(length))) {
            length += more;
            ++digits;
            beginning = digits == kShownDigits ? length : beginning;
        }
        if (digits > kMostDigits) {
            out.append(text.substr(0, beginning)).append(kHidden);
        } else {
            length = digits == 0 ? other_length(text) : length;
            out.append(text.substr(0, length));
        }
        text.remove_prefix(length);
    }
}

}  // namespace

std::string shown_path(std::string_view path) {
    std::string out;
    out.reserve(path.size());
    append_shown(out, path);
    return out;
}

std::string shown_query(std::string_view query) {
    std::string out;
    out.reserve(query.size());
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        const std::size_t equals = pair.find('=');
        if (equals != std::string_view::npos &&
            decode_component(pair.substr(0, equals)) == "message") {
            out.append(pair.substr(0, equals + 1)).append(kHidden);
        } else {
            append_shown(out, pair);
        }
        out.append(end == std::string_view::npos ? "" : "&");
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    }
    return out;
}

}  // namespace bayeux::protocol
