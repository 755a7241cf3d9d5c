#include "httpd/blocking_hold.hpp"

#include <array>
#include <atomic>
#include <cerrno>
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

void wait_for_end(int ended, int client, const loop::ParkTerms& terms) noexcept {
    std::array<pollfd, 2> watched{{{ended, POLLIN, 0}, {client, POLLRDHUP, 0}}};
    for (;;) {
        const int n = ::poll(watched.data(), watched.size(), -1);
        if (n < 0 && errno != EINTR) {
            return;
        }
        if (n > 0 && watched[0].revents != 0) {
            return;
        }
        if (n > 0 && watched[1].revents != 0) {
            watched[1].fd = -1;
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
    this_child()->loop().hold(park);
    wait_for_end(fd, client_socket(held.r), park.terms);
    ::close(fd);
    return park.reason();
}

}  // namespace bayeux::httpd
