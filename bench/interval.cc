#include "bench/interval.hpp"

#include <algorithm>
#include <string>

namespace bayeux::bench {

void Interval::report(Report& report, const char* what, std::uint64_t count) const {
    const std::string name = what;
    const double millions = static_cast<double>(std::max<std::uint64_t>(count, 1)) / 1e6;
    const double length = std::max(seconds(), 1e-9);  // nothing was measured: not a division by 0
    report.add_number("seconds", seconds(), 3);
    report.add_count(name, count);
    report.add_number(name + "_per_second", static_cast<double>(count) / length, 0);
    if (server_.known()) {
        const double cpu = end_.server_cpu - begin_.server_cpu;
        report.add_number("server_cpu_seconds", cpu, 2);
        report.add_number("server_cpu_seconds_per_million", cpu / millions, 2);
    }
    const double own = end_.own_cpu - begin_.own_cpu;
    report.add_number("bench_cpu_seconds", own, 2);
    report.add_number("bench_cpu_share", own / length, 2);
}

}  // namespace bayeux::bench
