// Somebody who sits in rooms and takes what comes.
//
//   kNew -> kJoining -> kListening -> kLeaving -> kGone
//   and from each of them kBroken
#ifndef BAYEUX_BENCH_SUBSCRIBER_HPP
#define BAYEUX_BENCH_SUBSCRIBER_HPP

#include <cstdint>
#include <memory>
#include <string_view>

#include "bench/payload.hpp"
#include "bench/reactor.hpp"
#include "bench/rooms.hpp"
#include "bench/target.hpp"

namespace bayeux::bench {

class Subscriber {
  public:
    enum class State : std::uint8_t { kNew, kJoining, kListening, kLeaving, kGone, kBroken };
    // What to do after something was received.
    enum class Then : std::uint8_t {
        kGoOn,   // ask for more, where one has to ask
        kProbe,  // ask once more, to be answered at once
        kLeave,
    };
    struct Received {
        std::uint32_t events;
        bool answer;  // to a request for more; else the server has pushed
    };

    class Audience {
      public:
        // It listens: the first connect was answered and the second is on its way, or the like.
        virtual void on_joined(Subscriber& subscriber) = 0;
        virtual void on_event(Subscriber& subscriber, const PayloadFound& payload) = 0;
        [[nodiscard]] virtual Then on_received(Subscriber& subscriber, Received received) = 0;
        virtual void on_left(Subscriber& subscriber) = 0;
        virtual void on_broken(Subscriber& subscriber, std::string_view why) = 0;

      protected:
        ~Audience() = default;
    };

    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;
    virtual ~Subscriber() = default;

    virtual void join() = 0;

    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }

  protected:
    Subscriber(const Payload& payload, Audience& audience, std::uint32_t index) noexcept
        : payload_(payload), audience_(audience), index_(index) {}

    [[nodiscard]] std::uint32_t take_events(std::string_view text, bool envelopes) {
        EventReader reader(payload_, text, envelopes);
        std::uint32_t events = 0;
        for (PayloadFound found = reader.next(); found.kind != PayloadFound::Kind::kNone;
             found = reader.next()) {
            ++events;
            audience_.on_event(*this, found);
        }
        return events;
    }
    [[nodiscard]] Audience& audience() noexcept { return audience_; }
    void enter(State state) noexcept { state_ = state; }

  private:
    const Payload& payload_;
    Audience& audience_;
    const std::uint32_t index_;
    State state_ = State::kNew;
};

struct Seat {
    const Rooms& rooms;
    std::uint32_t subscriber;
};

[[nodiscard]] std::unique_ptr<Subscriber> make_bayeux_subscriber(Reactor& reactor,
                                                                 const Target& target,
                                                                 const Payload& payload,
                                                                 Subscriber::Audience& audience,
                                                                 Seat seat);
[[nodiscard]] std::unique_ptr<Subscriber> make_nchan_subscriber(Reactor& reactor,
                                                                const Target& target,
                                                                const Payload& payload,
                                                                Subscriber::Audience& audience,
                                                                Seat seat);

}  // namespace bayeux::bench

#endif
