// `?format=json` of the status page.
#include <charconv>
#include <cmath>

#include "httpd/module_hooks.hpp"
#include "httpd/status_assets.hpp"
#include "httpd/status_views.hpp"
#include "protocol/json.hpp"

namespace bayeux::httpd {
namespace {

using store::Kind;

// Writes objects and arrays member by member; whoever uses it opens and closes in pairs.
class JsonText {
  public:
    void open(char bracket, std::string_view name = {}) {
        begin(name);
        out_ += bracket;
        first_ = true;
    }
    void close(char bracket) {
        out_ += bracket;
        first_ = false;
    }
    void add(std::string_view name, std::uint64_t number) {
        begin(name);
        out_ += std::to_string(number);
    }
    void add(std::string_view name, double number) {
        begin(name);
        std::array<char, 32> text{};
        const auto end = std::to_chars(text.data(), text.data() + text.size(),
                                       std::isfinite(number) ? number : 0.0);
        out_.append(text.data(), end.ptr);
    }
    void add(std::string_view name, bool yes) {
        begin(name);
        out_ += yes ? "true" : "false";
    }
    void add(std::string_view name, std::string_view text) {
        begin(name);
        protocol::append_quoted(out_, text);
    }
    [[nodiscard]] std::string take() {
        out_ += '\n';
        return std::move(out_);
    }

  private:
    void begin(std::string_view name) {
        if (!first_) {
            out_ += ',';
        }
        first_ = false;
        if (!name.empty()) {
            protocol::append_quoted(out_, name);
            out_ += ':';
        }
    }

