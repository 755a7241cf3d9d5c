// Channel names: what is one, of which kind, and what a pattern matches (CH-1..CH-14, S1).
//
// A valid name starts with '/', has 1 to kMaxChannelSegments non-empty segments of the characters
// that CometD allows (CH-2: letters, digits and ` !#$()*+-._@{~}`), is at most kMaxChannelName
// bytes long, has `*` or `**` as a whole segment only at its end (CH-5), and no segment that is
// `.` or `..`. Spaces around the name and one trailing '/' are dropped first (CH-4), but never to
// form a meta name: `/meta/handshake/` stays what it is and is refused (CH-12, S1). A first segment
// that is `meta` or `service` in other letter case, and `/meta` and `/service` alone, are refused
// (CH-11, S1).
#ifndef BAYEUX_PROTOCOL_CHANNEL_NAME_HPP
#define BAYEUX_PROTOCOL_CHANNEL_NAME_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bayeux::protocol {

inline constexpr std::size_t kMaxChannelName = 255;
inline constexpr std::size_t kMaxChannelSegments = 32;

enum class ChannelKind : std::uint8_t { kMeta, kService, kBroadcast };
enum class Wildcard : std::uint8_t { kNone, kOneLevel, kDeep };  // exact, `/*`, `/**`

class ChannelName {
  public:
    // Nothing if the name breaks a rule above.
    [[nodiscard]] static std::optional<ChannelName> parse(std::string_view raw);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] ChannelKind kind() const noexcept { return kind_; }
    [[nodiscard]] Wildcard wildcard() const noexcept { return wildcard_; }
    [[nodiscard]] bool is_pattern() const noexcept { return wildcard_ != Wildcard::kNone; }
    // How many segments, the wildcard included.
    [[nodiscard]] std::size_t segments() const noexcept { return segments_; }

    // CH-6, CH-7: true if this name or pattern covers the given name; an exact name covers itself.
    // A given pattern is covered if all is that it covers: /a/** covers /a/*, not the other way.
    [[nodiscard]] bool matches(const ChannelName& name) const noexcept;
    // True if some channel exists that both cover; either may be an exact name.
    [[nodiscard]] bool overlaps(const ChannelName& other) const noexcept;

  private:
    ChannelName() = default;

    std::string text_;
    ChannelKind kind_ = ChannelKind::kBroadcast;
    Wildcard wildcard_ = Wildcard::kNone;
    std::size_t segments_ = 0;
};

// The names under which subscribers of an exact name may be found (CH-8), for /a/b/c in this order:
// /a/b/c, /a/b/*, /a/b/**, /a/**, /**. No allocation: each name is written into a buffer that the
// expansion owns and is valid until the next call. `name` must outlive it, and is an exact name.
class ChannelExpansion {
  public:
    explicit ChannelExpansion(std::string_view name) noexcept : name_(name) {}
    // False at the end.
    bool next(std::string_view& pattern) noexcept;
    // How many names next() has handed out or skip() has passed over. On a fresh expansion, skip(n)
    // goes on behind the first n.
    [[nodiscard]] std::uint32_t position() const noexcept { return position_; }
    void skip(std::uint32_t count) noexcept;

  private:
    std::string_view name_;
    std::uint32_t position_ = 0;
    std::size_t cut_ = 0;  // where the last pattern's wildcard began
    char buffer_[kMaxChannelName + 3] = {};
};

}  // namespace bayeux::protocol

#endif
