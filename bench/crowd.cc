#include "bench/crowd.hpp"

#include <algorithm>
#include <string>

namespace bayeux::bench {
namespace {

// More at once would only overflow the server's listen queue, and wait a second for it.
constexpr std::uint32_t kJoiningAtOnce = 128;

}  // namespace

Crowd::Crowd(Reactor& reactor, const Target& target, const Payload& payload, const Rooms& rooms,
             Ledger& ledger)
    : target_(target), ledger_(ledger) {
    Subscriber::Audience& self = *this;
    const auto make =
        target.dialect == Dialect::kNchan ? make_nchan_subscriber : make_bayeux_subscriber;
    subscribers_.reserve(rooms.subscribers);
    for (std::uint32_t i = 0; i < rooms.subscribers; ++i) {
        subscribers_.push_back(make(reactor, target, payload, self, Seat{rooms, i}));
    }
}

void Crowd::join() {
    const std::uint32_t first = std::min(size(), kJoiningAtOnce);
    for (std::uint32_t i = 0; i < first; ++i) {
        join_next();
    }
}

void Crowd::join_next() {
    if (started_ < size()) {
        subscribers_[started_++]->join();
    }
}

void Crowd::on_joined(Subscriber& /*subscriber*/) {
    ++joined_;
    join_next();
}

void Crowd::on_event(Subscriber& subscriber, const PayloadFound& payload) {
    ledger_.deliver(subscriber.index(), payload, Clock::now());
}

Subscriber::Then Crowd::on_received(Subscriber& subscriber, Subscriber::Received received) {
    answered_ += received.answer ? 1 : 0;
    received_ += received.answer || received.events > 0 ? 1 : 0;
    if (!dismissed_ || !ledger_.has_all(subscriber.index())) {
        return Subscriber::Then::kGoOn;
    }
    const bool asks =
        target_.dialect == Dialect::kBayeux && target_.transport == Transport::kLongPolling;
    return asks && received.events > 0 ? Subscriber::Then::kProbe : Subscriber::Then::kLeave;
}

void Crowd::on_left(Subscriber& /*subscriber*/) {
    ++left_;
}

void Crowd::on_broken(Subscriber& subscriber, std::string_view why) {
    ++broken_;
    ledger_.add_fault("subscriber " + std::to_string(subscriber.index()) + ": " + std::string(why));
}

}  // namespace bayeux::bench
