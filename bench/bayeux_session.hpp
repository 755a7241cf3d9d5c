// One Bayeux session on one connection: it builds requests and tells replies from refusals. What
// to send when is its user's business.
#ifndef BAYEUX_BENCH_BAYEUX_SESSION_HPP
#define BAYEUX_BENCH_BAYEUX_SESSION_HPP

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/carrier.hpp"

namespace bayeux::bench {

class BayeuxSession final : private Carrier::User {
  public:
    class User {
      public:
        virtual void on_handshaken() = 0;
        // Messages, so many successful replies among them; the others are events. Gone when this
        // returns.
        virtual void on_messages(std::string_view messages, std::uint32_t replies) = 0;
        // The session is of no use any more.
        virtual void on_broken(std::string_view why) = 0;

      protected:
        ~User() = default;
    };

    BayeuxSession(Reactor& reactor, const Target& target, User& user, std::uint32_t place);

    void handshake();

    // Each adds one message to the next request.
    void add_connect(std::optional<std::uint32_t> timeout_ms);
    void add_subscribe(std::string_view channel);
    // The last message of a session: what becomes of an earlier connect does not matter any more.
    void add_disconnect();
    // The caller appends the data to what this returns, then calls end_publish().
    [[nodiscard]] std::string& begin_publish(std::string_view channel);
    void end_publish();

    // Sends them. Not while another request is on its way, unless by WebSocket.
    void send();
    [[nodiscard]] std::uint32_t replies_due() const noexcept { return replies_due_; }
    // Events come by themselves, not only with the reply to a connect.
    [[nodiscard]] bool pushed_to() const noexcept { return transport_ == Transport::kWebSocket; }
    void close() noexcept { carrier_->close(); }

  private:
    void on_text(std::string_view text) override;
    void on_lost(std::string_view why) override;
    void begin(std::string_view channel);
    void take_handshake(std::string_view text);
    void take_farewell(std::string_view text);
    [[nodiscard]] const char* wrong_with(std::string_view text, std::uint32_t replies);

    std::unique_ptr<Carrier> carrier_;
    User& user_;
    const Transport transport_;
    const char* const transport_name_;
    std::string client_id_;
    std::string messages_;  // of the next request
    std::uint32_t message_count_ = 0;
    std::uint32_t replies_due_ = 0;
    // Over long-polling, of each request that is under way.
    struct Request {
        std::uint64_t first_id;
        std::uint32_t replies;
    };
    std::vector<Request> requests_;
    std::uint64_t last_id_ = 0;
    bool leaving_ = false;
};

}  // namespace bayeux::bench

#endif
