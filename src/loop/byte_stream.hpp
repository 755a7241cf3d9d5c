// Where a stream's bytes come from and go to: a plain socket, or httpd's filters (TLS). Never
// blocks. Called by the connection's owner.
#ifndef BAYEUX_LOOP_BYTE_STREAM_HPP
#define BAYEUX_LOOP_BYTE_STREAM_HPP

#include <cstddef>
#include <cstdint>
#include <span>

namespace bayeux::loop {

class ByteStream {
  public:
    enum class Status : std::uint8_t {
        kDone,   // `bytes` of them; of a write maybe fewer than offered
        kLater,  // none now: the loop's next edge tells when to try again
        kEnd,    // the peer has closed, or the connection is broken
    };
    struct Result {
        Status status = Status::kEnd;
        std::size_t bytes = 0;
    };

    ByteStream() = default;
    ByteStream(const ByteStream&) = delete;
    ByteStream& operator=(const ByteStream&) = delete;
    virtual ~ByteStream() = default;

    virtual Result read(std::span<char> into) noexcept = 0;
    // Asked behind a read that gave fewer bytes than there was room for: false if there is nothing
    // more, and an edge will tell when there is.
    [[nodiscard]] virtual bool may_have_more() const noexcept { return true; }
    virtual Result write(std::span<const char> from) noexcept = 0;
    // True if all that write() took has left for the kernel; else it is called again at the next
    // edge, with an empty span.
    [[nodiscard]] virtual bool flushed() const noexcept { return true; }
};

}  // namespace bayeux::loop

#endif
