// bayeux publish: messages to one channel, from the command line or from standard input.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "cli/line_input.hpp"
#include "cli/tools.hpp"
#include "protocol/channel_name.hpp"
#include "protocol/json_text.hpp"

namespace bayeux::cli {

namespace {

constexpr const char* kHelp =
    "usage: bayeux publish [OPTION]... URL CHANNEL MESSAGE...\n"
    "       bayeux publish [OPTION]... URL CHANNEL -\n"
    "\n"
    "Sends each MESSAGE, which is JSON, to CHANNEL of the Bayeux server at URL; with - each line\n"
    "of standard input, as soon as it is there.\n"
    "\n"
    "--login-file FILE  its first line is name:password; or set BAYEUX_LOGIN\n"
    "--cacert FILE      certificates to trust instead of the system's, in PEM\n"
    "--timeout SECONDS  give up then\n"
    "--verbose          say on standard error what happens\n"
    "--help             say this\n"
    "\n"
    "Exit code: 0 all were accepted, 1 the server refused, 2 wrong command line or no JSON,\n"
    "3 no Bayeux server there, 4 login wanted, 5 the time is over.\n";

// In one request. A server takes 64 KB by default.
constexpr std::size_t kMaxTogether = 100;
constexpr std::size_t kMaxBytes = 32768;

class Publisher {
  public:
    explicit Publisher(const Options& options)
        : channel_(options.words[1]),
          verbose_(options.verbose),
          deadline_(options.timeout ? std::optional(Clock::now() + *options.timeout)
                                    : std::nullopt),
          http_(options.words[0], options),
          session_(http_, deadline_) {}

    [[nodiscard]] int from_words(std::vector<std::string> messages) {
        for (const std::string& message : messages) {
            if (!protocol::is_json(message)) {
                complain("publish", "this is not valid JSON: " + message);
                return kUsage;
            }
        }
        return finish(send(messages));
    }

    [[nodiscard]] int from_input(int fd) {
        LineInput input(fd);
        std::vector<std::string> lines;
        std::size_t number = 0;
        for (;;) {
            switch (input.read(lines, deadline_)) {
                case LineInput::State::kLines:
                    break;
                case LineInput::State::kEnd:
                case LineInput::State::kInterrupted:
                    return finish({});
                case LineInput::State::kLate:
                    return finish({Outcome::kLate, "the time is over"});
                case LineInput::State::kTooLong:
                case LineInput::State::kBroken:
                    complain("publish", "cannot read standard input, or a line is too long");
                    session_.disconnect();
                    return kUsage;
            }
            std::vector<std::string> messages;
            const bool good = take(lines, number, messages);
            const Verdict result = send(messages);
            if (result.outcome != Outcome::kGood) {
                return finish(result);
            }
            if (!good) {
                session_.disconnect();
                return kUsage;
            }
        }
    }

  private:
    // The messages of the lines, up to the first that is none: then false.
    static bool take(const std::vector<std::string>& lines, std::size_t& number,
                     std::vector<std::string>& messages) {
        for (const std::string& line : lines) {
            ++number;
            const std::string_view text = protocol::trim_json(line);
            if (text.empty()) {
                continue;
            }
            if (!protocol::is_json(text)) {
                complain("publish", "line " + std::to_string(number) + " is not valid JSON");
                return false;
            }
            messages.emplace_back(text);
        }
        return true;
    }

    // All of them, in requests of a bounded size.
    Verdict send(std::span<const std::string> messages) {
        std::size_t at = 0;
        bool again = false;
        while (at < messages.size()) {
            if (!session_.exists()) {
                if (Verdict result = session_.handshake(); result.outcome != Outcome::kGood) {
                    return result;
                }
            }
            std::size_t count = 0;
            const Verdict result = session_.publish(channel_, next(messages.subspan(at)), count);
            at += count;
            sent_ += count;
            if (result.outcome == Outcome::kUnknown && (count != 0 || !again)) {
                // The session has expired while nothing was to be sent, or was lost with a server.
                again = true;
                if (Verdict renewed = session_.handshake(); renewed.outcome != Outcome::kGood) {
                    return renewed;
                }
                continue;
            }
            if (result.outcome != Outcome::kGood) {
                return result;
            }
            again = false;
        }
        return {};
    }

    static std::span<const std::string> next(std::span<const std::string> messages) {
        std::size_t count = 1;
        std::size_t bytes = messages[0].size() + 400;
        while (count < std::min(messages.size(), kMaxTogether) &&
               bytes + messages[count].size() + 400 <= kMaxBytes) {
            bytes += messages[count].size() + 400;
            ++count;
        }
        return messages.first(count);
    }

    int finish(const Verdict& result) {
        if (result.outcome != Outcome::kGood && result.outcome != Outcome::kInterrupted) {
            complain("publish",
                     result.problem + " (accepted before: " + std::to_string(sent_) + ")");
        }
        session_.disconnect();
        if (verbose_) {
            complain("publish", std::to_string(sent_) + " accepted");
        }
        return exit_code_of(result.outcome);
    }

    const std::string channel_;
    const bool verbose_;
    const std::optional<Clock::time_point> deadline_;
    HttpClient http_;
    BayeuxSession session_;
    std::size_t sent_ = 0;
};

std::string complaint_of(const Options& options) {
    if (options.words.size() < 3) {
        return "a URL, a channel and a message are wanted (see --help)";
    }
    if (options.count || options.data_only) {
        return "--count and --data are for bayeux subscribe";
    }
    const auto channel = protocol::ChannelName::parse(options.words[1]);
    if (!channel || channel->is_pattern()) {
        return options.words[1] + " is no channel to publish to";
    }
    return complaint_of_url(options.words[0]);
}

}  // namespace

int publish(std::span<const char* const> words) {
    const auto options = parse_options(words);
    if (options && options->help) {
        return std::fputs(kHelp, stdout) >= 0 ? kDone : kRefused;
    }
    const std::string wrong = options ? complaint_of(*options) : options.error().text;
    if (!wrong.empty()) {
        complain("publish", wrong);
        return kUsage;
    }
    if (!watch_interrupts()) {
        complain("publish", "cannot watch for signals");
        return kUsage;
    }
    std::vector<std::string> messages(options->words.begin() + 2, options->words.end());
    Publisher publisher(*options);
    if (messages.size() == 1 && messages[0] == "-") {
        return publisher.from_input(STDIN_FILENO);
    }
    return publisher.from_words(std::move(messages));
}

}  // namespace bayeux::cli