    std::string out_;
    bool first_ = true;
};

double seconds(std::uint64_t ns) noexcept {
    return static_cast<double>(ns) / 1e9;
}

void add_all(JsonText& json, std::string_view name, const std::vector<Named>& numbers) {
    json.open('{', name);
    for (const Named& number : numbers) {
        json.add(number.name, number.value);
    }
    json.close('}');
}

void add_durations(JsonText& json, std::string_view name, const Durations& times) {
    json.open('{', name);
    json.add("timed", times.count());
    json.add("p50_seconds", seconds(times.percentile(0.5)));
    json.add("p99_seconds", seconds(times.percentile(0.99)));
    json.add("p999_seconds", seconds(times.percentile(0.999)));
    json.add("longest_seconds", seconds(times.longest_ns));
    json.close('}');
}

void add_sessions(JsonText& json, const StatusFigures& figures) {
    const store::StoreStats& stats = figures.store;
    json.open('{', "sessions");
    json.add("now", std::uint64_t{stats.count(Kind::kSession)});
    json.add("created", stats.counters.sessions_created);
    add_all(json, "ended", figures.ends());
    json.close('}');
    json.add("channels", std::uint64_t{stats.count(Kind::kChannel)});
    json.add("subscriptions", std::uint64_t{stats.count(Kind::kSubscription)});
    json.add("present", std::uint64_t{stats.count(Kind::kMember)});
    json.add("users", std::uint64_t{stats.count(Kind::kUser)});
}

void add_connections(JsonText& json, const LoopFigures& loops) {
    json.open('{', "held");
    for (const broker::Transport transport : kShownTransports) {
        json.add(transport_name(transport), loops.held_by(transport));
    }
    json.close('}');
    json.open('{', "connections");
    json.add("now", loops.connections);
    json.add("adopted", loops.adopted);
    json.add("connects_answered", loops.answered);
    json.add("fast_requests", loops.fast);
    json.close('}');
}

void add_messages(JsonText& json, const StatusFigures& figures) {
    const store::Counters& counters = figures.store.counters;
    json.open('{', "messages");
    json.add("published", counters.published);
    json.add("queued", counters.queued);
    json.add("waiting", std::uint64_t{figures.store.count(Kind::kQueueEntry)});
    json.add("dropped_oldest", counters.dropped_oldest);
    json.add("dropped_newest", counters.dropped_newest);
    json.open('{', "delivered");
    for (const broker::Transport transport : kShownTransports) {
        json.add(transport_name(transport),
                 counters.delivered[static_cast<std::size_t>(transport)]);
    }
    json.add("none", counters.delivered[0]);
    json.close('}');
    json.close('}');
    const Rates rates = figures.rates();
    json.open('{', "per_second");
    json.add("published", rates.published);
    json.add("delivered", rates.delivered);
    json.close('}');
}

void add_services(JsonText& json, const CallFigures& calls) {
    json.open('{', "services");
    json.add("running", calls.running);
    json.add("waiting", calls.waiting);
    json.add("done", calls.done);
    json.add("failed", calls.failed);
    json.add("refused", calls.refused);
    json.add("dropped", calls.dropped);
    json.close('}');
}

void add_memory(JsonText& json, const StatusFigures& figures) {
    const store::StoreStats& stats = figures.store;
    json.open('{', "memory");
    json.add("size", stats.size);
    json.add("fixed", stats.fixed_bytes());
    json.add("free", stats.free_bytes());
    json.add("spare", stats.spare_bytes());
    json.add("used", stats.used_bytes());
    add_all(json, "kinds", figures.memory());
    json.close('}');
}

void add_children(JsonText& json, const std::vector<ChildRow>& children) {
    json.open('[', "children");
    for (const ChildRow& child : children) {
        json.open('{');
        json.add("pid", std::uint64_t{child.pid});
        json.add("connections", child.loop.connections);
        json.open('{', "held");
        for (const broker::Transport transport : kShownTransports) {
            json.add(transport_name(transport), child.loop.held_by(transport));
        }
        json.close('}');
        json.add("services_running", child.calls.running);
        json.add("services_waiting", child.calls.waiting);
        add_durations(json, "loop_turn", child.loop.turns);
        json.close('}');
    }
    json.close(']');
}

void add_history(JsonText& json, const store::StoreStats& stats) {
    json.open('[', "history");
    for (const store::Sample& sample : stats.history()) {
        json.open('{');
        json.add("seconds_ago", static_cast<double>(stats.now - sample.at) / 1000);
        json.add("published", sample.published);
        json.add("queued", sample.queued);
        json.add("delivered", sample.delivered);
        json.add("sessions", std::uint64_t{sample.sessions});
        json.add("waiting", std::uint64_t{sample.waiting});
        json.close('}');
    }
    json.close(']');
}

void add_channels(JsonText& json, std::string_view name,
                  const store::Ranking<store::LargeChannel>& channels) {
    json.open('[', name);
    for (const store::LargeChannel& channel : channels) {
        json.open('{');
        json.add("channel", channel.text());
        json.add("subscribers", std::uint64_t{channel.subscribers});
        json.add("published", channel.published);
        json.close('}');
    }
    json.close(']');
}

void add_survey(JsonText& json, const store::Survey& survey) {
    json.open('{', "survey");
    json.add("complete", survey.complete);
    add_channels(json, "most_subscribers", survey.crowded);
    add_channels(json, "most_messages", survey.busy);
    json.open('[', "slowest");
    for (const store::SlowSession& session : survey.slow) {
        json.open('{');
        json.add("session", std::string_view(session.short_id()));
        json.add("transport", std::string_view(transport_name(session.transport)));
        json.add("away", !session.waiting);
        json.add("waiting", std::uint64_t{session.events});
        json.add("bytes", std::uint64_t{session.bytes});
        json.close('}');
    }
    json.close(']');
    json.close('}');
}

}  // namespace

std::string status_json(const StatusView& view) {
    const StatusFigures& figures = view.figures;
    JsonText json;
    json.open('{');
    json.add("version", module_version());
    json.add("time", static_cast<double>(view.wall.time_since_epoch().count()) / 1000);
    add_sessions(json, figures);
    add_connections(json, figures.loops);
    add_messages(json, figures);
    add_all(json, "refusals", figures.refusals());
    add_services(json, figures.calls);
    add_memory(json, figures);
    add_durations(json, "lock_hold", figures.store.hold_times);
    add_durations(json, "loop_turn", figures.loops.turns);
    json.add("dead_children", figures.store.counters.dead_children);
    json.add("repairs", figures.store.counters.repairs);
    add_children(json, figures.children);
    add_history(json, figures.store);
    add_survey(json, view.survey);
    json.close('}');
    return json.take();
}

}  // namespace bayeux::httpd
