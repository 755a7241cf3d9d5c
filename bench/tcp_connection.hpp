// A connection that is opened with the first bytes to send and, when the server has closed it in
// between, again with the next ones.
#ifndef BAYEUX_BENCH_TCP_CONNECTION_HPP
#define BAYEUX_BENCH_TCP_CONNECTION_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/endpoint.hpp"
#include "bench/reactor.hpp"

namespace bayeux::bench {

class TcpConnection final : private Reactor::Source {
  public:
    class User {
      public:
        // Gone when this returns.
        virtual void on_bytes(std::string_view bytes) = 0;
        // It has ended, or could not be made, and is closed. Not told of close().
        virtual void on_end(std::string_view why) = 0;

      protected:
        ~User() = default;
    };

    // `place` tells connections apart: from one source address there are ports for so many only.
    TcpConnection(Reactor& reactor, const Endpoint& server, User& user,
                  std::uint32_t place) noexcept;
    TcpConnection(const TcpConnection&) = delete;
    TcpConnection& operator=(const TcpConnection&) = delete;
    ~TcpConnection();

    void send(std::string_view bytes);
    void close() noexcept;

  private:
    void on_ready(std::uint32_t events) override;
    [[nodiscard]] bool open();
    [[nodiscard]] bool leave_from_own_address() noexcept;
    void write(std::string_view bytes);
    void write_rest();
    void read();
    void fail(std::string_view why);

    Reactor& reactor_;
    const Endpoint& server_;
    User& user_;
    const std::uint32_t place_;
    int fd_ = -1;
    bool connecting_ = false;
    std::string unsent_;
};

}  // namespace bayeux::bench

#endif
