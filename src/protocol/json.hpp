// The few values of an envelope that must be understood, not only passed on. json.cc is the only
// file that includes jansson. Any thread; nothing throws but std::bad_alloc.
#ifndef BAYEUX_PROTOCOL_JSON_HPP
#define BAYEUX_PROTOCOL_JSON_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bayeux::protocol {

// The decode functions below take a trimmed slice that is_json() has accepted.

// A JSON string decoded to UTF-8 (it may contain NUL); nothing if the slice is no string or cannot
// be decoded (a lone surrogate). A string without escapes is not parsed again.
[[nodiscard]] std::optional<std::string> decode_string(std::string_view slice);

// The same for the key of a member, without allocating where the key has no escapes; with them the
// result lives in `storage`. Compare keys in this form only: "\u0063hannel" is channel too (S6).
[[nodiscard]] std::optional<std::string_view> decode_key(std::string_view slice,
                                                         std::string& storage);

// A JSON integer, or a real without a fraction that fits; nothing otherwise.
[[nodiscard]] std::optional<std::int64_t> decode_integer(std::string_view slice);

// UTF-8 text as a JSON string with its quotes. Valid in HTML and JavaScript too: `<`, U+2028 and
// U+2029 come out as \u escapes. Bytes that are not UTF-8 are replaced by U+FFFD.
[[nodiscard]] std::string quote(std::string_view text);
// The same, appended to `out`.
void append_quoted(std::string& out, std::string_view text);

}  // namespace bayeux::protocol

#endif
