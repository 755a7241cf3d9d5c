#include "bench/endpoint.hpp"

#include <array>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bayeux::bench {
namespace {

constexpr int kPatienceSeconds = 10;

std::string read_to_end(int fd) {
    std::string text;
    std::array<char, 16384> chunk;
    for (;;) {
        const ssize_t n = ::recv(fd, chunk.data(), chunk.size(), 0);
        if (n <= 0) {
            return text;
        }
        text.append(chunk.data(), static_cast<std::size_t>(n));
    }
}

const sockaddr* generic(const sockaddr_in& address) noexcept {
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

std::string exchange(int fd, const Endpoint& page) {
    const timeval patience{kPatienceSeconds, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(fd, generic(page.address), sizeof page.address) != 0) {
        return {};
    }
    // HTTP/1.0, so that the end of the connection is the end of the page.
    const std::string request =
        "GET " + page.path + " HTTP/1.0\r\nHost: " + page.authority + "\r\n\r\n";
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
        return {};
    }
    return read_to_end(fd);
}

}  // namespace

std::optional<Endpoint> Endpoint::parse(std::string_view url) {
    constexpr std::string_view kScheme = "http://";
    if (!url.starts_with(kScheme)) {
        return std::nullopt;
    }
    url.remove_prefix(kScheme.size());
    const std::size_t slash = url.find('/');
    Endpoint endpoint;
    endpoint.authority = url.substr(0, slash);
    endpoint.path = slash == std::string_view::npos ? "/" : url.substr(slash);
    const std::size_t colon = endpoint.authority.find(':');
    const std::string host = endpoint.authority.substr(0, colon);
    const std::string port =
        colon == std::string::npos ? "80" : endpoint.authority.substr(colon + 1);
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
        return std::nullopt;
    }
    endpoint.address = *static_cast<const sockaddr_in*>(static_cast<const void*>(found->ai_addr));
    ::freeaddrinfo(found);
    return endpoint;
}

Endpoint Endpoint::at(std::string_view other_path) const {
    Endpoint other = *this;
    other.path = other_path;
    return other;
}

std::optional<std::string> fetch_page(const Endpoint& page) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return std::nullopt;
    }
    const std::string text = exchange(fd, page);
    ::close(fd);
    const std::size_t head = text.find("\r\n\r\n");
    if (head == std::string::npos || text.find(" 200 ") > text.find("\r\n")) {
        return std::nullopt;
    }
    return text.substr(head + 4);
}

}  // namespace bayeux::bench
