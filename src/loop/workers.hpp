// How a loop gets work done that may block.
#ifndef BAYEUX_LOOP_WORKERS_HPP
#define BAYEUX_LOOP_WORKERS_HPP

#include "base/clock.hpp"

namespace bayeux::loop {

class Connection;

class Workers {
  public:
    Workers() = default;
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;
    virtual ~Workers() = default;

    // Some worker will call connection.perform(), soon. Loop thread.
    virtual void assign(Connection& connection) noexcept = 0;
    // Called once in each turn of the loop, behind all its assign()s.
    virtual void start_turns(TimePoint now) noexcept = 0;
    // True while some worker performs, or shall: the loop then looks often how they get on.
    [[nodiscard]] virtual bool busy() noexcept = 0;
    // No worker can be had any more (the child is stopping, and not gracefully): what was assigned
    // and not begun, and all that is assigned from now on, is performed by the loop itself.
    virtual void perform_here() noexcept = 0;
};

}  // namespace bayeux::loop

#endif
