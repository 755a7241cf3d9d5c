// One Bayeux session over long-polling, with the ack extension: what is sent to it arrives once, as
// long as the session lives.
#ifndef BAYEUX_CLI_BAYEUX_SESSION_HPP
#define BAYEUX_CLI_BAYEUX_SESSION_HPP

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/http_client.hpp"
#include "cli/incoming.hpp"
#include "cli/interrupts.hpp"

namespace bayeux::cli {

enum class Outcome {
    kGood,
    kRefused,      // by a reply, or an HTTP status; `problem` says why
    kLogin,        // 401, 403
    kUnknown,      // the server does not know the session (any more): handshake again
    kUnreachable,  // as it is now; later may be better
    kStrange,      // what answers speaks no Bayeux
    kInterrupted,
    kLate,
};

struct Verdict {
    Outcome outcome = Outcome::kGood;
    std::string problem;
};

class BayeuxSession {
  public:
    // `deadline`: of all that it does.
    BayeuxSession(HttpClient& http, std::optional<Clock::time_point> deadline)
        : http_(http), deadline_(deadline) {}

    [[nodiscard]] bool exists() const noexcept { return !id_.empty(); }
    [[nodiscard]] Verdict handshake();
    [[nodiscard]] Verdict subscribe(std::string_view channel);
    // Waits as long as the server says. Appends the events, as JSON texts, to `events`.
    [[nodiscard]] Verdict connect(std::vector<std::string>& events);
    // `data`: JSON texts. How many were accepted goes to `accepted`; those are the first ones.
    [[nodiscard]] Verdict publish(std::string_view channel, std::span<const std::string> data,
                                  std::size_t& accepted);
    // Says goodbye, also after a signal; whether it is heard does not matter.
    void disconnect();
    // What the server advises to wait before the next connect.
    [[nodiscard]] std::chrono::milliseconds interval() const noexcept { return interval_; }

  private:
    struct Response {
        Verdict result;
        std::string body;
        std::vector<Incoming> messages;  // borrow from `body`
    };

    [[nodiscard]] bool ask(const std::string& body, std::chrono::milliseconds patience,
                           Response& response, bool interruptible = true);
    // The reply on that channel, or nothing and the result says what is wrong.
    [[nodiscard]] const Incoming* reply_on(std::string_view channel, Response& response);
    void heed(const Incoming& reply);

    HttpClient& http_;
    const std::optional<Clock::time_point> deadline_;
    std::string id_;
    std::int64_t acknowledged_ = 0;
    std::chrono::milliseconds timeout_{30000};
    std::chrono::milliseconds interval_{0};
};

}  // namespace bayeux::cli

#endif
