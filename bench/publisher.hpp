// A session that publishes to one channel, one request at a time.
#ifndef BAYEUX_BENCH_PUBLISHER_HPP
#define BAYEUX_BENCH_PUBLISHER_HPP

#include <cstdint>
#include <string_view>

#include "bench/bayeux_session.hpp"
#include "bench/payload.hpp"

namespace bayeux::bench {

class Publisher final : private BayeuxSession::User {
  public:
    class Editor {
      public:
        // It may publish (again).
        virtual void on_idle(Publisher& publisher) = 0;
        virtual void on_broken(Publisher& publisher, std::string_view why) = 0;

      protected:
        ~Editor() = default;
    };

    Publisher(Reactor& reactor, const Endpoint& server, const Payload& payload,
              std::string_view channel, Editor& editor, std::uint32_t index, std::uint32_t place);

    void join() { session_.handshake(); }
    // Adds a message to the next request.
    void add(std::uint64_t number);
    void send() { session_.send(); }
    void leave();

    [[nodiscard]] bool idle() const noexcept { return ready_ && !session_.waiting(); }
    [[nodiscard]] bool gone() const noexcept { return gone_; }
    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }

  private:
    void on_handshaken() override;
    void on_batch(std::string_view batch) override;
    void on_broken(std::string_view why) override;

    BayeuxSession session_;
    const Payload& payload_;
    const std::string_view channel_;
    Editor& editor_;
    const std::uint32_t index_;
    bool ready_ = false;
    bool gone_ = false;
};

}  // namespace bayeux::bench

#endif
