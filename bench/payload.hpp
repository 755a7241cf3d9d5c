// The data of the messages that the bench publishes, and their recognition in what comes back:
//
//   {"p":PUBLISHER,"n":NUMBER,"x":"FILLER"}
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
    std::uint64_t number = 0;
    std::size_t end = 0;  // of the payload, or of what was recognised of a damaged one
};

class Payload {
  public:
    // `size` of the data in bytes, as far as the frame around the filler leaves a choice.
    explicit Payload(std::size_t size);

    void append(std::string& out, std::uint32_t publisher, std::uint64_t number) const;

    // The first payload in `text` at or behind `from`.
    [[nodiscard]] PayloadFound find(std::string_view text, std::size_t from) const noexcept;

  private:
    [[nodiscard]] std::string_view filler(std::uint32_t publisher, std::uint64_t number,
                                          std::size_t frame) const noexcept;

    const std::size_t size_;
    std::string letters_;
};

}  // namespace bayeux::bench

#endif
