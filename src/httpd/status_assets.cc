#include "httpd/status_assets.hpp"

namespace bayeux::httpd {

// Each is a string literal that the build makes: see Makefile.am. httpd's headers have a
// PACKAGE_VERSION of their own.
std::string_view status_style() noexcept {
    return
#include "httpd/status/page.css.inc"
        ;
}

std::string_view status_script() noexcept {
    return
#include "httpd/status/page.js.inc"
        ;
}

std::string_view module_version() noexcept {
    return
#include "httpd/status/version.inc"
        ;
}

}  // namespace bayeux::httpd
