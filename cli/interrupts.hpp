// SIGINT and SIGTERM end what a tool waits for, so that it can say goodbye to the server.
#ifndef BAYEUX_CLI_INTERRUPTS_HPP
#define BAYEUX_CLI_INTERRUPTS_HPP

#include <chrono>

namespace bayeux::cli {

using Clock = std::chrono::steady_clock;

// Once, before anything is waited for. False if the system does not let us.
[[nodiscard]] bool watch_interrupts();
[[nodiscard]] bool interrupted() noexcept;
// Readable from the first signal on.
[[nodiscard]] int interrupt_fd() noexcept;
// False if a signal came first.
bool sleep_for(std::chrono::milliseconds time) noexcept;

}  // namespace bayeux::cli

#endif
