#include "cli/tools.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>

namespace bayeux::cli {

// What a server says is not for the terminal to act on.
void complain(const char* tool, const std::string& text) {
    std::string shown = text;
    std::ranges::replace_if(
        shown, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    // U+0080 to U+009F are controls too.
    for (std::size_t at = 0; (at = shown.find('\xc2', at)) != std::string::npos; ++at) {
        if (at + 1 < shown.size() && static_cast<unsigned char>(shown[at + 1]) < 0xa0) {
            shown.replace(at, 2, " ");
        }
    }
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
