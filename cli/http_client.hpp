// POST requests to one URL, over one connection that is kept, with cookies. libcurl does the work.
#ifndef BAYEUX_CLI_HTTP_CLIENT_HPP
#define BAYEUX_CLI_HTTP_CLIENT_HPP

#include <chrono>
#include <memory>
#include <string>

#include "cli/interrupts.hpp"
#include "cli/options.hpp"

namespace bayeux::cli {

struct Answer {
    enum class Kind {
        kAnswered,
        kUnreachable,  // no connection, no trusted certificate, or it broke; `problem` says what
        kInterrupted,  // by a signal
        kLate,         // not by the deadline
    };
    Kind kind = Kind::kUnreachable;
    long status = 0;
    std::string body;
    std::string problem;
};

class HttpClient {
  public:
    HttpClient(const std::string& url, const Options& options);
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient();

    // `interruptible`: a signal ends it. The body is JSON.
    [[nodiscard]] Answer post(const std::string& body, Clock::time_point deadline,
                              bool interruptible = true);

  private:
    struct Handles;
    std::unique_ptr<Handles> handles_;
};

}  // namespace bayeux::cli

#endif
