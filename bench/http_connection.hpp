// A keep-alive connection with at most one request on its way. It is opened with the first request
// and, when the server has closed it in between, again with the next one.
#ifndef BAYEUX_BENCH_HTTP_CONNECTION_HPP
#define BAYEUX_BENCH_HTTP_CONNECTION_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/endpoint.hpp"
#include "bench/http_response.hpp"
#include "bench/reactor.hpp"

namespace bayeux::bench {

class HttpConnection final : private Reactor::Source {
  public:
    class User {
      public:
        // The response is gone when this returns; the next request may be sent from within.
        virtual void on_response(const Response& response) = 0;
        // The connection has ended, or could not be made, and there will be no response.
        virtual void on_lost(std::string_view why) = 0;

      protected:
        ~User() = default;
    };

    // `place` tells connections apart: from one source address there are ports for so many only.
    HttpConnection(Reactor& reactor, const Endpoint& server, User& user,
                   std::uint32_t place = 0) noexcept;
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;
    ~HttpConnection();

    void send(std::string_view request);
    void close() noexcept;
    [[nodiscard]] bool waiting() const noexcept { return waiting_; }

  private:
    void on_ready(std::uint32_t events) override;
    [[nodiscard]] bool open();
    [[nodiscard]] bool leave_from_own_address() noexcept;
    void write(std::string_view bytes);
    void write_rest();
    void read();
    void take(std::string_view bytes);
    void fail(std::string_view why);

    Reactor& reactor_;
    const Endpoint& server_;
    User& user_;
    const std::uint32_t place_;
    int fd_ = -1;
    bool waiting_ = false;
    bool connecting_ = false;
    std::string unsent_;
    std::string partial_;  // of a response that came in several reads
};

}  // namespace bayeux::bench

#endif
