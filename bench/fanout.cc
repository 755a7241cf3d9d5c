// Publishers, and subscribers in rooms who each get every message of theirs.
#include <algorithm>
#include <optional>
#include <unistd.h>
#include <utility>
#include <vector>

#include "bench/crowd.hpp"
#include "bench/interval.hpp"
#include "bench/progress.hpp"
#include "bench/publisher.hpp"
#include "bench/scenario.hpp"
#include "bench/server_status.hpp"

namespace bayeux::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Below what a server takes for one message.
constexpr std::uint32_t kMostInRequest = 100;

struct FanoutOptions {
    Target target;
    Endpoint status;  // kNchan: where it tells how many subscribers it has
    Rooms rooms;
    std::uint32_t publishers;
    double seconds;
    double warmup;
    double rate;           // messages a second; 0: as many as the window lets through
    std::uint32_t window;  // messages under way at most
    std::uint32_t batch;   // messages in one request, all of one room
    std::uint32_t depth;   // requests of a publisher under way at most
    std::uint32_t payload;
    double patience;  // with messages that do not come, in seconds
    bool aloud;
};

class Fanout final : public Scenario, private Publisher::Editor {
  public:
    explicit Fanout(FanoutOptions options)
        : options_(std::move(options)),
          payload_(options_.payload),
          server_(options_.target.pid),
          ledger_(options_.rooms, options_.publishers),
          crowd_(reactor_, options_.target, payload_, options_.rooms, ledger_),
          progress_(what(), options_.aloud) {
        Publisher::Editor& self = *this;
        for (std::uint32_t i = 0; i < options_.publishers; ++i) {
            publishers_.push_back(
                make_publisher(reactor_, options_.target, payload_, self,
                               {i, options_.rooms.subscribers + i, options_.depth}));
        }
    }

    [[nodiscard]] bool run(Report& report) override {
        Interval interval(server_);
        std::uint64_t counted = 0;
        std::uint64_t received = 0;
        if (gather()) {
            begun_ = Clock::now();
            const TimePoint measured = begun_ + from_seconds(options_.warmup);
            end_ = measured + from_seconds(options_.seconds);
            ledger_.measure(measured, end_);
            spend(measured);
            counted = count();
            received = crowd_.received();
            progress_.begin(counted);
            interval.begin();
            spend(end_);
            interval.end();
            counted = count() - counted;
            received = crowd_.received() - received;
            dismiss();
        }
        fill(report, interval, counted, received);
        return verified();
    }

  private:
    // Where nobody listens publishing itself is measured.
    [[nodiscard]] bool alone() const noexcept { return options_.rooms.subscribers == 0; }
    [[nodiscard]] const char* what() const noexcept { return alone() ? "publishes" : "deliveries"; }
    [[nodiscard]] std::uint64_t count() const noexcept {
        return alone() ? ledger_.acknowledged() : ledger_.delivered();
    }

    bool gather() {
        crowd_.join();
        if (!poll_until(reactor_, seconds(60),
                        [&] { return crowd_.all_joined() || ledger_.fault_count() > 0; }) ||
            !known_to_nchan()) {
            ledger_.add_fault("not all subscribers could join within a minute");
        }
        if (ledger_.fault_count() > 0) {
            return false;
        }
        for (const auto& publisher : publishers_) {
            publisher->join();
        }
        if (!poll_until(reactor_, seconds(10),
                        [&] { return all_idle() || ledger_.fault_count() > 0; })) {
            ledger_.add_fault("not all publishers could join within 10 s");
        }
        return ledger_.fault_count() == 0;
    }

    // Its long-polling subscribers hear nothing until their first message: it has to be asked.
    [[nodiscard]] bool known_to_nchan() {
        const TimePoint deadline = Clock::now() + seconds(20);
        while (options_.target.dialect == Dialect::kNchan && !alone()) {
            const auto status = ServerStatus::fetch(options_.status);
            if (status && status->number("subscribers").value_or(0) >= crowd_.size()) {
                return true;
            }
            if (Clock::now() > deadline) {
                return false;
            }
            reactor_.poll(Clock::now() + milliseconds(20));
        }
        return true;
    }

