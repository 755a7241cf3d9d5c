// A keep-alive connection. It is opened with the first request and, when the server has closed it
// in between, again with the next one. Several requests may be on their way; the responses come in
// their order.
#ifndef BAYEUX_BENCH_HTTP_CONNECTION_HPP
#define BAYEUX_BENCH_HTTP_CONNECTION_HPP

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "bench/http_response.hpp"
#include "bench/tcp_connection.hpp"

namespace bayeux::bench {

class HttpConnection final : private TcpConnection::User {
  public:
    class User {
      public:
        // To the oldest request. The response is gone when this returns; more requests may be sent
        // from within.
        virtual void on_response(const Response& response) = 0;
        // The connection has ended, or could not be made, and there will be no more responses.
        virtual void on_lost(std::string_view why) = 0;

      protected:
        ~User() = default;
    };

    HttpConnection(Reactor& reactor, const Endpoint& server, User& user,
                   std::uint32_t place = 0) noexcept
        : connection_(reactor, server, *this, place), user_(user) {}

    void send(std::string_view request);
    void close() noexcept;
    [[nodiscard]] bool waiting() const noexcept { return under_way_ != 0; }

  private:
    void on_bytes(std::string_view bytes) override;
    void on_end(std::string_view why) override;
    void lose(std::string_view why);
    void begin_anew();

    TcpConnection connection_;
    User& user_;
    std::uint32_t under_way_ = 0;
    std::deque<std::string> behind_;  // those under way but for the oldest
    std::uint32_t closed_ = 0;        // how often
    std::string partial_;             // of a response that came in several reads
};

}  // namespace bayeux::bench

#endif
