// JsonMembers and JsonElements of json_text.hpp: walking over text that was checked, so that only
// strings and brackets are told apart.
#include <algorithm>
#include <cstddef>

#include "protocol/json_scan.hpp"
#include "protocol/json_text.hpp"

namespace bayeux::protocol {

namespace {

using json_scan::is_space;
using json_scan::skip_space;
using json_scan::skip_string;

// `at` is the opening bracket; returns the place behind the one that closes it.
const char* skip_nested(const char* at, const char* end) noexcept {
    std::uint32_t depth = 0;
    while (at != end) {
        const char c = *at;
        if (c == '"') {
            at = skip_string(at, end);
            continue;
        }
        ++at;
        if (c == '{' || c == '[') {
            ++depth;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return at;
        }
    }
    return end;
}

const char* skip_value(const char* at, const char* end) noexcept {
    if (at == end) {
        return end;
    }
    switch (*at) {
        case '"':
            return skip_string(at, end);
        case '{':
        case '[':
            return skip_nested(at, end);
        default:
            while (at != end && *at != ',' && *at != '}' && *at != ']' && !is_space(*at)) {
                ++at;
            }
            return at;
    }
}

// Takes one value and a comma behind it; `at` is its first byte.
std::string_view take_value(const char*& at, const char* end) noexcept {
    const char* from = at;
    at = skip_value(from, end);
    const std::string_view value(from, static_cast<std::size_t>(at - from));
    at = skip_space(at, end);
    if (at != end && *at == ',') {
        ++at;
    }
    return value;
}

}  // namespace

JsonKind kind_of(std::string_view value) noexcept {
    switch (value.empty() ? 'n' : value.front()) {
        case '{':
            return JsonKind::kObject;
        case '[':
            return JsonKind::kArray;
        case '"':
            return JsonKind::kString;
        case 't':
        case 'f':
            return JsonKind::kBoolean;
        case 'n':
            return JsonKind::kNull;
        default:
            return JsonKind::kNumber;
    }
}

JsonMembers::JsonMembers(std::string_view object) noexcept
    : at_(object.data() + std::min<std::size_t>(object.size(), 1)),
      end_(object.data() + object.size()) {}

bool JsonMembers::next(std::string_view& key, std::string_view& value) noexcept {
    at_ = skip_space(at_, end_);
    if (at_ == end_ || *at_ != '"') {
        return false;
    }
    const char* from = at_;
    at_ = skip_string(from, end_);
    key = std::string_view(from, static_cast<std::size_t>(at_ - from));
    at_ = skip_space(at_, end_);
    if (at_ == end_) {
        return false;
    }
    at_ = skip_space(at_ + 1, end_);  // behind the colon
    value = take_value(at_, end_);
    return !value.empty();
}

JsonElements::JsonElements(std::string_view array) noexcept
    : at_(array.data() + std::min<std::size_t>(array.size(), 1)),
      end_(array.data() + array.size()) {}

bool JsonElements::next(std::string_view& value) noexcept {
    at_ = skip_space(at_, end_);
    if (at_ == end_ || *at_ == ']') {
        return false;
    }
    value = take_value(at_, end_);
    return !value.empty();
}

}  // namespace bayeux::protocol
