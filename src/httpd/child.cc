// The broker of a child process: made, stopped, joined.
#include <algorithm>
#include <cerrno>
#include <memory>
#include <signal.h>
#include <unistd.h>
#include <utility>

#include <httpd.h>

#include <ap_mpm.h>

#include "httpd/adoption_workers.hpp"
#include "httpd/boundary.hpp"
#include "httpd/config.hpp"
#include "httpd/log_ids.hpp"
#include "httpd/module_hooks.hpp"
#include "httpd/module_state.hpp"

namespace bayeux::httpd {
namespace {

// Set once in child_init, before any thread reads it.
Child* the_child = nullptr;

std::uint32_t threads_of_a_child() noexcept {
    int threads = 1;
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    return static_cast<std::uint32_t>(std::max(threads, 1));
}

// A thread that no signal is delivered to: prefork's and worker's handlers expect the main thread.
apr_status_t start_thread(apr_thread_t** thread, apr_thread_start_t body, void* baton,
                          apr_pool_t* pool) noexcept {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const apr_status_t rv = apr_thread_create(thread, nullptr, body, baton, pool);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return rv;
}

store::SharedStore* open_store(apr_pool_t* pchild, server_rec* s, const Retained& kept,
                               loop::Bells& bells, const Clock& clock) {
    auto opened = store::SharedStore::open(
        std::span<std::byte>(static_cast<std::byte*>(apr_shm_baseaddr_get(kept.memory)),
                             apr_shm_size_get(kept.memory)),
        bells, clock);
    if (!opened) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                     BXNO(0006) "the shared memory is not usable (%s); stop and start the server",
                     opened.error().text.c_str());
        return nullptr;
    }
    return pool_new<std::unique_ptr<store::SharedStore>>(pchild, std::move(opened).value())->get();
}

apr_status_t finish_child(void* child) noexcept {
    static_cast<Child*>(child)->finish();
    return APR_SUCCESS;
}

}  // namespace

Child* this_child() noexcept {
    return the_child;
}

Child::Child(apr_pool_t* pchild, store::SharedStore& store, loop::Bells& bells, const Clock& clock,
             std::size_t turns, loop::Turns::Starter& starter) noexcept
    : store_(store),
      bells_(bells),
      clock_(clock),
      spare_memory_(pchild),
      engine_(store, clock, entropy_),
      turns_(turns, starter) {}

Child* Child::start(apr_pool_t* pchild, server_rec* s) {
    const Retained* kept = retained();
    if (kept == nullptr || kept->memory == nullptr) {
        return nullptr;
    }
    const auto* clock = pool_new<SystemClock>(pchild);
    auto* bells = pool_new<loop::Bells>(pchild, std::span<const int>(kept->bells, kept->children));
    store::SharedStore* const store = open_store(pchild, s, *kept, *bells, *clock);
    if (store == nullptr) {
        return nullptr;
    }
    const std::uint32_t threads = threads_of_a_child();
    auto* child = pool_new<Child>(pchild, pchild, *store, *bells, *clock,
                                  std::max<std::size_t>(threads / 2, 1), worker_turns());
    if (wants_ends()) {
        child->store_.listen(*pool_new<EndNews>(pchild));
    }
    if (!child->claim_place(s)) {
        return nullptr;
    }
    const ServerConfig& config = server_config(s);
    child->max_blocking_holds_ = config.max_blocking_holds.or_else(threads / 2);
    ChildFigures& figures = all_figures()[child->index_.value];
    figures.reset(static_cast<std::uint32_t>(::getpid()));
    child->engine_.count_in(figures.refusals);
    loop::LoopSettings settings;
    settings.child = child->index_;
    settings.drain_timeout = Millis{config.drain_timeout_ms.or_else(10000)};
    if (!child->prepare_services(pchild, s, threads)) {
        return nullptr;
    }
    settings.chore = child->services_ ? &*child->services_ : nullptr;
    child->streams_.emplace(child->engine_, child->store_, child->clock_, child->index_);
    child->streams_->counters = &figures.loop;
    child->loop_.emplace(settings, child->store_, child->bells_, child->turns_, child->clock_,
                         figures.loop);
    apr_status_t rv = child->loop_->open() ? APR_SUCCESS : APR_FROM_OS_ERROR(errno);
    if (rv == APR_SUCCESS) {
        rv = start_thread(&child->thread_, run_loop, child, pchild);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(
            APLOG_MARK, APLOG_CRIT, rv, s,
            BXNO(0008) "cannot start the broker thread; requests will be answered with 503");
        return nullptr;
    }
    // Before the child's pool frees anything that the loop may still use.
    apr_pool_pre_cleanup_register(pchild, child, finish_child);
    the_child = child;
    return child;
}

bool Child::claim_place(server_rec* s) {
    const auto place = store_.claim_child(static_cast<std::uint32_t>(::getpid()));
    if (!place) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, BXNO(0007) "no place in the child table: %s",
                     place.error().text.c_str());
        return false;
    }
    index_ = place.value();
    return true;
}

bool Child::prepare_services(apr_pool_t* pchild, server_rec* s, std::uint32_t threads) {
    const ServerConfig& config = server_config(s);
    if (config.rules == nullptr || !config.rules->has_services()) {
        return true;
    }
    if (!prepare_service_requests(pchild)) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                     BXNO(0031) "cannot create a socket for service calls; requests will be "
                     "answered with 503");
        return false;
    }
    const std::uint32_t running = std::max(threads / 2, 1U);
    services_.emplace(store_, clock_,
                      config.service_calls.or_else({running, running * kWaitingPerCall}),
                      all_figures()[index_.value].services);
    return true;
}

void Child::start_calls(request_rec* r, const ServiceTerms& terms,
                        const std::vector<broker::ServiceCall>& calls) noexcept {
    if (services_) {
        services_->start(r, terms, calls);
    }
}

void* APR_THREAD_FUNC Child::run_loop(apr_thread_t* /*thread*/, void* child) noexcept {
    static_cast<Child*>(child)->loop_->run();
    // Not apr_thread_exit(): it unwinds the stack by force, which a noexcept function answers with
    // std::terminate().
    return nullptr;
}

void Child::stop(bool graceful) noexcept {
    if (!graceful && services_) {
        // Otherwise workers that end a call would take the next, until the MPM kills them.
        services_->finish();
    }
    loop_->stop(graceful ? loop::StopMode::kGraceful : loop::StopMode::kAtOnce);
}

void Child::finish() noexcept {
    if (thread_ == nullptr) {
        return;
    }
    // After a graceful stop nothing is left to wait for; otherwise what is held is answered now.
    loop_->stop(loop::StopMode::kAtOnce);
    apr_status_t ignored = APR_SUCCESS;
    apr_thread_join(&ignored, thread_);
    thread_ = nullptr;
    if (services_) {
        services_->finish();
    }
    the_child = nullptr;
    all_figures()[index_.value].reset(0);
    store_.release_child(index_);
}

bool Child::claim_blocking_hold() noexcept {
    if (blocking_holds_.fetch_add(1) < max_blocking_holds_) {
        return true;
    }
    blocking_holds_.fetch_sub(1);
    return false;
}

}  // namespace bayeux::httpd
