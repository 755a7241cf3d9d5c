// What the checker, the walkers and the editor of JSON text share; for their sources only.
#ifndef BAYEUX_PROTOCOL_JSON_SCAN_HPP
#define BAYEUX_PROTOCOL_JSON_SCAN_HPP

#include <bit>
#include <cstdint>
#include <cstring>

namespace bayeux::protocol::json_scan {

[[nodiscard]] constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

[[nodiscard]] inline const char* skip_space(const char* at, const char* end) noexcept {
    while (at != end && is_space(*at)) {
        ++at;
    }
    return at;
}

[[nodiscard]] constexpr std::uint64_t each(std::uint8_t byte) noexcept {
    return 0x0101010101010101U * byte;
}
inline constexpr std::uint64_t kHighBits = each(0x80);

// The first byte at or behind `at` that matters, or `end`; eight bytes at a time. MarkByte tells of
// one byte whether it does. MarkWord sets the high bit of the first byte that does and of none
// before it; what a borrow makes of later bytes is of no interest, which keeps the arithmetic
// short.
template <auto MarkWord, auto MarkByte>
[[nodiscard]] const char* find_marked(const char* at, const char* end) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        for (; end - at >= 8; at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, at, sizeof word);
            if (const std::uint64_t marks = MarkWord(word); marks != 0) {
                return at + std::countr_zero(marks) / 8;
            }
        }
    }
    while (at != end && !MarkByte(*at)) {
        ++at;
    }
    return at;
}

// See find_marked().
[[nodiscard]] inline std::uint64_t mark_quote_or_escape(std::uint64_t word) noexcept {
    const std::uint64_t quote = word ^ each('"');
    const std::uint64_t escape = word ^ each('\\');
    return (((quote - each(1)) & ~quote) | ((escape - each(1)) & ~escape)) & kHighBits;
}

[[nodiscard]] constexpr bool is_quote_or_escape(char c) noexcept {
    return c == '"' || c == '\\';
}

// Of text that was checked: `at` is the opening quote; returns the place behind the closing one.
[[nodiscard]] inline const char* skip_string(const char* at, const char* end) noexcept {
    ++at;
    while (true) {
        at = find_marked<mark_quote_or_escape, is_quote_or_escape>(at, end);
        if (at == end) {
            return end;
        }
        if (*at == '"') {
            return at + 1;
        }
        if (end - at < 2) {
            return end;
        }
        at += 2;
    }
}

}  // namespace bayeux::protocol::json_scan

#endif
