// A stream's bytes on its connection.
#ifndef BAYEUX_HTTPD_STREAM_BYTES_HPP
#define BAYEUX_HTTPD_STREAM_BYTES_HPP

#include <span>

#include "httpd/filter_stream.hpp"
#include "httpd/httpd_api.hpp"
#include "loop/byte_stream.hpp"
#include "loop/socket_stream.hpp"

namespace bayeux::httpd {

// Through httpd's filters, or where they are all transparent past them: then only what they have
// read already is taken from them, and the socket speaks for itself. Called by the connection's
// owner.
class StreamBytes final : public loop::ByteStream {
  public:
    // `fd` is the connection's socket. httpd's filters have written all that they had, or the
    // connection is broken.
    StreamBytes(conn_rec* c, int fd, bool transparent) noexcept
        : filters_(c, fd), socket_(fd), transparent_(transparent) {}

    Result read(std::span<char> into) noexcept override;
    Result write(std::span<const char> from) noexcept override;
    [[nodiscard]] bool flushed() const noexcept override;
    // How many were written.
    [[nodiscard]] apr_off_t sent() const noexcept { return sent_; }

  private:
    FilterStream filters_;
    loop::SocketStream socket_;
    apr_off_t sent_ = 0;
    const bool transparent_;
    bool emptied_ = false;  // the transparent filters hold nothing any more
};

}  // namespace bayeux::httpd

#endif
