#include "protocol/client_id.hpp"

#include <array>
#include <span>

#include "base/siphash.hpp"

namespace bayeux::protocol {

namespace {

void append_hex(std::string& out, std::span<const std::uint8_t> bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (const std::uint8_t byte : bytes) {
        out += kDigits[byte >> 4U];
        out += kDigits[byte & 0xfU];
    }
}

// 16 for anything but a lower-case digit. A table, as nobody can predict a random digit's branch.
constexpr std::array<std::uint8_t, 256> kHexValues = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(16);
    for (std::uint8_t i = 0; i < 16; ++i) {
        values[static_cast<unsigned char>("0123456789abcdef"[i])] = i;
    }
    return values;
}();

unsigned hex_value(char c) noexcept {
    return kHexValues[static_cast<unsigned char>(c)];
}

// False unless `text` is exactly as many digits as `out` needs.
bool parse_hex(std::string_view text, std::span<std::uint8_t> out) noexcept {
    if (text.size() != 2 * out.size()) {
        return false;
    }
    unsigned all = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        const unsigned high = hex_value(text[2 * i]);
        const unsigned low = hex_value(text[2 * i + 1]);
        all |= high | low;
        out[i] = static_cast<std::uint8_t>((high << 4U) | low);
    }
    return all <= 15;
}

using Tag = std::array<std::uint8_t, 8>;

Tag tag_of(std::span<const std::uint8_t> bytes, const SecretKey& key) noexcept {
    std::uint64_t hash = siphash(key, std::as_bytes(bytes));
    Tag tag{};
    for (std::uint8_t& byte : tag) {
        byte = static_cast<std::uint8_t>(hash & 0xffU);
        hash >>= 8U;
    }
    return tag;
}

}  // namespace

std::optional<ClientId> ClientId::make(Entropy& entropy) noexcept {
    ClientId id;
    if (!entropy.fill(std::as_writable_bytes(std::span(id.bytes_)))) {
        return std::nullopt;
    }
    return id;
}

std::optional<ClientId> ClientId::parse(std::string_view text) noexcept {
    ClientId id;
    if (!parse_hex(text, id.bytes_)) {
        return std::nullopt;
    }
    return id;
}

ClientId ClientId::from_bytes(const std::array<std::uint8_t, kBytes>& b) noexcept {
    ClientId id;
    id.bytes_ = b;
    return id;
}

std::string ClientId::text() const {
    std::string out;
    out.reserve(2 * kBytes);
    append_hex(out, bytes_);
    return out;
}

std::string ClientId::short_form() const {
    std::string out;
    append_hex(out, std::span(bytes_).first(3));
    return out;
}

std::optional<BrowserId> BrowserId::make(Entropy& entropy) noexcept {
    BrowserId id;
    if (!entropy.fill(std::as_writable_bytes(std::span(id.bytes_)))) {
        return std::nullopt;
    }
    return id;
}

std::optional<BrowserId> BrowserId::parse(std::string_view cookie, const SecretKey& key) noexcept {
    BrowserId id;
    Tag tag{};
    if (cookie.size() != 2 * (kBytes + tag.size()) ||
        !parse_hex(cookie.substr(0, 2 * kBytes), id.bytes_) ||
        !parse_hex(cookie.substr(2 * kBytes), tag)) {
        return std::nullopt;
    }
    // All bytes are looked at, so that the time does not tell how much of a guess was right.
    const Tag expected = tag_of(id.bytes_, key);
    std::uint8_t difference = 0;
    for (std::size_t i = 0; i < tag.size(); ++i) {
        difference = static_cast<std::uint8_t>(difference | (tag[i] ^ expected[i]));
    }
    if (difference != 0) {
        return std::nullopt;
    }
    return id;
}

BrowserId BrowserId::from_bytes(const std::array<std::uint8_t, kBytes>& b) noexcept {
    BrowserId id;
    id.bytes_ = b;
    return id;
}

std::string BrowserId::cookie(const SecretKey& key) const {
    std::string out;
    out.reserve(2 * (kBytes + sizeof(Tag)));
    append_hex(out, bytes_);
    append_hex(out, tag_of(bytes_, key));
    return out;
}

}  // namespace bayeux::protocol
