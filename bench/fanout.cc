// Publishers, and subscribers who each get every message, over held connects.
#include <algorithm>
#include <utility>
#include <vector>

#include "bench/crowd.hpp"
#include "bench/interval.hpp"
#include "bench/publisher.hpp"
#include "bench/scenario.hpp"

namespace bayeux::bench {
namespace {

using std::chrono::seconds;

constexpr std::string_view kChannel = "/bench/fanout";

struct FanoutOptions {
    Endpoint server;
    std::uint32_t subscribers;
    std::uint32_t publishers;
    double seconds;
    double warmup;
    double rate;           // messages a second; 0: as many as the window lets through
    std::uint32_t window;  // messages under way at most
    std::uint32_t batch;   // messages in one request at most
    std::uint32_t payload;
    std::uint32_t server_pid;
};

class Fanout final : public Scenario, private Publisher::Editor {
  public:
    explicit Fanout(FanoutOptions options)
        : options_(std::move(options)),
          payload_(options_.payload),
          server_(options_.server_pid),
          ledger_(options_.subscribers, options_.publishers),
          crowd_(reactor_, options_.server, payload_, kChannel, ledger_, options_.subscribers) {
        Publisher::Editor& self = *this;
        for (std::uint32_t i = 0; i < options_.publishers; ++i) {
            publishers_.push_back(std::make_unique<Publisher>(
                reactor_, options_.server, payload_, kChannel, self, i, options_.subscribers + i));
        }
    }

    [[nodiscard]] bool run(Report& report) override {
        Interval interval(server_);
        std::uint64_t deliveries = 0;
        std::uint64_t answers = 0;
        if (gather()) {
            begun_ = Clock::now();
            publishing_ = true;
            spend(options_.warmup);
            ledger_.latency().clear();
            deliveries = ledger_.delivered();
            answers = crowd_.answered();
            interval.begin();
            spend(options_.seconds);
            interval.end();
            deliveries = ledger_.delivered() - deliveries;
            answers = crowd_.answered() - answers;
            measured_ = ledger_.latency();
            publishing_ = false;
            dismiss();
        }
        fill(report, interval, deliveries, answers);
        return verified();
    }

  private:
    bool gather() {
        crowd_.join();
        if (!poll_until(reactor_, seconds(60), [&] { return crowd_.all_joined(); })) {
            ledger_.add_fault("not all subscribers could join within a minute");
            return false;
        }
        for (const auto& publisher : publishers_) {
            publisher->join();
        }
        return poll_until(reactor_, seconds(10), [&] { return all_publishers_idle(); });
    }

    [[nodiscard]] bool all_publishers_idle() const {
        return std::all_of(publishers_.begin(), publishers_.end(),
                           [](const auto& publisher) { return publisher->idle(); });
    }

    void spend(double length) {
        const TimePoint until = Clock::now() + from_seconds(length);
        while (Clock::now() < until && ledger_.fault_count() == 0) {
            for (const auto& publisher : publishers_) {
                pump(*publisher);
            }
            reactor_.poll(std::min(until, next_due()));
        }
    }

    // Message `n` of all is to be sent at a time of its own, whatever became of those before it.
    [[nodiscard]] TimePoint due(std::uint64_t n) const {
        return begun_ + from_seconds(static_cast<double>(n) / options_.rate);
    }

    [[nodiscard]] TimePoint next_due() const {
        const bool waiting_for_time =
            options_.rate > 0 &&
            std::any_of(publishers_.begin(), publishers_.end(),
                        [](const auto& publisher) { return publisher->idle(); });
        return waiting_for_time ? due(ledger_.published()) : TimePoint::max();
    }

    void pump(Publisher& publisher) {
        if (!publishing_ || !publisher.idle()) {
            return;
        }
        const TimePoint now = Clock::now();
        std::uint32_t added = 0;
        if (options_.rate > 0) {
            while (added < options_.batch && due(ledger_.published()) <= now) {
                publisher.add(ledger_.publish(publisher.index(), due(ledger_.published())));
                ++added;
            }
        } else if (ledger_.under_way() + options_.batch <= options_.window) {
            for (; added < options_.batch; ++added) {
                publisher.add(ledger_.publish(publisher.index(), now));
            }
        }
        if (added > 0) {
            publisher.send();
        }
    }

