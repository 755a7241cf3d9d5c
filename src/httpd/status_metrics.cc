// `?format=prometheus` of the status page: base units, `_total` for what only grows, and no label
// whose values clients choose.
#include <array>
#include <charconv>

#include "httpd/module_hooks.hpp"
#include "httpd/status_assets.hpp"
#include "httpd/status_views.hpp"

namespace bayeux::httpd {
namespace {

using store::Kind;

class Metrics {
  public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        for (const auto& [word, text] : {std::pair("# HELP ", help), std::pair("# TYPE ", type)}) {
            out_.append(word).append(name).append(" ").append(text).append("\n");
        }
    }
    // Of the family: `suffix` behind its name, and a label if there is one.
    void sample(std::string_view suffix, std::string_view label, std::string_view of,
                std::string_view value) {
        out_.append(name_).append(suffix);
        if (!label.empty()) {
            out_.append("{").append(label).append("=\"").append(of).append("\"}");
        }
        out_.append(" ").append(value).append("\n");
    }
    void sample(std::string_view label, std::string_view of, std::uint64_t value) {
        sample("", label, of, std::to_string(value));
    }
    void gauge(std::string_view name, std::string_view help, std::uint64_t value) {
        family(name, "gauge", help);
        sample("", "", value);
    }
    void counter(std::string_view name, std::string_view help, std::uint64_t value) {
        family(name, "counter", help);
        sample("", "", value);
    }
    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    std::string out_;
    std::string_view name_;
};

std::string seconds(std::uint64_t ns) {
    std::array<char, 32> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), static_cast<double>(ns) / 1e9);
    return {text.data(), end.ptr};
}

// Buckets by powers of four, from a quarter of a microsecond to a second and more: their ends are
// ends of the buckets in which it was counted.
void add_histogram(Metrics& metrics, const Durations& times) {
    constexpr std::uint64_t kFirst = 256;
    constexpr int kBuckets = 12;
    std::uint64_t end = kFirst;
    for (int i = 0; i < kBuckets; ++i, end *= 4) {
        metrics.sample("_bucket", "le", seconds(end), std::to_string(times.count_until(end)));
    }
    const std::string all = std::to_string(times.count());
    metrics.sample("_bucket", "le", "+Inf", all);
    metrics.sample("_sum", "", "", seconds(times.total_ns));
    metrics.sample("_count", "", "", all);
}

void add_sessions(Metrics& metrics, const StatusFigures& figures) {
    const store::StoreStats& stats = figures.store;
    metrics.gauge("bayeux_sessions", "Sessions.", stats.count(Kind::kSession));
    metrics.counter("bayeux_sessions_created_total", "Sessions that were created.",
                    stats.counters.sessions_created);
    metrics.family("bayeux_sessions_ended_total", "counter", "Sessions that have ended, by cause.");
    for (const Named& end : figures.ends()) {
        metrics.sample("cause", end.name, end.value);
    }
    metrics.gauge("bayeux_channels", "Channels and patterns in use.", stats.count(Kind::kChannel));
    metrics.gauge("bayeux_subscriptions", "Subscriptions of all sessions.",
                  stats.count(Kind::kSubscription));
    metrics.gauge("bayeux_present", "Who is present on channels with presence.",
                  stats.count(Kind::kMember));
}

void add_connections(Metrics& metrics, const LoopFigures& loops) {
    metrics.gauge("bayeux_connections", "Connections that the loops have.", loops.connections);
    metrics.counter("bayeux_connections_adopted_total", "Connections that the loops have taken.",
                    loops.adopted);
    metrics.family("bayeux_held", "gauge",
                   "Connects that are held and streams that are open, by transport.");
    for (const broker::Transport transport : kShownTransports) {
        metrics.sample("transport", transport_name(transport), loops.held_by(transport));
    }
    metrics.counter("bayeux_connects_answered_total", "Held connects that were answered.",
                    loops.answered);
    metrics.counter("bayeux_fast_requests_total", "Requests that the fast lane has served.",
                    loops.fast);
}

