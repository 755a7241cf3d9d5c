// What a run has measured: values in order, printed as lines or as one JSON object.
#ifndef BAYEUX_BENCH_REPORT_HPP
#define BAYEUX_BENCH_REPORT_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/histogram.hpp"

namespace bayeux::bench {

class Report {
  public:
    void add_text(std::string_view name, std::string_view value);
    void add_flag(std::string_view name, bool value);
    void add_count(std::string_view name, std::uint64_t value);
    void add_number(std::string_view name, double value, int decimals);
    void add_counts(std::string_view name, const std::vector<std::uint64_t>& values);
    // Microseconds at p50, p90, p99, p99.9 and the longest, as latency_p50_us and so on.
    void add_latency(const Histogram& latency);
    void add_texts(std::string_view name, const std::vector<std::string>& values);

    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string json() const;

  private:
    struct Line {
        std::string name;
        std::string plain;
        std::string json;
    };
    std::vector<Line> lines_;
};

}  // namespace bayeux::bench

#endif
