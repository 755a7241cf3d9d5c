// A connect that is held: whatever holds it, the loop ends it exactly once.
#ifndef BAYEUX_LOOP_PARK_HPP
#define BAYEUX_LOOP_PARK_HPP

#include <cstdint>

#include "base/clock.hpp"
#include "base/strong_id.hpp"
#include "broker/transport.hpp"
#include "loop/timers.hpp"

namespace bayeux::loop {

class Connection;

enum class EndReason : std::uint8_t {
    kEvents,      // events are queued
    kDeadline,    // the timeout passed (CN-9)
    kSuperseded,  // a newer connect of the session (CN-12)
    kEnded,       // the session has ended (CN-17)
    kGone,        // the client has closed its connection (CN-15)
    kPipelined,   // a further request came in behind the connect: answer that one first
    kStopping,    // the child is stopping
};

struct ParkTerms {
    SessionHandle session;
    ConnectCycle cycle;
    broker::Transport transport = broker::Transport::kLongPolling;  // by which the connect came
    TimePoint deadline;
    TimePoint lease;
};

// Held by a connection or by a blocked thread. Once the loop has it, it is the loop's until end().
class Park : public TimerNode {
  public:
    Park() noexcept = default;
    virtual ~Park() = default;

    ParkTerms terms;
    // Loop thread, exactly once for each time that the loop took it.
    virtual void end(EndReason reason) noexcept = 0;
    // The connection that this is a part of, if any.
    [[nodiscard]] virtual Connection* connection() noexcept { return nullptr; }

  private:
    friend class EventLoop;
    friend class ParkTable;
    Park* in_inbox_ = nullptr;
    Park* next_in_table_ = nullptr;
};

}  // namespace bayeux::loop

#endif
