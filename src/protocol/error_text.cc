#include "protocol/error_text.hpp"

#include <cstddef>

namespace bayeux::protocol::error_text {

namespace {

// Long enough for every list of types that a client really has.
constexpr std::size_t kMaxTypes = 200;

// ER-1: what an argument may hold, and the comma that separates arguments.
bool is_allowed(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_!~()$@ /*.,").find(c) != std::string_view::npos;
}

}  // namespace

std::string denied(std::string_view reason, std::string_view what) {
    std::string text = "403:";
    text += reason;
    text += ':';
    text += what;
    return text;
}

std::string connection_types_unsupported(std::string_view types) {
    std::string text = "301:";
    for (const char c : types.substr(0, kMaxTypes)) {
        if (is_allowed(c)) {
            text += c;
        }
    }
    text += ":connection_types_not_supported";
    return text;
}

}  // namespace bayeux::protocol::error_text
