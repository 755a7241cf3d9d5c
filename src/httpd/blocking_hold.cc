#include "httpd/blocking_hold.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "httpd/module_state.hpp"

namespace bayeux::httpd {
namespace {

using loop::EndReason;

class BlockedPark final : public loop::Park {
  public:
    explicit BlockedPark(int fd) noexcept : fd_(fd) {}

    void end(EndReason reason) noexcept override {
        const int fd = fd_;
        reason_.store(reason);
        const std::uint64_t one = 1;
        // The waiting thread goes on, and this object with it: nothing is touched behind the write.
        [[maybe_unused]] const ssize_t n = ::write(fd, &one, sizeof one);
    }
    [[nodiscard]] EndReason reason() const noexcept { return reason_.load(); }

  private:
    const int fd_;
    std::atomic<EndReason> reason_{EndReason::kDeadline};
};

// The client's socket, where a look at it tells whether the client is there; else -1.
int client_socket(const request_rec* r) noexcept {
    if (r->connection->master != nullptr) {
        return -1;
    }
    apr_os_sock_t fd = -1;
    apr_socket_t* socket = ap_get_conn_socket(r->connection);
    return socket != nullptr && apr_os_sock_get(&fd, socket) == APR_SUCCESS ? fd : -1;
}

// An HTTP/2 stream has no socket that could be watched: it is marked when the client has reset it.
constexpr int kLookAtStream = 200;  // ms

bool stream_has_gone(const request_rec* r) noexcept {
    const volatile conn_rec* c = r->connection;  // another thread sets it
    return c->master != nullptr && c->aborted != 0;
}

// Returns when the loop has ended the park, and not before: the park is the caller's.
void wait_for_end(int ended, const request_rec* r, const loop::ParkTerms& terms) noexcept {
    std::array<pollfd, 2> watched{{{ended, POLLIN, 0}, {client_socket(r), POLLRDHUP, 0}}};
    int patience = r->connection->master != nullptr ? kLookAtStream : -1;
    for (;;) {
        const int n = ::poll(watched.data(), watched.size(), patience);
        if (n > 0 && watched[0].revents != 0) {
            // Read, not only seen: then the loop has done with the descriptor, closed next.
            std::uint64_t ends = 0;
            [[maybe_unused]] const ssize_t got = ::read(ended, &ends, sizeof ends);
            return;
        }
        if ((n > 0 && watched[1].revents != 0) || (n == 0 && stream_has_gone(r))) {
            watched[1].fd = -1;
            patience = -1;
            this_child()->loop().cancel(terms);
        }
    }
}

}  // namespace

EndReason hold_by_blocking(HeldRequest& held) noexcept {
    const int fd = ::eventfd(0, EFD_CLOEXEC);
    if (fd < 0) {
        return EndReason::kDeadline;  // answered at once: the client comes again
    }
    BlockedPark park(fd);
    park.terms = held.terms();
    const bool held_by_loop = this_child()->loop().hold(park);
    if (held_by_loop) {
        wait_for_end(fd, held.r, park.terms);
    }
    ::close(fd);
    return held_by_loop ? park.reason() : EndReason::kStopping;
}

}  // namespace bayeux::httpd
