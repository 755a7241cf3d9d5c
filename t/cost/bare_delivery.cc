// What a delivery costs a server that does nothing else: the same sockets, about as many bytes in
// the same order, no protocol, no store, no HTTP. Where its cost grows with the crowd, the kernel
// and the processor's caches are what grows; no server that sends to these sockets costs less.
//
//   bare_delivery TRANSPORT SESSIONS ROOM SECONDS
//
// SESSIONS clients in rooms of ROOM; a publisher names a room, all of whom get 370 bytes by
// long-polling, which they answer with a request of 300, or 150 bytes by websocket. As many rooms
// as bench/growth.py's window are under way at a time. Prints how many deliveries there were and
// how much CPU time they took of the server, a process of its own, after a second that does not
// count.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace bayeux::cost {
namespace {

constexpr std::uint32_t kWindow = 8;
constexpr std::uint32_t kPublisher = ~0U;
constexpr std::size_t kRequest = 300;
constexpr std::size_t kResponse = 370;
constexpr std::size_t kFrame = 150;

struct Options {
    bool polls = true;
    std::uint32_t sessions = 0;
    std::uint32_t room = 0;
    double seconds = 0;
};

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "bare_delivery: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

int must(int result, const char* what) {
    if (result < 0) {
        fail(what);
    }
    return result;
}

double seconds_of(clockid_t clock) {
    std::timespec at{};
    ::clock_gettime(clock, &at);
    return static_cast<double>(at.tv_sec) + 1e-9 * static_cast<double>(at.tv_nsec);
}

// Some sockets by number, and who of them has something.
class Sockets {
  public:
    void add(int fd, std::uint32_t number, std::uint32_t events) {
        const int on = 1;
        must(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
        epoll_event event{};
        event.events = events;
        event.data.u32 = number;
        must(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
        if (number != kPublisher) {
            fds_.push_back(fd);
        }
    }
    [[nodiscard]] int operator[](std::uint32_t number) const { return fds_[number]; }

    template <class Act>
    void wait(Act&& act) {
        std::array<epoll_event, 256> events;
        const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 1000);
        for (int i = 0; i < n; ++i) {
            act(events[static_cast<std::size_t>(i)].data.u32);
        }
    }

  private:
    const int epoll_ = must(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    std::vector<int> fds_;
};

void send_all(int fd, std::string_view bytes) {
    if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size())) {
        fail("send");
    }
}

// 0 if there is nothing (more).
std::size_t receive(int fd, void* buffer, std::size_t size) {
    const ssize_t got = ::recv(fd, buffer, size, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        fail("recv");
    }
    return got < 0 ? 0 : static_cast<std::size_t>(got);
}

// --- the other process ---

int connect_to(const sockaddr_in& address) {
    const int fd = must(::socket(AF_INET, SOCK_STREAM, 0), "socket");
    must(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
    return fd;
}

[[noreturn]] void be_the_clients(const Options& options, const sockaddr_in& address) {
    static const std::array<char, kRequest> request{};
    const std::string_view connect(request.data(), request.size());
    const int publisher = connect_to(address);
    Sockets sockets;
    for (std::uint32_t i = 0; i < options.sessions; ++i) {
        sockets.add(connect_to(address), i, EPOLLIN | EPOLLET);
        if (options.polls) {
            send_all(sockets[i], connect);
        }
    }
    const std::uint32_t rooms = options.sessions / options.room;
    std::vector<std::uint32_t> missing(rooms);
    std::uint32_t last = 0;
    const auto publish = [&] {
        last = (last + 1) % rooms;
        missing[last] += options.room;
        send_all(publisher, {reinterpret_cast<const char*>(&last), sizeof last});
    };
    for (std::uint32_t i = 0; i < std::min(kWindow, rooms); ++i) {
        publish();
    }
    std::array<char, 4096> buffer;
    const std::size_t expected = options.polls ? kResponse : kFrame;
    for (;;) {
        sockets.wait([&](std::uint32_t number) {
            const std::size_t got = receive(sockets[number], buffer.data(), buffer.size());
            for (std::size_t i = 0; i < got / expected; ++i) {
                if (options.polls) {
                    send_all(sockets[number], connect);
                }
                if (--missing[number / options.room] % options.room == 0) {
                    publish();
                }
            }
        });
    }
}

// --- this one ---

class Server {
  public:
    Server(const Options& options, int listener) : options_(options) {
        sockets_.add(publisher_ = must(::accept(listener, nullptr, nullptr), "accept"), kPublisher,
                     EPOLLIN);
        for (std::uint32_t i = 0; i < options.sessions; ++i) {
            sockets_.add(must(::accept(listener, nullptr, nullptr), "accept"), i,
                         EPOLLIN | EPOLLET);
        }
    }
    void serve_for(double seconds) {
        const double end = seconds_of(CLOCK_MONOTONIC) + seconds;
        while (seconds_of(CLOCK_MONOTONIC) < end) {
            sockets_.wait([this](std::uint32_t number) {
                if (number == kPublisher) {
                    fan_out();
                } else {
                    receive(sockets_[number], buffer_.data(), buffer_.size());
                }
            });
        }
    }
    [[nodiscard]] std::size_t deliveries() const { return deliveries_; }

  private:
    void fan_out() {
        std::array<std::uint32_t, 64> rooms;
        const std::size_t got = receive(publisher_, rooms.data(), sizeof rooms);
        for (std::size_t i = 0; i < got / sizeof rooms[0]; ++i) {
            for (std::uint32_t member = 0; member < options_.room; ++member) {
                send_all(sockets_[rooms[i] * options_.room + member],
                         {event_.data(), options_.polls ? kResponse : kFrame});
                ++deliveries_;
            }
        }
    }

    const Options& options_;
    Sockets sockets_;
    int publisher_ = -1;
    std::array<char, kResponse> event_{};
    std::array<char, 4096> buffer_{};
    std::size_t deliveries_ = 0;
};

void measure(const Options& options) {
    const int listener = must(::socket(AF_INET, SOCK_STREAM, 0), "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    must(::bind(listener, reinterpret_cast<sockaddr*>(&address), length), "bind");
    must(::listen(listener, 1024), "listen");
    must(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
    const pid_t clients = must(::fork(), "fork");
    if (clients == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        be_the_clients(options, address);
    }
    Server server(options, listener);
    server.serve_for(1);
    const std::size_t before = server.deliveries();
    const double begun = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    server.serve_for(options.seconds);
    std::printf("%zu %.6f\n", server.deliveries() - before,
                seconds_of(CLOCK_PROCESS_CPUTIME_ID) - begun);
    ::kill(clients, SIGKILL);
    ::waitpid(clients, nullptr, 0);
}

}  // namespace
}  // namespace bayeux::cost

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: bare_delivery TRANSPORT SESSIONS ROOM SECONDS\n");
        return 2;
    }
    bayeux::cost::Options options;
    options.polls = std::string_view(argv[1]) == "long-polling";
    options.sessions = static_cast<std::uint32_t>(std::atoi(argv[2]));
    options.room = static_cast<std::uint32_t>(std::atoi(argv[3]));
    options.seconds = std::atof(argv[4]);
    if (options.room == 0 || options.sessions < options.room) {
        std::fprintf(stderr, "bare_delivery: no room is full\n");
        return 2;
    }
    bayeux::cost::measure(options);
}
