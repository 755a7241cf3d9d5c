// The tools that talk to a server: each takes the words behind its name and returns an exit code.
#ifndef BAYEUX_CLI_TOOLS_HPP
#define BAYEUX_CLI_TOOLS_HPP

#include <span>
#include <string>

#include "cli/bayeux_session.hpp"
#include "cli/exit_code.hpp"

namespace bayeux::cli {

[[nodiscard]] int publish(std::span<const char* const> words);
[[nodiscard]] int subscribe(std::span<const char* const> words);

// --- what they have in common ---

// To stderr, as "bayeux publish: text".
void complain(const char* tool, const std::string& text);
[[nodiscard]] ExitCode exit_code_of(Outcome outcome) noexcept;

}  // namespace bayeux::cli

#endif
