#include "bench/server_processes.hpp"

#include <algorithm>
#include <charconv>
#include <dirent.h>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

namespace bayeux::bench {
namespace {

// Of /proc/PID/stat; see proc(5). Times are in clock ticks.
struct Stat {
    std::uint32_t parent = 0;
    std::uint64_t own_ticks = 0;     // utime + stime
    std::uint64_t waited_ticks = 0;  // cutime + cstime
};

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string file_of(std::uint32_t pid, const char* name) {
    return "/proc/" + std::to_string(pid) + '/' + name;
}

std::optional<Stat> stat_of(std::uint32_t pid) {
    const std::string text = read_file(file_of(pid, "stat"));
    // The name of the program stands in parentheses and may contain any of them.
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) {
        return std::nullopt;
    }
    constexpr int kBetweenParentAndTimes = 9;  // pgrp ... cmajflt
    std::istringstream fields(text.substr(name_end + 1));
    Stat stat;
    char state = 0;
    fields >> state >> stat.parent;
    std::int64_t skipped = 0;
    for (int i = 0; i < kBetweenParentAndTimes; ++i) {
        fields >> skipped;
    }
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    std::uint64_t waited_user = 0;
    std::uint64_t waited_system = 0;
    fields >> user >> system >> waited_user >> waited_system;
    stat.own_ticks = user + system;
    stat.waited_ticks = waited_user + waited_system;
    return stat;
}

// The entries of a directory whose names are numbers: processes, or threads.
std::vector<std::uint32_t> numbered_entries(const std::string& path) {
    std::vector<std::uint32_t> numbers;
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) {
        return numbers;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody else reads this directory stream
    while (const dirent* entry = ::readdir(directory)) {
        const std::string_view name = entry->d_name;
        std::uint32_t number = 0;
        const auto result = std::from_chars(name.data(), name.data() + name.size(), number);
        if (result.ec == std::errc() && result.ptr == name.data() + name.size()) {
            numbers.push_back(number);
        }
    }
    ::closedir(directory);
    return numbers;
}

// The number behind `name` at the start of a line, in kB.
std::uint64_t kilobytes(const std::string& text, std::string_view name) {
    const std::size_t at = text.find('\n' + std::string(name) + ':');
    return at == std::string::npos
               ? 0
               : std::strtoull(text.c_str() + at + name.size() + 2, nullptr, 10);
}

double seconds_of_timeval(const timeval& time) noexcept {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

std::vector<std::uint32_t> ServerProcesses::children() const {
    std::multimap<std::uint32_t, std::uint32_t> by_parent;
    for (const std::uint32_t pid : numbered_entries("/proc")) {
        if (const auto stat = stat_of(pid)) {
            by_parent.emplace(stat->parent, pid);
        }
    }
    std::vector<std::uint32_t> found;
    std::vector<std::uint32_t> open{parent_};
    while (!open.empty()) {
        const auto [first, last] = by_parent.equal_range(open.back());
        open.pop_back();
        for (auto it = first; it != last; ++it) {
            found.push_back(it->second);
            open.push_back(it->second);
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<std::uint32_t> ServerProcesses::family() const {
    std::vector<std::uint32_t> all = children();
    all.push_back(parent_);
    return all;
}

double ServerProcesses::cpu_seconds() const {
    std::uint64_t ticks = 0;
    for (const std::uint32_t pid : family()) {
        if (const auto stat = stat_of(pid)) {
            ticks += stat->own_ticks + stat->waited_ticks;
        }
    }
    return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::optional<ServerMemory> ServerProcesses::memory() const {
    ServerMemory sum;
    for (const std::uint32_t pid : family()) {
        const std::string rollup = read_file(file_of(pid, "smaps_rollup"));
        if (rollup.empty()) {
            return std::nullopt;
        }
        const std::uint64_t all = kilobytes(rollup, "Pss");
        const std::uint64_t shared = kilobytes(rollup, "Pss_Shmem");
        sum.resident += (all - std::min(all, shared)) * 1024;
        sum.shared += shared * 1024;
    }
    return sum;
}

std::vector<std::uint64_t> ServerProcesses::threads() const {
    std::vector<std::uint64_t> counts;
    for (const std::uint32_t pid : children()) {
        counts.push_back(numbered_entries(file_of(pid, "task")).size());
    }
    return counts;
}

double own_cpu_seconds() noexcept {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return seconds_of_timeval(usage.ru_utime) + seconds_of_timeval(usage.ru_stime);
}

}  // namespace bayeux::bench
