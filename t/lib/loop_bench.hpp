// A loop over socketpairs for tests: no httpd, a fake store, real time.
#ifndef BAYEUX_T_LIB_LOOP_BENCH_HPP
#define BAYEUX_T_LIB_LOOP_BENCH_HPP

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "lib/fake_entropy.hpp"
#include "lib/fake_store.hpp"
#include "loop/event_loop.hpp"

namespace bayeux::loop {

inline constexpr ChildIndex kChild{0};
inline constexpr std::string_view kRequest = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]";

// Reads what is there and does as the test says; performed by the loop thread itself.
class Scripted final : public Connection {
  public:
    Scripted(int fd, EventLoop& loop, bool transparent = true) noexcept
        : Connection(fd, transparent), fd_(fd), loop_(loop) {}

    void perform() noexcept override {
        tasks += letter(task);
        if (task == Task::kAnswer) {
            last_reason = reason;
            next = after_answer;
        } else if (task == Task::kServe) {
            tasks += overdue ? "!" : "";
            std::array<char, 4096> buffer;
            served += static_cast<int>(::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT) > 0);
            next = overdue ? after_overdue : after_serve;
        } else if (task == Task::kInspect) {
            next = after_inspect;
        } else if (task == Task::kStream) {
            next.stream->perform();
        } else if (task == Task::kClose) {
            ::shutdown(fd_, SHUT_WR);
            next.kind = Next::Kind::kLinger;
        } else {
            next = after_answer;
        }
        const bool gives_back = !stays;
        ++performed;
        if (gives_back) {
            loop_.give_back(*this);
        }
    }
    bool may_destroy(TimePoint /*now*/) noexcept override { return may_go; }
    void destroy() noexcept override {
        ::close(fd_);
        destroyed = true;
    }
    static char letter(Task task) noexcept { return "SIAFCW"[static_cast<int>(task)]; }

    std::string tasks;  // loop thread; read when destroyed
    std::atomic<int> performed{0};
    std::atomic<int> served{0};
    std::atomic<bool> destroyed{false};
    std::atomic<bool> may_go{true};
    std::atomic<bool> stays{false};  // at its worker: the test gives it back
    std::atomic<EndReason> last_reason{EndReason::kStopping};
    Next after_serve;
    Next after_overdue;
    Next after_answer;
    Next after_inspect;

  private:
    const int fd_;
    EventLoop& loop_;
};

class PerformedByLoop final : public Workers {
  public:
    void assign(Connection& connection) noexcept override { queue_.push_back(&connection); }
    void start_turns(TimePoint /*now*/) noexcept override {
        while (!queue_.empty()) {
            Connection* connection = queue_.front();
            queue_.erase(queue_.begin());
            connection->perform();
        }
    }
    bool busy() noexcept override { return !queue_.empty(); }
    void perform_here() noexcept override { here = true; }
    std::atomic<bool> here{false};

  private:
    std::vector<Connection*> queue_;
};

inline bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

inline Next idle(Millis patience) {
    Next next;
    next.kind = Next::Kind::kIdle;
    next.patience = patience;
    return next;
}

struct Bench {
    std::array<int, 1> fds{};
    [[maybe_unused]] int made = make_bells(fds);
    Bells bells{fds};
    test::FakeStore store{&bells};
    SystemClock clock;
    PerformedByLoop workers;
    LoopCounters counters;
    EventLoop loop{{kChild, Millis{200}, Millis{1000}}, store, bells, workers, clock, counters};
    bool opened = loop.open();
    std::thread thread{[this] { loop.run(); }};

    Bench() = default;
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;
    ~Bench() {
        end();
        close_bells(fds);
    }

    // run() has returned when this does.
    void end() {
        loop.quit();
        if (thread.joinable()) {
            thread.join();
        }
    }
    // The client's end; the loop's end is `ours`.
    static int pair(int& ours) {
        std::array<int, 2> both{};
        [[maybe_unused]] const int rv = ::socketpair(AF_UNIX, SOCK_STREAM, 0, both.data());
        ours = both[0];
        return both[1];
    }
    SessionHandle session() {
        KernelEntropy entropy;
        broker::NewSession wanted;
        wanted.client_id = *protocol::ClientId::make(entropy);
        wanted.expires_at = clock.now() + Millis{60'000};
        return store.create_session(wanted).value();
    }
    Next park(SessionHandle session, Millis timeout) {
        broker::ConnectTerms terms;
        terms.lease = clock.now() + Millis{60'000};
        const auto start = store.start_connect(session, terms).value();
        Next next;
        next.kind = Next::Kind::kPark;
        next.terms = {.session = session,
                      .cycle = start.cycle,
                      .deadline = clock.now() + timeout,
                      .lease = terms.lease};
        return next;
    }
    void subscribe(SessionHandle session, const char* name) {
        const auto channel = *protocol::ChannelName::parse(name);
        [[maybe_unused]] const auto done = store.subscribe(session, {&channel, 1}, {});
    }
    void publish(const char* name) {
        const auto channel = *protocol::ChannelName::parse(name);
        broker::Publication publication;
        publication.channel = &channel;
        publication.event = "{}";
        [[maybe_unused]] const auto reached = store.publish(publication);
    }
};

inline void send_text(int fd, std::string_view text) {
    [[maybe_unused]] const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
}

}  // namespace bayeux::loop

#endif
