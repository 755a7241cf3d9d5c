// bayeux: the tools for whoever runs a Bayeux server. The first word says which.
#include <cstddef>
#include <cstdio>
#include <span>
#include <string_view>

#include "bench/bench.hpp"
#include "cli/tools.hpp"

namespace {

constexpr int kUsage = 2;

constexpr const char* kHelp =
    "usage: bayeux TOOL ...\n"
    "\n"
    "publish    send messages to a channel (bayeux publish --help)\n"
    "subscribe  print what comes on a channel (bayeux subscribe --help)\n"
    "bench      make load, and verify each delivery (bayeux bench --help)\n"
    "--version  say which version this is\n"
    "--help     say this\n"
    "\n"
    "Exit code: the tool's, or 2 for a wrong command line.\n";

int run(std::span<const char* const> words) {
    const std::string_view tool = words.empty() ? "" : words[0];
    if (tool == "bench") {
        return bayeux::bench::run(words.subspan(1));
    }
    if (tool == "publish") {
        return bayeux::cli::publish(words.subspan(1));
    }
    if (tool == "subscribe") {
        return bayeux::cli::subscribe(words.subspan(1));
    }
    if (tool == "--help") {
        return std::fputs(kHelp, stdout) >= 0 ? 0 : 1;
    }
    if (tool == "--version") {
        return std::puts("bayeux " PACKAGE_VERSION) >= 0 ? 0 : 1;
    }
    if (tool.empty()) {
        std::fputs(kHelp, stderr);
    } else {
        std::fprintf(stderr, "bayeux: there is no tool %s (see --help)\n", words[0]);
    }
    return kUsage;
}

}  // namespace

int main(int argc, char** argv) {
    const std::span<char* const> words(argv, static_cast<std::size_t>(argc));
    return run({words.data() + 1, words.size() - 1});
}