    template <class Predicate>
    [[nodiscard]] bool all_publishers(Predicate predicate) const {
        return std::all_of(publishers_.begin(), publishers_.end(),
                           [&](const auto& publisher) { return predicate(*publisher); });
    }
    [[nodiscard]] bool all_idle() const {
        return all_publishers([](const Publisher& each) { return each.idle(); });
    }
    [[nodiscard]] bool all_done() const {
        return all_publishers([](const Publisher& each) { return each.done(); });
    }
    [[nodiscard]] bool any_idle() const {
        return !all_publishers([](const Publisher& each) { return !each.idle(); });
    }

    void spend(TimePoint until) {
        while (Clock::now() < until && ledger_.fault_count() == 0) {
            pump_all();
            progress_.look(count(), ledger_.latency());
            reactor_.poll(std::min({until, next_due(), progress_.next()}));
        }
    }

    // Batch `n` of all is to be sent at a time of its own, whatever became of those before it.
    [[nodiscard]] TimePoint due(std::uint64_t n) const {
        return begun_ + from_seconds(static_cast<double>(n) * options_.batch / options_.rate);
    }
    [[nodiscard]] TimePoint next_due() const {
        return options_.rate > 0 && any_idle() ? due(batches_) : TimePoint::max();
    }

    void pump_all() {
        for (const auto& publisher : publishers_) {
            pump(*publisher);
        }
    }

    void pump(Publisher& publisher) {
        while (publisher.idle()) {
            const auto since = next_batch();
            if (!since) {
                return;
            }
            publish(publisher, *since);
        }
    }

    // When the next batch was to be sent, if it may be sent now.
    [[nodiscard]] std::optional<TimePoint> next_batch() const {
        const TimePoint now = Clock::now();
        const bool timed = options_.rate > 0;
        const TimePoint since = timed ? due(batches_) : now;
        const bool room = timed || ledger_.under_way() + options_.batch <= options_.window;
        return since <= now && since < end_ && room ? std::optional(since) : std::nullopt;
    }

    // What was due before the end is published, late or not: who stalls must not be spared by it.
    [[nodiscard]] bool all_published() const {
        return options_.rate > 0 ? due(batches_) >= end_ : Clock::now() >= end_;
    }

    void publish(Publisher& publisher, TimePoint since) {
        const auto room = static_cast<std::uint32_t>(batches_++ % options_.rooms.rooms);
        for (std::uint32_t i = 0; i < options_.batch; ++i) {
            publisher.add(room, ledger_.publish(publisher.index(), room, since));
        }
        publisher.send(since);
    }

    void on_idle(Publisher& publisher) override { pump(publisher); }
    void on_accepted(TimePoint since, std::uint32_t messages) override {
        ledger_.acknowledge(messages, since, Clock::now());
    }
    void on_broken(Publisher& publisher, std::string_view why) override {
        ledger_.add_fault("publisher " + std::to_string(publisher.index()) + ": " +
                          std::string(why));
    }

    [[nodiscard]] bool wait_for(const char* complaint, auto condition) {
        const bool met = poll_until(reactor_, from_seconds(options_.patience),
                                    [&] { return condition() || ledger_.fault_count() > 0; });
        if (!met) {
            ledger_.add_fault(complaint);
        }
        return ledger_.fault_count() == 0;
    }

    // Everything that is under way arrives; then everybody leaves.
    void dismiss() {
        if (ledger_.fault_count() > 0 ||  // what was lost will not come
            !wait_for("messages have not reached everybody", [&] {
                pump_all();
                return all_published() && ledger_.under_way() == 0 && all_done();
            })) {
            return;
        }
        crowd_.dismiss();
        release();
        if (!wait_for("subscribers could not leave",
                      [&] { return crowd_.all_left() && all_done(); })) {
            return;
        }
        for (const auto& publisher : publishers_) {
            publisher->leave();
        }
        static_cast<void>(wait_for("a publisher could not leave", [&] {
            return all_publishers([](const Publisher& each) { return each.gone(); });
        }));
    }

