// Frames as a WebSocket client sends them, wrong ones included.
#ifndef BAYEUX_T_LIB_CLIENT_FRAMES_HPP
#define BAYEUX_T_LIB_CLIENT_FRAMES_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bayeux {

struct ClientFrame {
    unsigned opcode = 1;
    std::string_view payload = {};
    bool final = true;
    unsigned reserved = 0;  // 4: RSV1, 2: RSV2, 1: RSV3
    bool masked = true;
    // 7, 16 or 64: how the length is written; 0: the shortest form.
    unsigned length_bits = 0;
};

inline void append_number(std::string& out, std::uint64_t number, unsigned bytes) {
    for (unsigned left = bytes; left != 0; --left) {
        out += static_cast<char>(number >> (8 * (left - 1)) & 0xffU);
    }
}

inline void append_client_head(std::string& out, const ClientFrame& frame, std::uint64_t length) {
    unsigned bits = frame.length_bits;
    if (bits == 0) {
        bits = length < 126 ? 7 : length < 65536 ? 16 : 64;
    }
    const unsigned mask_bit = frame.masked ? 0x80U : 0U;
    out += static_cast<char>((frame.final ? 0x80U : 0U) | frame.reserved << 4U | frame.opcode);
    const std::uint64_t first = bits == 7 ? length : bits == 16 ? 126 : 127;
    out += static_cast<char>(first | mask_bit);
    append_number(out, length, bits == 7 ? 0 : bits / 8);
}

inline std::string client_frame(const ClientFrame& frame) {
    constexpr std::array<std::uint8_t, 4> kMask = {0x37, 0xfa, 0x21, 0x3d};
    std::string out;
    append_client_head(out, frame, frame.payload.size());
    if (!frame.masked) {
        return out.append(frame.payload);
    }
    out.append(reinterpret_cast<const char*>(kMask.data()), kMask.size());
    for (std::size_t i = 0; i < frame.payload.size(); ++i) {
        out += static_cast<char>(static_cast<std::uint8_t>(frame.payload[i]) ^ kMask[i % 4]);
    }
    return out;
}

inline std::string client_text(std::string_view text) {
    return client_frame({.opcode = 1, .payload = text});
}

// The head only, of a frame that claims to be so long.
inline std::string client_claim(std::uint64_t length, unsigned opcode = 1) {
    std::string out;
    append_client_head(out, {.opcode = opcode}, length);
    return out + "abcd";
}

// What a close frame holds.
inline std::string close_payload(unsigned code, std::string_view reason = {}) {
    std::string out;
    append_number(out, code, 2);
    return out.append(reason);
}

}  // namespace bayeux

#endif
