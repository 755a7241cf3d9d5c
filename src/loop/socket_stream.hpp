// A stream's bytes where nothing lies between them and the socket.
#ifndef BAYEUX_LOOP_SOCKET_STREAM_HPP
#define BAYEUX_LOOP_SOCKET_STREAM_HPP

#include "base/clock.hpp"
#include "loop/byte_stream.hpp"

namespace bayeux::loop {

// A connection whose peer takes nothing of what was sent for so long is broken from then on. The
// kernel alone would try for a quarter of an hour; and as long as there is room in its buffers,
// nobody but the kernel knows that nothing arrives.
void break_when_unheard(int fd, Millis patience) noexcept;

// The socket stays its connection's.
class SocketStream final : public ByteStream {
  public:
    explicit SocketStream(int fd) noexcept : fd_(fd) {}

    Result read(std::span<char> into) noexcept override;
    Result write(std::span<const char> from) noexcept override;

  private:
    const int fd_;
};

}  // namespace bayeux::loop

#endif
