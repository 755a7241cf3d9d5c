#include "protocol/event_stream.hpp"

#include <array>
#include <charconv>
#include <cstddef>

namespace bayeux::protocol {

namespace {

// Appends `text` with each of its lines after the first as a field of its own: a client joins them
// with a line feed, which to JSON is as good as what was there.
void append_lines(std::string& out, std::string_view text) {
    while (true) {
        const std::size_t end = text.find_first_of("\r\n");
        out += text.substr(0, end);
        if (end == std::string_view::npos) {
            return;
        }
        out += "\r\ndata: ";
        text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
    }
}

}  // namespace

void append_stream_start(std::string& out) {
    out += "retry: 5000\r\n\r\n";
}

void append_stream_event(std::string& out, std::string_view message) {
    out += "data: [";
    append_lines(out, message);
    out += "]\r\n\r\n";
}

void append_stream_comment(std::string& out) {
    out += ":\r\n\r\n";
}

void append_chunk(std::string& out, std::string_view data) {
    if (data.empty()) {
        return;
    }
    std::array<char, 2 * sizeof(std::size_t)> digits{};
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), data.size(), 16);
    static_cast<void>(error);  // a size always fits
    out.append(digits.data(), end);
    out += "\r\n";
    out += data;
    out += "\r\n";
}

void append_last_chunk(std::string& out) {
    out += "0\r\n\r\n";
}

}  // namespace bayeux::protocol
