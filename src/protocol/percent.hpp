// Percent encoding, of URLs and forms.
#ifndef BAYEUX_PROTOCOL_PERCENT_HPP
#define BAYEUX_PROTOCOL_PERCENT_HPP

#include <optional>
#include <string>
#include <string_view>

namespace bayeux::protocol {

// -1 for anything but a hexadecimal digit.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The byte of the escape at the begin of `text`, which begins with `%`; -1 if it is broken.
[[nodiscard]] constexpr int escaped_byte(std::string_view text) noexcept {
    const int high = text.size() > 1 ? hex_value(text[1]) : -1;
    const int low = text.size() > 2 ? hex_value(text[2]) : -1;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// A name or value of a form as it was before it was encoded; nothing if an escape is broken.
[[nodiscard]] std::optional<std::string> decode_component(std::string_view encoded);

}  // namespace bayeux::protocol

#endif
