// One Bayeux session on one connection: it builds requests and tells replies from refusals. What
// to send when is its user's business.
#ifndef BAYEUX_BENCH_BAYEUX_SESSION_HPP
#define BAYEUX_BENCH_BAYEUX_SESSION_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bench/http_connection.hpp"

namespace bayeux::bench {

class BayeuxSession final : private HttpConnection::User {
  public:
    class User {
      public:
        virtual void on_handshaken() = 0;
        // The messages of a response in which every reply is successful. Gone when this returns.
        virtual void on_batch(std::string_view batch) = 0;
        // The session is of no use any more.
        virtual void on_broken(std::string_view why) = 0;

      protected:
        ~User() = default;
    };

    BayeuxSession(Reactor& reactor, const Endpoint& server, User& user, std::uint32_t place);

    void handshake();

    // Each adds one message to the next request.
    void add_connect(std::optional<std::uint32_t> timeout_ms);
    void add_subscribe(std::string_view channel);
    void add_disconnect();
    // The caller appends the data to what this returns, then calls end_publish().
    [[nodiscard]] std::string& begin_publish(std::string_view channel);
    void end_publish();

    // Sends them. Not while another request is on its way.
    void send();
    [[nodiscard]] bool waiting() const noexcept { return connection_.waiting(); }
    void close() noexcept { connection_.close(); }

  private:
    void on_response(const Response& response) override;
    void on_lost(std::string_view why) override;
    void begin(std::string_view channel);
    void keep_cookies(const Response& response);
    void build_head();
    void take_handshake(const Response& response);

    HttpConnection connection_;
    const Endpoint& server_;
    User& user_;
    std::string client_id_;
    std::string cookies_;
    std::string head_;      // of each request, up to the length
    std::string messages_;  // of the next request
    std::uint32_t message_count_ = 0;
    std::uint32_t replies_due_ = 0;
    std::uint64_t last_id_ = 0;
};

}  // namespace bayeux::bench

#endif
