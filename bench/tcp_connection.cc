#include "bench/tcp_connection.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace bayeux::bench {
namespace {

// Well below the number of ephemeral ports of one address.
constexpr std::uint32_t kConnectionsPerAddress = 20000;

const sockaddr* generic(const sockaddr_in& address) noexcept {
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

std::string reason_of(int error) {
    return std::generic_category().message(error);
}

bool would_block() noexcept {
    return errno == EAGAIN || errno == EINTR;
}

}  // namespace

TcpConnection::TcpConnection(Reactor& reactor, const Endpoint& server, User& user,
                             std::uint32_t place) noexcept
    : reactor_(reactor), server_(server), user_(user), place_(place) {}

TcpConnection::~TcpConnection() {
    close();
}

void TcpConnection::close() noexcept {
    if (fd_ >= 0) {
        ::close(fd_);
    }
    fd_ = -1;
    connecting_ = false;
    unsent_.clear();
}

// On the loopback network each of 127.0.0.1, 127.0.0.2, ... has ports of its own.
bool TcpConnection::leave_from_own_address() noexcept {
    const std::uint32_t nth = place_ / kConnectionsPerAddress;
    const bool loopback = ntohl(server_.address.sin_addr.s_addr) >> 24U == 127;
    if (nth == 0 || !loopback) {
        return true;
    }
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + nth);
    return ::bind(fd_, generic(own), sizeof own) == 0;
}

bool TcpConnection::open() {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) {
        return false;
    }
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!leave_from_own_address()) {
        return false;
    }
    connecting_ = true;
    if (::connect(fd_, generic(server_.address), sizeof server_.address) != 0 &&
        errno != EINPROGRESS) {
        return false;
    }
    return reactor_.watch(fd_, EPOLLIN | EPOLLOUT, *this);
}

void TcpConnection::send(std::string_view bytes) {
    if (fd_ < 0 && !open()) {
        fail(reason_of(errno));
    } else if (connecting_ || !unsent_.empty()) {
        unsent_ += bytes;
    } else {
        write(bytes);
    }
}

void TcpConnection::write(std::string_view bytes) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && !would_block()) {
        fail(reason_of(errno));
        return;
    }
    const auto sent = static_cast<std::size_t>(n < 0 ? 0 : n);
    if (sent < bytes.size()) {
        unsent_ = std::string(bytes.substr(sent));
        reactor_.change(fd_, EPOLLIN | EPOLLOUT, *this);
    }
}

void TcpConnection::write_rest() {
    int error = 0;
    socklen_t length = sizeof error;
    if (std::exchange(connecting_, false) &&
        (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0)) {
        fail(reason_of(error));
        return;
    }
    reactor_.change(fd_, EPOLLIN, *this);
    const std::string rest = std::exchange(unsent_, {});
    if (!rest.empty()) {
        write(rest);
    }
}

void TcpConnection::on_ready(std::uint32_t events) {
    if (fd_ >= 0 && (events & EPOLLOUT) != 0) {
        write_rest();
    }
    if (fd_ >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        read();
    }
}

void TcpConnection::read() {
    const std::span<char> scratch = reactor_.scratch();
    const ssize_t n = ::recv(fd_, scratch.data(), scratch.size(), 0);
    if (n < 0 && would_block()) {
        return;
    }
    if (n <= 0) {
        fail(n == 0 ? std::string("the server closed the connection") : reason_of(errno));
        return;
    }
    user_.on_bytes({scratch.data(), static_cast<std::size_t>(n)});
}

void TcpConnection::fail(std::string_view why) {
    close();
    user_.on_end(why);
}

}  // namespace bayeux::bench
