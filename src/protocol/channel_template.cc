#include "protocol/channel_template.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <utility>

namespace bayeux::protocol {
namespace {

enum class Segment : std::uint8_t { kPlain, kVariable, kOneLevel, kDeep };

Segment kind_of_segment(std::string_view segment) noexcept {
    if (segment == "**") {
        return Segment::kDeep;
    }
    if (segment == "*") {
        return Segment::kOneLevel;
    }
    const bool variable = segment.size() >= 2 && segment.front() == '{' && segment.back() == '}';
    return variable ? Segment::kVariable : Segment::kPlain;
}

std::string_view name_of(std::string_view variable) noexcept {
    return variable.substr(1, variable.size() - 2);
}

// It becomes a part of a header's and of an environment variable's name.
bool is_variable_name(std::string_view name) noexcept {
    constexpr std::size_t kMax = 32;
    const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
    return !name.empty() && name.size() <= kMax && letter(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; });
}

bool same_variable(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) ==
               std::tolower(static_cast<unsigned char>(y));
    });
}

// Takes the next segment off the front of `rest`, which begins with its slash.
std::string_view take_segment(std::string_view& rest) noexcept {
    const std::size_t end = std::min(rest.find('/', 1), rest.size());
    const std::string_view segment = rest.substr(1, end - 1);
    rest.remove_prefix(end);
    return segment;
}

// What is wrong with the variables; "" if nothing is.
std::string judge_variables(const std::vector<std::string>& segments) {
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (kind_of_segment(segments[i]) != Segment::kVariable) {
            continue;
        }
        if (!is_variable_name(name_of(segments[i]))) {
            return "the variable " + segments[i] +
                   " must have a name of 1 to 32 letters, digits and -, and begin with a letter";
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (same_variable(segments[i], segments[j])) {
                return "the variable " + segments[i] + " stands in it twice";
            }
        }
    }
    return {};
}

}  // namespace

ChannelTemplate::ChannelTemplate(ChannelName name) : name_(std::move(name)) {
    for (std::string_view rest = name_.text(); !rest.empty();) {
        const std::string_view segment = take_segment(rest);
        exact_ = exact_ && kind_of_segment(segment) == Segment::kPlain;
        segments_.emplace_back(segment);
    }
}

Result<ChannelTemplate> ChannelTemplate::parse(std::string_view raw) {
    auto name = ChannelName::parse(raw);
    if (!name || name->kind() != ChannelKind::kService) {
        return Error{ErrorCode::kInvalid, "it is not the name of a service channel"};
    }
    ChannelTemplate made(*std::move(name));
    std::string wrong = judge_variables(made.segments_);
    if (!wrong.empty()) {
        return Error{ErrorCode::kInvalid, std::move(wrong)};
    }
    return made;
}

bool ChannelTemplate::match(const ChannelName& channel,
                            std::vector<TemplateVariable>& variables) const {
    variables.clear();
    std::string_view rest = channel.text();
    for (const std::string& segment : segments_) {
        if (rest.empty()) {
            return false;
        }
        const std::string_view here = take_segment(rest);
        switch (kind_of_segment(segment)) {
            case Segment::kPlain:
                if (segment != here) {
                    return false;
                }
                break;
            case Segment::kVariable:
                variables.push_back({name_of(segment), here});
                break;
            case Segment::kOneLevel:
                break;
            case Segment::kDeep:
                return true;
        }
    }
    return rest.empty();
}

bool ChannelTemplate::same_shape(const ChannelTemplate& other) const noexcept {
    return std::equal(segments_.begin(), segments_.end(), other.segments_.begin(),
                      other.segments_.end(), [](const std::string& a, const std::string& b) {
                          return a == b || (kind_of_segment(a) == Segment::kVariable &&
                                            kind_of_segment(b) == Segment::kVariable);
                      });
}

bool ChannelTemplate::before(const ChannelTemplate& other) const noexcept {
    const std::size_t both = std::min(segments_.size(), other.segments_.size());
    for (std::size_t i = 0; i < both; ++i) {
        const Segment mine = kind_of_segment(segments_[i]);
        const Segment its = kind_of_segment(other.segments_[i]);
        if (mine != its) {
            return mine < its;
        }
    }
    // Of two that are alike so far, both match something only if they end in **: the longer is
    // meant.
    return segments_.size() > other.segments_.size();
}

}  // namespace bayeux::protocol
