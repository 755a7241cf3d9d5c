#include "protocol/json.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <system_error>

#include <jansson.h>

#include "protocol/utf8.hpp"

namespace bayeux::protocol {

namespace {

struct Release {
    void operator()(json_t* value) const noexcept { json_decref(value); }
};
using JsonPtr = std::unique_ptr<json_t, Release>;

bool is_string(std::string_view slice) noexcept {
    return slice.size() >= 2 && slice[0] == '"';
}

bool has_escapes(std::string_view slice) noexcept {
    return slice.find('\\') != std::string_view::npos;
}

std::optional<std::string> decode_escapes(std::string_view slice) {
    json_error_t error;
    const JsonPtr value(
        json_loadb(slice.data(), slice.size(), JSON_DECODE_ANY | JSON_ALLOW_NUL, &error));
    if (!value || !json_is_string(value.get())) {
        return std::nullopt;
    }
    return std::string(json_string_value(value.get()), json_string_length(value.get()));
}

// True for what quote() must look at: escapes, and all that is not ASCII.
constexpr auto kSpecial = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0; c < table.size(); ++c) {
        table[c] = c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '<';
    }
    return table;
}();

void append_escaped(std::string& out, char c) {
    constexpr std::string_view kHex = "0123456789abcdef";
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default: {
            const auto byte = static_cast<std::uint8_t>(c);
            out += "\\u00";
            out += kHex[byte >> 4U];
            out += kHex[byte & 0xfU];
        }
    }
}

// Appends the character at `at` and returns its length.
std::size_t append_character(std::string& out, const char* at, const char* end) {
    const std::size_t length = utf8_length(at, end);
    const std::string_view character(at, length);
    if (length == 0) {
        out += "\xef\xbf\xbd";
        return 1;
    }
    if (length == 1) {
        append_escaped(out, *at);
    } else if (character == "\xe2\x80\xa8") {
        out += "\\u2028";
    } else if (character == "\xe2\x80\xa9") {
        out += "\\u2029";
    } else {
        out += character;
    }
    return length;
}

}  // namespace

std::optional<std::string> decode_string(std::string_view slice) {
    if (!is_string(slice)) {
        return std::nullopt;
    }
    if (has_escapes(slice)) {
        return decode_escapes(slice);
    }
    return std::string(slice.substr(1, slice.size() - 2));
}

std::optional<std::string_view> decode_key(std::string_view slice, std::string& storage) {
    if (!is_string(slice)) {
        return std::nullopt;
    }
    if (!has_escapes(slice)) {
        return slice.substr(1, slice.size() - 2);
    }
    std::optional<std::string> decoded = decode_escapes(slice);
    if (!decoded) {
        return std::nullopt;
    }
    storage = std::move(*decoded);
    return storage;
}

std::optional<std::int64_t> decode_integer(std::string_view slice) {
    const char* const end = slice.data() + slice.size();
    std::int64_t integer = 0;
    const auto whole = std::from_chars(slice.data(), end, integer);
    if (whole.ptr == end) {
        return whole.ec == std::errc{} ? std::optional(integer) : std::nullopt;
    }
    double real = 0;
    const auto parsed = std::from_chars(slice.data(), end, real);
    // 2^63 as a double is exact; its negative is the least value that fits.
    constexpr double kLimit = 9223372036854775808.0;
    if (parsed.ec != std::errc{} || parsed.ptr != end || std::trunc(real) != real ||
        real < -kLimit || real >= kLimit) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(real);
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const char* from = at;
        while (at != end && !kSpecial[static_cast<std::uint8_t>(*at)]) {
            ++at;
        }
        out.append(from, at);
        if (at != end) {
            at += append_character(out, at, end);
        }
    }
    out += '"';
}

std::string quote(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    append_quoted(out, text);
    return out;
}

}  // namespace bayeux::protocol
