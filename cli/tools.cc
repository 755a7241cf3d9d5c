#include "cli/tools.hpp"

#include <algorithm>
#include <cstdio>

namespace bayeux::cli {

// What a server says is not for the terminal to act on.
void complain(const char* tool, const std::string& text) {
    std::string shown = text;
    std::ranges::replace_if(
        shown, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    std::fprintf(stderr, "bayeux %s: %s\n", tool, shown.c_str());
}

ExitCode exit_code_of(Outcome outcome) noexcept {
    switch (outcome) {
        case Outcome::kGood:
        case Outcome::kInterrupted:
            return kDone;
        case Outcome::kRefused:
        case Outcome::kUnknown:
            return kRefused;
        case Outcome::kLogin:
            return kLogin;
        case Outcome::kUnreachable:
        case Outcome::kStrange:
            return kUnreachable;
        case Outcome::kLate:
            return kLate;
    }
    return kUnreachable;
}

}  // namespace bayeux::cli
