#include "loop/head_text.hpp"

#include <algorithm>

namespace bayeux::loop {
namespace {

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_control(char c) noexcept {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7f';
}

bool is_token(char c) noexcept {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kMarks.find(c) != std::string_view::npos;
}

}  // namespace

bool same_letters(std::string_view text, std::string_view lower_text) noexcept {
    return std::equal(text.begin(), text.end(), lower_text.begin(), lower_text.end(),
                      [](char a, char b) { return lower(a) == b; });
}

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

bool HeadLines::next(std::string_view& line) noexcept {
    const std::size_t end = ended_ ? std::string_view::npos : rest_.find("\r\n");
    if (end == std::string_view::npos) {
        return false;
    }
    line = rest_.substr(0, end);
    if (std::any_of(line.begin(), line.end(), is_control)) {
        return false;
    }
    rest_.remove_prefix(end + 2);
    ended_ = line.empty();
    return !ended_;
}

std::optional<HeadField> field_of(std::string_view line) noexcept {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
        return std::nullopt;
    }
    const std::string_view name = line.substr(0, colon);
    if (!std::all_of(name.begin(), name.end(), is_token)) {
        return std::nullopt;
    }
    std::string_view value = line.substr(colon + 1);
    const std::size_t first = value.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return HeadField{name, value.substr(0, 0)};
    }
    return HeadField{name, value.substr(first, value.find_last_not_of(" \t") - first + 1)};
}

}  // namespace bayeux::loop
