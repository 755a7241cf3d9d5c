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

// The same where `total` bytes are there, of which `begin` are the first (kPeekSize of them, or
// all), and where requests of up to `limit` bytes are waited for.
[[nodiscard]] bool request_has_come(std::string_view begin, std::size_t total,
                                    std::size_t limit) noexcept;

}  // namespace bayeux::loop

#endif
