// The command line of the tools that talk to a server.
#ifndef BAYEUX_CLI_OPTIONS_HPP
#define BAYEUX_CLI_OPTIONS_HPP

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace bayeux::cli {

struct Options {
    std::vector<std::string> words;  // those without a name
    std::string login;               // name:password; empty: none
    std::string ca_file;  // of certificates to trust instead of the system's; empty: those
    std::optional<std::uint32_t> count;
    std::optional<std::chrono::seconds> timeout;
    bool data_only = false;
    bool verbose = false;
    bool help = false;
};

// An error is a sentence for the user. A password is no word of the command line, where everybody
// on the machine could read it: it comes from a file or from BAYEUX_LOGIN in the environment.
[[nodiscard]] Result<Options> parse_options(std::span<const char* const> words);

// A sentence if nobody should be asked at this URL; empty if it is one.
[[nodiscard]] std::string complaint_of_url(const std::string& url);

}  // namespace bayeux::cli

#endif
