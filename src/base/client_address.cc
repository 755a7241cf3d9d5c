#include "base/client_address.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace bayeux {

namespace {

// Below ff00::/8, which is multicast.
constexpr std::uint64_t kIpv4 = std::uint64_t{0xffff} << 48U;
constexpr std::uint64_t kIpv4Mask = ~std::uint64_t{0xffffffff};

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::uint64_t number_of(std::span<const std::uint8_t> bytes) noexcept {
    std::uint64_t number = 0;
    for (const std::uint8_t byte : bytes) {
        number = number << 8U | byte;
    }
    return number;
}

}  // namespace

ClientAddress ClientAddress::of_ipv4(std::span<const std::uint8_t, 4> bytes) noexcept {
    return {kIpv4 | number_of(bytes)};
}

ClientAddress ClientAddress::of_ipv6(std::span<const std::uint8_t, 16> bytes) noexcept {
    if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
        return of_ipv4(bytes.last<4>());
    }
    return {number_of(bytes.first<8>())};
}

std::string ClientAddress::text() const {
    if (value == 0) {
        return "an unknown address";
    }
    const auto part = [this](unsigned shift, unsigned mask) {
        return static_cast<unsigned>(value >> shift) & mask;
    };
    std::array<char, 48> out{};
    if ((value & kIpv4Mask) == kIpv4) {
        static_cast<void>(std::snprintf(out.data(), out.size(), "%u.%u.%u.%u", part(24, 0xff),
                                        part(16, 0xff), part(8, 0xff), part(0, 0xff)));
    } else {
        static_cast<void>(std::snprintf(out.data(), out.size(), "%x:%x:%x:%x::/64",
                                        part(48, 0xffff), part(32, 0xffff), part(16, 0xffff),
                                        part(0, 0xffff)));
    }
    return out.data();
}

}  // namespace bayeux
