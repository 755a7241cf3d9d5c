#include "bench/websocket.hpp"

#include <array>
#include <cstring>
#include <utility>

#include "bench/http_response.hpp"

namespace bayeux::bench {
namespace {

constexpr unsigned char kFinal = 0x80;
constexpr unsigned char kMasked = 0x80;
constexpr unsigned char kReserved = 0x70;
constexpr unsigned char kOpcode = 0x0F;
constexpr unsigned char kContinuation = 0;
constexpr unsigned char kText = 1;
constexpr unsigned char kClose = 8;
constexpr unsigned char kPing = 9;
constexpr unsigned char kPong = 10;

// The example of RFC 6455, section 1.3: nothing depends on the key being another one each time.
constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

void append_length(std::string& frame, std::size_t length) {
    constexpr std::size_t kShort = 125;
    const auto append = [&frame, length](int bytes) {
        for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
            frame += static_cast<char>((length >> static_cast<unsigned>(shift)) & 0xFFU);
        }
    };
    if (length <= kShort) {
        frame += static_cast<char>(kMasked | length);
    } else if (length <= 0xFFFF) {
        frame += static_cast<char>(kMasked | 126U);
        append(2);
    } else {
        frame += static_cast<char>(kMasked | 127U);
        append(8);
    }
}

// Eight bytes at a time.
void append_masked(std::string& frame, std::string_view text, std::uint32_t mask) {
    const std::size_t begin = frame.size();
    frame += text;
    const std::uint64_t wide = (std::uint64_t{mask} << 32U) | mask;
    std::size_t at = begin;
    for (; at + sizeof wide <= frame.size(); at += sizeof wide) {
        std::uint64_t word = 0;
        std::memcpy(&word, frame.data() + at, sizeof word);
        word ^= wide;
        std::memcpy(frame.data() + at, &word, sizeof word);
    }
    std::array<char, sizeof wide> key{};
    std::memcpy(key.data(), &wide, sizeof wide);
    for (std::size_t i = 0; at < frame.size(); ++at, ++i) {
        frame[at] = static_cast<char>(frame[at] ^ key[i]);
    }
}

std::uint64_t big_endian(std::string_view bytes) noexcept {
    std::uint64_t value = 0;
    for (const char byte : bytes) {
        value = (value << 8U) | static_cast<unsigned char>(byte);
    }
    return value;
}

}  // namespace

void WebSocket::open() {
    state_ = State::kOpening;
    connection_.send("GET " + server_.path + " HTTP/1.1\r\nHost: " + server_.authority +
                     "\r\nUser-Agent: bayeux-bench\r\nUpgrade: websocket\r\nConnection: Upgrade" +
                     "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + std::string(kKey) +
                     "\r\n\r\n");
}

void WebSocket::send(std::string_view text) {
    if (state_ == State::kClosed) {
        open();
    }
    send_frame(kText, text);
}

void WebSocket::send_frame(unsigned char opcode, std::string_view text) {
    std::string frame;
    frame.reserve(text.size() + 14);
    frame += static_cast<char>(kFinal | opcode);
    append_length(frame, text.size());
    const auto mask = static_cast<std::uint32_t>(mask_());
    std::array<char, sizeof mask> key{};
    std::memcpy(key.data(), &mask, sizeof mask);
    frame.append(key.data(), key.size());
    append_masked(frame, text, mask);
    if (state_ == State::kOpen) {
        connection_.send(frame);
    } else {
        unsent_ += frame;
    }
}

void WebSocket::close() noexcept {
    connection_.close();
    state_ = State::kClosed;
    unsent_.clear();
    partial_.clear();
    fragments_.clear();
}

void WebSocket::on_bytes(std::string_view bytes) {
    std::string joined;
    if (!partial_.empty()) {
        joined = std::exchange(partial_, {});
        joined += bytes;
        bytes = joined;
    }
    while (!bytes.empty()) {
        switch (state_ == State::kOpening ? take_upgrade(bytes) : take_frame(bytes)) {
            case Taken::kNeedsMore:
                partial_ = bytes;
                return;
            case Taken::kFrame:
                break;
            case Taken::kEnded:
                return;
        }
    }
}

WebSocket::Taken WebSocket::take_upgrade(std::string_view& bytes) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        return Taken::kNeedsMore;
    }
    Response response;
    response.head = bytes.substr(0, end + 2);
    bytes.remove_prefix(end + 4);
    std::size_t from = 0;
    if (!response.head.starts_with("HTTP/1.1 101 ") ||
        response.field("Sec-WebSocket-Accept", from) != kAccept) {
        lose("no WebSocket: " + std::string(response.head.substr(0, response.head.find('\r'))));
        return Taken::kEnded;
    }
    state_ = State::kOpen;
    const std::string waited = std::exchange(unsent_, {});
    if (!waited.empty()) {
        connection_.send(waited);
    }
    if (state_ == State::kOpen) {
        user_.on_opened();
    }
    return state_ == State::kOpen ? Taken::kFrame : Taken::kEnded;
}

WebSocket::Taken WebSocket::take_frame(std::string_view& bytes) {
    constexpr std::size_t kShortest = 2;
    if (bytes.size() < kShortest) {
        return Taken::kNeedsMore;
    }
    const auto first = static_cast<unsigned char>(bytes[0]);
    const auto second = static_cast<unsigned char>(bytes[1]);
    if ((first & kReserved) != 0 || (second & kMasked) != 0) {
        lose("not a frame of a server without extensions");
        return Taken::kEnded;
    }
    std::size_t head = kShortest;
    std::uint64_t length = second;
    if (second >= 126) {
        const std::size_t extra = second == 126 ? 2 : 8;
        head += extra;
        if (bytes.size() < head) {
            return Taken::kNeedsMore;
        }
        length = big_endian(bytes.substr(kShortest, extra));
    }
    if (bytes.size() - head < length) {
        return Taken::kNeedsMore;
    }
    const std::string_view payload = bytes.substr(head, length);
    bytes.remove_prefix(head + length);
    return take_payload(first, payload);
}

WebSocket::Taken WebSocket::take_payload(unsigned char first, std::string_view payload) {
    const unsigned opcode = first & kOpcode;
    if (opcode == kPing) {
        send_frame(kPong, payload);
    } else if (opcode == kClose) {
        const std::uint64_t code = big_endian(payload.substr(0, 2));
        lose("the server closed the WebSocket with code " + std::to_string(code));
    } else if (opcode == kText && (first & kFinal) != 0 && fragments_.empty()) {
        user_.on_text(payload);
    } else if (opcode == kText || opcode == kContinuation) {
        fragments_ += payload;
        if ((first & kFinal) != 0) {
            user_.on_text(std::exchange(fragments_, {}));
        }
    } else if (opcode != kPong) {
        lose("a frame that is no text");
    }
    return state_ == State::kOpen ? Taken::kFrame : Taken::kEnded;
}

void WebSocket::on_end(std::string_view why) {
    lose(why);
}

// `why` may belong to what is being closed.
void WebSocket::lose(std::string_view why) {
    const std::string reason(why);
    close();
    user_.on_lost(reason);
}

}  // namespace bayeux::bench
