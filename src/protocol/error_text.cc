#include "protocol/error_text.hpp"

#include <algorithm>
#include <cstddef>

namespace bayeux::protocol::error_text {

namespace {

// Long enough for every list of types that a client really has, and for channel names.
constexpr std::size_t kMaxArgument = 200;

// ER-1: what an argument may hold, and the comma that separates arguments.
bool is_allowed(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_!~()$@ /*.,").find(c) != std::string_view::npos;
}

void append_allowed(std::string& out, std::string_view text) {
    for (const char c : text.substr(0, kMaxArgument)) {
        if (is_allowed(c)) {
            out += c;
        }
    }
}

}  // namespace

std::string denied(std::string_view reason, std::string_view what) {
    std::string text = "403:";
    text += reason;
    text += ':';
    text += what;
    return text;
}

std::string denied_because(std::string_view reason, std::string_view what) {
    std::string words;
    append_allowed(words, reason);
    // A comma would begin another argument.
    words.erase(std::remove(words.begin(), words.end(), ','), words.end());
    if (words.empty() && what != kHandshake) {
        words = kByPolicy;
    }
    return denied(words, what);
}

std::string connection_types_unsupported(std::string_view types) {
    std::string text = "301:";
    append_allowed(text, types);
    text += ":connection_types_not_supported";
    return text;
}

std::string limited(std::string_view channel, std::string_view what) {
    std::string text = "429:";
    append_allowed(text, channel);
    text += ':';
    text += what;
    return text;
}

std::string filtered(std::string_view filter, std::string_view section) {
    std::string text = "403:";
    append_allowed(text, filter);
    text += ',';
    append_allowed(text, section);
    text += ":refused_by_filter";
    return text;
}

}  // namespace bayeux::protocol::error_text