    // One more message for everybody releases the connects that are held.
    void release() {
        if (alone()) {
            return;
        }
        Publisher& last = *publishers_.front();
        const TimePoint now = Clock::now();
        std::uint32_t added = 0;
        for (std::uint32_t room = 0; room < options_.rooms.rooms; room += options_.rooms.each) {
            last.add(room, ledger_.publish(last.index(), room, now));
            if (++added % kMostInRequest == 0) {
                last.send(now);
            }
        }
        if (added % kMostInRequest != 0) {
            last.send(now);
        }
    }

    [[nodiscard]] bool verified() const {
        return ledger_.fault_count() == 0 && ledger_.published() > 1 &&
               ledger_.acknowledged() == ledger_.published() &&
               ledger_.delivered() == ledger_.expected();
    }

    void fill_options(Report& report) const {
        report.add_text("scenario", "fanout");
        report.add_text("transport", options_.target.transport_name());
        report.add_count("subscribers", options_.rooms.subscribers);
        report.add_count("rooms", options_.rooms.rooms);
        report.add_count("rooms_each", options_.rooms.each);
        report.add_count("publishers", options_.publishers);
        if (options_.rate > 0) {
            report.add_number("rate", options_.rate, 1);
        } else {
            report.add_count("window", options_.window);
        }
        report.add_count("batch", options_.batch);
        report.add_count("depth", options_.depth);
        report.add_count("payload", options_.payload);
    }

    void fill(Report& report, const Interval& interval, std::uint64_t counted,
              std::uint64_t received) const {
        fill_options(report);
        interval.report(report, what(), counted);
        if (!alone()) {
            report.add_number("events_per_reply",
                              static_cast<double>(counted) /
                                  static_cast<double>(std::max<std::uint64_t>(received, 1)),
                              2);
        }
        report.add_latency(ledger_.latency());
        report.add_counts("each_second", progress_.each_second());
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
    Progress progress_;
    std::vector<std::unique_ptr<Publisher>> publishers_;
    TimePoint begun_{};
    TimePoint end_{};  // of publishing; until it has begun, the same
    std::uint64_t batches_ = 0;
};

}  // namespace

std::unique_ptr<Scenario> make_fanout(Arguments& arguments) {
    const Target target = Target::take(arguments);
    const std::uint32_t batch = arguments.count("--batch", 1, 1, 1000);
    const std::uint32_t rooms = arguments.count("--rooms", 1, 1, 100000);
    const std::uint32_t depth = arguments.count("--depth", 1, 1, 10000);
    const bool aloud = arguments.flag("--progress");
    return std::make_unique<Fanout>(
        FanoutOptions{.target = target,
                      .status = arguments.endpoint("--status-url", target.server.at("/status")),
                      .rooms = {.subscribers = arguments.count("--subscribers", 1000, 0, 1000000),
                                .rooms = rooms,
                                .each = arguments.count("--rooms-each", 1, 1, rooms)},
                      .publishers = arguments.count("--publishers", 1, 1, 1000),
                      .seconds = arguments.number("--seconds", 10, 0.1, 3600),
                      .warmup = arguments.number("--warmup", 0.5, 0, 60),
                      .rate = arguments.number("--rate", 0, 0.1, 1e7),
                      .window = arguments.count("--window", 2 * batch, batch, 100000),
                      .batch = batch,
                      .depth = depth,
                      .payload = arguments.count("--payload", 100, 50, 60000),
                      .patience = arguments.number("--patience", 30, 0.1, 3600),
                      .aloud = aloud || ::isatty(STDERR_FILENO) == 1});
}

}  // namespace bayeux::bench