    void on_idle(Publisher& publisher) override { pump(publisher); }
    void on_broken(Publisher& publisher, std::string_view why) override {
        ledger_.add_fault("publisher " + std::to_string(publisher.index()) + ": " +
                          std::string(why));
    }

    // Everything that is under way arrives; one more message releases the connects that are held.
    void dismiss() {
        if (ledger_.fault_count() > 0) {
            return;  // what was lost will not come
        }
        if (!poll_until(reactor_, seconds(15),
                        [&] { return ledger_.under_way() == 0 && all_publishers_idle(); })) {
            ledger_.add_fault(std::to_string(ledger_.under_way()) +
                              " messages have not reached every subscriber after 15 s");
            return;
        }
        crowd_.dismiss();
        Publisher& last = *publishers_.front();
        last.add(ledger_.publish(last.index(), Clock::now()));
        last.send();
        if (!poll_until(reactor_, seconds(30),
                        [&] { return crowd_.all_left() && all_publishers_idle(); })) {
            ledger_.add_fault(std::to_string(crowd_.size() - crowd_.left()) +
                              " subscribers could not leave");
            return;
        }
        for (const auto& publisher : publishers_) {
            publisher->leave();
        }
        if (!poll_until(reactor_, seconds(10), [&] {
                return std::all_of(publishers_.begin(), publishers_.end(),
                                   [](const auto& publisher) { return publisher->gone(); });
            })) {
            ledger_.add_fault("a publisher could not leave");
        }
    }

    [[nodiscard]] bool verified() const {
        return ledger_.fault_count() == 0 && ledger_.published() > 1 &&
               ledger_.delivered() == ledger_.published() * options_.subscribers;
    }

    void fill(Report& report, const Interval& interval, std::uint64_t deliveries,
              std::uint64_t answers) const {
        report.add_text("scenario", "fanout");
        report.add_count("subscribers", options_.subscribers);
        report.add_count("publishers", options_.publishers);
        if (options_.rate > 0) {
            report.add_number("rate", options_.rate, 1);
        } else {
            report.add_count("window", options_.window);
        }
        report.add_count("batch", options_.batch);
        report.add_count("payload", options_.payload);
        interval.report(report, "deliveries", deliveries);
        report.add_number("events_per_reply",
                          static_cast<double>(deliveries) /
                              static_cast<double>(std::max<std::uint64_t>(answers, 1)),
                          2);
        report.add_latency(measured_);
        report.add_count("published_in_all", ledger_.published());
        report.add_count("delivered_in_all", ledger_.delivered());
        report.add_flag("verified", verified());
        report.add_count("faults", ledger_.fault_count());
        if (!verified()) {
            report.add_texts("fault", ledger_.faults());
        }
    }

    const FanoutOptions options_;
    const Payload payload_;
    const ServerProcesses server_;
    Reactor reactor_;
    Ledger ledger_;
    Crowd crowd_;
    std::vector<std::unique_ptr<Publisher>> publishers_;
    Histogram measured_;
    TimePoint begun_;
    bool publishing_ = false;
};

}  // namespace

std::unique_ptr<Scenario> make_fanout(Arguments& arguments) {
    const std::uint32_t batch = arguments.count("--batch", 1, 1, 1000);
    return std::make_unique<Fanout>(
        FanoutOptions{.server = arguments.endpoint("--url"),
                      .subscribers = arguments.count("--subscribers", 1000, 1, 1000000),
                      .publishers = arguments.count("--publishers", 1, 1, 1000),
                      .seconds = arguments.number("--seconds", 10, 0.1, 3600),
                      .warmup = arguments.number("--warmup", 0.5, 0, 60),
                      .rate = arguments.number("--rate", 0, 1, 1e6),
                      .window = arguments.count("--window", 2 * batch, batch, 100000),
                      .batch = batch,
                      .payload = arguments.count("--payload", 100, 32, 60000),
                      .server_pid = arguments.count("--server-pid", 0, 1, 1U << 22U)});
}

}  // namespace bayeux::bench
