// What all streams of one loop share: the broker, and the buffers that only the stream at work
// needs, so that an idle one has none.
#ifndef BAYEUX_LOOP_STREAM_CONTEXT_HPP
#define BAYEUX_LOOP_STREAM_CONTEXT_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/strong_id.hpp"
#include "broker/engine.hpp"
#include "broker/session_store.hpp"
#include "loop/http_date.hpp"
#include "protocol/deflate.hpp"

namespace bayeux::loop {

struct LoopCounters;

// Made in each child before its loop runs; outlives all streams. The references may be used on any
// thread, the rest belongs to the loop thread.
struct StreamContext {
    // What a buffer keeps when nothing is in it.
    static constexpr std::size_t kKeep = std::size_t{512} << 10U;

    StreamContext(broker::Engine& e, broker::SessionStore& s, const Clock& c, ChildIndex index)
        : engine(e), store(s), clock(c), child(index) {}
    StreamContext(const StreamContext&) = delete;
    StreamContext& operator=(const StreamContext&) = delete;

    broker::Engine& engine;
    broker::SessionStore& store;
    const Clock& clock;
    const ChildIndex child;
    LoopCounters* counters = nullptr;  // of the loop; tests have none

    // Each is filled and emptied within one call of a stream.
    std::array<char, 16384> input{};
    std::string output;                  // what the stream at work writes
    std::string events;                  // what was drained, separated by commas,
    std::vector<std::uint32_t> lengths;  // and the length of each
    std::string text;                    // one frame's payload
    std::string packed;                  // the same, compressed
    protocol::Inflater inflater;
    HttpDate date;
};

}  // namespace bayeux::loop

#endif
