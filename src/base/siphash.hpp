// SipHash-2-4 (Aumasson, Bernstein 2012): the keyed hash for tables over names that clients choose,
// and the tag of a browser id. No allocation, any thread.
#ifndef BAYEUX_BASE_SIPHASH_HPP
#define BAYEUX_BASE_SIPHASH_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace bayeux {

using SipKey = std::array<std::uint8_t, 16>;

[[nodiscard]] std::uint64_t siphash(const SipKey& key, std::span<const std::byte> bytes) noexcept;
[[nodiscard]] std::uint64_t siphash(const SipKey& key, std::string_view text) noexcept;

}  // namespace bayeux

#endif
