#include "protocol/websocket_frame.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "protocol/deflate.hpp"
#include "protocol/utf8.hpp"

namespace bayeux::protocol {

namespace {

constexpr std::uint8_t kFinal = 0x80;
constexpr std::uint8_t kCompressed = 0x40;  // RSV1, by RFC 7692
constexpr std::uint8_t kReserved = 0x70;
constexpr std::uint8_t kOpcodeBits = 0x0f;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kLengthBits = 0x7f;
constexpr std::uint8_t kLength16 = 126;
constexpr std::uint8_t kLength64 = 127;
constexpr std::size_t kMaxControl = 125;
constexpr std::size_t kMaskSize = 4;

// A message's memory is kept for the next one up to this size.
constexpr std::size_t kKeep = 16384;

// An assignment would keep the memory.
void give_back(std::string& text) noexcept {
    std::string().swap(text);
}

// RFC 6455 7.4: what a client may say. 1004 to 1006 and 1015 are never on the wire, the rest up to
// 2999 has no meaning yet.
constexpr bool is_close_code(unsigned code) noexcept {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

// The mask as it falls on the eight bytes that begin at `offset` of the payload.
using MaskWord = std::array<std::uint8_t, 8>;

MaskWord mask_from(const std::uint8_t* mask, std::uint64_t offset) noexcept {
    MaskWord word{};
    for (std::size_t i = 0; i < word.size(); ++i) {
        word[i] = mask[(offset + i) % kMaskSize];
    }
    return word;
}

void unmask(char* at, std::size_t length, const MaskWord& mask) noexcept {
    std::uint64_t key = 0;
    std::memcpy(&key, mask.data(), sizeof key);
    for (; length >= sizeof key; at += sizeof key, length -= sizeof key) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        word ^= key;
        std::memcpy(at, &word, sizeof word);
    }
    for (std::size_t i = 0; i < length; ++i) {
        at[i] = static_cast<char>(static_cast<std::uint8_t>(at[i]) ^ mask[i]);
    }
}

const char* skip_ascii(const char* at, const char* end) noexcept {
    constexpr std::uint64_t kHighBits = 0x8080808080808080U;
    std::uint64_t word = 0;
    for (; end - at >= 8; at += 8) {
        std::memcpy(&word, at, sizeof word);
        if ((word & kHighBits) != 0) {
            break;
        }
    }
    while (at != end && static_cast<std::uint8_t>(*at) < 0x80) {
        ++at;
    }
    return at;
}

// Requires one to three bytes that are no character by themselves. Whatever the lead byte, the
// lowest or the highest continuation bytes complete it if anything does.
bool may_become_character(const char* at, const char* end) noexcept {
    const auto completed_by = [at, end](char continuation) {
        std::array<char, 4> bytes{};
        bytes.fill(continuation);
        std::copy(at, end, bytes.begin());
        return utf8_length(bytes.data(), bytes.data() + bytes.size()) != 0;
    };
    return completed_by('\x80') || completed_by('\xbf');
}

// Goes over the characters of `text` from `from` on, and returns where it stopped: at the end, at a
// character that is cut off there, or, with `valid` false, at what can never become one.
std::size_t check_utf8(std::string_view text, std::size_t from, bool& valid) noexcept {
    const char* at = text.data() + from;
    const char* const end = text.data() + text.size();
    valid = true;
    while ((at = skip_ascii(at, end)) != end) {
        // Whole texts are outside of ASCII: that is not looked for behind each character.
        while (at != end && static_cast<std::uint8_t>(*at) >= 0x80) {
            const std::size_t length = utf8_length(at, end);
            if (length == 0) {
                valid = end - at < 4 && may_become_character(at, end);
                return static_cast<std::size_t>(at - text.data());
            }
            at += length;
        }
    }
    return text.size();
}

bool is_utf8(std::string_view text) noexcept {
    bool valid = true;
    return check_utf8(text, 0, valid) == text.size() && valid;
}

}  // namespace

FrameReader::FrameReader(std::size_t max_message, Inflater* inflater) noexcept
    : max_message_(max_message), inflater_(inflater) {}

bool FrameReader::in_message() const noexcept {
    return head_length_ != 0 || in_fragments_;
}

bool FrameReader::is_control() const noexcept {
    return opcode_ >= Opcode::kClose;
}

Received FrameReader::next(std::string_view& bytes) {
    forget_reported();
    while (state_ != State::kClosed && state_ != State::kFailed) {
        Received received;
        if (state_ == State::kHead) {
            const bool had_start = head_length_ >= 2;
            if (!take_head(bytes)) {
                return {};
            }
            received = had_start ? head_complete() : check_start();
        } else {
            if (!take_payload(bytes)) {
                return check_text();
            }
            received = frame_complete();
        }
        if (received.kind != Received::Kind::kNothing) {
            return received;
        }
    }
    // RFC 6455 5.5.1 and 7.1.7: what comes after a close frame, or after a failure, is discarded.
    bytes = {};
    return state_ == State::kFailed ? fail(failure_, why_) : Received{};
}

void FrameReader::forget_reported() noexcept {
    if (!reported_) {
        return;
    }
    reported_ = false;
    if (is_control()) {
        control_.clear();
        return;
    }
    checked_ = 0;
    message_.clear();
    if (message_.capacity() > kKeep) {
        give_back(message_);
    }
}

// --- the head ---

std::size_t FrameReader::head_size() const noexcept {
    if (head_length_ < 2) {
        return 2;
    }
    const std::uint8_t length = head_[1] & kLengthBits;
    const std::size_t more = length == kLength64 ? 8 : length == kLength16 ? 2 : 0;
    return 2 + more + kMaskSize;
}

bool FrameReader::take_head(std::string_view& bytes) {
    const std::size_t size = head_size();
    const std::size_t taken = std::min(bytes.size(), size - head_length_);
    std::copy_n(bytes.begin(), taken, head_.begin() + head_length_);
    head_length_ = static_cast<std::uint8_t>(head_length_ + taken);
    bytes.remove_prefix(taken);
    return head_length_ == size;
}

// The first two bytes are there. What they alone tell is acted on before more is read.
Received FrameReader::check_start() noexcept {
    final_ = (head_[0] & kFinal) != 0;
    opcode_ = static_cast<Opcode>(head_[0] & kOpcodeBits);
    const std::uint8_t reserved = head_[0] & kReserved;
    const bool starts_data = opcode_ == Opcode::kText || opcode_ == Opcode::kBinary;
    const bool may_compress = inflater_ != nullptr && starts_data;
    if (reserved != 0 && !(reserved == kCompressed && may_compress)) {
        return fail(CloseCode::kProtocolError, "a reserved bit is set");
    }
    if ((head_[1] & kMasked) == 0) {
        return fail(CloseCode::kProtocolError, "a frame is not masked");
    }
    if (const Received bad = check_opcode(); bad.kind != Received::Kind::kNothing) {
        return bad;
    }
    if (starts_data) {
        compressed_ = reserved == kCompressed;
    }
    return {};
}

Received FrameReader::check_opcode() noexcept {
    switch (opcode_) {
        case Opcode::kContinuation:
            return in_fragments_ ? Received{}
                                 : fail(CloseCode::kProtocolError,
                                        "a continuation frame without a message to continue");
        case Opcode::kText:
        case Opcode::kBinary:
            if (in_fragments_) {
                return fail(CloseCode::kProtocolError,
                            "a new message before the one before was complete");
            }
            return opcode_ == Opcode::kText ? Received{}
                                            : fail(CloseCode::kUnsupportedData, "a binary message");
        case Opcode::kClose:
        case Opcode::kPing:
        case Opcode::kPong:
            if (!final_) {
                return fail(CloseCode::kProtocolError, "a control frame is fragmented");
            }
            return (head_[1] & kLengthBits) <= kMaxControl
                       ? Received{}
                       : fail(CloseCode::kProtocolError, "a control frame is longer than 125");
    }
    return fail(CloseCode::kProtocolError, "an opcode is not known");
}

Received FrameReader::head_complete() noexcept {
    std::uint64_t length = head_[1] & kLengthBits;
    const std::size_t mask_at = head_length_ - kMaskSize;
    if (length >= kLength16) {
        const std::uint64_t least = length == kLength16 ? kLength16 : 0x10000;
        length = 0;
        for (std::size_t i = 2; i < mask_at; ++i) {
            length = length << 8U | head_[i];
        }
        if (length >> 63U != 0) {
            return fail(CloseCode::kProtocolError, "a length has its top bit set");
        }
        if (length < least) {
            return fail(CloseCode::kProtocolError, "a length is not in its shortest form");
        }
    }
    if (const Received bad = check_length(length); bad.kind != Received::Kind::kNothing) {
        return bad;
    }
    left_ = length;
    frame_start_ = is_control() ? control_.size() : message_.size();
    in_fragments_ = in_fragments_ || !is_control();
    state_ = State::kPayload;
    return {};
}

// S12: before anything is allocated. Compressed, a message may be a little longer than plain.
Received FrameReader::check_length(std::uint64_t length) noexcept {
    const std::size_t limit = compressed_ ? max_message_ + max_message_ / 64 + 64 : max_message_;
    if (!is_control() && (message_.size() > limit || length > limit - message_.size())) {
        return fail(CloseCode::kTooBig, "a message is too large");
    }
    return {};
}

// --- the payload ---

bool FrameReader::take_payload(std::string_view& bytes) {
    std::string& into = is_control() ? control_ : message_;
    const std::size_t before = into.size();
    const std::size_t taken = std::min<std::uint64_t>(bytes.size(), left_);
    into.append(bytes.substr(0, taken));
    unmask(into.data() + before, taken,
           mask_from(&head_[head_length_ - kMaskSize], before - frame_start_));
    bytes.remove_prefix(taken);
    left_ -= taken;
    return left_ == 0;
}

// Text is checked as it arrives, so that a bad message fails at once (Autobahn 6.4).
Received FrameReader::check_text() noexcept {
    if (is_control() || compressed_) {
        return {};
    }
    bool valid = true;
    checked_ = check_utf8(message_, checked_, valid);
    return valid ? Received{} : fail(CloseCode::kInvalidData, "a message is not UTF-8");
}

Received FrameReader::frame_complete() {
    head_length_ = 0;
    state_ = State::kHead;
    switch (opcode_) {
        case Opcode::kPing:
        case Opcode::kPong:
            reported_ = true;
            return {opcode_ == Opcode::kPing ? Received::Kind::kPing : Received::Kind::kPong,
                    CloseCode::kNone, 0, control_};
        case Opcode::kClose:
            return close_complete();
        case Opcode::kContinuation:
        case Opcode::kText:
        case Opcode::kBinary:
            break;
    }
    return final_ ? message_complete() : check_text();
}

Received FrameReader::message_complete() {
    in_fragments_ = false;
    if (compressed_) {
        if (const Received bad = inflate_message(); bad.kind != Received::Kind::kNothing) {
            return bad;
        }
        compressed_ = false;
    }
    if (const Received bad = check_text(); bad.kind != Received::Kind::kNothing) {
        return bad;
    }
    if (checked_ != message_.size()) {
        return fail(CloseCode::kInvalidData, "a message ends within a character");
    }
    reported_ = true;
    return {Received::Kind::kMessage, CloseCode::kNone, 0, message_};
}

Received FrameReader::inflate_message() {
    std::string inflated;
    switch (inflater_->inflate(message_, max_message_, inflated)) {
        case Inflater::Result::kDone:
            message_ = std::move(inflated);
            return {};
        case Inflater::Result::kTooLarge:
            return fail(CloseCode::kTooBig, "a message is too large when inflated");
        case Inflater::Result::kInvalid:
            break;
        case Inflater::Result::kNoMemory:
            return fail(CloseCode::kInternalError, "zlib has no memory");
    }
    return fail(CloseCode::kInvalidData, "a message cannot be inflated");
}

Received FrameReader::close_complete() noexcept {
    std::string_view reason = control_;
    std::uint16_t code = 0;
    if (reason.size() == 1) {
        return fail(CloseCode::kProtocolError, "a close frame has half a code");
    }
    if (!reason.empty()) {
        const auto byte = [reason](std::size_t i) { return static_cast<std::uint8_t>(reason[i]); };
        code = static_cast<std::uint16_t>(byte(0) << 8U | byte(1));
        reason.remove_prefix(2);
        if (!is_close_code(code)) {
            return fail(CloseCode::kProtocolError, "a close frame has a code that is not allowed");
        }
        if (!is_utf8(reason)) {
            return fail(CloseCode::kInvalidData, "the reason of a close frame is not UTF-8");
        }
    }
    state_ = State::kClosed;
    return {Received::Kind::kClose, static_cast<CloseCode>(code), code, reason};
}

Received FrameReader::fail(CloseCode code, std::string_view why) noexcept {
    state_ = State::kFailed;
    failure_ = code;
    why_ = why;
    give_back(message_);
    return {Received::Kind::kError, code, 0, why};
}

}  // namespace bayeux::protocol
