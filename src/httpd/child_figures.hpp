// What a child counts, for the status pages of all children: in shared memory, a place for each
// place in the child table. They outlive a graceful restart, and with it maybe this module's
// version: whoever has counted less has made them smaller.
#ifndef BAYEUX_HTTPD_CHILD_FIGURES_HPP
#define BAYEUX_HTTPD_CHILD_FIGURES_HPP

#include <atomic>
#include <cstdint>

#include "broker/refusals.hpp"
#include "loop/event_loop.hpp"

namespace bayeux::httpd {

// Of the service calls of a child, written by its threads.
struct ServiceFigures {
    std::atomic<std::uint32_t> running{0};
    std::atomic<std::uint32_t> waiting{0};
    // Ever, by all children that had this place.
    std::atomic<std::uint64_t> done{0};     // with an answer that is passed on, or none
    std::atomic<std::uint64_t> failed{0};   // the service said no, or nothing of use, or in time
    std::atomic<std::uint64_t> refused{0};  // not called: too many were under way, or no memory
    std::atomic<std::uint64_t> dropped{0};  // of these, answers that could not reach their session

    void reset() noexcept { running = waiting = 0; }
};

struct ChildFigures {
    loop::LoopCounters loop;
    ServiceFigures services;
    broker::RefusalCounts refusals;

    // For the child that takes the place, or 0 for nobody: what has been counted stays, so that
    // totals never fall while the shared memory is the same.
    void reset(std::uint32_t pid) noexcept {
        services.reset();
        loop.reset(pid);
    }
};
static_assert(sizeof(ServiceFigures) == 40 &&
              sizeof(ChildFigures) == sizeof(loop::LoopCounters) + 88);

}  // namespace bayeux::httpd

#endif
