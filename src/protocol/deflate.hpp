// permessage-deflate (RFC 7692) without context take-over. deflate.cc is the only file that
// includes zlib. One message at a time; not for two threads at once.
#ifndef BAYEUX_PROTOCOL_DEFLATE_HPP
#define BAYEUX_PROTOCOL_DEFLATE_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bayeux::protocol {

// What the server answers to the client's Sec-WebSocket-Extensions: the value for the response,
// with server_no_context_takeover and client_no_context_takeover; nothing if no offer is
// acceptable, or the field is malformed. Of several offers the first acceptable one is taken.
// deflate_message() uses windows of up to 2^15, so an offer that asks for less is not acceptable.
[[nodiscard]] std::optional<std::string> accept_deflate(std::string_view offers);

class Inflater {
  public:
    enum class Result : std::uint8_t { kDone, kTooLarge, kInvalid, kNoMemory };

    // Appends the inflated message to `out`; stops as soon as that would be more than `limit` bytes
    // (S11), whatever the compressed size. Unless it is kDone, `out` is as it was.
    Result inflate(std::string_view compressed, std::size_t limit, std::string& out);
};

// Appends the message, compressed and without its last four bytes (00 00 ff ff), to `out`; false
// if zlib has no memory: send it as it is.
[[nodiscard]] bool deflate_message(std::string_view message, std::string& out);

}  // namespace bayeux::protocol

#endif
