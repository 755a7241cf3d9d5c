#include "httpd/status_figures.hpp"

namespace bayeux::httpd {
namespace {

LoopFigures read_loop(const loop::LoopCounters& counters) noexcept {
    LoopFigures figures;
    figures.connections = counters.connections;
    figures.parked = counters.parked;
    figures.streams = counters.streams;
    figures.adopted = counters.adopted;
    figures.answered = counters.answered;
    figures.fast = counters.fast;
    return figures;
}

CallFigures read_calls(const ServiceFigures& counters) noexcept {
    CallFigures figures;
    figures.running = counters.running;
    figures.waiting = counters.waiting;
    figures.done = counters.done;
    figures.failed = counters.failed;
    figures.refused = counters.refused;
    figures.dropped = counters.dropped;
    return figures;
}

}  // namespace

LoopFigures& LoopFigures::operator+=(const LoopFigures& other) noexcept {
    connections += other.connections;
    parked += other.parked;
    streams += other.streams;
    adopted += other.adopted;
    answered += other.answered;
    fast += other.fast;
    return *this;
}

CallFigures& CallFigures::operator+=(const CallFigures& other) noexcept {
    running += other.running;
    waiting += other.waiting;
    done += other.done;
    failed += other.failed;
    refused += other.refused;
    dropped += other.dropped;
    return *this;
}

StatusFigures gather_figures(store::SharedStore& store) {
    StatusFigures figures;
    figures.store = store.stats();
    for (const ChildFigures& counters : all_figures()) {
        const ChildRow row{counters.loop.pid, read_loop(counters.loop),
                           read_calls(counters.services)};
        figures.loops += row.loop;
        figures.calls += row.calls;
        if (row.pid != 0) {
            figures.children.push_back(row);
        }
    }
    return figures;
}

}  // namespace bayeux::httpd
