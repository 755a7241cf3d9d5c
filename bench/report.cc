#include "bench/report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace bayeux::bench {
namespace {

std::string quote(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            quoted += '\\';
        }
        quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return quoted + '"';
}

std::string spell(double value, int decimals) {
    std::array<char, 64> text;
    const int n = std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return n > 0 ? std::string(text.data()) : std::string("0");
}

struct Quantile {
    const char* name;
    double share;
};
constexpr Quantile kQuantiles[] = {{"latency_p50_us", 0.5},
                                   {"latency_p90_us", 0.9},
                                   {"latency_p99_us", 0.99},
                                   {"latency_p999_us", 0.999}};

double micros_of(Duration d) noexcept {
    return std::chrono::duration<double, std::micro>(d).count();
}

}  // namespace

void Report::add_text(std::string_view name, std::string_view value) {
    lines_.push_back({std::string(name), std::string(value), quote(value)});
}

void Report::add_flag(std::string_view name, bool value) {
    lines_.push_back({std::string(name), value ? "yes" : "NO", value ? "true" : "false"});
}

void Report::add_count(std::string_view name, std::uint64_t value) {
    const std::string number = std::to_string(value);
    lines_.push_back({std::string(name), number, number});
}

void Report::add_number(std::string_view name, double value, int decimals) {
    const std::string number = spell(value, decimals);
    lines_.push_back({std::string(name), number, number});
}

void Report::add_counts(std::string_view name, const std::vector<std::uint64_t>& values) {
    std::string plain;
    std::string json;
    for (const std::uint64_t value : values) {
        plain += (plain.empty() ? "" : " ") + std::to_string(value);
        json += (json.empty() ? "" : ",") + std::to_string(value);
    }
    lines_.push_back({std::string(name), plain, '[' + json + ']'});
}

void Report::add_latency(const Histogram& latency) {
    for (const Quantile& quantile : kQuantiles) {
        add_number(quantile.name, micros_of(latency.quantile(quantile.share)), 0);
    }
    add_number("latency_max_us", micros_of(latency.max()), 0);
}

void Report::add_texts(std::string_view name, const std::vector<std::string>& values) {
    std::string json;
    for (const std::string& value : values) {
        json += (json.empty() ? "" : ",") + quote(value);
    }
    std::string plain;
    for (const std::string& value : values) {
        plain += (plain.empty() ? "" : "; ") + value;
    }
    lines_.push_back({std::string(name), plain, '[' + json + ']'});
}

std::string Report::text() const {
    std::size_t width = 0;
    for (const Line& line : lines_) {
        width = std::max(width, line.name.size());
    }
    std::string all;
    for (const Line& line : lines_) {
        all += line.name + std::string(width + 2 - line.name.size(), ' ') + line.plain + '\n';
    }
    return all;
}

std::string Report::json() const {
    std::string all;
    for (const Line& line : lines_) {
        all += (all.empty() ? "{" : ", ") + quote(line.name) + ": " + line.json;
    }
    return all + "}\n";
}

}  // namespace bayeux::bench
