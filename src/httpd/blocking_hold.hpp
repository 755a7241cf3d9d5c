// Holding a connect where the connection cannot be given away: HTTP/2 streams, MPMs that cannot
// suspend, internal redirects and subrequests (design.md 4.8).
#ifndef BAYEUX_HTTPD_BLOCKING_HOLD_HPP
#define BAYEUX_HTTPD_BLOCKING_HOLD_HPP

#include "httpd/held_request.hpp"
#include "loop/park.hpp"

namespace bayeux::httpd {

// Waits on the calling worker until the loop ends the park, and returns why. The caller has claimed
// a blocking hold.
[[nodiscard]] loop::EndReason hold_by_blocking(HeldRequest& held) noexcept;

}  // namespace bayeux::httpd

#endif
