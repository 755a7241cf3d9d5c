#include "loop/socket_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/types.h>

namespace bayeux::loop {
namespace {

ByteStream::Result failed(int error) noexcept {
    return {error == EAGAIN ? ByteStream::Status::kLater : ByteStream::Status::kEnd, 0};
}

}  // namespace

void break_when_unheard(int fd, Millis patience) noexcept {
#ifdef TCP_USER_TIMEOUT
    const auto millis = static_cast<unsigned int>(
        std::clamp<std::int64_t>(patience.count(), 0, std::numeric_limits<int>::max()));
    // Where it is no TCP, or the kernel will not, it takes as long as the kernel likes.
    static_cast<void>(::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &millis, sizeof(millis)));
#else
    static_cast<void>(fd);
    static_cast<void>(patience);
#endif
}

ByteStream::Result SocketStream::read(std::span<char> into) noexcept {
    ssize_t n = 0;
    do {
        n = ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n == 0) {
        return {Status::kEnd, 0};
    }
    return n < 0 ? failed(errno) : Result{Status::kDone, static_cast<std::size_t>(n)};
}

ByteStream::Result SocketStream::write(std::span<const char> from) noexcept {
    if (from.empty()) {
        return {Status::kDone, 0};
    }
    ssize_t n = 0;
    do {
        n = ::send(fd_, from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? failed(errno) : Result{Status::kDone, static_cast<std::size_t>(n)};
}

}  // namespace bayeux::loop
