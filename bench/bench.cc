#include "bench/bench.hpp"

#include <cstdio>
#include <string>
#include <string_view>
#include <sys/resource.h>

#include "bench/scenario.hpp"

namespace bayeux::bench {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

constexpr const char* kHelp =
    "usage: bayeux bench SCENARIO --url http://HOST:PORT/PATH [--server-pid PID] [--json] ...\n"
    "\n"
    "fanout   publish to subscribers and verify each delivery\n"
    "         --subscribers 1000 --publishers 1 --seconds 10 --warmup 0.5\n"
    "         --rooms 1 --rooms-each 1   channels, and how many each subscriber listens to\n"
    "         --window 2   messages under way at most, as fast as that goes, or\n"
    "         --rate N     messages a second; latency counts from when each was due\n"
    "         --batch 1    messages in one request\n"
    "         --depth 1    requests of a publisher under way at most, pipelined\n"
    "         --payload 100  bytes\n"
    "         --patience 30  seconds to wait for what has not come in the end\n"
    "         --progress   a line each second on stderr, as on a terminal\n"
    "         With --subscribers 0 publishing itself is measured.\n"
    "idle     hold sessions, measure their memory, reach them all with one message\n"
    "         --connects 10000 --status-url http://HOST:PORT/server-status?auto\n"
    "         --rest 0     seconds without anything, for the CPU that is used all the same\n"
    "         --polls 0    messages for all of them before their memory is measured again\n"
    "get      GET a page, as a yardstick\n"
    "         --connections 64 --seconds 5 --warmup 0.5\n"
    "\n"
    "fanout and idle:\n"
    "--transport long-polling   or websocket\n"
    "--dialect bayeux   or nchan, with --publish-url: payloads only, a room is a URL\n"
    "\n"
    "--server-pid PID   the first process of the server: its CPU and memory, and those of all "
    "that\n"
    "                   descend from it, are measured\n"
    "--json             print one JSON object\n"
    "\n"
    "Exit code: 0 when all was verified, 1 when not, 2 for a wrong command line.\n";

std::unique_ptr<Scenario> make_scenario(std::string_view name, Arguments& arguments) {
    if (name == "fanout") {
        return make_fanout(arguments);
    }
    if (name == "idle") {
        return make_idle(arguments);
    }
    if (name == "get") {
        return make_get(arguments);
    }
    return nullptr;
}

bool print(std::FILE* file, const std::string& text) {
    return std::fputs(text.c_str(), file) >= 0 && std::fflush(file) == 0;
}

// Every connection is a descriptor.
void raise_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

}  // namespace

int run(std::span<const char* const> words) {
    if (words.empty() || std::string_view(words[0]) == "--help") {
        print(words.empty() ? stderr : stdout, kHelp);
        return words.empty() ? kUsage : 0;
    }
    Arguments arguments(words.subspan(1));
    const bool json = arguments.flag("--json");
    const auto scenario = make_scenario(words[0], arguments);
    const std::string complaint = scenario == nullptr ? "no such scenario" : arguments.complaint();
    if (!complaint.empty()) {
        print(stderr, "bayeux bench: " + complaint + " (see --help)\n");
        return kUsage;
    }
    raise_file_limit();
    Report report;
    const bool verified = scenario->run(report);
    const bool printed = print(stdout, json ? report.json() : report.text());
    return verified && printed ? 0 : kFailed;
}

}  // namespace bayeux::bench
