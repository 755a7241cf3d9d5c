#include "httpd/client_address_of.hpp"

#include <array>
#include <cstring>

#include <httpd.h>

namespace bayeux::httpd {

ClientAddress client_address_of(const request_rec* r) noexcept {
    const apr_sockaddr_t* const address = r->useragent_addr;
    if (address == nullptr) {
        return {};
    }
    if (address->family == APR_INET) {
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &address->sa.sin.sin_addr, bytes.size());
        return ClientAddress::of_ipv4(bytes);
    }
#if APR_HAVE_IPV6
    if (address->family == APR_INET6) {
        std::array<std::uint8_t, 16> bytes{};
        std::memcpy(bytes.data(), &address->sa.sin6.sin6_addr, bytes.size());
        return ClientAddress::of_ipv6(bytes);
    }
#endif
    return {};  // a socket of the file system
}

}  // namespace bayeux::httpd
