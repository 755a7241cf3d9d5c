// A stream's bytes where nothing lies between them and the socket.
#ifndef BAYEUX_LOOP_SOCKET_STREAM_HPP
#define BAYEUX_LOOP_SOCKET_STREAM_HPP

#include "loop/byte_stream.hpp"

namespace bayeux::loop {

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
