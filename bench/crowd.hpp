// All subscribers of a run: lets them join a few at a time, keeps them listening, and sends them
// home when they are dismissed and have got everything.
#ifndef BAYEUX_BENCH_CROWD_HPP
#define BAYEUX_BENCH_CROWD_HPP

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "bench/ledger.hpp"
#include "bench/subscriber.hpp"

namespace bayeux::bench {

class Crowd final : private Subscriber::Audience {
  public:
    Crowd(Reactor& reactor, const Target& target, const Payload& payload, const Rooms& rooms,
          Ledger& ledger);

    void join();
    // From now on whoever has got everything leaves. Where one has to ask for events it asks once
    // more before, which must bring nothing.
    void dismiss() noexcept { dismissed_ = true; }

    [[nodiscard]] bool all_joined() const noexcept { return joined_ + broken_ >= size(); }
    [[nodiscard]] bool all_left() const noexcept { return left_ + broken_ >= size(); }
    [[nodiscard]] std::uint32_t size() const noexcept {
        return static_cast<std::uint32_t>(subscribers_.size());
    }
    [[nodiscard]] std::uint32_t joined() const noexcept { return joined_; }
    [[nodiscard]] std::uint32_t left() const noexcept { return left_; }
    // Texts that brought something: answers to requests for more, and what was pushed.
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
    // Of these the answers, whatever they brought.
    [[nodiscard]] std::uint64_t answered() const noexcept { return answered_; }

  private:
    void on_joined(Subscriber& subscriber) override;
    void on_event(Subscriber& subscriber, const PayloadFound& payload) override;
    [[nodiscard]] Subscriber::Then on_received(Subscriber& subscriber,
                                               Subscriber::Received received) override;
    void on_left(Subscriber& subscriber) override;
    void on_broken(Subscriber& subscriber, std::string_view why) override;
    void join_next();

    const Target& target_;
    Ledger& ledger_;
    std::vector<std::unique_ptr<Subscriber>> subscribers_;
    std::uint32_t started_ = 0;
    std::uint32_t joined_ = 0;
    std::uint32_t left_ = 0;
    std::uint32_t broken_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t answered_ = 0;
    bool dismissed_ = false;
};

}  // namespace bayeux::bench

#endif
