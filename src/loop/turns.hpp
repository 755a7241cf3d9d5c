// The queue between a loop and the workers that it borrows. A worker is asked for a turn, and
// performs what is queued until nothing is left: under load one hand-over serves many connections.
//
// At most `cap` turns run at once, so that other requests always find a worker (design.md 4.2). A
// turn that is about to serve a request, which may take long, makes sure that another one looks
// after what waits behind it.
#ifndef BAYEUX_LOOP_TURNS_HPP
#define BAYEUX_LOOP_TURNS_HPP

#include <cstddef>
#include <mutex>

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
    void start_turns() noexcept override;
    void perform_here() noexcept override;

    // A worker.
    void run_turn() noexcept;

  private:
    // How many connections one turn may find waiting before a second turn is worth its hand-over.
    static constexpr std::size_t kPerTurn = 16;

    // With mutex_ held: true if one more turn shall be started; it is counted then.
    bool claim_turn() noexcept;
    // With mutex_ held: nullptr if nothing is queued.
    Connection* pop() noexcept;
    // False if no worker can be had.
    bool start_claimed() noexcept;

    const std::size_t cap_;
    Starter& starter_;
    std::mutex mutex_;  // the inbox lock of the other direction; nothing is called under it
    Connection* first_ = nullptr;  // a FIFO through Connection::queued_
    Connection* last_ = nullptr;
    std::size_t queued_ = 0;
    std::size_t turns_ = 0;    // asked for or running
    std::size_t serving_ = 0;  // of these, in a request that may take long
    bool here_ = false;
};

}  // namespace bayeux::loop

#endif
