// The event MPM's workers as adoption uses them: their turns, their progress, their place in the
// scoreboard; and what the MPM can hold at all.
#ifndef BAYEUX_HTTPD_ADOPTION_WORKERS_HPP
#define BAYEUX_HTTPD_ADOPTION_WORKERS_HPP

#include <atomic>
#include <cstdint>

#include <httpd.h>

#include <scoreboard.h>

#include "httpd/httpd_api.hpp"
#include "loop/turns.hpp"

namespace bayeux::httpd {

// Progress of one worker thread: rises whenever a hook of ours is entered on it. Lives as long as
// the process.
struct ThreadMark {
    std::atomic<std::uint64_t> entries{0};
};

// Of the calling thread, counted up by one. nullptr without memory.
ThreadMark* mark_thread() noexcept;

// The scoreboard's line of the calling worker if it says that the worker is busy; else nullptr.
[[nodiscard]] const worker_score* busy_score() noexcept;
// True if that worker has come back to where it waits for work.
[[nodiscard]] bool is_at_rest(const worker_score& score) noexcept;

// Gets turns from the event MPM's workers.
[[nodiscard]] loop::Turns::Starter& worker_turns() noexcept;

// Some worker will call body(baton), soon; false if the MPM lends none. Any thread.
[[nodiscard]] bool borrow_worker(void (*body)(void*) noexcept, void* baton) noexcept;

// The scoreboard's place of the calling worker, for a connection that it serves out of its own
// line.
void show_in_scoreboard(conn_rec* c, ap_sb_handle_t** handle) noexcept;
void clear_in_scoreboard() noexcept;
// What httpd calls the connection that this worker serves; `otherwise` on any other thread. No two
// that are served at once have the same: mod_cgid goes by it when it ends a program.
[[nodiscard]] long worker_connection_id(long otherwise) noexcept;

// For a connection that the MPM has not made: what its hooks look for in each.
void give_mpm_state(conn_rec* c) noexcept;

// --- what the configuration can hold, asked of the MPM in post_config ---
[[nodiscard]] bool mpm_can_suspend() noexcept;
void notice_capacity(server_rec* s);

}  // namespace bayeux::httpd

#endif
