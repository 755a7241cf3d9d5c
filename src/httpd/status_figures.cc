#include "httpd/status_figures.hpp"

namespace bayeux::httpd {
namespace {

using broker::RefusedFor;
using broker::Transport;
using store::Kind;

// What rates are averaged over at least: shorter than a sample's time they would jump.
constexpr std::int64_t kRateMillis = 4000;

LoopFigures read_loop(const loop::LoopCounters& counters) noexcept {
    LoopFigures figures;
    figures.connections = counters.connections;
    figures.parked = counters.parked;
    figures.streams = counters.streams;
    figures.callbacks = counters.callbacks;
    figures.event_sources = counters.event_sources;
    figures.adopted = counters.adopted;
    figures.answered = counters.answered;
    figures.fast = counters.fast;
    figures.turns = counters.turns.read();
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

// They are counted one after the other: what one reads may have more of the part.
std::uint64_t rest(std::uint64_t whole, std::uint64_t part) noexcept {
    return whole > part ? whole - part : 0;
}

}  // namespace

LoopFigures& LoopFigures::operator+=(const LoopFigures& other) noexcept {
    connections += other.connections;
    parked += other.parked;
    streams += other.streams;
    callbacks += other.callbacks;
    event_sources += other.event_sources;
    adopted += other.adopted;
    answered += other.answered;
    fast += other.fast;
    turns += other.turns;
    return *this;
}

std::uint64_t LoopFigures::held_by(Transport transport) const noexcept {
    switch (transport) {
        case Transport::kLongPolling:
            return rest(parked, callbacks);
        case Transport::kCallbackPolling:
            return callbacks;
        case Transport::kWebSocket:
            return rest(streams, event_sources);
        case Transport::kEventSource:
            return event_sources;
        case Transport::kNone:
            break;
    }
    return 0;
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

Rates StatusFigures::rates() const noexcept {
    const store::Sample now = store.sample();
    const store::Sample* before = nullptr;
    for (const store::Sample& sample : store.history()) {
        if (before == nullptr || now.at - sample.at >= kRateMillis) {
            before = &sample;
        }
    }
    if (before == nullptr || now.at <= before->at) {
        return {};
    }
    const double seconds = static_cast<double>(now.at - before->at) / 1000;
    return {static_cast<double>(now.published - before->published) / seconds,
            static_cast<double>(now.delivered - before->delivered) / seconds};
}

std::vector<Named> StatusFigures::refusals() const {
    const auto of = [&](RefusedFor why) { return refused[static_cast<std::size_t>(why)]; };
    return {{"no_room", "no room", store.counters.refused_full},
            {"limit_handshakes", "limit of handshakes", store.limited.handshakes},
            {"limit_messages", "limit of messages", store.limited.messages},
            {"limit_bytes", "limit of bytes", store.limited.bytes},
            {"denied", "not authorized", of(RefusedFor::kDenied)},
            {"filter", "by a filter", of(RefusedFor::kFilter)},
            {"origin", "foreign origin", of(RefusedFor::kOrigin)},
            {"session_unknown", "session unknown", of(RefusedFor::kSession)},
            {"invalid", "invalid message", of(RefusedFor::kInvalid)},
            {"unreadable", "unreadable request", of(RefusedFor::kUnreadable)}};
}

std::vector<Named> StatusFigures::memory() const {
    return {{"sessions", "sessions", store.bytes(Kind::kSession)},
            {"channels", "channels", store.bytes(Kind::kChannel)},
            {"subscriptions", "subscriptions", store.bytes(Kind::kSubscription)},
            {"queues", "queues", store.bytes(Kind::kQueueEntry)},
            {"messages", "messages", store.bytes(Kind::kBlock)},
            {"domains", "domains", store.bytes(Kind::kDomain)},
            {"publications", "publications under way", store.bytes(Kind::kJob)},
            {"browsers", "browsers", store.bytes(Kind::kBrowser)},
            {"users", "users", store.bytes(Kind::kUser)},
            {"presence", "presence", store.bytes(Kind::kMember)}};
}

std::vector<Named> StatusFigures::ends() const {
    const store::Counters& counters = store.counters;
    const std::uint64_t others = counters.sessions_expired + counters.overflow_disconnects;
    return {{"expired", "expired", counters.sessions_expired},
            {"overflow", "queue full", counters.overflow_disconnects},
            {"other", "said goodbye, or was ended", rest(counters.sessions_ended, others)}};
}

StatusFigures gather_figures(store::SharedStore& store) {
    StatusFigures figures;
    figures.store = store.stats();
    for (const ChildFigures& counters : all_figures()) {
        const ChildRow row{counters.loop.pid, read_loop(counters.loop),
                           read_calls(counters.services)};
        figures.loops += row.loop;
        figures.calls += row.calls;
        for (std::size_t why = 0; why < broker::kRefusalReasons; ++why) {
            figures.refused[why] += counters.refusals.of[why];
        }
        if (row.pid != 0) {
            figures.children.push_back(row);
        }
    }
    return figures;
}

}  // namespace bayeux::httpd
