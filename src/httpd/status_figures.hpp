// What all status pages show, gathered at one moment: the lines in server-status and the pages of
// `SetHandler bayeux-status` are different views of it.
#ifndef BAYEUX_HTTPD_STATUS_FIGURES_HPP
#define BAYEUX_HTTPD_STATUS_FIGURES_HPP

#include <cstdint>
#include <vector>

#include "httpd/module_state.hpp"
#include "store/store_stats.hpp"

namespace bayeux::httpd {

// Of one loop, or of all of them.
struct LoopFigures {
    std::uint64_t connections = 0;
    std::uint64_t parked = 0;
    std::uint64_t streams = 0;
    std::uint64_t adopted = 0;
    std::uint64_t answered = 0;
    std::uint64_t fast = 0;

    LoopFigures& operator+=(const LoopFigures& other) noexcept;
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

struct StatusFigures {
    store::StoreStats store;
    LoopFigures loops;
    CallFigures calls;
    std::vector<ChildRow> children;
};

// Any thread of a child. One hold of the store's lock.
[[nodiscard]] StatusFigures gather_figures(store::SharedStore& store);

}  // namespace bayeux::httpd

#endif
