// What a child has to do now and then, and has no thread of its own for.
#ifndef BAYEUX_LOOP_CHORE_HPP
#define BAYEUX_LOOP_CHORE_HPP

#include "base/clock.hpp"

namespace bayeux::loop {

class Chore {
  public:
    Chore() = default;
    Chore(const Chore&) = delete;
    Chore& operator=(const Chore&) = delete;
    virtual ~Chore() = default;

    // About once a second, by the loop thread: it does not block.
    virtual void look(TimePoint now) noexcept = 0;
};

}  // namespace bayeux::loop

#endif
