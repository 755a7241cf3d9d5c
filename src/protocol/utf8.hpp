// UTF-8, as strictly as Unicode defines it (table 3-7). Any thread.
#ifndef BAYEUX_PROTOCOL_UTF8_HPP
#define BAYEUX_PROTOCOL_UTF8_HPP

#include <cstddef>
#include <cstdint>

namespace bayeux::protocol {

// The length of the character at `at`, 1 to 4; 0 if the bytes there are none: overlong, a
// surrogate, above U+10FFFF, or cut off by `end`. Requires at < end.
[[nodiscard]] inline std::size_t utf8_length(const char* at, const char* end) noexcept {
    const auto byte = [at](std::size_t i) { return static_cast<std::uint8_t>(at[i]); };
    const auto follows = [&byte](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    const auto left = static_cast<std::size_t>(end - at);
    if (lead < 0xc2 || left < 2) {
        return 0;
    }
    if (lead < 0xe0) {
        return follows(1) ? 2 : 0;
    }
    const std::uint8_t second = byte(1);
    if (lead < 0xf0) {
        const std::uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;
        const std::uint8_t high = lead == 0xed ? 0x9f : 0xbf;
        return left >= 3 && second >= low && second <= high && follows(2) ? 3 : 0;
    }
    if (lead < 0xf5) {
        const std::uint8_t low = lead == 0xf0 ? 0x90 : 0x80;
        const std::uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;
        return left >= 4 && second >= low && second <= high && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

}  // namespace bayeux::protocol

#endif
