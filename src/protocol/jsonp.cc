#include "protocol/jsonp.hpp"

#include <algorithm>
#include <cstddef>

namespace bayeux::protocol {

namespace {

constexpr std::size_t kMaxCallback = 64;

constexpr bool is_callback_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || c == '.' || c == '-';
}

// U+2028 and U+2029 are these two bytes and a8 or a9: line ends in older JavaScript, even within a
// string.
constexpr std::string_view kSeparatorStart = "\xe2\x80";

// What must be written instead of the beginning of `text`, which is '<' or '\xe2', and how many
// bytes it replaces; nothing if it may stay.
struct Escape {
    std::string_view text;
    std::size_t length = 1;
};

Escape escape_for(std::string_view text) noexcept {
    if (text.front() == '<') {
        return {"\\u003c", 1};
    }
    if (text.size() >= 3 && text.starts_with(kSeparatorStart)) {
        if (text[2] == '\xa8') {
            return {"\\u2028", 3};
        }
        if (text[2] == '\xa9') {
            return {"\\u2029", 3};
        }
    }
    return {};
}

}  // namespace

bool is_callback_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= kMaxCallback &&
           std::all_of(name.begin(), name.end(), is_callback_character);
}

void append_jsonp_start(std::string& out, std::string_view callback) {
    out += "/**/";
    out += callback;
    out += '(';
}

void append_script_json(std::string& out, std::string_view json) {
    // Outside of its strings JSON has neither character, and within them neither can be the second
    // of an escape sequence: a \u escape fits wherever they stand.
    std::size_t done = 0;
    for (std::size_t at = 0; (at = json.find_first_of("<\xe2", at)) != std::string_view::npos;) {
        const Escape escape = escape_for(json.substr(at));
        if (!escape.text.empty()) {
            out += json.substr(done, at - done);
            out += escape.text;
            done = at + escape.length;
        }
        at += escape.length;
    }
    out += json.substr(done);
}

void append_jsonp_end(std::string& out) {
    out += ");";
}

std::string jsonp_body(std::string_view callback, std::string_view json) {
    std::string out;
    out.reserve(callback.size() + json.size() + 16);
    append_jsonp_start(out, callback);
    append_script_json(out, json);
    append_jsonp_end(out);
    return out;
}

}  // namespace bayeux::protocol
