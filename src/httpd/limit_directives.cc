// The setters of the directives that limit how often something may happen (S16).
#include <cstdint>
#include <new>

#include "bayeux_module.h"
#include "httpd/config.hpp"
#include "httpd/directive_values.hpp"

namespace bayeux::httpd {
namespace {

// What a limit directive sets, and within which bounds.
struct LimitDirective {
    Setting<const RateLimit*> DirConfig::*setting;
    bayeux::RateBounds bounds;
    const char* allowed;
    const char* burst_allowed;
};

// In the order of enum bayeux_limit.
constexpr LimitDirective kLimits[] = {
    {&DirConfig::limit_handshakes,
     {false, 1, 10000},
     "a number from 1 to 10000, a slash and a time from 1s to 1h, such as 10/1s, or Off",
     "as its second value, how many may come at once, a number from 1 to 10000"},
    {&DirConfig::limit_messages,
     {false, 1, 100'000},
     "a number from 1 to 100000, a slash and a time from 1s to 1h, such as 100/1s, or Off",
     "as its second value, how many may come at once, a number from 1 to 100000"},
    {&DirConfig::limit_bytes,
     {true, 128, std::uint64_t{1} << 30U},
     "a size from 128 to 1G, a slash and a time from 1s to 1h, such as 64K/1s, or Off",
     "as its second value, how much may come at once, a size from 128 to 1G"},
};

}  // namespace
}  // namespace bayeux::httpd

using namespace bayeux::httpd;  // NOLINT(google-build-using-namespace): the C names of this file

const char* bayeux_set_limit(cmd_parms* cmd, void* dir, const char* rate,
                             const char* burst) noexcept {
    const LimitDirective& directive = kLimits[reinterpret_cast<std::uintptr_t>(cmd->info)];
    Setting<const bayeux::RateLimit*>& setting = static_cast<DirConfig*>(dir)->*directive.setting;
    if (strcasecmp(rate, "off") == 0 && burst == nullptr) {
        setting.set(nullptr);
        return nullptr;
    }
    bayeux::RateLimit limit;
    switch (bayeux::parse_rate(rate, burst, directive.bounds, limit)) {
        case bayeux::RateProblem::kRate:
            return refusal(cmd, rate, directive.allowed);
        case bayeux::RateProblem::kBurst:
            return refusal(cmd, burst, directive.burst_allowed);
        case bayeux::RateProblem::kTooSlow:
            return refusal(cmd, burst, "as its second value, no more than comes back within 24h");
        case bayeux::RateProblem::kNone:
            break;
    }
    setting.set(new (apr_palloc(cmd->pool, sizeof(limit))) bayeux::RateLimit(limit));
    return nullptr;
}
