#include "protocol/json_edit.hpp"

#include <charconv>
#include <utility>

#include "protocol/json.hpp"
#include "protocol/json_scan.hpp"
#include "protocol/utf8.hpp"

namespace bayeux::protocol {

namespace {

using json_scan::skip_space;
using json_scan::skip_string;

constexpr std::string_view kReplacement = "\xef\xbf\xbd";
constexpr std::size_t kUnicodeEscape = 6;  // \uXXXX

void append_utf8(std::string& out, std::uint32_t c) {
    const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
    if (c < 0x80) {
        byte(c);
    } else if (c < 0x800) {
        byte(0xc0U | (c >> 6U));
        byte(0x80U | (c & 0x3fU));
    } else if (c < 0x10000) {
        byte(0xe0U | (c >> 12U));
        byte(0x80U | ((c >> 6U) & 0x3fU));
        byte(0x80U | (c & 0x3fU));
    } else {
        byte(0xf0U | (c >> 18U));
        byte(0x80U | ((c >> 12U) & 0x3fU));
        byte(0x80U | ((c >> 6U) & 0x3fU));
        byte(0x80U | (c & 0x3fU));
    }
}

constexpr bool is_high_half(std::uint32_t c) noexcept {
    return c >= 0xd800 && c < 0xdc00;
}

constexpr bool is_low_half(std::uint32_t c) noexcept {
    return c >= 0xdc00 && c < 0xe000;
}

// The unit of a \uXXXX at the head of `text`; 0 if there is none.
std::uint32_t unit_at(std::string_view text) noexcept {
    std::uint32_t unit = 0;
    if (text.size() >= kUnicodeEscape && text.starts_with("\\u")) {
        std::from_chars(text.data() + 2, text.data() + kUnicodeEscape, unit, 16);
    }
    return unit;
}

// Appends what the \u escape at the head of `text` stands for; returns its length.
std::size_t decode_unit(std::string_view text, std::string& out) {
    const std::uint32_t unit = unit_at(text);
    if (is_high_half(unit)) {
        const std::uint32_t low = unit_at(text.substr(kUnicodeEscape));
        if (is_low_half(low)) {
            append_utf8(out, 0x10000U + ((unit - 0xd800U) << 10U) + (low - 0xdc00U));
            return 2 * kUnicodeEscape;
        }
    }
    if (is_high_half(unit) || is_low_half(unit)) {
        out += kReplacement;
    } else {
        append_utf8(out, unit);
    }
    return kUnicodeEscape;
}

char decode_letter(char c) noexcept {
    switch (c) {
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return c;
    }
}

// `inside` is what stands between the quotes.
void decode(std::string_view inside, std::string& out) {
    out.clear();
    while (true) {
        const std::size_t escape = inside.find('\\');
        out += inside.substr(0, escape);
        if (escape == std::string_view::npos) {
            return;
        }
        inside.remove_prefix(escape);
        if (inside.size() >= kUnicodeEscape && inside[1] == 'u') {
            inside.remove_prefix(decode_unit(inside, out));
        } else if (inside.size() >= 2) {
            out += decode_letter(inside[1]);
            inside.remove_prefix(2);
        } else {
            return;
        }
    }
}

// The next string that is a value, with its quotes; empty at the end. In JSON nothing but a key has
// a colon behind it.
std::string_view next_value(const char* at, const char* end) noexcept {
    while (at != end) {
        if (*at != '"') {
            ++at;
            continue;
        }
        const char* const behind = skip_string(at, end);
        const char* const next = skip_space(behind, end);
        if (next == end || *next != ':') {
            return {at, static_cast<std::size_t>(behind - at)};
        }
        at = next;
    }
    return {};
}

}  // namespace

Edited edit_strings(std::string_view json, StringEditor& editor, std::size_t max_size,
                    std::string& out) {
    const char* at = json.data();
    const char* const end = at + json.size();
    const char* copied = at;  // up to there `out` has it
    std::string before;
    std::string text;
    out.clear();
    for (std::string_view slice = next_value(at, end); !slice.empty();
         slice = next_value(at, end)) {
        at = slice.data() + slice.size();
        decode(slice.substr(1, slice.size() - 2), before);
        text = before;
        if (!editor.edit(text)) {
            return Edited::kStopped;
        }
        if (text == before) {
            continue;
        }
        out.append(copied, slice.data());
        append_quoted(out, text);
        copied = at;
        if (out.size() > max_size) {
            return Edited::kTooLarge;
        }
    }
    if (copied == json.data()) {
        return Edited::kSame;
    }
    out.append(copied, end);
    return out.size() > max_size ? Edited::kTooLarge : Edited::kChanged;
}

void mend_utf8(std::string& text) {
    const char* at = text.data();
    const char* const end = at + text.size();
    std::size_t length = 1;
    while (at != end && (length = utf8_length(at, end)) != 0) {
        at += length;
    }
    if (at == end) {
        return;
    }
    std::string mended(text, 0, static_cast<std::size_t>(at - text.data()));
    for (; at != end; at += length == 0 ? 1 : length) {
        length = utf8_length(at, end);
        mended += length == 0 ? kReplacement : std::string_view(at, length);
    }
    text = std::move(mended);
}

}  // namespace bayeux::protocol
