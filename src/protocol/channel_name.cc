#include "protocol/channel_name.hpp"

#include <algorithm>
#include <array>

namespace bayeux::protocol {

namespace {

constexpr auto kAllowed = [] {
    std::array<bool, 256> table{};
    // CH-2: what CometD's validator allows.
    constexpr std::string_view kSigns = " !#$()*+-./@_{~}";
    for (std::size_t c = 0; c < table.size(); ++c) {
        const char sign = static_cast<char>(c);
        table[c] = (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z') ||
                   (sign >= '0' && sign <= '9') || kSigns.find(sign) != std::string_view::npos;
    }
    return table;
}();

bool is_allowed(char c) noexcept {
    return kAllowed[static_cast<std::uint8_t>(c)];
}

// CH-4. Nothing if dropping a slash would uncover another one or a blank: such a name would not be
// the same when it is parsed again.
std::string_view normalise(std::string_view raw) noexcept {
    const std::size_t first = raw.find_first_not_of(' ');
    if (first == std::string_view::npos) {
        return {};
    }
    std::string_view name = raw.substr(first, raw.find_last_not_of(' ') - first + 1);
    if (name.ends_with('/')) {
        name.remove_suffix(1);
        if (name.ends_with('/') || name.ends_with(' ')) {
            return {};
        }
    }
    return name;
}

Wildcard wildcard_of(std::string_view segment) noexcept {
    if (segment == "*") {
        return Wildcard::kOneLevel;
    }
    return segment == "**" ? Wildcard::kDeep : Wildcard::kNone;
}

// How many segments, 0 if one breaks a rule; the last one's wildcard goes to `wildcard`.
std::size_t check_segments(std::string_view name, Wildcard& wildcard) noexcept {
    std::size_t count = 0;
    while (!name.empty()) {
        name.remove_prefix(1);  // the slash
        const std::string_view segment = name.substr(0, name.find('/'));
        name.remove_prefix(segment.size());
        wildcard = wildcard_of(segment);
        const bool misplaced = wildcard != Wildcard::kNone && !name.empty();  // CH-5
        if (segment.empty() || segment == "." || segment == ".." || misplaced ||
            ++count > kMaxChannelSegments) {
            return 0;
        }
    }
    return count;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

std::string_view first_segment(std::string_view name) noexcept {
    name.remove_prefix(1);
    return name.substr(0, name.find('/'));
}

// A pattern less its wildcard: "/a/" of "/a/**".
std::string_view stem(std::string_view pattern) noexcept {
    return pattern.substr(0, pattern.rfind('/') + 1);
}

}  // namespace

std::optional<ChannelName> ChannelName::parse(std::string_view raw) {
    const std::string_view name = normalise(raw);
    if (name.size() < 2 || name.size() > kMaxChannelName || name.front() != '/' ||
        !std::all_of(name.begin(), name.end(), is_allowed)) {
        return std::nullopt;
    }
    ChannelName channel;
    channel.segments_ = check_segments(name, channel.wildcard_);
    if (channel.segments_ == 0) {
        return std::nullopt;
    }
    const std::string_view first = first_segment(name);
    const bool meta = equals_ignoring_case(first, "meta");
    const bool service = equals_ignoring_case(first, "service");
    if (meta || service) {
        // CH-11, S1: neither `/meta` alone nor `/Meta/x`, nor a meta name that had to be trimmed.
        const bool other_case = first != "meta" && first != "service";
        if (other_case || channel.segments_ == 1 || (meta && name.size() != raw.size())) {
            return std::nullopt;
        }
        channel.kind_ = meta ? ChannelKind::kMeta : ChannelKind::kService;
    }
    channel.text_ = name;
    return channel;
}

bool ChannelName::matches(const ChannelName& name) const noexcept {
    switch (wildcard_) {
        case Wildcard::kNone:
            break;
        case Wildcard::kOneLevel:
            return name.segments_ == segments_ && name.wildcard_ != Wildcard::kDeep &&
                   stem(name.text_) == stem(text_);
        case Wildcard::kDeep:
            return name.text_.starts_with(stem(text_));
    }
    return text_ == name.text_;
}

bool ChannelName::overlaps(const ChannelName& other) const noexcept {
    if (!is_pattern() || !other.is_pattern()) {
        return is_pattern() ? matches(other) : other.matches(*this);
    }
    const std::string_view mine = stem(text_);
    const std::string_view theirs = stem(other.text_);
    if (wildcard_ == Wildcard::kOneLevel && other.wildcard_ == Wildcard::kOneLevel) {
        return mine == theirs;
    }
    // What `**` covers goes down without end, so a `**` above meets whatever is below it; two `**`
    // meet if either is above the other.
    const bool below_other = other.wildcard_ == Wildcard::kDeep && mine.starts_with(theirs);
    const bool below_mine = wildcard_ == Wildcard::kDeep && theirs.starts_with(mine);
    return below_other || below_mine;
}

bool ChannelExpansion::next(std::string_view& pattern) noexcept {
    if (name_.empty() || name_.size() > kMaxChannelName || name_.front() != '/') {
        return false;
    }
    switch (position_) {
        case 0:
            pattern = name_;
            ++position_;
            return true;
        case 1:
            cut_ = name_.rfind('/') + 1;
            name_.copy(buffer_, cut_);
            buffer_[cut_] = '*';
            pattern = std::string_view(buffer_, cut_ + 1);
            ++position_;
            return true;
        case 2:
            break;
        default:
            if (cut_ <= 1) {
                return false;
            }
            cut_ = name_.rfind('/', cut_ - 2) + 1;
    }
    buffer_[cut_] = '*';
    buffer_[cut_ + 1] = '*';
    pattern = std::string_view(buffer_, cut_ + 2);
    ++position_;
    return true;
}

void ChannelExpansion::skip(std::uint32_t count) noexcept {
    std::string_view passed;
    while (count != 0 && next(passed)) {
        --count;
    }
}

}  // namespace bayeux::protocol
