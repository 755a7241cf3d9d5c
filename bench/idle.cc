// Many sessions that wait: what each costs the server in memory, and that one publish reaches them
// all.
#include <algorithm>
#include <cmath>
#include <utility>

#include "bench/crowd.hpp"
#include "bench/interval.hpp"
#include "bench/publisher.hpp"
#include "bench/scenario.hpp"
#include "bench/server_status.hpp"

namespace bayeux::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct IdleOptions {
    Target target;
    Endpoint status;
    std::uint32_t connects;
    std::uint32_t polls;  // messages for everybody before the memory is measured again
    double rest;          // seconds in which nobody does anything
};

// What the server says, and what is to be seen of it.
struct ServerView {
    std::optional<ServerMemory> memory;
    std::vector<std::uint64_t> threads;
    std::uint64_t segment = 0;
    std::uint64_t parked = 0;
};

class Idle final : public Scenario, private Publisher::Editor {
  public:
    explicit Idle(IdleOptions options)
        : options_(std::move(options)),
          rooms_{.subscribers = options_.connects},
          payload_(100),
          server_(options_.target.pid),
          ledger_(rooms_, 1),
          crowd_(reactor_, options_.target, payload_, rooms_, ledger_),
          publisher_(make_publisher(reactor_, options_.target, payload_, *this,
                                    {0, options_.connects, 1})) {}

    [[nodiscard]] bool run(Report& report) override {
        const ServerView before = look();
        ServerView held;
        ServerView polled;
        Duration joining{};
        if (gather(joining)) {
            held = look();
            rest();
            polled = publish_before_the_last();
            publish_the_last();
        }
        report.add_text("scenario", "idle");
        report.add_text("transport", options_.target.transport_name());
        report.add_count("connects", options_.connects);
        report.add_number("seconds_to_hold_all", seconds_of(joining), 2);
        report.add_count("parked", held.parked);
        fill_memory(report, before, held);
        if (rested_ > Duration{} && server_.known()) {
            report.add_number("rest_seconds", seconds_of(rested_), 2);
            report.add_number("rest_cpu_seconds", rest_cpu_, 2);
            report.add_number("rest_cpu_share", rest_cpu_ / seconds_of(rested_), 4);
        }
        if (options_.polls > 0) {
            report.add_number("bytes_per_connect_polled", cost(before, polled).all(), 0);
        }
        report.add_counts("threads_before", before.threads);
        report.add_counts("threads_held", held.threads);
        report.add_count("answered", ledger_.delivered());
        report.add_latency(ledger_.latency());
        report.add_flag("verified", verified());
        report.add_count("faults", ledger_.fault_count());
        if (!verified()) {
            report.add_texts("fault", ledger_.faults());
        }
        return verified();
    }

  private:
    // Of one session, in bytes.
    struct Cost {
        double resident = 0;
        double segment = 0;
        [[nodiscard]] double all() const noexcept { return resident + segment; }
    };

    [[nodiscard]] ServerView look() const {
        ServerView view;
        if (server_.known()) {
            view.memory = server_.memory();
            view.threads = server_.threads();
        }
        // Whoever does not say how much of it is in use is judged by the pages that were touched.
        const std::uint64_t touched = view.memory ? view.memory->shared : 0;
        const auto status = ServerStatus::fetch(options_.status);
        view.segment = said(status, "BayeuxMemoryUsed").value_or(touched);
        view.parked = said(status, held_figure()).value_or(0);
        return view;
    }

    static std::optional<std::uint64_t> said(const std::optional<ServerStatus>& status,
                                             std::string_view name) {
        return status ? status->number(name) : std::nullopt;
    }

    [[nodiscard]] bool holds_connects() const noexcept {
        return options_.target.transport == Transport::kLongPolling;
    }

    [[nodiscard]] std::string_view held_figure() const noexcept {
        return holds_connects() ? "BayeuxParked" : "BayeuxStreams";
    }

    // Other servers do not say what they hold: theirs is to be seen by their memory alone.
    [[nodiscard]] bool all_parked() const {
        const auto parked = said(ServerStatus::fetch(options_.status), held_figure());
        // The publisher's own WebSocket is a stream, too.
        return !parked || *parked == options_.connects ||
               (!holds_connects() && *parked > options_.connects);
    }

    [[nodiscard]] bool all_held() {
        const TimePoint deadline = Clock::now() + seconds(20);
        while (!all_parked()) {
            if (Clock::now() > deadline) {
                ledger_.add_fault("the server does not say that it holds all connects");
                return false;
            }
            reactor_.poll(Clock::now() + milliseconds(50));
        }
        return true;
    }

    // Until it has been the same for a moment: some servers collect garbage.
    void settle_memory() {
        constexpr double kSame = 0.005;
        constexpr int kMoments = 10;
        double last = 0;
        for (int moment = 0; server_.known() && moment < kMoments; ++moment) {
            const auto memory = server_.memory();
            const double now = memory ? static_cast<double>(memory->resident) : 0;
            if (std::abs(now - last) <= kSame * now) {
                return;
            }
            last = now;
            const TimePoint until = Clock::now() + milliseconds(300);
            while (Clock::now() < until) {
                reactor_.poll(until);
            }
        }
    }

