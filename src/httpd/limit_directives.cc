// The setters of the directives that limit how often something may happen (S16).
#include <cstring>
#include <new>
#include <string>

#include "bayeux_module.h"
#include "httpd/config.hpp"
#include "httpd/directive_values.hpp"

namespace bayeux::httpd {
namespace {

constexpr std::int64_t kLeastPeriodMs = 1000;
constexpr std::int64_t kMostPeriodMs = 3600 * 1000;

// What a limit directive sets, and within which bounds.
struct LimitDirective {
    Setting<const RateLimit*> DirConfig::*setting;
    bool is_size;  // the amounts are sizes, not numbers
    std::uint64_t least;
    std::uint64_t most;
    const char* allowed;
    const char* burst_allowed;
};

// In the order of enum bayeux_limit.
constexpr LimitDirective kLimits[] = {
    {&DirConfig::limit_handshakes, false, 1, 10000,
     "a number from 1 to 10000, a slash and a time from 1s to 1h, such as 10/1s, or Off",
     "as its second value, how many may come at once, a number from 1 to 10000"},
    {&DirConfig::limit_messages, false, 1, 100'000,
     "a number from 1 to 100000, a slash and a time from 1s to 1h, such as 100/1s, or Off",
     "as its second value, how many may come at once, a number from 1 to 100000"},
    {&DirConfig::limit_bytes, true, 128, std::uint64_t{1} << 30U,
     "a size from 128 to 1G, a slash and a time from 1s to 1h, such as 64K/1s, or Off",
     "as its second value, how much may come at once, a size from 128 to 1G"},
};

bool parse_amount(const LimitDirective& directive, const char* text, std::uint32_t& out) noexcept {
    std::uint64_t amount = 0;
    if (!parse_size(text, amount)) {
        return false;
    }
    // A number is a size without a letter.
    const bool plain = text[std::strspn(text, "0123456789")] == '\0';
    if ((!directive.is_size && !plain) || amount < directive.least || amount > directive.most) {
        return false;
    }
    out = static_cast<std::uint32_t>(amount);
    return true;
}

// `10/1s`
bool parse_rate(cmd_parms* cmd, const LimitDirective& directive, const char* text,
                RateLimit& limit) noexcept {
    const char* const slash = std::strchr(text, '/');
    std::int64_t ms = 0;
    if (slash == nullptr || !parse_time(slash + 1, ms) || ms < kLeastPeriodMs ||
        ms > kMostPeriodMs) {
        return false;
    }
    limit.period = Millis{ms};
    const char* const amount =
        apr_pstrmemdup(cmd->temp_pool, text, static_cast<apr_size_t>(slash - text));
    return parse_amount(directive, amount, limit.count);
}

// A whole allowance that is spent comes back within kLongestDebt.
bool comes_back(const RateLimit& limit) noexcept {
    const std::uint64_t period = static_cast<std::uint64_t>(limit.period.count());
    const std::uint64_t ms = limit.burst * period / limit.count;
    return ms <= static_cast<std::uint64_t>(Millis(std::chrono::hours(24)).count());
}

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
    if (!parse_rate(cmd, directive, rate, limit)) {
        return refusal(cmd, rate, directive.allowed);
    }
    limit.burst = limit.count;
    if (burst != nullptr && !parse_amount(directive, burst, limit.burst)) {
        return refusal(cmd, burst, directive.burst_allowed);
    }
    if (!comes_back(limit)) {
        return refusal(cmd, burst, "as its second value, no more than comes back within 24h");
    }
    setting.set(new (apr_palloc(cmd->pool, sizeof(limit))) bayeux::RateLimit(limit));
    return nullptr;
}
