// bayeux subscribe: what comes on a channel or pattern, one JSON a line, as long as it is wanted.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "cli/tools.hpp"
#include "protocol/channel_name.hpp"

namespace bayeux::cli {

namespace {

using std::chrono::milliseconds;

constexpr const char* kHelp =
    "usage: bayeux subscribe [OPTION]... URL CHANNEL\n"
    "\n"
    "Prints each message that comes on CHANNEL, a name or a pattern such as '/chat/**', of the\n"
    "Bayeux server at URL: one JSON a line. Goes on when the server was away for a while.\n"
    "\n"
    "--data             print the messages' data only\n"
    "--count N          end after N messages\n"
    "--timeout SECONDS  end then\n"
    "--login-file FILE  its first line is name:password; or set BAYEUX_LOGIN\n"
    "--cacert FILE      certificates to trust instead of the system's, in PEM\n"
    "--verbose          say on standard error what happens\n"
    "--help             say this\n"
    "\n"
    "Exit code: 0 N messages were printed, or none were counted and a signal or --timeout came;\n"
    "1 the server refused, 2 wrong command line, 3 no Bayeux server there, 4 login wanted,\n"
    "5 --timeout or a signal came before N messages.\n";

constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{10000};

class Subscriber {
  public:
    explicit Subscriber(const Options& options)
        : options_(options),
          deadline_(options.timeout ? std::optional(Clock::now() + *options.timeout)
                                    : std::nullopt),
          http_(options.words[0], options),
          session_(http_, deadline_) {}

    [[nodiscard]] int run() {
        while (!wants_no_more()) {
            const Verdict result = step();
            if (result.outcome == Outcome::kGood) {
                pause_ = kFirstPause;
            } else if (!goes_on(result)) {
                return finish(result);
            }
        }
        return finish({});
    }

  private:
    // A handshake with its subscription, or a connect.
    Verdict step() {
        if (!session_.exists()) {
            Verdict result = session_.handshake();
            if (result.outcome == Outcome::kGood) {
                result = session_.subscribe(options_.words[1]);
            }
            if (result.outcome == Outcome::kGood) {
                note(subscribed_ ? "subscribed again" : "subscribed");
                subscribed_ = true;
            } else {
                session_.disconnect();  // one without its subscription would wait for nothing
            }
            return result;
        }
        std::vector<std::string> events;
        Verdict result = session_.connect(events);
        if (!print(events)) {
            return {Outcome::kInterrupted, "nobody reads any more"};
        }
        if (result.outcome == Outcome::kGood && !wants_no_more()) {
            sleep_until_deadline(session_.interval());
        }
        return result;
    }

    // True if it is worth another try; the pause has passed then.
    bool goes_on(const Verdict& result) {
        if (result.outcome == Outcome::kUnknown && subscribed_) {
            note(result.problem);
            session_.disconnect();
            sleep_until_deadline(pause_ == kFirstPause ? milliseconds(0) : longer_pause());
            return true;
        }
        if (result.outcome == Outcome::kUnreachable && subscribed_) {
            note(result.problem);
            sleep_until_deadline(longer_pause());
            return true;
        }
        return false;
    }

    milliseconds longer_pause() {
        return std::exchange(pause_, std::min(2 * pause_, kLongestPause));
    }

    void sleep_until_deadline(milliseconds time) {
        if (deadline_) {
            const auto left = std::chrono::duration_cast<milliseconds>(*deadline_ - Clock::now());
            time = std::min(time, left);
        }
        static_cast<void>(sleep_for(time));
    }

    [[nodiscard]] bool wants_no_more() const noexcept {
        return interrupted() || (options_.count && printed_ >= *options_.count);
    }

    // False if nobody reads it.
    bool print(const std::vector<std::string>& events) {
        for (const std::string& event : events) {
            if (options_.count && printed_ >= *options_.count) {
                break;
            }
            const std::string line = on_one_line(options_.data_only ? data_of(event) : event);
            if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size() ||
                std::fputc('\n', stdout) == EOF || std::fflush(stdout) != 0) {
                return false;
            }
            ++printed_;
        }
        return true;
    }

    static std::string data_of(const std::string& event) {
        const std::string array = "[" + event + "]";
        const auto messages = read_messages(array);
        return messages && !messages->empty() ? std::string(messages->front().data) : event;
    }

    void note(const std::string& text) const {
        if (options_.verbose) {
            complain("subscribe", text);
        }
    }

    int finish(const Verdict& result) {
        const Outcome outcome = result.outcome;
        const bool stopped = outcome == Outcome::kInterrupted || outcome == Outcome::kLate ||
                             (outcome == Outcome::kGood && interrupted());
        if (!stopped && outcome != Outcome::kGood) {
            complain("subscribe", result.problem);
        }
        session_.disconnect();
        if (stopped) {
            const bool enough = !options_.count || printed_ >= *options_.count;
            return enough && (subscribed_ || outcome != Outcome::kLate) ? kDone : kLate;
        }
        return exit_code_of(outcome);
    }

    const Options& options_;
    const std::optional<Clock::time_point> deadline_;
    HttpClient http_;
    BayeuxSession session_;
    bool subscribed_ = false;  // at least once
    std::uint32_t printed_ = 0;
    milliseconds pause_ = kFirstPause;
};

std::string complaint_of(const Options& options) {
    if (options.words.size() != 2) {
        return "a URL and a channel are wanted, nothing else (see --help)";
    }
    if (!protocol::ChannelName::parse(options.words[1])) {
        return options.words[1] + " is no channel and no pattern";
    }
    return complaint_of_url(options.words[0]);
}

}  // namespace

int subscribe(std::span<const char* const> words) {
    const auto options = parse_options(words);
    if (options && options->help) {
        return std::fputs(kHelp, stdout) >= 0 ? kDone : kRefused;
    }
    const std::string wrong = options ? complaint_of(*options) : options.error().text;
    if (!wrong.empty()) {
        complain("subscribe", wrong);
        return kUsage;
    }
    if (!watch_interrupts()) {
        complain("subscribe", "cannot watch for signals");
        return kUsage;
    }
    return Subscriber(*options).run();
}

}  // namespace bayeux::cli
