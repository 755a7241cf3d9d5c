#include "cli/tools.hpp"

#include <cstdio>

namespace bayeux::cli {

void complain(const char* tool, const std::string& text) {
    std::fprintf(stderr, "bayeux %s: %s\n", tool, text.c_str());
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
