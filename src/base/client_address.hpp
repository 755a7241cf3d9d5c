// Where a request comes from, as far as it is limited: an IPv4 address, or the /64 of an IPv6
// address, as who has one address of it has them all.
#ifndef BAYEUX_BASE_CLIENT_ADDRESS_HPP
#define BAYEUX_BASE_CLIENT_ADDRESS_HPP

#include <cstdint>
#include <span>
#include <string>

namespace bayeux {

struct ClientAddress {
    // The upper half of an IPv6 address; an IPv4 address stands where no sender's IPv6 address can.
    // 0: not known.
    std::uint64_t value = 0;

    [[nodiscard]] static ClientAddress of_ipv4(std::span<const std::uint8_t, 4> bytes) noexcept;
    // One that stands for an IPv4 address is that address.
    [[nodiscard]] static ClientAddress of_ipv6(std::span<const std::uint8_t, 16> bytes) noexcept;

    // "192.0.2.1", "2001:db8:0:1::/64"
    [[nodiscard]] std::string text() const;

    friend bool operator==(const ClientAddress&, const ClientAddress&) noexcept = default;
};

}  // namespace bayeux

#endif
