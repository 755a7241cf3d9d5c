// is_json_body() and charset_of() of batch.hpp.
#include <algorithm>
#include <optional>

#include "protocol/batch.hpp"
#include "protocol/json_text.hpp"

namespace bayeux::protocol {

namespace {

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

bool is_json_type(std::string_view type) noexcept {
    if (equals_ignoring_case(type, "application/json") || equals_ignoring_case(type, "text/json")) {
        return true;
    }
    constexpr std::string_view kSuffix = "+json";
    const std::size_t slash = type.find('/');
    if (slash == std::string_view::npos || slash == 0) {
        return false;
    }
    const std::string_view subtype = type.substr(slash + 1);
    return subtype.size() > kSuffix.size() &&
           equals_ignoring_case(subtype.substr(subtype.size() - kSuffix.size()), kSuffix);
}

// Takes one parameter, up to a semicolon that is not quoted, off `rest`.
std::string_view take_parameter(std::string_view& rest) noexcept {
    bool quoted = false;
    std::size_t at = 0;
    for (; at < rest.size() && (quoted || rest[at] != ';'); ++at) {
        if (quoted && rest[at] == '\\') {
            ++at;
        } else if (rest[at] == '"') {
            quoted = !quoted;
        }
    }
    at = std::min(at, rest.size());
    const std::string_view parameter = rest.substr(0, at);
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return parameter;
}

// A token, or a quoted string without its quotes and backslashes; in lower case.
std::string plain_value(std::string_view value) {
    const bool quoted = value.starts_with('"');
    std::string out;
    for (std::size_t i = quoted ? 1 : 0; i < value.size(); ++i) {
        if (quoted && value[i] == '"') {
            break;
        }
        if (quoted && value[i] == '\\' && i + 1 < value.size()) {
            ++i;
        }
        out += lower(value[i]);
    }
    return out;
}

}  // namespace

bool is_json_body(std::string_view type, std::string_view body) noexcept {
    const std::string_view media = trim(type.substr(0, type.find(';')));
    if (!media.empty()) {
        return is_json_type(media);
    }
    const std::string_view text = trim_json(body);
    return text.starts_with('[') || text.starts_with('{');
}

std::string charset_of(std::string_view type) {
    take_parameter(type);  // the media type itself
    while (!type.empty()) {
        const std::string_view parameter = take_parameter(type);
        const std::size_t equals = parameter.find('=');
        if (equals != std::string_view::npos &&
            equals_ignoring_case(trim(parameter.substr(0, equals)), "charset")) {
            return plain_value(trim(parameter.substr(equals + 1)));
        }
    }
    return {};
}

}  // namespace bayeux::protocol
