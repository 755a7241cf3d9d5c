// The queue between a loop and the workers that it borrows. A worker is asked for a turn, and
// performs what is queued until nothing is left: under load one hand-over serves many connections.
//
// At most `cap` turns serve requests at once, so that other requests always find a worker
// (design.md 4.2), and one turn more runs for all that is no request: however slow the requests
// are, held connects wake. One turn performs all that is queued, as long as it gets on: only when
// much is queued, or when a request takes so long that nothing has moved for kStall, another worker
// is asked.
#ifndef BAYEUX_LOOP_TURNS_HPP
#define BAYEUX_LOOP_TURNS_HPP

#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "loop/workers.hpp"

namespace bayeux::loop {

class Turns final : public Workers {
  public:
    // Asks for a worker that will call run_turn(); false if none can be had.
    class Starter {
      public:
        Starter() = default;
        Starter(const Starter&) = delete;
        Starter& operator=(const Starter&) = delete;
        virtual ~Starter() = default;
        virtual bool start_turn() noexcept = 0;
    };

    Turns(std::size_t cap, Starter& starter) noexcept : cap_(cap), starter_(starter) {}

    void assign(Connection& connection) noexcept override;
    void start_turns(TimePoint now) noexcept override;
    [[nodiscard]] bool busy() noexcept override;
    void perform_here() noexcept override;

    // A worker.
    void run_turn() noexcept;

  private:
    // How many connections one turn may find waiting before a second turn is worth its hand-over.
    static constexpr std::size_t kPerTurn = 16;
    static constexpr Millis kStall{2};

    // A FIFO through Connection::queued_.
    struct Queue {
        void push(Connection& connection) noexcept;
        Connection* pop() noexcept;

        Connection* first = nullptr;
        Connection* last = nullptr;
        std::size_t count = 0;
    };

    // True if one more turn shall be started; it is counted then.
    bool claim_turn(TimePoint now) noexcept BAYEUX_REQUIRES(mutex_);
    // nullptr if nothing is queued that may be performed now. Requests and the rest in turn:
    // neither keeps the other waiting.
    Connection* pop() noexcept BAYEUX_REQUIRES(mutex_);
    [[nodiscard]] bool may_serve() const noexcept BAYEUX_REQUIRES(mutex_) {
        return here_ || serving_ < cap_;
    }
    // False if no worker can be had.
    bool start_claimed() noexcept;

    const std::size_t cap_;
    Starter& starter_;
    Mutex mutex_;  // the inbox lock of the other direction; nothing is called under it
    Queue requests_ BAYEUX_GUARDED_BY(mutex_);  // Task::kServe and kStream
    Queue others_ BAYEUX_GUARDED_BY(mutex_);
    bool request_next_ BAYEUX_GUARDED_BY(mutex_) = false;
    std::size_t turns_ BAYEUX_GUARDED_BY(mutex_) = 0;     // asked for or running
    std::size_t serving_ BAYEUX_GUARDED_BY(mutex_) = 0;   // of these, with a request
    std::uint64_t popped_ BAYEUX_GUARDED_BY(mutex_) = 0;  // ever
    // popped_ when start_turns() last found it changed, and when that was.
    std::uint64_t seen_ BAYEUX_GUARDED_BY(mutex_) = 0;
    TimePoint moved_at_ BAYEUX_GUARDED_BY(mutex_);
    bool here_ BAYEUX_GUARDED_BY(mutex_) = false;
};

}  // namespace bayeux::loop

#endif
