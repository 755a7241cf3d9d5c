// ChannelName::parse() on any bytes: what it accepts keeps the rules of channel_name.hpp, stays the
// same when parsed again, and is matched by exactly the patterns of its expansion (CH-8). The
// input's lines are names and patterns; each is tried on each.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/channel_name.hpp"

namespace {

using bayeux::protocol::ChannelExpansion;
using bayeux::protocol::ChannelKind;
using bayeux::protocol::ChannelName;

constexpr std::size_t kMaxNames = 8;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void check_name(const ChannelName& name, std::string_view raw) {
    const std::string& text = name.text();
    require(text.size() >= 2 && text.size() <= bayeux::protocol::kMaxChannelName);
    require(text.front() == '/' && text.back() != '/');
    require(text.find("//") == std::string::npos && text.find('\0') == std::string::npos);
    require(text.find("/../") == std::string::npos && !text.ends_with("/.."));
    require(name.segments() == static_cast<std::size_t>(std::count(text.begin(), text.end(), '/')));
    require(name.segments() <= bayeux::protocol::kMaxChannelSegments);
    require((name.kind() == ChannelKind::kMeta) == text.starts_with("/meta/"));
    require((name.kind() == ChannelKind::kService) == text.starts_with("/service/"));
    require(name.kind() != ChannelKind::kMeta || text == raw);  // S1
    require(raw.find(text) != std::string_view::npos);

    const auto again = ChannelName::parse(text);
    require(again.has_value() && again->text() == text && again->wildcard() == name.wildcard());
    require(name.matches(name) && name.overlaps(name));
}

std::vector<std::string> expansion_of(const ChannelName& name) {
    std::vector<std::string> patterns;
    ChannelExpansion expansion(name.text());
    for (std::string_view pattern; expansion.next(pattern);) {
        patterns.emplace_back(pattern);
    }
    require(patterns.size() == name.segments() + 2 && expansion.position() == patterns.size());
    return patterns;
}

void check_expansion(const ChannelName& name, const std::vector<ChannelName>& others) {
    const std::vector<std::string> patterns = expansion_of(name);
    for (const std::string& pattern : patterns) {
        const auto parsed = ChannelName::parse(pattern);
        // A wildcard may make a name one byte too long to be a pattern; nobody can subscribe to it.
        require(parsed.has_value() ? parsed->matches(name)
                                   : pattern.size() > bayeux::protocol::kMaxChannelName);
    }
    for (const ChannelName& other : others) {
        const bool found =
            std::find(patterns.begin(), patterns.end(), other.text()) != patterns.end();
        require(found == other.matches(name) && found == other.overlaps(name));
    }
}

void check_pair(const ChannelName& a, const ChannelName& b) {
    require(a.overlaps(b) == b.overlaps(a));
    require(!a.matches(b) || a.overlaps(b));
    require(!(a.matches(b) && b.matches(a)) || a.text() == b.text());
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(bytes), size);
    std::vector<ChannelName> names;
    while (!rest.empty() && names.size() < kMaxNames) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view raw = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (const auto name = ChannelName::parse(raw)) {
            check_name(*name, raw);
            names.push_back(*name);
        }
    }
    for (const ChannelName& name : names) {
        if (!name.is_pattern()) {
            check_expansion(name, names);
        }
        for (const ChannelName& other : names) {
            check_pair(name, other);
        }
    }
    return 0;
}
