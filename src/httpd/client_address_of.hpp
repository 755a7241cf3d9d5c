// Where a request comes from, as httpd has it: what mod_remoteip says, where it is used.
#ifndef BAYEUX_HTTPD_CLIENT_ADDRESS_OF_HPP
#define BAYEUX_HTTPD_CLIENT_ADDRESS_OF_HPP

#include "base/client_address.hpp"
#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

[[nodiscard]] ClientAddress client_address_of(const request_rec* r) noexcept;

}  // namespace bayeux::httpd

#endif
