// What the build puts in: what the status page's browser asks for beside the page
// (src/httpd/status/), and the version of mod_bayeux.
#ifndef BAYEUX_HTTPD_STATUS_ASSETS_HPP
#define BAYEUX_HTTPD_STATUS_ASSETS_HPP

#include <string_view>

namespace bayeux::httpd {

[[nodiscard]] std::string_view status_style() noexcept;
[[nodiscard]] std::string_view status_script() noexcept;
[[nodiscard]] std::string_view module_version() noexcept;

}  // namespace bayeux::httpd

#endif
