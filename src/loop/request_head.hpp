// Whether a request has come far enough to be worth a worker's time. Only a look: httpd parses.
#ifndef BAYEUX_LOOP_REQUEST_HEAD_HPP
#define BAYEUX_LOOP_REQUEST_HEAD_HPP

#include <cstddef>
#include <string_view>

namespace bayeux::loop {

inline constexpr std::size_t kPeekSize = 16384;

// True if `peeked` holds a whole head and, where a Content-Length says that the body fits into a
// peek as well, the whole body; also if the buffer is full, or the client waits for "100 Continue".
// False: more has to come first.
[[nodiscard]] bool request_has_come(std::string_view peeked) noexcept;

}  // namespace bayeux::loop

#endif
