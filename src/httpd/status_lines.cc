// Lines for mod_status. With `?auto&bayeux-verify` the store is checked as well, which walks all of
// it under its lock.
#include <cctype>
#include <cstring>
#include <string>
#include <vector>

#include <httpd.h>

#include <mod_status.h>

#include "bayeux_module.h"
#include "httpd/boundary.hpp"
#include "httpd/module_state.hpp"
#include "httpd/status_figures.hpp"
#include "store/verify.hpp"

namespace bayeux::httpd {
namespace {

using store::Kind;

void print(request_rec* r, bool brief, const Named& line) {
    if (brief) {
        ap_rprintf(r, "Bayeux%s: %" APR_UINT64_T_FMT "\n", line.name, line.value);
    } else {
        ap_rprintf(r, "<dt>%s: %" APR_UINT64_T_FMT "</dt>\n", line.label, line.value);
    }
}

void print_services(request_rec* r, bool brief, const CallFigures& calls) {
    const Named lines[] = {
        {"ServiceRunning", "Service calls running", calls.running},
        {"ServiceWaiting", "Service calls waiting for a thread", calls.waiting},
        {"ServiceDone", "Service calls done so far", calls.done},
        {"ServiceFailed", "Service calls failed so far", calls.failed},
        {"ServiceRefused", "Service calls refused so far", calls.refused},
        {"ServiceDropped", "Answers of services that had nobody to go to so far", calls.dropped},
    };
    for (const Named& line : lines) {
        print(r, brief, line);
    }
}

// Used is the sum of the kinds, and size that of used, spare, free and fixed.
void print_memory(request_rec* r, bool brief, const StatusFigures& figures) {
    const store::StoreStats& stats = figures.store;
    const Named lines[] = {
        {"MemorySize", "Shared memory, bytes", stats.size},
        {"MemoryFixed", "of it fixed tables, bytes", stats.fixed_bytes()},
        {"MemoryFree", "of it free, bytes", stats.free_bytes()},
        {"MemorySpare", "of it free for more of the same kind, bytes", stats.spare_bytes()},
        {"MemoryUsed", "of it used, bytes", stats.used_bytes()},
        {"MemoryEmpty", "of it used when empty, bytes", 0},
    };
    for (const Named& line : lines) {
        print(r, brief, line);
    }
    for (const Named& kind : figures.memory()) {
        std::string name = std::string("Memory") + kind.name;
        name[sizeof "Memory" - 1] = static_cast<char>(std::toupper(kind.name[0]));
        const std::string label = std::string("used by ") + kind.label + ", bytes";
        print(r, brief, {name.c_str(), label.c_str(), kind.value});
    }
}

void print_children(request_rec* r, bool brief, const std::vector<ChildRow>& children) {
    for (const ChildRow& child : children) {
        ap_rprintf(r,
                   brief ? "BayeuxChild: pid=%u connections=%" APR_UINT64_T_FMT
                           " parked=%" APR_UINT64_T_FMT " streams=%" APR_UINT64_T_FMT "\n"
                         : "<dt>Child %u: %" APR_UINT64_T_FMT " connections, %" APR_UINT64_T_FMT
                           " held connects, %" APR_UINT64_T_FMT " streams</dt>\n",
                   child.pid, child.loop.connections, child.loop.parked, child.loop.streams);
    }
}

void print_status(request_rec* r, bool brief) {
    store::SharedStore& store = this_child()->store();
    const StatusFigures figures = gather_figures(store);
    const store::StoreStats& stats = figures.store;
    const LoopFigures& loops = figures.loops;
    const Named lines[] = {
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
        {"LockHoldP99", "Lock held, 99th percentile, ns", stats.hold_times.percentile(0.99)},
        {"LockHoldP999", "Lock held, 99.9th percentile, ns", stats.hold_times.percentile(0.999)},
        {"LockHoldMax", "Lock held, longest, ns", stats.hold_times.longest_ns},
    };
    if (!brief) {
        ap_rputs("<hr />\n<h2>mod_bayeux</h2>\n<dl>\n", r);
    }
    for (const Named& line : lines) {
        print(r, brief, line);
    }
    print_memory(r, brief, figures);
    print_services(r, brief, figures.calls);
    print_children(r, brief, figures.children);
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
