// FrameReader on any bytes: whatever pieces they come in, the same comes out; messages are UTF-8
// and within the limit. And what a client frames properly, comes out as it was. The first byte
// chooses limit, deflate and the pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "client_frames.hpp"
#include "protocol/deflate.hpp"
#include "protocol/utf8.hpp"
#include "protocol/websocket_frame.hpp"

namespace {

using bayeux::protocol::FrameReader;
using bayeux::protocol::Inflater;
using bayeux::protocol::Received;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

bool is_utf8(std::string_view text) {
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const std::size_t length = bayeux::protocol::utf8_length(at, end);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

void check(const Received& received, std::size_t limit) {
    const bool message = received.kind == Received::Kind::kMessage;
    const bool close = received.kind == Received::Kind::kClose;
    require(received.payload.size() <= (message ? limit : 125));
    require(!(message || close) || is_utf8(received.payload));
    require(received.kind != Received::Kind::kError || !received.payload.empty());
    require(!close || received.peer_code == static_cast<unsigned>(received.code));
}

// What comes of the bytes, in a form that can be compared.
std::string read(std::string_view bytes, std::size_t limit, bool deflate, std::size_t step) {
    Inflater inflater;
    FrameReader reader(limit, deflate ? &inflater : nullptr);
    std::string out;
    while (!bytes.empty()) {
        const std::string piece(bytes.substr(0, step));
        bytes.remove_prefix(piece.size());
        std::string_view rest = piece;
        while (true) {
            const Received received = reader.next(rest);
            if (received.kind == Received::Kind::kNothing) {
                break;
            }
            check(received, limit);
            out += static_cast<char>(received.kind);
            out += std::to_string(static_cast<unsigned>(received.code));
            out += received.payload;
            if (received.kind == Received::Kind::kError) {
                return out;
            }
        }
        require(rest.empty());
    }
    return out + (reader.in_message() ? "+" : "");
}

// In two fragments with a ping between them.
void check_round_trip(std::string_view text) {
    const std::size_t half = text.size() / 2;
    const std::string bytes =
        bayeux::client_frame({.payload = text.substr(0, half), .final = false}) +
        bayeux::client_frame({.opcode = 9, .payload = "?"}) +
        bayeux::client_frame({.opcode = 0, .payload = text.substr(half)});
    FrameReader reader(text.size());
    std::string_view rest = bytes;
    Received received = reader.next(rest);
    if (received.kind == Received::Kind::kPing) {
        require(received.payload == "?");
        received = reader.next(rest);
    }
    const bool valid = is_utf8(text);
    require(received.kind == (valid ? Received::Kind::kMessage : Received::Kind::kError));
    require(!valid || received.payload == text);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const unsigned choice = bytes[0];
    const std::string_view input(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    const bool deflate = (choice & 1U) != 0;
    const std::size_t limit = (choice & 2U) != 0 ? 65536 : 100;
    const std::string whole = read(input, limit, deflate, std::max<std::size_t>(input.size(), 1));
    require(read(input, limit, deflate, 1) == whole);
    require(read(input, limit, deflate, 1 + (choice >> 2U)) == whole);
    check_round_trip(input);
    return 0;
}
