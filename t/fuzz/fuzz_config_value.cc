// The values of directives: what is accepted is of the form that is documented and means what that
// says, whatever else the text is; what is refused leaves the value as it was. The input is two
// lines: a value, and one more for directives that take two.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/config_value.hpp"
#include "protocol/channel_template.hpp"

namespace {

using namespace bayeux;

constexpr std::int64_t kUntouched = -77;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

// What `text` begins with and what follows; a number of so many digits fits.
struct Number {
    explicit Number(std::string_view text) {
        while (digits < text.size() && digits < 18 && text[digits] >= '0' && text[digits] <= '9') {
            value = value * 10 + static_cast<std::uint64_t>(text[digits++] - '0');
        }
        for (const char c : text.substr(digits)) {
            unit += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        }
    }
    std::size_t digits = 0;
    std::uint64_t value = 0;
    std::string unit;
};

void check_time(const std::string& text) {
    static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 7> kUnits{
        {{"", 1000},
         {"s", 1000},
         {"ms", 1},
         {"m", 60000},
         {"mi", 60000},
         {"min", 60000},
         {"h", 3600000}}};
    const Number number(text);
    std::int64_t ms = kUntouched;
    const bool accepted = parse_time(text, ms);
    require(accepted || ms == kUntouched);
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                   [&](const auto& one) { return one.first == number.unit; });
    if (accepted) {
        require(unit != kUnits.end() && number.digits > 0 && number.digits <= 15);
        require(ms >= 0 && static_cast<std::uint64_t>(ms) == number.value * unit->second);
    } else if (unit != kUnits.end() && number.digits > 0 && number.digits <= 15) {
        require(number.value > 1'000'000'000'000 / unit->second);
    }
}

void check_size(const std::string& text) {
    const Number number(text);
    std::uint64_t bytes = 77;
    if (!parse_size(text, bytes)) {
        require(bytes == 77);
        return;
    }
    const std::size_t power = std::string_view("kmg").find(number.unit) + 1;
    require(number.digits > 0 && number.unit.size() <= 1 && power <= 3);
    require(bytes == number.value << (number.unit.empty() ? 0 : 10 * power));
    require(bytes < (std::uint64_t{1} << 50U));
}

void check_count(const std::string& text, std::uint32_t least, std::uint32_t most) {
    const Number number(text);
    std::uint32_t n = 77;
    const bool accepted = parse_count(text, least, most, n);
    require(accepted || n == 77);
    const bool within = number.digits > 0 && number.digits <= 15 && number.unit.empty() &&
                        number.value >= least && number.value <= most;
    require(accepted == within);
    require(!accepted || n == number.value);
}

void check_rate(const std::string& rate, const char* burst, const RateBounds& bounds) {
    RateLimit limit{77, Millis{77}, 77};
    if (parse_rate(rate.c_str(), burst, bounds, limit) != RateProblem::kNone) {
        require(limit.count == 77 && limit.period == Millis{77} && limit.burst == 77);
        return;
    }
    for (const std::uint32_t amount : {limit.count, limit.burst}) {
        require(amount >= bounds.least && amount <= bounds.most);
    }
    require(limit.period >= Millis{1000} && limit.period <= Millis{3600 * 1000});
    require(std::count(rate.begin(), rate.end(), '/') == 1);
    require(burst != nullptr || limit.burst == limit.count);
    // spend() can reckon with it, and a debt of all of it ends within a day or so.
    const Spending spent = spend(limit, 0, TimePoint{Millis{1000}}, limit.burst);
    require(spent.within && spent.whole_at > 0);
    require(Micros{spent.whole_at} <= kLongestDebt + std::chrono::seconds(2));
}

// Nothing that would end a cookie or a header.
void check_cookie(const std::string& text) {
    const bool ends = text.empty() || text.find_first_of(" ;,\r\n\t\v\f\"=") != std::string::npos;
    require(!is_cookie_name(text.c_str()) || !ends);
    require(!is_attribute_value(text.c_str()) || text.find_first_of(" ;,\r\n") == text.npos);
    require(!is_cookie_name(text.c_str()) || is_attribute_value(text.c_str()));
}

void check_template(const std::string& text, const std::string& channel) {
    const auto parsed = protocol::ChannelTemplate::parse(text);
    require(parsed.has_value() || !parsed.error().text.empty());
    if (!parsed) {
        return;
    }
    require(parsed->text().starts_with("/service/"));
    require(parsed->same_shape(*parsed) && !parsed->before(*parsed));
    std::vector<protocol::TemplateVariable> variables;
    if (const auto name = protocol::ChannelName::parse(channel); name && !name->is_pattern()) {
        if (parsed->match(*name, variables)) {
            require(name->text().starts_with("/service/"));
            require(!parsed->is_exact() || name->text() == parsed->text());
            for (const auto& variable : variables) {
                require(parsed->text().find("{" + std::string(variable.name) + "}") !=
                        std::string::npos);
                require(name->text().find("/" + std::string(variable.value)) != std::string::npos);
            }
        }
    }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    // As httpd hands them over: up to a NUL.
    std::string input(reinterpret_cast<const char*>(bytes), size);
    input.resize(std::min(input.find('\0'), input.size()));
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string first = input.substr(0, end);
    const std::string second = end < input.size() ? input.substr(end + 1) : "";
    check_time(first);
    check_size(first);
    check_count(first, 1, 20000);
    check_count(first, 0, 0xffffffff);
    check_rate(first, second.empty() ? nullptr : second.c_str(), {false, 1, 10000});
    check_rate(first, second.empty() ? nullptr : second.c_str(),
               {true, 128, std::uint64_t{1} << 30U});
    check_cookie(first);
    check_template(first, second);
    bool on = false;
    require(!parse_switch(first, on) || first.size() == (on ? 2U : 3U));
    return 0;
}
