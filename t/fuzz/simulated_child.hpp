// A child of httpd as the store sees it, within the process of the test: with a store of its own
// over the shared segment, and a place in the child table that it may die in.
#ifndef BAYEUX_T_FUZZ_SIMULATED_CHILD_HPP
#define BAYEUX_T_FUZZ_SIMULATED_CHILD_HPP

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <memory>
#include <semaphore>
#include <span>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "broker/engine.hpp"
#include "fuzz/script.hpp"
#include "lib/fake_clock.hpp"
#include "loop/stream_context.hpp"
#include "store/kill_point.hpp"
#include "store/shared_store.hpp"

#ifndef BAYEUX_KILL_POINTS
#error "this test needs the store's kill points"
#endif

namespace bayeux::test {

inline constexpr std::size_t kSegmentSize = std::size_t{1} << 20U;
// One for all runs: a fresh mapping costs more than what most of them do with it.
inline std::span<std::byte> segment_memory() {
    static void* const memory =
        mmap(nullptr, kSegmentSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return {static_cast<std::byte*>(memory), kSegmentSize};
}

class BellRinger final : public broker::Ringer {
  public:
    void ring(const broker::WakeSet& children) noexcept override { rung |= children; }
    broker::WakeSet rung;
};

inline long points_left = 0;

// Runs `act` in a process that is killed at the store's n-th kill point, or at the end.
template <class Act>
void die_in(long n, Act&& act) {
    const pid_t pid = fork();
    if (pid == 0) {
        points_left = n;
        store::kill_point_hook = [](const char* /*name*/) {
            if (points_left-- == 0) {
                raise(SIGKILL);
            }
        };
        act();
        raise(SIGKILL);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) == -1 && errno == EINTR) {
    }
    require(pid > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
            "a process dies where it is killed, not before");
}

class SimulatedChild {
  public:
    SimulatedChild(std::span<std::byte> segment, broker::Ringer& ringer, const FakeClock& clock,
                   Entropy& entropy)
        : store_(std::move(store::SharedStore::open(segment, ringer, clock).value())),
          engine_(*store_, clock, entropy),
          clock_(clock) {}
    SimulatedChild(const SimulatedChild&) = delete;
    SimulatedChild& operator=(const SimulatedChild&) = delete;
    ~SimulatedChild() {
        if (alive()) {
            stop();
        }
    }

    // A mortal one needs a thread, with which its claim ends.
    void start(bool mortal) {
        if (!mortal) {
            claim();
        } else {
            keeper_ = std::thread([this] {
                claim();
                claimed_.release();
                ended_.acquire();
                if (in_order_) {
                    store_->release_child(context_->child);
                }
            });
            claimed_.acquire();
        }
    }
    void stop() { end(true); }
    // Whatever it had is left to whoever sweeps. Only of a mortal one.
    void die() { end(false); }

    [[nodiscard]] bool alive() const noexcept { return context_ != nullptr; }
    [[nodiscard]] store::SharedStore& store() noexcept { return *store_; }
    [[nodiscard]] broker::Engine& engine() noexcept { return engine_; }
    [[nodiscard]] loop::StreamContext& context() noexcept { return *context_; }
    [[nodiscard]] ChildIndex index() const noexcept { return alive() ? context_->child : kNoChild; }
    // Parks that it has to end.
    [[nodiscard]] bool has_due() const noexcept {
        return alive() && store_->segment().children()[index().value].due_count != 0;
    }

  private:
    void claim() {
        const auto place = store_->claim_child(1);
        require(place.has_value(), "there is a place for a child");
        context_ = std::make_unique<loop::StreamContext>(engine_, *store_, clock_, place.value());
    }
    void end(bool in_order) {
        if (keeper_.joinable()) {
            in_order_ = in_order;
            ended_.release();
            keeper_.join();
        } else {
            store_->release_child(context_->child);
        }
        context_.reset();
    }

    std::unique_ptr<store::SharedStore> store_;
    broker::Engine engine_;
    const FakeClock& clock_;
    std::unique_ptr<loop::StreamContext> context_;
    std::thread keeper_;
    std::binary_semaphore claimed_{0};
    std::binary_semaphore ended_{0};
    bool in_order_ = true;
};

}  // namespace bayeux::test

#endif
