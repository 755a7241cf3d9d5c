#include "bench/subscriber.hpp"

#include <utility>

namespace bayeux::bench {

Subscriber::Subscriber(Reactor& reactor, const Endpoint& server, const Payload& payload,
                       std::string_view channel, Audience& audience, std::uint32_t index)
    : session_(reactor, server, *this, index),
      payload_(payload),
      channel_(channel),
      audience_(audience),
      index_(index) {}

void Subscriber::join() {
    state_ = State::kJoining;
    session_.handshake();
}

void Subscriber::on_handshaken() {
    session_.add_subscribe(channel_);
    session_.send();
}

void Subscriber::go_on(Then then) {
    switch (then) {
        case Then::kConnect:
            session_.add_connect(std::nullopt);
            break;
        case Then::kProbe:
            session_.add_connect(0);
            break;
        case Then::kLeave:
            state_ = State::kLeaving;
            session_.add_disconnect();
            break;
    }
    session_.send();
}

std::uint32_t Subscriber::take_events(std::string_view batch) {
    std::uint32_t events = 0;
    for (PayloadFound found = payload_.find(batch, 0); found.kind != PayloadFound::Kind::kNone;
         found = payload_.find(batch, found.end)) {
        ++events;
        audience_.on_event(*this, found);
    }
    return events;
}

void Subscriber::on_batch(std::string_view batch) {
    const std::uint32_t events = take_events(batch);
    switch (state_) {
        case State::kJoining:
            if (!std::exchange(subscribed_, true)) {
                go_on(Then::kConnect);
                return;
            }
            state_ = State::kConnecting;
            go_on(Then::kConnect);
            audience_.on_joined(*this);
            return;
        case State::kConnecting:
            go_on(audience_.on_answered(*this, events));
            return;
        case State::kLeaving:
            state_ = State::kGone;
            session_.close();
            audience_.on_left(*this);
            return;
        case State::kNew:
        case State::kGone:
        case State::kBroken:
            return;
    }
}

void Subscriber::on_broken(std::string_view why) {
    state_ = State::kBroken;
    session_.close();
    audience_.on_broken(*this, why);
}

}  // namespace bayeux::bench
