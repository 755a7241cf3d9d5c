// append_frame_head() and append_close_frame() of websocket_frame.hpp.
#include <algorithm>

#include "protocol/websocket_frame.hpp"

namespace bayeux::protocol {

namespace {

constexpr unsigned kFinal = 0x80;
constexpr unsigned kCompressed = 0x40;
constexpr std::size_t kMaxShort = 125;
constexpr std::size_t kMax16 = 0xffff;
constexpr char kLength16 = 126;
constexpr char kLength64 = 127;
constexpr std::size_t kMaxReason = kMaxShort - 2;

void append_big_endian(std::string& out, std::uint64_t number, unsigned bytes) {
    for (unsigned left = bytes; left != 0; --left) {
        out += static_cast<char>(number >> (8 * (left - 1)) & 0xffU);
    }
}

// The beginning of a text, as long as a close frame has room for.
std::string_view cut_reason(std::string_view reason) noexcept {
    if (reason.size() <= kMaxReason) {
        return reason;
    }
    std::size_t length = kMaxReason;
    while (length != 0 && (static_cast<std::uint8_t>(reason[length]) & 0xc0U) == 0x80U) {
        --length;
    }
    return reason.substr(0, length);
}

}  // namespace

void append_frame_head(std::string& out, Opcode opcode, std::size_t length, bool compressed) {
    out +=
        static_cast<char>(static_cast<unsigned>(opcode) | kFinal | (compressed ? kCompressed : 0U));
    if (length <= kMaxShort) {
        out += static_cast<char>(length);
    } else if (length <= kMax16) {
        out += kLength16;
        append_big_endian(out, length, 2);
    } else {
        out += kLength64;
        append_big_endian(out, length, 8);
    }
}

void append_close_frame(std::string& out, CloseCode code, std::string_view reason) {
    if (code == CloseCode::kNone) {
        append_frame_head(out, Opcode::kClose, 0);
        return;
    }
    const std::string_view said = cut_reason(reason);
    append_frame_head(out, Opcode::kClose, 2 + said.size());
    append_big_endian(out, static_cast<std::uint64_t>(code), 2);
    out += said;
}

}  // namespace bayeux::protocol
