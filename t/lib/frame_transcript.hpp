// What a FrameReader makes of a client's bytes, as text that a test compares.
#ifndef BAYEUX_T_LIB_FRAME_TRANSCRIPT_HPP
#define BAYEUX_T_LIB_FRAME_TRANSCRIPT_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/deflate.hpp"
#include "protocol/websocket_frame.hpp"

namespace bayeux {

inline std::string transcript_line(const protocol::Received& received) {
    using Kind = protocol::Received::Kind;
    const auto code = std::to_string(static_cast<unsigned>(received.code));
    switch (received.kind) {
        case Kind::kNothing:
            return "";
        case Kind::kMessage:
            return "<" + std::string(received.payload) + ">";
        case Kind::kPing:
            return "ping(" + std::string(received.payload) + ")";
        case Kind::kPong:
            return "pong(" + std::string(received.payload) + ")";
        case Kind::kClose:
            return "close(" + std::to_string(received.peer_code) +
                   (received.payload.empty() ? "" : " ") + std::string(received.payload) + ")" +
                   (code == std::to_string(received.peer_code) ? "" : "!");
        case Kind::kError:
            return "error " + code;
    }
    return "?";
}

// Feeds `bytes` in pieces of `step`, and of up to `step` in turn where `ragged`; ends at an error.
inline std::string transcript(std::string_view bytes, std::size_t max_message, bool deflate,
                              std::size_t step, bool ragged) {
    protocol::Inflater inflater;
    protocol::FrameReader reader(max_message, deflate ? &inflater : nullptr);
    std::string out;
    for (std::size_t at = 0, turn = 0; at < bytes.size(); ++turn) {
        // A copy of just the piece, so that a sanitizer sees a read beyond it.
        const std::string piece(bytes.substr(at, ragged ? turn % step + 1 : step));
        at += piece.size();
        std::string_view rest = piece;
        while (true) {
            const protocol::Received received = reader.next(rest);
            if (received.kind == protocol::Received::Kind::kNothing) {
                break;
            }
            out += transcript_line(received);
            if (received.kind == protocol::Received::Kind::kError) {
                return out;
            }
        }
        if (!rest.empty()) {
            return out + " (bytes are left)";
        }
    }
    return reader.in_message() ? out + "..." : out;
}

// The same whatever the pieces are; "..." at the end: a frame or a message is not complete.
inline std::string transcript(std::string_view bytes, std::size_t max_message = 65536,
                              bool deflate = false) {
    const std::size_t whole = std::max<std::size_t>(bytes.size(), 1);
    std::string at_once = transcript(bytes, max_message, deflate, whole, false);
    for (const std::size_t step : {1U, 2U, 3U, 7U, 8U, 9U, 4096U}) {
        for (const bool ragged : {false, true}) {
            const std::string other = transcript(bytes, max_message, deflate, step, ragged);
            if (other != at_once) {
                return "in pieces of " + std::to_string(step) + ": " + other +
                       ", at once: " + at_once;
            }
        }
    }
    return at_once;
}

}  // namespace bayeux

#endif
