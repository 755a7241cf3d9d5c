// The cycles of a session: each is a connect, or a stream with all connects that come over it. The
// newest one is the session's; what waits in an older one learns that it was superseded.
//
//   event                             cycle   waiter                      place of the browser
//   start_connect, of the stream      goes on left alone                  taken anew
//   start_connect, start_stream       new     told that it is superseded  given back, or taken anew
//   park                              same    parked, once
//   finish_connect                    same    forgotten, not a stream's   given back
//   end_stream, its child dies        same    forgotten                   given back
#ifndef BAYEUX_STORE_CONNECT_CYCLE_HPP
#define BAYEUX_STORE_CONNECT_CYCLE_HPP

#include "store/store_lock.hpp"

namespace bayeux::store {

void begin_connect(const Locked& locked, SessionIndex index, const broker::ConnectTerms& terms,
                   broker::ConnectStart& start) noexcept;
void begin_stream(const Locked& locked, SessionIndex index, broker::Transport transport) noexcept;
// The cycle is the session's.
[[nodiscard]] broker::ParkState park_cycle(const Locked& locked, SessionIndex index,
                                           ChildIndex child, std::int64_t lease) noexcept;
// A connect of this cycle was answered, or its client has gone. A stream goes on.
void forget_connect(const Locked& locked, SessionIndex index, ConnectCycle cycle) noexcept;
// Nothing of this cycle is left but, perhaps, events on their way.
void forget_cycle(const Locked& locked, SessionIndex index, ConnectCycle cycle) noexcept;

}  // namespace bayeux::store

#endif
