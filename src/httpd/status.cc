// Lines for mod_status: what the store and the loops know about themselves. With
// `?auto&bayeux-verify` the store is checked as well, which walks all of it under its lock.
#include <atomic>
#include <cstring>
#include <string>

#include <httpd.h>

#include <mod_status.h>

#include "bayeux_module.h"
#include "httpd/boundary.hpp"
#include "httpd/module_state.hpp"
#include "store/verify.hpp"

namespace bayeux::httpd {
namespace {

using store::Kind;

struct Line {
    const char* name;
    const char* label;
    std::uint64_t value;
};

struct LoopTotals {
    std::uint64_t connections = 0;
    std::uint64_t parked = 0;
    std::uint64_t streams = 0;
    std::uint64_t adopted = 0;
    std::uint64_t answered = 0;
    std::uint64_t fast = 0;
};

LoopTotals total_of_loops() noexcept {
    LoopTotals total;
    for (const ChildFigures& figures : all_figures()) {
        const loop::LoopCounters& counters = figures.loop;
        total.connections += counters.connections;
        total.parked += counters.parked;
        total.streams += counters.streams;
        total.adopted += counters.adopted;
        total.answered += counters.answered;
        total.fast += counters.fast;
    }
    return total;
}

void print(request_rec* r, bool brief, const Line& line) {
    if (brief) {
        ap_rprintf(r, "Bayeux%s: %" APR_UINT64_T_FMT "\n", line.name, line.value);
    } else {
        ap_rprintf(r, "<dt>%s: %" APR_UINT64_T_FMT "</dt>\n", line.label, line.value);
    }
}

template <class Number>
std::uint64_t total_of(std::atomic<Number> ServiceFigures::*figure) noexcept {
    std::uint64_t total = 0;
    for (const ChildFigures& figures : all_figures()) {
        total += figures.services.*figure;
    }
    return total;
}

void print_services(request_rec* r, bool brief) {
    const Line lines[] = {
        {"ServiceRunning", "Service calls running", total_of(&ServiceFigures::running)},
        {"ServiceWaiting", "Service calls waiting for a thread",
         total_of(&ServiceFigures::waiting)},
        {"ServiceDone", "Service calls done so far", total_of(&ServiceFigures::done)},
        {"ServiceFailed", "Service calls failed so far", total_of(&ServiceFigures::failed)},
        {"ServiceRefused", "Service calls refused so far", total_of(&ServiceFigures::refused)},
        {"ServiceDropped", "Answers of services that had nobody to go to so far",
         total_of(&ServiceFigures::dropped)},
    };
    for (const Line& line : lines) {
        print(r, brief, line);
    }
}

// Used is the sum of the kinds, and size that of used, spare, free and fixed.
void print_memory(request_rec* r, bool brief, const store::StoreStats& stats) {
    const Line lines[] = {
        {"MemorySize", "Shared memory, bytes", stats.size},
        {"MemoryFixed", "of it fixed tables, bytes", stats.fixed_bytes()},
        {"MemoryFree", "of it free, bytes", stats.free_bytes()},
        {"MemorySpare", "of it free for more of the same kind, bytes", stats.spare_bytes()},
        {"MemoryUsed", "of it used, bytes", stats.used_bytes()},
        {"MemoryEmpty", "of it used when empty, bytes", 0},
        {"MemorySessions", "used by sessions, bytes", stats.bytes(Kind::kSession)},
        {"MemoryChannels", "used by channels, bytes", stats.bytes(Kind::kChannel)},
        {"MemorySubscriptions", "used by subscriptions, bytes", stats.bytes(Kind::kSubscription)},
        {"MemoryQueues", "used by queues, bytes", stats.bytes(Kind::kQueueEntry)},
        {"MemoryMessages", "used by messages, bytes", stats.bytes(Kind::kBlock)},
        {"MemoryDomains", "used by domains, bytes", stats.bytes(Kind::kDomain)},
        {"MemoryPublications", "used by publications under way, bytes", stats.bytes(Kind::kJob)},
        {"MemoryBrowsers", "used by browsers, bytes", stats.bytes(Kind::kBrowser)},
        {"MemoryUsers", "used by users, bytes", stats.bytes(Kind::kUser)},
        {"MemoryPresence", "used by presence, bytes", stats.bytes(Kind::kMember)},
    };
    for (const Line& line : lines) {
        print(r, brief, line);
    }
}

void print_children(request_rec* r, bool brief) {
    for (const ChildFigures& figures : all_figures()) {
        const loop::LoopCounters& counters = figures.loop;
        if (counters.pid == 0) {
            continue;
        }
        ap_rprintf(r,
                   brief ? "BayeuxChild: pid=%u connections=%u parked=%u streams=%u\n"
                         : "<dt>Child %u: %u connections, %u held connects, %u streams</dt>\n",
                   counters.pid.load(), counters.connections.load(), counters.parked.load(),
                   counters.streams.load());
    }
}

void print_status(request_rec* r, bool brief) {
    store::SharedStore& store = this_child()->store();
    const store::StoreStats stats = store.stats();
    const LoopTotals loops = total_of_loops();
    const Line lines[] = {
        {"Sessions", "Sessions", stats.count(Kind::kSession)},
        {"Channels", "Channels", stats.count(Kind::kChannel)},
        {"Subscriptions", "Subscriptions", stats.count(Kind::kSubscription)},
        {"QueuedEvents", "Events in queues", stats.count(Kind::kQueueEntry)},
        {"Messages", "Message blocks", stats.count(Kind::kBlock)},
        {"Parked", "Held connects", loops.parked},
        {"Streams", "WebSockets and event sources", loops.streams},
        {"Connections", "Adopted connections", loops.connections},
        {"Adopted", "Connections adopted so far", loops.adopted},
        {"Answered", "Held connects answered so far", loops.answered},
        {"Fast", "Requests served by the fast lane so far", loops.fast},
        {"Published", "Messages published so far", stats.counters.published},
        {"Queued", "Events queued so far", stats.counters.queued},
        {"Refused", "Refusals for want of room so far", stats.counters.refused_full},
        {"LimitedHandshakes", "Handshakes refused by a limit so far", stats.limited.handshakes},
        {"LimitedMessages", "Messages refused by a limit so far", stats.limited.messages},
        {"LimitedBytes", "Messages refused by a limit of bytes so far", stats.limited.bytes},
        {"Present", "Present on channels with presence", stats.count(Kind::kMember)},
        {"DroppedSessions", "Sessions ended by a full queue", stats.counters.overflow_disconnects},
        {"DeadChildren", "Children that were killed", stats.counters.dead_children},
        {"Repairs", "Repairs of the store", stats.counters.repairs},
        {"LockHoldP99", "Lock held, 99th percentile, ns", stats.hold_p99_ns},
        {"LockHoldP999", "Lock held, 99.9th percentile, ns", stats.hold_p999_ns},
        {"LockHoldMax", "Lock held, longest, ns", stats.hold_max_ns},
    };
    if (!brief) {
        ap_rputs("<hr />\n<h2>mod_bayeux</h2>\n<dl>\n", r);
    }
    for (const Line& line : lines) {
        print(r, brief, line);
    }
    print_memory(r, brief, stats);
    print_services(r, brief);
    print_children(r, brief);
    if (r->args != nullptr && std::strstr(r->args, "bayeux-verify") != nullptr) {
        const std::string violation = store.verify();
        const char* text = violation.empty() ? "ok" : violation.c_str();
        ap_rprintf(r, brief ? "BayeuxVerify: %s\n" : "<dt>Check of the store: %s</dt>\n", text);
    }
    if (!brief) {
        ap_rputs("</dl>\n", r);
    }
}

}  // namespace
}  // namespace bayeux::httpd

int bayeux_status(request_rec* r, int flags) noexcept {
    if (bayeux::httpd::this_child() == nullptr) {
        return DECLINED;
    }
    bayeux::httpd::guard("status",
                         [&] { bayeux::httpd::print_status(r, (flags & AP_STATUS_SHORT) != 0); });
    return OK;
}
