#include "bench/http_connection.hpp"

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

HttpConnection::HttpConnection(Reactor& reactor, const Endpoint& server, User& user,
                               std::uint32_t place) noexcept
    : reactor_(reactor), server_(server), user_(user), place_(place) {}

HttpConnection::~HttpConnection() {
    close();
}

void HttpConnection::close() noexcept {
    if (fd_ >= 0) {
        ::close(fd_);
    }
    fd_ = -1;
    waiting_ = connecting_ = false;
    unsent_.clear();
    partial_.clear();
}

// On the loopback network each of 127.0.0.1, 127.0.0.2, ... has ports of its own.
bool HttpConnection::leave_from_own_address() noexcept {
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

bool HttpConnection::open() {
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

void HttpConnection::send(std::string_view request) {
    waiting_ = true;
    if (fd_ < 0 && !open()) {
        fail(reason_of(errno));
        return;
    }
    if (connecting_) {
        unsent_ = request;
    } else {
        write(request);
    }
}

void HttpConnection::write(std::string_view bytes) {
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

void HttpConnection::write_rest() {
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

void HttpConnection::on_ready(std::uint32_t events) {
    if (fd_ >= 0 && (events & EPOLLOUT) != 0) {
        write_rest();
    }
    if (fd_ >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        read();
    }
}

void HttpConnection::read() {
    const std::span<char> scratch = reactor_.scratch();
    const ssize_t n = ::recv(fd_, scratch.data(), scratch.size(), 0);
    if (n < 0 && would_block()) {
        return;
    }
    if (n <= 0) {
        fail(n == 0 ? std::string("the server closed the connection") : reason_of(errno));
        return;
    }
    take({scratch.data(), static_cast<std::size_t>(n)});
}

void HttpConnection::take(std::string_view bytes) {
    std::string joined;
    if (!partial_.empty()) {
        joined = std::exchange(partial_, {});
        joined += bytes;
        bytes = joined;
    }
    Response response;
    std::size_t length = 0;
    switch (parse_response(bytes, response, length)) {
        case Parsed::kIncomplete:
            partial_ = bytes;
            return;
        case Parsed::kWrong:
            fail("not a response with a Content-Length");
            return;
        case Parsed::kWhole:
            break;
    }
    if (!waiting_ || length != bytes.size()) {
        waiting_ = true;  // whoever uses this connection must hear of it
        fail("bytes that nobody has asked for");
        return;
    }
    waiting_ = false;
    if (response.closing) {
        close();
    }
    user_.on_response(response);
}

void HttpConnection::fail(std::string_view why) {
    const bool missed = waiting_;
    const std::string reason(why);
    close();
    if (missed) {
        user_.on_lost(reason);
    }
}

}  // namespace bayeux::bench
