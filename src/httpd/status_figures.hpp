// What all status pages show, gathered at one moment: the lines in server-status and the pages of
// `SetHandler bayeux-status` are different views of it.
#ifndef BAYEUX_HTTPD_STATUS_FIGURES_HPP
#define BAYEUX_HTTPD_STATUS_FIGURES_HPP

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/durations.hpp"
#include "broker/transport.hpp"
#include "httpd/module_state.hpp"
#include "store/store_stats.hpp"

namespace bayeux::httpd {

// Of one loop, or of all of them.
struct LoopFigures {
    std::uint64_t connections = 0;
    std::uint64_t parked = 0;
    std::uint64_t streams = 0;
    std::uint64_t callbacks = 0;      // of `parked`
    std::uint64_t event_sources = 0;  // of `streams`
    std::uint64_t adopted = 0;
    std::uint64_t answered = 0;
    std::uint64_t fast = 0;
    Durations turns{};

    LoopFigures& operator+=(const LoopFigures& other) noexcept;
    // How many connects are held, or streams open, by this transport.
    [[nodiscard]] std::uint64_t held_by(broker::Transport transport) const noexcept;
};

// Of one child's service calls, or of those of all children.
struct CallFigures {
    std::uint64_t running = 0;
    std::uint64_t waiting = 0;
    std::uint64_t done = 0;
    std::uint64_t failed = 0;
    std::uint64_t refused = 0;
    std::uint64_t dropped = 0;

    CallFigures& operator+=(const CallFigures& other) noexcept;
};

// Of a child that serves.
struct ChildRow {
    std::uint32_t pid = 0;
    LoopFigures loop;
    CallFigures calls;
};

// A number with the name that machines know it by, and the one for people.
struct Named {
    const char* name;
    const char* label;
    std::uint64_t value;
};

// A second's worth, over the last few seconds.
struct Rates {
    double published = 0;
    double delivered = 0;
};

struct StatusFigures {
    store::StoreStats store;
    LoopFigures loops;
    CallFigures calls;
    std::array<std::uint64_t, broker::kRefusalReasons> refused{};
    std::vector<ChildRow> children;

    [[nodiscard]] Rates rates() const noexcept;
    // All refusals by reason, those of the store included.
    [[nodiscard]] std::vector<Named> refusals() const;
    // Bytes by kind, in the order of the kinds.
    [[nodiscard]] std::vector<Named> memory() const;
    // Why sessions have ended.
    [[nodiscard]] std::vector<Named> ends() const;
};

// In the order in which they are shown.
inline constexpr std::array<broker::Transport, 4> kShownTransports = {
    broker::Transport::kWebSocket, broker::Transport::kEventSource, broker::Transport::kLongPolling,
    broker::Transport::kCallbackPolling};

// Any thread of a child. One hold of the store's lock.
[[nodiscard]] StatusFigures gather_figures(store::SharedStore& store);

}  // namespace bayeux::httpd

#endif
