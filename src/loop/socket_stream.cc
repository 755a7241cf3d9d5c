#include "loop/socket_stream.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <sys/types.h>

namespace bayeux::loop {
namespace {

ByteStream::Result failed(int error) noexcept {
    return {error == EAGAIN ? ByteStream::Status::kLater : ByteStream::Status::kEnd, 0};
}

}  // namespace

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
