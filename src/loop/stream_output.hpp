// What a stream has to write: gathered in the loop's buffer, and kept by the stream only as far as
// the client does not take it at once.
#ifndef BAYEUX_LOOP_STREAM_OUTPUT_HPP
#define BAYEUX_LOOP_STREAM_OUTPUT_HPP

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "loop/byte_stream.hpp"

namespace bayeux::loop {

// Loop thread only. Each call of a stream that appends to text() ends with flush() or drop().
class StreamOutput {
  public:
    enum class State : std::uint8_t {
        kWritten,  // all has left
        kPending,  // the rest leaves at a later edge
        kBroken,
    };

    // `shared` is the loop's, empty between two calls.
    StreamOutput(ByteStream& bytes, std::string& shared) noexcept
        : bytes_(bytes), shared_(shared) {}
    StreamOutput(const StreamOutput&) = delete;
    StreamOutput& operator=(const StreamOutput&) = delete;

    // To be appended to.
    [[nodiscard]] std::string& text() noexcept { return pending_ ? rest_ : shared_; }
    // One write, as long as the client takes what it is offered.
    State flush(TimePoint now);
    void drop() noexcept;

    // The client has not taken all. Nothing new should be produced for it meanwhile.
    [[nodiscard]] bool pending() const noexcept { return pending_; }
    // Since when it has not taken anything; of pending().
    [[nodiscard]] TimePoint stuck_since() const noexcept { return stuck_since_; }

  private:
    void forget_shared() noexcept;

    ByteStream& bytes_;
    std::string& shared_;
    std::string rest_;
    std::size_t sent_ = 0;  // of rest_
    TimePoint stuck_since_;
    bool pending_ = false;
};

}  // namespace bayeux::loop

#endif
