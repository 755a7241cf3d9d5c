// A session that subscribes to one channel and connects again and again.
//
//   kNew -> kJoining (handshake, subscribe, first connect) -> kConnecting -> kLeaving -> kGone
//   and from each of them kBroken
#ifndef BAYEUX_BENCH_SUBSCRIBER_HPP
#define BAYEUX_BENCH_SUBSCRIBER_HPP

#include <cstdint>
#include <string_view>

#include "bench/bayeux_session.hpp"
#include "bench/payload.hpp"

namespace bayeux::bench {

class Subscriber final : private BayeuxSession::User {
  public:
    enum class State : std::uint8_t { kNew, kJoining, kConnecting, kLeaving, kGone, kBroken };
    // What to do after a connect was answered.
    enum class Then : std::uint8_t {
        kConnect,  // and be held
        kProbe,    // connect, to be answered at once
        kLeave,
    };

    class Audience {
      public:
        // The first connect was answered; the second is on its way.
        virtual void on_joined(Subscriber& subscriber) = 0;
        virtual void on_event(Subscriber& subscriber, const PayloadFound& payload) = 0;
        // Another connect was answered, with so many events.
        [[nodiscard]] virtual Then on_answered(Subscriber& subscriber, std::uint32_t events) = 0;
        virtual void on_left(Subscriber& subscriber) = 0;
        virtual void on_broken(Subscriber& subscriber, std::string_view why) = 0;

      protected:
        ~Audience() = default;
    };

    Subscriber(Reactor& reactor, const Endpoint& server, const Payload& payload,
               std::string_view channel, Audience& audience, std::uint32_t index);

    void join();
    void close() noexcept { session_.close(); }

    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }

  private:
    void on_handshaken() override;
    void on_batch(std::string_view batch) override;
    void on_broken(std::string_view why) override;
    void go_on(Then then);
    [[nodiscard]] std::uint32_t take_events(std::string_view batch);

    BayeuxSession session_;
    const Payload& payload_;
    const std::string_view channel_;
    Audience& audience_;
    const std::uint32_t index_;
    State state_ = State::kNew;
    bool subscribed_ = false;
};

}  // namespace bayeux::bench

#endif
