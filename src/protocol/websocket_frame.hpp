// RFC 6455 frames: reading what a client sends, byte by byte if need be, and the heads of what it
// is sent. Knows no socket; any thread, one at a time.
#ifndef BAYEUX_PROTOCOL_WEBSOCKET_FRAME_HPP
#define BAYEUX_PROTOCOL_WEBSOCKET_FRAME_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bayeux::protocol {

enum class Opcode : std::uint8_t {
    kContinuation = 0x0,
    kText = 0x1,
    kBinary = 0x2,
    kClose = 0x8,
    kPing = 0x9,
    kPong = 0xa,
};

// RFC 6455 7.4.1, those that this server sends.
enum class CloseCode : std::uint16_t {
    kNone = 0,  // a close frame without a code (1005 is never on the wire)
    kNormal = 1000,
    kGoingAway = 1001,
    kProtocolError = 1002,
    kUnsupportedData = 1003,
    kInvalidData = 1007,
    kPolicyViolation = 1008,
    kTooBig = 1009,
    kInternalError = 1011,
    kServiceRestart = 1012,
};

// One thing that came, as FrameReader::next() reports it. `payload` lives until the next call.
struct Received {
    enum class Kind : std::uint8_t {
        kNothing,  // more bytes are needed
        kMessage,  // a whole text message, unmasked, inflated, valid UTF-8
        kPing,     // to be answered with a pong of the same payload
        kPong,
        kClose,  // `code` and the reason in `payload`; both checked
        kError,  // the connection must be failed with `code`; nothing more is read
    };
    Kind kind = Kind::kNothing;
    CloseCode code = CloseCode::kNone;
    std::uint16_t peer_code = 0;  // of kClose: what the peer said, to be echoed; 0: nothing
    std::string_view payload;     // of kError: why, as a sentence for a log
};

class Inflater;

// Takes a client's bytes and yields messages and control frames in order. What it keeps is bounded
// by `max_message` and one control frame: a length that is too large is refused before anything is
// allocated for it (S12).
class FrameReader {
  public:
    // `inflater` is null unless permessage-deflate was agreed on.
    explicit FrameReader(std::size_t max_message, Inflater* inflater = nullptr) noexcept;

    // Consumes from the front of `bytes`, at most up to the end of what it reports. Call again
    // until it reports kNothing.
    Received next(std::string_view& bytes);
    // True in the middle of a frame or of a fragmented message.
    [[nodiscard]] bool in_message() const noexcept;

  private:
    enum class State : std::uint8_t { kHead, kPayload, kClosed, kFailed };

    void forget_reported() noexcept;
    // False: more bytes are needed.
    bool take_head(std::string_view& bytes);
    bool take_payload(std::string_view& bytes);
    [[nodiscard]] std::size_t head_size() const noexcept;
    [[nodiscard]] bool is_control() const noexcept;

    // Each answers kNothing if all is well and nothing is to be reported yet.
    Received check_start() noexcept;
    Received check_opcode() noexcept;
    Received head_complete() noexcept;
    Received check_length(std::uint64_t length) noexcept;
    Received check_text() noexcept;
    Received frame_complete();
    Received message_complete();
    Received inflate_message();
    Received close_complete() noexcept;
    Received fail(CloseCode code, std::string_view why) noexcept;

    const std::size_t max_message_;
    Inflater* const inflater_;
    std::string message_;
    std::string control_;
    std::string_view why_;         // it failed: a literal
    std::size_t checked_ = 0;      // bytes of message_ known to be UTF-8
    std::uint64_t left_ = 0;       // of the frame's payload
    std::size_t frame_start_ = 0;  // where it begins, in message_ or control_
    std::array<std::uint8_t, 14> head_{};
    std::uint8_t head_length_ = 0;
    State state_ = State::kHead;
    CloseCode failure_ = CloseCode::kNone;
    Opcode opcode_ = Opcode::kText;  // of the frame at hand
    bool final_ = false;
    bool in_fragments_ = false;  // a message has begun and is not complete
    bool compressed_ = false;    // that message
    bool reported_ = false;      // message_ or control_ was reported: the next call clears it
};

// Appends the head of an unmasked frame of `length` bytes of payload (2, 4 or 10 bytes).
void append_frame_head(std::string& out, Opcode opcode, std::size_t length,
                       bool compressed = false);
// Appends a whole close frame; the reason is cut to 123 bytes, at a character's border.
void append_close_frame(std::string& out, CloseCode code, std::string_view reason);

}  // namespace bayeux::protocol

#endif