void add_messages(Metrics& metrics, const StatusFigures& figures) {
    const store::Counters& counters = figures.store.counters;
    metrics.counter("bayeux_messages_published_total", "Messages published.", counters.published);
    metrics.counter("bayeux_events_queued_total", "Messages put into queues, once per session.",
                    counters.queued);
    metrics.family("bayeux_events_delivered_total", "counter",
                   "Messages written to sessions, or acknowledged, by transport.");
    for (const broker::Transport transport : kShownTransports) {
        metrics.sample("transport", transport_name(transport),
                       counters.delivered[static_cast<std::size_t>(transport)]);
    }
    metrics.sample("transport", "none", counters.delivered[0]);
    metrics.family("bayeux_events_dropped_total", "counter",
                   "Messages that full queues have dropped.");
    metrics.sample("which", "oldest", counters.dropped_oldest);
    metrics.sample("which", "newest", counters.dropped_newest);
    metrics.gauge("bayeux_events_waiting", "Messages in queues, once per session.",
                  figures.store.count(Kind::kQueueEntry));
    metrics.family("bayeux_refusals_total", "counter",
                   "Requests and messages that were refused, by reason.");
    for (const Named& refusal : figures.refusals()) {
        metrics.sample("reason", refusal.name, refusal.value);
    }
}

void add_services(Metrics& metrics, const CallFigures& calls) {
    metrics.gauge("bayeux_service_calls_running", "Service calls that have a thread.",
                  calls.running);
    metrics.gauge("bayeux_service_calls_waiting", "Service calls that wait for a thread.",
                  calls.waiting);
    metrics.family("bayeux_service_calls_total", "counter", "Service calls that are over.");
    metrics.sample("result", "done", calls.done);
    metrics.sample("result", "failed", calls.failed);
    metrics.sample("result", "refused", calls.refused);
    metrics.counter("bayeux_service_answers_dropped_total",
                    "Answers of services that had nobody to go to.", calls.dropped);
}

void add_memory(Metrics& metrics, const StatusFigures& figures) {
    const store::StoreStats& stats = figures.store;
    metrics.gauge("bayeux_memory_size_bytes", "Shared memory.", stats.size);
    metrics.gauge("bayeux_memory_free_bytes", "Of it, what any kind may take.", stats.free_bytes());
    metrics.gauge("bayeux_memory_spare_bytes", "Of it, what is free for more of the same kind.",
                  stats.spare_bytes());
    metrics.gauge("bayeux_memory_fixed_bytes", "Of it, the store's own tables.",
                  stats.fixed_bytes());
    metrics.family("bayeux_memory_used_bytes", "gauge", "Of it, what is used, by kind.");
    for (const Named& kind : figures.memory()) {
        metrics.sample("kind", kind.name, kind.value);
    }
}

void add_health(Metrics& metrics, const StatusFigures& figures) {
    metrics.gauge("bayeux_children", "Children that serve.", figures.children.size());
    metrics.counter("bayeux_children_died_total", "Children that were killed.",
                    figures.store.counters.dead_children);
    metrics.counter("bayeux_repairs_total", "Repairs of the shared memory.",
                    figures.store.counters.repairs);
    metrics.family("bayeux_lock_hold_seconds", "histogram",
                   "How long the lock of the shared memory was held, of sixteen holds one.");
    add_histogram(metrics, figures.store.hold_times);
    metrics.family("bayeux_loop_turn_seconds", "histogram",
                   "How long the turns of the loops took that found work, of sixteen one.");
    add_histogram(metrics, figures.loops.turns);
}

}  // namespace

std::string status_metrics(const StatusFigures& figures) {
    Metrics metrics;
    metrics.family("bayeux_info", "gauge", "The version of mod_bayeux.");
    metrics.sample("version", module_version(), 1);
    add_sessions(metrics, figures);
    add_connections(metrics, figures.loops);
    add_messages(metrics, figures);
    add_services(metrics, figures.calls);
    add_memory(metrics, figures);
    add_health(metrics, figures);
    return metrics.take();
}

}  // namespace bayeux::httpd
