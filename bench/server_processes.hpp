// What /proc tells about the server: a process and all that descend from it.
#ifndef BAYEUX_BENCH_SERVER_PROCESSES_HPP
#define BAYEUX_BENCH_SERVER_PROCESSES_HPP

#include <cstdint>
#include <optional>
#include <vector>

namespace bayeux::bench {

struct ServerMemory {
    // Proportional set size, in bytes: what is shared by n processes counts for 1/n in each.
    std::uint64_t resident = 0;  // heaps, stacks, code
    std::uint64_t shared = 0;    // pages of shared memory that were touched
};

class ServerProcesses {
  public:
    // 0: nobody has told which process the server is, and nothing is known of it.
    explicit ServerProcesses(std::uint32_t parent) noexcept : parent_(parent) {}

    [[nodiscard]] bool known() const noexcept { return parent_ != 0; }
    [[nodiscard]] std::vector<std::uint32_t> children() const;

    // User and system time of all of them since they started, ended children included.
    [[nodiscard]] double cpu_seconds() const;
    // Of all of them. Nothing if they cannot be looked into.
    [[nodiscard]] std::optional<ServerMemory> memory() const;
    // Threads of each child, in order.
    [[nodiscard]] std::vector<std::uint64_t> threads() const;

  private:
    [[nodiscard]] std::vector<std::uint32_t> family() const;

    std::uint32_t parent_;
};

// User and system time of this program.
[[nodiscard]] double own_cpu_seconds() noexcept;

}  // namespace bayeux::bench

#endif
