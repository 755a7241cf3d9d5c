// JSON as text: a strict RFC 8259 scanner that builds no tree. It checks a body once and hands out
// the slices that its values occupy, so that a payload can be passed on byte for byte, numbers
// included that no C type can hold. UTF-8 is checked too. Pure functions, any thread.
#ifndef BAYEUX_PROTOCOL_JSON_TEXT_HPP
#define BAYEUX_PROTOCOL_JSON_TEXT_HPP

#include <cstdint>
#include <string_view>

namespace bayeux::protocol {

enum class JsonKind : std::uint8_t { kObject, kArray, kString, kNumber, kBoolean, kNull };

inline constexpr std::uint32_t kMaxJsonDepth = 128;  // arrays and objects nested in each other

// True if `text` is exactly one JSON value, with nothing but white space around it. `max_depth` is
// at most kMaxJsonDepth. A \u escape of a lone surrogate is valid text (RFC 8259, 8.2).
[[nodiscard]] bool is_json(std::string_view text, std::uint32_t max_depth = kMaxJsonDepth) noexcept;

// `text` without the white space around it (space, tab, line feed, carriage return only).
[[nodiscard]] std::string_view trim_json(std::string_view text) noexcept;

// The functions below require text that is_json() has accepted, trimmed. With any other text they
// yield slices without meaning, but never one outside of it.
[[nodiscard]] JsonKind kind_of(std::string_view value) noexcept;

// Walks an object's members as slices of `object` without the white space around them; a key comes
// with its quotes, escapes undecoded.
class JsonMembers {
  public:
    explicit JsonMembers(std::string_view object) noexcept;
    // False at the end; else `key` and `value` are set.
    bool next(std::string_view& key, std::string_view& value) noexcept;

  private:
    const char* at_;
    const char* end_;
};

// Walks an array's elements likewise.
class JsonElements {
  public:
    explicit JsonElements(std::string_view array) noexcept;
    bool next(std::string_view& value) noexcept;

  private:
    const char* at_;
    const char* end_;
};

}  // namespace bayeux::protocol

#endif
