// The event MPM's workers, borrowed for turns, and what it can hold.
#include "httpd/adoption_workers.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <sys/resource.h>
#include <unistd.h>

#include <httpd.h>

#include <ap_mpm.h>
#include <scoreboard.h>

#include "httpd/config.hpp"
#include "httpd/log_ids.hpp"
#include "httpd/module_state.hpp"

namespace bayeux::httpd {
namespace {

void take_turn(void* /*baton*/) noexcept {
    mark_thread();
    if (Child* child = this_child()) {
        child->turns().run_turn();
        child->loop().turn_is_over();
    }
}

class MpmTurns final : public loop::Turns::Starter {
  public:
    bool start_turn() noexcept override {
        // Only delay 0 is dependable: a later timer does not wake an idle listener.
        return ap_mpm_register_timed_callback(0, take_turn, nullptr) == APR_SUCCESS;
    }
};

// Where the calling worker stands in the scoreboard.
struct ScorePlace {
    int process = -1;
    int thread = -1;
};

ScorePlace find_score_place() noexcept {
    int processes = 0;
    int threads = 0;
    ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &processes);
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    const pid_t pid = ::getpid();
    const apr_os_thread_t self = apr_os_thread_current();
    for (int p = 0; p < processes; ++p) {
        for (int t = 0; t < threads; ++t) {
            const worker_score* score = ap_get_scoreboard_worker_from_indexes(p, t);
            if (score != nullptr && score->pid == pid && score->tid != 0 &&
                apr_os_thread_equal(score->tid, self) != 0) {
                return {p, t};
            }
        }
    }
    return {};
}

thread_local ScorePlace score_place;
thread_local ThreadMark* thread_mark = nullptr;

const ScorePlace& own_score_place() noexcept {
    if (score_place.process < 0) {
        score_place = find_score_place();
    }
    return score_place;
}

// One byte in shared memory, which its thread may be writing.
bool says_idle(const worker_score& score) noexcept {
    const int status = *static_cast<const volatile unsigned char*>(&score.status);
    return status == SERVER_READY || status == SERVER_GRACEFUL || status == SERVER_DEAD;
}

// AsyncRequestWorkerFactor cannot be asked of the MPM: it is read from the configuration itself.
double async_factor() noexcept {
    double factor = 2;
    for (const ap_directive_t* d = ap_conftree; d != nullptr; d = d->next) {
        if (strcasecmp(d->directive, "AsyncRequestWorkerFactor") == 0) {
            factor = std::strtod(d->args, nullptr);
        }
    }
    return factor;
}

}  // namespace

loop::Turns::Starter& worker_turns() noexcept {
    static MpmTurns turns;
    return turns;
}

bool borrow_worker(void (*body)(void*) noexcept, void* baton) noexcept {
    return mpm_can_suspend() && ap_mpm_register_timed_callback(0, body, baton) == APR_SUCCESS;
}

ThreadMark* mark_thread() noexcept {
    if (thread_mark == nullptr) {
        // Kept to the end of the process: a connection may look at it after its thread has ended.
        thread_mark = new (std::nothrow) ThreadMark;
        if (thread_mark == nullptr) {
            return nullptr;
        }
    }
    thread_mark->entries.fetch_add(1);
    return thread_mark;
}

const worker_score* busy_score() noexcept {
    const ScorePlace& place = own_score_place();
    if (place.process < 0) {
        return nullptr;
    }
    const worker_score* score = ap_get_scoreboard_worker_from_indexes(place.process, place.thread);
    return score == nullptr || says_idle(*score) ? nullptr : score;
}

bool is_at_rest(const worker_score& score) noexcept {
    const bool resting = says_idle(score);
    std::atomic_thread_fence(std::memory_order_acquire);
    return resting;
}

void show_in_scoreboard(conn_rec* c, ap_sb_handle_t** handle) noexcept {
    if (own_score_place().process < 0) {
        return;  // the loop itself, in a child's last moments
    }
    if (*handle == nullptr) {
        ap_create_sb_handle(handle, c->pool, score_place.process, score_place.thread);
    } else {
        ap_update_sb_handle(*handle, score_place.process, score_place.thread);
    }
    c->sbh = *handle;
}

void clear_in_scoreboard() noexcept {
    if (score_place.process >= 0) {
        ap_update_child_status_from_indexes(score_place.process, score_place.thread, SERVER_READY,
                                            nullptr);
    }
}

long worker_connection_id(long otherwise) noexcept {
    const ScorePlace& place = own_score_place();
    if (place.process < 0) {
        return otherwise;
    }
    int threads = 0;
    ap_mpm_query(AP_MPMQ_HARD_LIMIT_THREADS, &threads);
    return static_cast<long>(place.process) * threads + place.thread;
}

void give_mpm_state(conn_rec* c) noexcept {
    // event.c: event_post_read_request(), which runs for internal redirects too, writes one pointer
    // into the event_conn_state_t of the connection without asking whether there is one. That
    // has some 200 bytes, and is not declared anywhere.
    constexpr std::size_t kRoom = 1024;
    static const module* const event = ap_find_linked_module("event.c");
    if (event != nullptr) {
        ap_set_module_config(c->conn_config, event, apr_pcalloc(c->pool, kRoom));
    }
}

bool mpm_can_suspend() noexcept {
    int async = 0;
    return ap_mpm_query(AP_MPMQ_IS_ASYNC, &async) == APR_SUCCESS && async != 0;
}

void notice_capacity(server_rec* s) {
    int threads = 1;
    int children = 1;
    int max_spare = 0;
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &children);
    ap_mpm_query(AP_MPMQ_MAX_SPARE_THREADS, &max_spare);
    if (!mpm_can_suspend()) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s, BXNO(0009)
                     "the %s MPM cannot suspend a request: a held connect costs a thread, at most "
                     "BayeuxMaxBlockingHolds in each of %d children; use the event MPM to hold "
                     "thousands", ap_show_mpm(), children);
        return;
    }
    const auto slots = static_cast<long>((async_factor() + 1) * threads) * children;
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s, BXNO(0010)
                 "holds up to %ld connections: %d children of %d threads with "
                 "AsyncRequestWorkerFactor %g; that directive raises it, or MaxRequestWorkers with "
                 "ThreadsPerChild and ServerLimit", slots, children, threads, async_factor());
    if (max_spare < children * threads) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, BXNO(0011)
                     "MaxSpareThreads %d is below MaxRequestWorkers %d: children that only hold "
                     "connections count as idle and will be ended; raise MaxSpareThreads to "
                     "MaxRequestWorkers", max_spare, children * threads);
    }
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY &&
        static_cast<long>(files.rlim_cur) < slots / std::max(children, 1)) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s, BXNO(0012)
                     "a child may open %lu files but hold %ld connections; raise the limit of open "
                     "files (ulimit -n)", files.rlim_cur,
                     slots / std::max(children, 1));
    }
}

}  // namespace bayeux::httpd
