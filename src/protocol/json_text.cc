#include "protocol/json_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "protocol/json_scan.hpp"
#include "protocol/utf8.hpp"

namespace bayeux::protocol {

namespace {

using json_scan::each;
using json_scan::find_marked;
using json_scan::is_space;
using json_scan::kHighBits;
using json_scan::skip_space;

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

constexpr bool is_hex(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Marks what a string may not hold as it is: see find_marked().
std::uint64_t mark_not_plain(std::uint64_t word) noexcept {
    const std::uint64_t quote = word ^ each('"');
    const std::uint64_t escape = word ^ each('\\');
    return ((word - each(0x20)) | (quote - each(1)) | (escape - each(1)) | word) & kHighBits;
}

constexpr auto kNotPlain = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0; c < table.size(); ++c) {
        table[c] = c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
    }
    return table;
}();

bool is_not_plain(char c) noexcept {
    return kNotPlain[static_cast<std::uint8_t>(c)];
}

// --- checking ---

// Recognises one value without recursion: what encloses the current place is a stack of bits.
class Checker {
  public:
    Checker(std::string_view text, std::uint32_t max_depth) noexcept
        : at_(text.data()),
          end_(text.data() + text.size()),
          max_depth_(std::min(max_depth, kMaxJsonDepth)) {}

    bool whole() noexcept {
        do {
            if (!value()) {
                return false;
            }
            if (!closing()) {
                return false;
            }
        } while (depth_ != 0);
        return skip_space(at_, end_) == end_;
    }

  private:
    // Takes what opens, down to and including a scalar or an empty array or object.
    bool value() noexcept {
        while (true) {
            at_ = skip_space(at_, end_);
            if (at_ == end_) {
                return false;
            }
            const bool object = *at_ == '{';
            if (!object && *at_ != '[') {
                return scalar();
            }
            if (!open(object)) {
                return false;
            }
            if (takes(object ? '}' : ']')) {
                return close(object);
            }
            if (object && !key()) {
                return false;
            }
        }
    }

    // Takes what follows a value: all that closes, or up to where the next value must begin.
    // Nothing is open any more when the whole text is one value.
    bool closing() noexcept {
        while (depth_ != 0) {
            at_ = skip_space(at_, end_);
            if (at_ == end_) {
                return false;
            }
            const char c = *at_++;
            if (c == ',') {
                return !in_object() || key();
            }
            if ((c != '}' && c != ']') || !close(c == '}')) {
                return false;
            }
        }
        return true;
    }

    bool key() noexcept {
        at_ = skip_space(at_, end_);
        return at_ != end_ && *at_ == '"' && string() && takes(':');
    }

    bool scalar() noexcept {
        switch (*at_) {
            case '"':
                return string();
            case 't':
                return word("true");
            case 'f':
                return word("false");
            case 'n':
                return word("null");
            default:
                return number();
        }
    }

    bool string() noexcept {
        ++at_;
        while (true) {
            at_ = find_marked<mark_not_plain, is_not_plain>(at_, end_);
            if (at_ == end_) {
                return false;
            }
            if (*at_ == '"') {
                ++at_;
                return true;
            }
            if (!(*at_ == '\\' ? escape() : characters())) {
                return false;
            }
        }
    }

    // A run of characters outside ASCII: whole texts are, so they do not go through the search
    // each.
    bool characters() noexcept {
        do {
            // A control character is valid UTF-8, but not here.
            const std::size_t length =
                static_cast<std::uint8_t>(*at_) < 0x80 ? 0 : utf8_length(at_, end_);
            if (length == 0) {
                return false;
            }
            at_ += length;
        } while (at_ != end_ && static_cast<std::uint8_t>(*at_) >= 0x80);
        return true;
    }

    bool escape() noexcept {
        if (end_ - at_ < 2) {
            return false;
        }
        const char c = at_[1];
        if (c != 'u') {
            at_ += 2;
            return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
        }
        if (end_ - at_ < 6 || !std::all_of(at_ + 2, at_ + 6, is_hex)) {
            return false;
        }
        at_ += 6;
        return true;
    }

    bool number() noexcept {
        if (*at_ == '-') {
            ++at_;
        }
        // No digit may follow a leading zero: what closes or separates comes next, or it fails
        // there.
        if (at_ != end_ && *at_ == '0') {
            ++at_;
        } else if (!digits()) {
            return false;
        }
        if (at_ != end_ && *at_ == '.') {
            ++at_;
            if (!digits()) {
                return false;
            }
        }
        if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
            ++at_;
            if (at_ != end_ && (*at_ == '+' || *at_ == '-')) {
                ++at_;
            }
            return digits();
        }
        return true;
    }

    bool digits() noexcept {
        const char* from = at_;
        while (at_ != end_ && is_digit(*at_)) {
            ++at_;
        }
        return at_ != from;
    }

    bool word(std::string_view expected) noexcept {
        if (static_cast<std::size_t>(end_ - at_) < expected.size() ||
            std::memcmp(at_, expected.data(), expected.size()) != 0) {
            return false;
        }
        at_ += expected.size();
        return true;
    }

    bool takes(char c) noexcept {
        at_ = skip_space(at_, end_);
        if (at_ == end_ || *at_ != c) {
            return false;
        }
        ++at_;
        return true;
    }

    bool open(bool object) noexcept {
        ++at_;
        if (depth_ == max_depth_) {
            return false;
        }
        const std::uint64_t bit = std::uint64_t{1} << (depth_ % 64);
        std::uint64_t& word = objects_[depth_ / 64];
        word = object ? word | bit : word & ~bit;
        ++depth_;
        return true;
    }

    bool close(bool object) noexcept {
        if (in_object() != object) {
            return false;
        }
        --depth_;
        return true;
    }

    // Requires that something is open.
    [[nodiscard]] bool in_object() const noexcept {
        const std::uint32_t top = depth_ - 1;
        return ((objects_[top / 64] >> (top % 64)) & 1U) != 0;
    }

    const char* at_;
    const char* end_;
    std::uint32_t max_depth_;
    std::uint32_t depth_ = 0;
    std::array<std::uint64_t, kMaxJsonDepth / 64> objects_{};  // per depth: an object, or an array
};

}  // namespace

bool is_json(std::string_view text, std::uint32_t max_depth) noexcept {
    return Checker(text, max_depth).whole();
}

std::string_view trim_json(std::string_view text) noexcept {
    while (!text.empty() && is_space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

}  // namespace bayeux::protocol