    // What the server does when there is nothing to do.
    void rest() {
        const TimePoint begun = Clock::now();
        const TimePoint until = begun + from_seconds(options_.rest);
        const double before = server_.known() ? server_.cpu_seconds() : 0;
        while (Clock::now() < until) {
            reactor_.poll(until);
        }
        rested_ = Clock::now() - begun;
        rest_cpu_ = server_.known() ? server_.cpu_seconds() - before : 0;
    }

    bool gather(Duration& joining) {
        const TimePoint begun = Clock::now();
        crowd_.join();
        if (!poll_until(reactor_, seconds(120),
                        [&] { return crowd_.all_joined() || ledger_.fault_count() > 0; })) {
            ledger_.add_fault("not all clients could join within two minutes");
        }
        if (ledger_.fault_count() > 0 || !all_held()) {
            return false;
        }
        joining = Clock::now() - begun;
        settle_memory();
        return true;
    }

    [[nodiscard]] bool poll_for(const char* complaint, auto condition) {
        const bool met = poll_until(reactor_, seconds(60),
                                    [&] { return condition() || ledger_.fault_count() > 0; });
        if (!met) {
            ledger_.add_fault(complaint);
        }
        return ledger_.fault_count() == 0;
    }

    void publish() {
        const TimePoint now = Clock::now();
        publisher_->add(0, ledger_.publish(0, 0, now));
        publisher_->send(now);
    }

    [[nodiscard]] ServerView publish_before_the_last() {
        publisher_->join();
        if (!poll_for("the publisher could not join", [&] { return publisher_->idle(); })) {
            return {};
        }
        for (std::uint32_t poll = 0; poll < options_.polls; ++poll) {
            publish();
            if (!poll_for("not all clients got a message within a minute",
                          [&] { return ledger_.under_way() == 0 && publisher_->idle(); })) {
                return {};
            }
        }
        if (options_.polls == 0 || !all_held()) {
            return {};
        }
        settle_memory();
        return look();
    }

    // Everybody gets it and leaves.
    void publish_the_last() {
        if (ledger_.fault_count() > 0) {
            return;
        }
        crowd_.dismiss();
        publish();
        if (!poll_for("clients are still waiting after a minute",
                      [&] { return crowd_.all_left() && publisher_->idle(); })) {
            return;
        }
        publisher_->leave();
        static_cast<void>(
            poll_for("the publisher could not leave", [&] { return publisher_->gone(); }));
    }

    void on_idle(Publisher& /*publisher*/) override {}
    void on_accepted(TimePoint since, std::uint32_t messages) override {
        ledger_.acknowledge(messages, since, Clock::now());
    }
    void on_broken(Publisher& /*publisher*/, std::string_view why) override {
        ledger_.add_fault("publisher: " + std::string(why));
    }

    // A connect that was answered before there was anything to say was not held; a second answer
    // with the event would be a fault of the ledger's. At last each asks once more for nothing.
    [[nodiscard]] bool verified() const {
        const std::uint64_t messages = std::uint64_t{options_.polls} + 1;
        const bool bayeux = options_.target.dialect == Dialect::kBayeux;
        const std::uint64_t answers = messages + (bayeux ? 1 : 0);
        return ledger_.fault_count() == 0 && ledger_.delivered() == messages * options_.connects &&
               (!holds_connects() || crowd_.answered() == answers * options_.connects);
    }

    [[nodiscard]] Cost cost(const ServerView& before, const ServerView& after) const noexcept {
        const double each = 1.0 / options_.connects;
        Cost cost;
        cost.segment = grown(before.segment, after.segment) * each;
        if (before.memory && after.memory) {
            cost.resident = grown(before.memory->resident, after.memory->resident) * each;
        }
        return cost;
    }

    void fill_memory(Report& report, const ServerView& before, const ServerView& held) const {
        report.add_count("segment_before", before.segment);
        report.add_count("segment_held", held.segment);
        const Cost each = cost(before, held);
        report.add_number("segment_per_connect", each.segment, 0);
        if (before.memory && held.memory) {
            report.add_count("resident_before", before.memory->resident);
            report.add_count("resident_held", held.memory->resident);
            report.add_count("shared_pages_before", before.memory->shared);
            report.add_count("shared_pages_held", held.memory->shared);
            report.add_number("resident_per_connect", each.resident, 0);
            report.add_number("bytes_per_connect", each.all(), 0);
        }
    }

    static double grown(std::uint64_t before, std::uint64_t after) noexcept {
        return static_cast<double>(after) - static_cast<double>(before);
    }

    const IdleOptions options_;
    const Rooms rooms_;
    const Payload payload_;
    const ServerProcesses server_;
    Reactor reactor_;
    Ledger ledger_;
    Crowd crowd_;
    std::unique_ptr<Publisher> publisher_;
    Duration rested_{};
    double rest_cpu_ = 0;
};

}  // namespace

std::unique_ptr<Scenario> make_idle(Arguments& arguments) {
    const Target target = Target::take(arguments);
    return std::make_unique<Idle>(IdleOptions{
        .target = target,
        .status = arguments.endpoint("--status-url", target.server.at("/server-status?auto")),
        .connects = arguments.count("--connects", 10000, 1, 1000000),
        .polls = arguments.count("--polls", 0, 1, 1000),
        .rest = arguments.number("--rest", 0, 0.1, 3600)});
}

}  // namespace bayeux::bench
