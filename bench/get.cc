// Keep-alive GETs of one page, as many as the server answers: what everything else is compared to.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "bench/http_connection.hpp"
#include "bench/interval.hpp"
#include "bench/scenario.hpp"

namespace bayeux::bench {
namespace {

struct GetOptions {
    Endpoint page;
    std::uint32_t connections;
    double seconds;
    double warmup;
    std::uint32_t server_pid;
};

struct GetTotals {
    bool running = true;
    std::uint64_t answered = 0;
    std::uint64_t sent_again = 0;
    std::uint64_t failed = 0;
    std::size_t length = 0;  // of the first body
    std::string fault;
    Histogram latency;

    void fail(std::string_view why) {
        ++failed;
        if (fault.empty()) {
            fault = why;
        }
    }
};

// One connection that asks for the page again and again.
class Getter final : private HttpConnection::User {
  public:
    Getter(Reactor& reactor, const Endpoint& page, const std::string& request, GetTotals& totals)
        : connection_(reactor, page, *this), request_(request), totals_(totals) {}

    void ask() {
        asked_ = Clock::now();
        connection_.send(request_);
    }
    [[nodiscard]] bool waiting() const noexcept { return connection_.waiting(); }

  private:
    void on_response(const Response& response) override {
        totals_.latency.record(Clock::now() - asked_);
        lost_ = false;
        if (totals_.length == 0) {
            totals_.length = response.body.size();
        }
        if (response.status == 200 && response.body.size() == totals_.length) {
            ++totals_.answered;
        } else {
            totals_.fail("HTTP status " + std::to_string(response.status));
        }
        if (totals_.running) {
            ask();
        }
    }
    // A busy server closes idle keep-alive connections, and a request may cross with that: it is
    // sent again. Twice in a row is no such accident.
    void on_lost(std::string_view why) override {
        if (std::exchange(lost_, true)) {
            totals_.fail(why);
            return;
        }
        ++totals_.sent_again;
        ask();
    }

    HttpConnection connection_;
    const std::string& request_;
    GetTotals& totals_;
    TimePoint asked_;
    bool lost_ = false;
};

class Get final : public Scenario {
  public:
    explicit Get(GetOptions options)
        : options_(std::move(options)),
          request_("GET " + options_.page.path + " HTTP/1.1\r\nHost: " + options_.page.authority +
                   "\r\nUser-Agent: bayeux-bench\r\n\r\n"),
          server_(options_.server_pid) {}

    [[nodiscard]] bool run(Report& report) override {
        std::vector<std::unique_ptr<Getter>> getters;
        for (std::uint32_t i = 0; i < options_.connections; ++i) {
            getters.push_back(std::make_unique<Getter>(reactor_, options_.page, request_, totals_));
            getters.back()->ask();
        }
        Interval interval(server_);
        spend(options_.warmup);
        totals_.answered = 0;
        totals_.latency.clear();
        interval.begin();
        spend(options_.seconds);
        interval.end();
        const std::uint64_t answered = totals_.answered;
        totals_.running = false;
        const bool drained = poll_until(reactor_, std::chrono::seconds(10), [&] {
            return std::none_of(getters.begin(), getters.end(),
                                [](const auto& getter) { return getter->waiting(); });
        });
        report.add_text("scenario", "get");
        report.add_count("connections", options_.connections);
        interval.report(report, "requests", answered);
        report.add_latency(totals_.latency);
        report.add_count("sent_again", totals_.sent_again);
        const bool verified = drained && totals_.failed == 0 && answered > 0;
        report.add_flag("verified", verified);
        if (!verified) {
            report.add_text("fault", totals_.fault);
        }
        return verified;
    }

  private:
    void spend(double seconds) {
        const TimePoint until = Clock::now() + from_seconds(seconds);
        while (Clock::now() < until) {
            reactor_.poll(until);
        }
    }

    const GetOptions options_;
    const std::string request_;
    const ServerProcesses server_;
    Reactor reactor_;
    GetTotals totals_;
};

}  // namespace

std::unique_ptr<Scenario> make_get(Arguments& arguments) {
    return std::make_unique<Get>(
        GetOptions{.page = arguments.endpoint("--url"),
                   .connections = arguments.count("--connections", 64, 1, 100000),
                   .seconds = arguments.number("--seconds", 5, 0.1, 3600),
                   .warmup = arguments.number("--warmup", 0.5, 0, 60),
                   .server_pid = arguments.count("--server-pid", 0, 1, 1U << 22U)});
}

}  // namespace bayeux::bench
