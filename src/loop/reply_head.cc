#include "loop/reply_head.hpp"

#include <algorithm>

#include "loop/head_text.hpp"

namespace bayeux::loop {
namespace {

constexpr std::size_t kMaxSize = 8192;
constexpr std::string_view kVersion = "HTTP/1.1 ";

// Of one response only.
constexpr std::array<std::string_view, 12> kOfOneResponse{
    "set-cookie",    "set-cookie2", "content-encoding",    "transfer-encoding",
    "trailer",       "upgrade",     "content-md5",         "digest",
    "content-range", "etag",        "authentication-info", "proxy-authentication-info"};

bool all_digits(std::string_view text) noexcept {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<ReplyHead> ReplyHead::of(std::string_view head) {
    HeadLines lines(head);
    std::string_view line;
    if (head.size() > kMaxSize || !lines.next(line) || !line.starts_with("HTTP/1.1 200")) {
        return std::nullopt;
    }
    ReplyHead reply;
    reply.text_.assign(line);
    reply.text_ += "\r\n";
    while (lines.next(line)) {
        if (!reply.take(line)) {
            return std::nullopt;
        }
        reply.text_ += "\r\n";
    }
    const auto places = reply.places_;
    const bool has_length = std::any_of(places.begin(), places.begin() + reply.holes_,
                                        [](Place p) { return p.hole == Hole::kLength; });
    if (!lines.ended() || !has_length) {
        return std::nullopt;
    }
    reply.text_ += "\r\n";
    return reply;
}

bool ReplyHead::take(std::string_view line) {
    const auto field = field_of(line);
    if (!field) {
        return false;
    }
    const std::string name = lower_case(field->name);
    if (name == "date") {
        return cut(line, field->value, Hole::kDate);
    }
    if (name == "content-length") {
        return all_digits(field->value) && cut(line, field->value, Hole::kLength);
    }
    if (name == "keep-alive") {
        constexpr std::string_view kMax = "max=";
        const std::size_t max = field->value.find(kMax);
        if (max == std::string_view::npos) {
            text_ += line;
            return true;
        }
        const std::string_view digits = field->value.substr(max + kMax.size());
        return all_digits(digits) && cut(line, digits, Hole::kRequests);
    }
    if (name == "connection" && !same_letters(field->value, "keep-alive")) {
        return false;
    }
    text_ += line;
    return std::find(kOfOneResponse.begin(), kOfOneResponse.end(), name) == kOfOneResponse.end();
}

// Appends the line without `value`, which is a part of it. False if that is renewed already.
bool ReplyHead::cut(std::string_view line, std::string_view value, Hole hole) {
    const bool again = std::any_of(places_.begin(), places_.begin() + holes_,
                                   [&](Place p) { return p.hole == hole; });
    if (again) {
        return false;
    }
    const auto before = static_cast<std::size_t>(value.data() - line.data());
    places_[holes_++] = {hole, static_cast<std::uint16_t>(text_.size() + before)};
    text_ += line.substr(0, before);
    text_ += line.substr(before + value.size());
    return true;
}

void ReplyHead::fill(std::string& out, Hole hole, const Renewed& renewed) {
    switch (hole) {
        case Hole::kDate:
            out += renewed.date;
            return;
        case Hole::kLength:
            out += std::to_string(renewed.length);
            return;
        case Hole::kRequests:
            out += std::to_string(renewed.requests);
            return;
    }
}

void ReplyHead::append_part(std::string& out, std::size_t from, std::size_t to,
                            const Renewed& renewed) const {
    for (std::size_t i = 0; i < holes_; ++i) {
        const std::size_t at = places_[i].at;
        if (at >= from && at < to) {
            out.append(text_, from, at - from);
            fill(out, places_[i].hole, renewed);
            from = at;
        }
    }
    out.append(text_, from, to - from);
}

void ReplyHead::append_to(std::string& out, const Renewed& renewed) const {
    append_part(out, 0, text_.size(), renewed);
}

void ReplyHead::append_last(std::string& out, std::string_view status,
                            const Renewed& renewed) const {
    out += kVersion;
    out += status;
    out += "\r\n";
    const std::string_view text = text_;
    for (std::size_t from = text.find("\r\n") + 2; from + 2 < text.size();) {
        const std::size_t to = text.find("\r\n", from) + 2;
        const auto field = field_of(text.substr(from, to - 2 - from));
        const bool left_out = same_letters(field->name, "connection") ||
                              same_letters(field->name, "keep-alive") ||
                              (renewed.length == 0 && same_letters(field->name, "content-type"));
        if (!left_out) {
            append_part(out, from, to, renewed);
        }
        from = to;
    }
    out += "Connection: close\r\n\r\n";
}

}  // namespace bayeux::loop
