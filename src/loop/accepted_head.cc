#include "loop/accepted_head.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "loop/head_text.hpp"
#include "protocol/batch.hpp"

namespace bayeux::loop {
namespace {

// Fields that change how a request is framed, read, or answered.
constexpr std::array<std::string_view, 11> kRefused{
    "transfer-encoding", "expect",           "upgrade",          "te",
    "trailer",           "content-encoding", "proxy-connection", "range",
    "if-match",          "http2-settings",   "content-range"};

bool is_request_line(std::string_view line) noexcept {
    constexpr std::string_view kBegin = "POST /";
    constexpr std::string_view kEnd = " HTTP/1.1";
    if (line.size() < kBegin.size() + kEnd.size() || !line.starts_with(kBegin) ||
        !line.ends_with(kEnd)) {
        return false;
    }
    line.remove_prefix(kBegin.size());
    line.remove_suffix(kEnd.size());
    return std::all_of(line.begin(), line.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_utf8_json(std::string_view type) {
    if (type.empty() || !protocol::is_json_body(type, {})) {
        return false;
    }
    const std::string charset = protocol::charset_of(type);
    return charset.empty() || charset == "utf-8" || charset == "utf8" || charset == "us-ascii";
}

// Without sign, blank or leading zero.
std::optional<std::size_t> plain_length(std::string_view digits) noexcept {
    if (digits.empty() || digits.size() > AcceptedHead::kMaxDigits ||
        (digits.front() == '0' && digits.size() > 1)) {
        return std::nullopt;
    }
    std::size_t length = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        length = length * 10 + static_cast<std::size_t>(c - '0');
    }
    return length;
}

// Of one field, whose name is in lower case.
bool is_harmless(std::string_view name, std::string_view value) {
    if (name == "connection") {
        return same_letters(value, "keep-alive");
    }
    if (name == "content-type") {
        return is_utf8_json(value);
    }
    return std::find(kRefused.begin(), kRefused.end(), name) == kRefused.end();
}

}  // namespace

std::optional<AcceptedHead> AcceptedHead::of_request(std::string_view request) {
    const std::size_t end = request.find("\r\n\r\n");
    if (end == std::string_view::npos || end + 4 > kMaxSize) {
        return std::nullopt;
    }
    const std::string_view head = request.substr(0, end + 4);
    HeadLines lines(head);
    std::string_view line;
    if (!lines.next(line) || !is_request_line(line)) {
        return std::nullopt;
    }
    std::vector<std::string> names;
    std::string_view digits;
    while (lines.next(line)) {
        const auto field = field_of(line);
        if (!field) {
            return std::nullopt;
        }
        std::string name = lower_case(field->name);
        if (!is_harmless(name, field->value) ||
            std::find(names.begin(), names.end(), name) != names.end()) {
            return std::nullopt;
        }
        if (name == "content-length") {
            digits = field->value;
        }
        names.push_back(std::move(name));
    }
    const auto has = [&](std::string_view name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    const auto length = plain_length(digits);
    if (!lines.ended() || !length || head.size() + *length != request.size() || !has("host") ||
        !has("content-type")) {
        return std::nullopt;
    }
    const auto at = static_cast<std::size_t>(digits.data() - head.data());
    std::string text;
    text.reserve(head.size());  // it stays: no more than it needs
    text += head.substr(0, at);
    text += head.substr(at + digits.size());
    return AcceptedHead(std::move(text), at);
}

AcceptedHead::Match AcceptedHead::match(std::string_view bytes) const noexcept {
    const std::string_view text = text_;
    const std::size_t before = std::min(bytes.size(), digits_at_);
    if (bytes.substr(0, before) != text.substr(0, before)) {
        return {};
    }
    std::size_t end = before;
    while (end < bytes.size() && end - before <= kMaxDigits && bytes[end] >= '0' &&
           bytes[end] <= '9') {
        ++end;
    }
    const std::string_view behind = text.substr(digits_at_);
    const std::string_view there = bytes.substr(end);
    const std::size_t common = std::min(there.size(), behind.size());
    if (there.substr(0, common) != behind.substr(0, common)) {
        return {};
    }
    const auto length = plain_length(bytes.substr(before, end - before));
    if (there.empty() && (length || end == before)) {
        return {.verdict = Verdict::kMore};
    }
    if (!length) {
        return {};
    }
    if (common < behind.size()) {
        return {.verdict = Verdict::kMore};
    }
    return {.verdict = Verdict::kYes, .head = end + behind.size(), .body = *length};
}

}  // namespace bayeux::loop
