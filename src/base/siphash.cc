#include "base/siphash.hpp"

#include <bit>

namespace bayeux {

namespace {

std::uint64_t load_little_endian(const std::uint8_t* bytes, std::size_t count) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        value |= std::uint64_t{bytes[i]} << (8 * i);
    }
    return value;
}

struct State {
    std::uint64_t v0;
    std::uint64_t v1;
    std::uint64_t v2;
    std::uint64_t v3;

    void round() noexcept {
        v0 += v1;
        v1 = std::rotl(v1, 13);
        v1 ^= v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16);
        v3 ^= v2;
        v0 += v3;
        v3 = std::rotl(v3, 21);
        v3 ^= v0;
        v2 += v1;
        v1 = std::rotl(v1, 17);
        v1 ^= v2;
        v2 = std::rotl(v2, 32);
    }

    void absorb(std::uint64_t word) noexcept {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }
};

}  // namespace

std::uint64_t siphash(const SipKey& key, std::span<const std::byte> bytes) noexcept {
    const std::uint64_t k0 = load_little_endian(key.data(), 8);
    const std::uint64_t k1 = load_little_endian(key.data() + 8, 8);
    State state{k0 ^ 0x736f6d6570736575U, k1 ^ 0x646f72616e646f6dU, k0 ^ 0x6c7967656e657261U,
                k1 ^ 0x7465646279746573U};

    const auto* at = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) {
        state.absorb(load_little_endian(at, 8));
    }
    // The last word carries the length, so that a text and its zero-padded twin differ.
    state.absorb(load_little_endian(at, left) | (std::uint64_t{bytes.size()} << 56U));

    state.v2 ^= 0xffU;
    for (int i = 0; i < 4; ++i) {
        state.round();
    }
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::uint64_t siphash(const SipKey& key, std::string_view text) noexcept {
    return siphash(key, std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace bayeux
