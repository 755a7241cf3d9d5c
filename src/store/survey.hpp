// Who is largest in the store: the channels with most subscribers and with most messages, and the
// sessions for which most waits. For status pages, when somebody looks at one.
//
// No list is kept of it: all channels and sessions are walked, a bounded share in each hold of the
// lock, and no more than kMostCells altogether. What changes meanwhile may be missed.
#ifndef BAYEUX_STORE_SURVEY_HPP
#define BAYEUX_STORE_SURVEY_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "broker/transport.hpp"
#include "store/segment.hpp"

namespace bayeux::store {

// Plain data, without a heap: it is filled under the lock.
struct LargeChannel {
    std::uint32_t subscribers = 0;
    std::uint64_t published = 0;
    std::uint8_t name_length = 0;
    std::array<char, 256> name{};

    [[nodiscard]] std::string_view text() const noexcept { return {name.data(), name_length}; }
};

struct SlowSession {
    std::array<std::uint8_t, 3> id_begin{};  // of the client id: never more of it (S19)
    std::uint32_t events = 0;                // that wait, what is on its way included
    std::uint32_t bytes = 0;
    broker::Transport transport = broker::Transport::kNone;
    bool waiting = false;  // a connect is held, or a stream is open

    [[nodiscard]] std::string short_id() const;
};

// The largest of many, the largest first.
template <class T>
class Ranking {
  public:
    static constexpr std::size_t kPlaces = 10;

    // True if something of this rank, above 0, belongs here.
    [[nodiscard]] bool wants(std::uint64_t rank) const noexcept {
        return rank > (count_ == kPlaces ? ranks_[kPlaces - 1] : 0);
    }
    void add(std::uint64_t rank, const T& one) noexcept {
        std::size_t at = count_ < kPlaces ? count_++ : kPlaces - 1;
        for (; at != 0 && ranks_[at - 1] < rank; --at) {
            ranks_[at] = ranks_[at - 1];
            places_[at] = places_[at - 1];
        }
        ranks_[at] = rank;
        places_[at] = one;
    }
    [[nodiscard]] const T* begin() const noexcept { return places_.data(); }
    [[nodiscard]] const T* end() const noexcept { return places_.data() + count_; }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }

  private:
    std::array<T, kPlaces> places_{};
    std::array<std::uint64_t, kPlaces> ranks_{};
    std::size_t count_ = 0;
};

struct Survey {
    static constexpr std::uint64_t kMostCells = 262'144;

    Ranking<LargeChannel> crowded;  // by subscribers
    Ranking<LargeChannel> busy;     // by messages, ever
    Ranking<SlowSession> slow;      // by events that wait
    std::uint64_t cells = 0;        // channels and sessions that were looked at
    bool complete = true;           // those were all
};

// Any thread, without the lock.
[[nodiscard]] Survey survey(const Segment& segment, TimePoint now) noexcept;

}  // namespace bayeux::store

#endif
