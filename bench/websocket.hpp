// The client's end of a WebSocket (RFC 6455) without extensions. It is opened with the first text,
// or by open().
#ifndef BAYEUX_BENCH_WEBSOCKET_HPP
#define BAYEUX_BENCH_WEBSOCKET_HPP

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "bench/tcp_connection.hpp"

namespace bayeux::bench {

class WebSocket final : private TcpConnection::User {
  public:
    class User {
      public:
        virtual void on_opened() = 0;
        // A message; gone when this returns.
        virtual void on_text(std::string_view text) = 0;
        virtual void on_lost(std::string_view why) = 0;

      protected:
        ~User() = default;
    };

    WebSocket(Reactor& reactor, const Endpoint& server, User& user, std::uint32_t place) noexcept
        : connection_(reactor, server, *this, place), server_(server), user_(user), mask_(place) {}

    void open();
    void send(std::string_view text);
    void close() noexcept;

  private:
    enum class State : std::uint8_t { kClosed, kOpening, kOpen };
    // What is to be done with the bytes at hand.
    enum class Taken : std::uint8_t { kNeedsMore, kFrame, kEnded };

    void on_bytes(std::string_view bytes) override;
    void on_end(std::string_view why) override;
    void lose(std::string_view why);
    void send_frame(unsigned char opcode, std::string_view text);
    [[nodiscard]] Taken take_upgrade(std::string_view& bytes);
    [[nodiscard]] Taken take_frame(std::string_view& bytes);
    [[nodiscard]] Taken take_payload(unsigned char first, std::string_view payload);

    TcpConnection connection_;
    const Endpoint& server_;
    User& user_;
    std::minstd_rand mask_;
    State state_ = State::kClosed;
    std::string unsent_;     // frames that wait for the upgrade
    std::string partial_;    // of a frame that came in several reads
    std::string fragments_;  // of a message that came in several frames
};

}  // namespace bayeux::bench

#endif
