// Many held connects: what each costs the server in memory, and that one publish answers them all.
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

constexpr std::string_view kChannel = "/bench/idle";

struct IdleOptions {
    Endpoint server;
    Endpoint status;
    std::uint32_t connects;
    std::uint32_t server_pid;
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
          payload_(100),
          server_(options_.server_pid),
          ledger_(options_.connects, 1),
          crowd_(reactor_, options_.server, payload_, kChannel, ledger_, options_.connects),
          publisher_(reactor_, options_.server, payload_, kChannel, *this, 0, options_.connects) {}

    [[nodiscard]] bool run(Report& report) override {
        const ServerView before = look();
        const TimePoint begun = Clock::now();
        ServerView held;
        Duration joining{};
        if (gather()) {
            joining = Clock::now() - begun;
            held = look();
            publish();
        }
        report.add_text("scenario", "idle");
        report.add_count("connects", options_.connects);
        report.add_number("seconds_to_hold_all", seconds_of(joining), 2);
        report.add_count("parked", held.parked);
        fill_memory(report, before, held);
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
    [[nodiscard]] ServerView look() const {
        ServerView view;
        if (const auto status = ServerStatus::fetch(options_.status)) {
            view.segment = status->number("BayeuxMemoryUsed").value_or(0);
            view.parked = status->number("BayeuxParked").value_or(0);
        }
        if (server_.known()) {
            view.memory = server_.memory();
            view.threads = server_.threads();
        }
        return view;
    }

    [[nodiscard]] bool all_parked() const {
        const auto status = ServerStatus::fetch(options_.status);
        return status && status->number("BayeuxParked") == options_.connects;
    }

    bool gather() {
        crowd_.join();
        if (!poll_until(reactor_, seconds(120), [&] { return crowd_.all_joined(); })) {
            ledger_.add_fault("not all clients could join within two minutes");
            return false;
        }
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

    // Everybody gets the one message, connects once more for nothing, and leaves.
    void publish() {
        crowd_.dismiss();
        publisher_.join();
        if (!poll_until(reactor_, seconds(60),
                        [&] { return crowd_.all_left() && publisher_.idle(); })) {
            ledger_.add_fault(std::to_string(crowd_.size() - crowd_.left()) +
                              " clients are still waiting after a minute");
            return;
        }
        publisher_.leave();
        if (!poll_until(reactor_, seconds(10), [&] { return publisher_.gone(); })) {
            ledger_.add_fault("the publisher could not leave");
        }
    }

    void on_idle(Publisher& publisher) override {
        if (!std::exchange(published_, true)) {
            publisher.add(ledger_.publish(0, Clock::now()));
            publisher.send();
        }
    }
    void on_broken(Publisher& /*publisher*/, std::string_view why) override {
        ledger_.add_fault("publisher: " + std::string(why));
    }

    // A connect that was answered before there was anything to say was not held; a second answer
    // with the event would be a fault of the ledger's.
    [[nodiscard]] bool verified() const {
        return ledger_.fault_count() == 0 && ledger_.delivered() == options_.connects &&
               crowd_.answered() == std::uint64_t{2} * options_.connects;
    }

    void fill_memory(Report& report, const ServerView& before, const ServerView& held) const {
        report.add_count("segment_before", before.segment);
        report.add_count("segment_held", held.segment);
        const double each = 1.0 / options_.connects;
        const double segment = grown(before.segment, held.segment) * each;
        report.add_number("segment_per_connect", segment, 0);
        if (before.memory && held.memory) {
            report.add_count("resident_before", before.memory->resident);
            report.add_count("resident_held", held.memory->resident);
            report.add_count("shared_pages_before", before.memory->shared);
            report.add_count("shared_pages_held", held.memory->shared);
            const double resident = grown(before.memory->resident, held.memory->resident) * each;
            report.add_number("resident_per_connect", resident, 0);
            report.add_number("bytes_per_connect", resident + segment, 0);
        }
    }

    static double grown(std::uint64_t before, std::uint64_t after) noexcept {
        return static_cast<double>(after) - static_cast<double>(before);
    }

    const IdleOptions options_;
    const Payload payload_;
    const ServerProcesses server_;
    Reactor reactor_;
    Ledger ledger_;
    Crowd crowd_;
    Publisher publisher_;
    bool published_ = false;
};

}  // namespace

std::unique_ptr<Scenario> make_idle(Arguments& arguments) {
    const Endpoint server = arguments.endpoint("--url");
    return std::make_unique<Idle>(
        IdleOptions{.server = server,
                    .status = arguments.endpoint("--status-url", server.at("/server-status?auto")),
                    .connects = arguments.count("--connects", 10000, 1, 1000000),
                    .server_pid = arguments.count("--server-pid", 0, 1, 1U << 22U)});
}

}  // namespace bayeux::bench
