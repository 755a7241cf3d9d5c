// A session that subscribes to its rooms and connects again and again.
#include "bench/bayeux_session.hpp"
#include "bench/subscriber.hpp"

namespace bayeux::bench {
namespace {

class BayeuxSubscriber final : public Subscriber, private BayeuxSession::User {
  public:
    BayeuxSubscriber(Reactor& reactor, const Target& target, const Payload& payload,
                     Audience& audience, Seat seat)
        : Subscriber(payload, audience, seat.subscriber),
          session_(reactor, target, *this, seat.subscriber),
          rooms_(seat.rooms) {}

    void join() override {
        enter(State::kJoining);
        session_.handshake();
    }

  private:
    void on_handshaken() override {
        for (std::uint32_t seat = 0; seat < rooms_.each; ++seat) {
            session_.add_subscribe(Rooms::channel(rooms_.room_of(index(), seat)));
        }
        session_.send();
    }

    void on_messages(std::string_view messages, std::uint32_t replies) override {
        const std::uint32_t events = take_events(messages, true);
        const bool answered = replies > 0 && session_.replies_due() == 0;
        switch (state()) {
            case State::kJoining:
                if (answered) {
                    go_on_joining();
                }
                return;
            case State::kListening:
                go_on(audience().on_received(*this, {events, answered}), answered);
                return;
            case State::kLeaving:
                if (answered) {
                    enter(State::kGone);
                    session_.close();
                    audience().on_left(*this);
                }
                return;
            case State::kNew:
            case State::kGone:
            case State::kBroken:
                return;
        }
    }

    // The subscriptions, the first connect, the second one. The first is answered at once (CN-4);
    // servers that would hold it are asked not to.
    void go_on_joining() {
        if (!subscribed_) {
            subscribed_ = true;
            connect(0);
            return;
        }
        enter(State::kListening);
        connect(std::nullopt);
        audience().on_joined(*this);
    }

    // Pushed events leave the connect held; to leave is possible nevertheless.
    void go_on(Then then, bool answered) {
        if (then == Then::kLeave && (answered || session_.pushed_to())) {
            enter(State::kLeaving);
            session_.add_disconnect();
            session_.send();
        } else if (answered) {
            connect(then == Then::kProbe ? std::optional<std::uint32_t>(0) : std::nullopt);
        }
    }

    void connect(std::optional<std::uint32_t> timeout_ms) {
        session_.add_connect(timeout_ms);
        session_.send();
    }

    void on_broken(std::string_view why) override {
        if (state() == State::kGone || state() == State::kBroken) {
            return;
        }
        enter(State::kBroken);
        session_.close();
        audience().on_broken(*this, why);
    }

    BayeuxSession session_;
    const Rooms& rooms_;
    bool subscribed_ = false;
};

}  // namespace

std::unique_ptr<Subscriber> make_bayeux_subscriber(Reactor& reactor, const Target& target,
                                                   const Payload& payload,
                                                   Subscriber::Audience& audience, Seat seat) {
    return std::make_unique<BayeuxSubscriber>(reactor, target, payload, audience, seat);
}

}  // namespace bayeux::bench
