// The two secrets that name someone: a session's clientId and a browser's cookie.
//
// A clientId is 160 random bits as 40 hexadecimal digits (CID-1, S10). A browser id is 128 random
// bits and a 64-bit SipHash of them under a key of the store, as 48 hexadecimal digits, so that
// only ids which this server issued are accepted (BR-2) without remembering each. Both are bearer
// secrets: never log more than short_form(). Any thread.
#ifndef BAYEUX_PROTOCOL_CLIENT_ID_HPP
#define BAYEUX_PROTOCOL_CLIENT_ID_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/entropy.hpp"

namespace bayeux::protocol {

class ClientId {
  public:
    static constexpr std::size_t kBytes = 20;

    // Nothing if the kernel gives no randomness.
    [[nodiscard]] static std::optional<ClientId> make(Entropy& entropy) noexcept;
    // Exactly 40 lower-case hexadecimal digits.
    [[nodiscard]] static std::optional<ClientId> parse(std::string_view text) noexcept;
    [[nodiscard]] static ClientId from_bytes(const std::array<std::uint8_t, kBytes>& b) noexcept;

    [[nodiscard]] const std::array<std::uint8_t, kBytes>& bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string short_form() const;  // the first 6 digits, for logs
    // Takes the same time wherever the ids differ.
    [[nodiscard]] friend bool operator==(const ClientId& a, const ClientId& b) noexcept {
        std::uint8_t difference = 0;
        for (std::size_t i = 0; i < kBytes; ++i) {
            difference = static_cast<std::uint8_t>(difference | (a.bytes_[i] ^ b.bytes_[i]));
        }
        return difference == 0;
    }

  private:
    std::array<std::uint8_t, kBytes> bytes_{};
};

using SecretKey = std::array<std::uint8_t, 16>;

class BrowserId {
  public:
    static constexpr std::size_t kBytes = 16;

    [[nodiscard]] static std::optional<BrowserId> make(Entropy& entropy) noexcept;
    // Nothing unless the tag is that of `key`.
    [[nodiscard]] static std::optional<BrowserId> parse(std::string_view cookie,
                                                        const SecretKey& key) noexcept;

    [[nodiscard]] const std::array<std::uint8_t, kBytes>& bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::string cookie(const SecretKey& key) const;
    [[nodiscard]] friend bool operator==(const BrowserId& a, const BrowserId& b) noexcept {
        std::uint8_t difference = 0;
        for (std::size_t i = 0; i < kBytes; ++i) {
            difference = static_cast<std::uint8_t>(difference | (a.bytes_[i] ^ b.bytes_[i]));
        }
        return difference == 0;
    }
    [[nodiscard]] static BrowserId from_bytes(const std::array<std::uint8_t, kBytes>& b) noexcept;

  private:
    std::array<std::uint8_t, kBytes> bytes_{};
};

}  // namespace bayeux::protocol

#endif
