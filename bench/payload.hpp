// The data of the messages that the bench publishes, and their recognition in what comes back:
//
//   {"p":PUBLISHER,"c":ROOM,"n":NUMBER,"x":"FILLER"}
//
// The filler is another one for each number, so that a payload that was cut, mixed up or delivered
// in another one's place is noticed. It has only letters and digits: nothing in it looks like JSON.
#ifndef BAYEUX_BENCH_PAYLOAD_HPP
#define BAYEUX_BENCH_PAYLOAD_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bayeux::bench {

struct PayloadFound {
    enum class Kind : std::uint8_t { kNone, kGood, kDamaged };
    Kind kind = Kind::kNone;
    std::uint32_t publisher = 0;
    std::uint32_t room = 0;
    std::uint64_t number = 0;  // among those of this publisher in this room
    std::size_t end = 0;       // of the payload, or of what was recognised of a damaged one
};

class Payload {
  public:
    // `size` of the data in bytes, as far as the frame around the filler leaves a choice.
    explicit Payload(std::size_t size);

    void append(std::string& out, std::uint32_t publisher, std::uint32_t room,
                std::uint64_t number) const;

    // The first payload in `text` at or behind `from`.
    [[nodiscard]] PayloadFound find(std::string_view text, std::size_t from) const noexcept;

  private:
    [[nodiscard]] std::string_view filler(std::uint32_t publisher, std::uint64_t number,
                                          std::size_t frame) const noexcept;

    const std::size_t size_;
    std::string letters_;
};

// Goes through the events of a text: their payloads one by one, each with the channel that it came
// by. That the number of channels is right is left to those who count the payloads.
class EventReader {
  public:
    // With envelopes the text is Bayeux messages, else nothing but one payload.
    EventReader(const Payload& payload, std::string_view text, bool envelopes) noexcept
        : payload_(payload), text_(text), envelopes_(envelopes) {}

    // kNone at the end. A payload that is not of its message's channel counts as damaged.
    [[nodiscard]] PayloadFound next() noexcept;

  private:
    [[nodiscard]] bool next_channel_is(std::uint32_t room) noexcept;

    const Payload& payload_;
    const std::string_view text_;
    const bool envelopes_;
    std::size_t at_ = 0;
    std::size_t channel_at_ = 0;
};

}  // namespace bayeux::bench

#endif
