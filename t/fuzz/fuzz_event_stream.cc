// An event of any text, read again as a browser reads the stream (HTML, section 9.2.6): one event,
// whose data is the text in brackets but for what its line breaks are. And chunks are undone.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/event_stream.hpp"

namespace {

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

std::string_view take_line(std::string_view& stream) {
    const std::size_t end = stream.find_first_of("\r\n");
    require(end != std::string_view::npos);
    const std::string_view line = stream.substr(0, end);
    stream.remove_prefix(end + (stream.substr(end).starts_with("\r\n") ? 2 : 1));
    return line;
}

// The data of each event.
std::vector<std::string> read_stream(std::string_view stream) {
    std::vector<std::string> events;
    std::string data;
    while (!stream.empty()) {
        std::string_view line = take_line(stream);
        if (line.empty()) {
            if (!data.empty()) {
                data.pop_back();
                events.push_back(data);
                data.clear();
            }
            continue;
        }
        if (line.starts_with(":") || line.starts_with("retry: ")) {
            continue;
        }
        require(line.starts_with("data:"));
        line.remove_prefix(5);
        line.remove_prefix(line.starts_with(" ") ? 1 : 0);
        data.append(line).append(1, '\n');
    }
    return events;
}

std::string with_line_feeds(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool pair = text.substr(i).starts_with("\r\n");
        out += text[i] == '\r' ? '\n' : text[i];
        i += pair ? 1 : 0;
    }
    return out;
}

std::string without_chunks(std::string_view body) {
    std::string out;
    while (true) {
        std::size_t size = 0;
        const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), size, 16);
        require(error == std::errc());
        body.remove_prefix(static_cast<std::size_t>(end - body.data()));
        require(body.starts_with("\r\n") && body.size() >= size + 4);
        out += body.substr(2, size);
        require(body.substr(2 + size).starts_with("\r\n"));
        body.remove_prefix(size + 4);
        if (size == 0) {
            require(body.empty());
            return out;
        }
    }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    std::string stream;
    bayeux::protocol::append_stream_start(stream);
    bayeux::protocol::append_stream_event(stream, input);
    bayeux::protocol::append_stream_comment(stream);
    bayeux::protocol::append_stream_event(stream, "{}");
    const std::vector<std::string> events = read_stream(stream);
    require(events.size() == 2 && events[1] == "[{}]");
    require(events[0] == "[" + with_line_feeds(input) + "]");

    std::string body;
    bayeux::protocol::append_chunk(body, stream);
    bayeux::protocol::append_chunk(body, input);
    bayeux::protocol::append_last_chunk(body);
    require(without_chunks(body) == stream + std::string(input));
    return 0;
}
