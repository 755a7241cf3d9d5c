// decode_form() of batch.hpp.
#include <cstdint>
#include <optional>

#include "protocol/batch.hpp"

namespace bayeux::protocol {

namespace {

// -1 for anything but a hexadecimal digit.
int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// A name or value as it was before it was encoded; nothing if an escape is broken.
std::optional<std::string> decode_component(std::string_view encoded) {
    std::string out;
    out.reserve(encoded.size());
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        const char c = encoded[i];
        if (c != '%') {
            out += c == '+' ? ' ' : c;
            continue;
        }
        const int high = i + 1 < encoded.size() ? hex_value(encoded[i + 1]) : -1;
        const int low = i + 2 < encoded.size() ? hex_value(encoded[i + 2]) : -1;
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

// Takes the text up to `separator` off `rest`.
std::string_view take_until(std::string_view& rest, char separator) noexcept {
    const std::size_t at = rest.find(separator);
    const std::string_view part = rest.substr(0, at);
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    return part;
}

}  // namespace

Result<std::vector<std::string>> decode_form(std::string_view form) {
    std::vector<std::string> messages;
    while (!form.empty()) {
        std::string_view value = take_until(form, '&');
        const auto name = decode_component(take_until(value, '='));
        auto decoded = decode_component(value);
        if (!name || !decoded) {
            return Error{ErrorCode::kInvalid, "the form has a broken percent escape"};
        }
        if (*name == "message") {
            messages.push_back(*std::move(decoded));
        }
    }
    if (messages.empty()) {
        return Error{ErrorCode::kInvalid, "the form has no field named message"};
    }
    return messages;
}

}  // namespace bayeux::protocol
