// The bytes of a connection while the fast lane has it.
#ifndef BAYEUX_HTTPD_LANE_BYTES_HPP
#define BAYEUX_HTTPD_LANE_BYTES_HPP

#include <optional>
#include <span>

#include "httpd/filter_stream.hpp"
#include "httpd/httpd_api.hpp"
#include "loop/byte_stream.hpp"
#include "loop/connection.hpp"
#include "loop/socket_stream.hpp"

namespace bayeux::httpd {

// Through httpd's filters, or where they are all transparent past them, once they have given what
// they had. By the connection's owner.
class LaneBytes final : public loop::ByteStream {
  public:
    LaneBytes(conn_rec* c, const loop::Connection& connection) noexcept
        : c_(c), connection_(connection), socket_(connection.fd()) {}

    // Between the two nobody waits for the socket. httpd's output filters have written all.
    void enter();
    void leave() noexcept;

    Result read(std::span<char> into) noexcept override;
    [[nodiscard]] bool may_have_more() const noexcept override {
        return !emptied_ || connection_.hung_up();
    }
    Result write(std::span<const char> from) noexcept override;
    [[nodiscard]] bool flushed() const noexcept override;

  private:
    conn_rec* const c_;
    const loop::Connection& connection_;
    loop::SocketStream socket_;
    std::optional<FilterStream> filters_;
    bool emptied_ = false;  // the transparent filters hold nothing
    apr_interval_time_t timeout_ = 0;
};

}  // namespace bayeux::httpd

#endif
