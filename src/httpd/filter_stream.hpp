// A stream's bytes by way of httpd's connection filters (TLS), without ever blocking. Called by the
// connection's owner, which may be the loop.
#ifndef BAYEUX_HTTPD_FILTER_STREAM_HPP
#define BAYEUX_HTTPD_FILTER_STREAM_HPP

#include <cstddef>
#include <span>

#include "httpd/httpd_api.hpp"
#include "loop/byte_stream.hpp"

namespace bayeux::httpd {

// Writes what the filters hold as far as the socket takes it; false if the connection is broken.
// c->data_in_output_filters tells whether something remains.
[[nodiscard]] bool flush_without_blocking(conn_rec* c) noexcept;

// mod_reqtimeout's clock would go on running while the loop has the connection, which keeps times
// of its own.
void remove_request_timeout(conn_rec* c) noexcept;

class FilterStream final : public loop::ByteStream {
  public:
    // `fd` is the connection's socket. From here on whoever would wait for it gets an error.
    FilterStream(conn_rec* c, int fd) noexcept;

    Result read(std::span<char> into) noexcept override;
    Result write(std::span<const char> from) noexcept override;
    [[nodiscard]] bool flushed() const noexcept override;

  private:
    // More than this at once would go beyond what httpd's core output filter keeps without waiting.
    static constexpr std::size_t kWriteAtOnce = 16384;

    [[nodiscard]] bool peer_has_closed() const noexcept;

    conn_rec* const c_;
    const int fd_;
    apr_bucket_brigade* const passing_;
};

}  // namespace bayeux::httpd

#endif
