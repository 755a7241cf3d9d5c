// What the module keeps between hooks: across restarts in the parent, and for the life of a child.
#ifndef BAYEUX_HTTPD_MODULE_STATE_HPP
#define BAYEUX_HTTPD_MODULE_STATE_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <apr_shm.h>
#include <apr_thread_proc.h>

#include "base/clock.hpp"
#include "base/entropy.hpp"
#include "broker/engine.hpp"
#include "httpd/child_figures.hpp"
#include "httpd/free_memory.hpp"
#include "httpd/httpd_api.hpp"
#include "httpd/service_calls.hpp"
#include "loop/bell.hpp"
#include "loop/event_loop.hpp"
#include "loop/stream_context.hpp"
#include "loop/turns.hpp"
#include "store/shared_store.hpp"

extern "C" {
extern module AP_MODULE_DECLARE_DATA bayeux_module;
}

namespace bayeux::httpd {

// Retained by httpd while the module is unloaded and loaded again: plain data, no address of the
// DSO. Written by the parent only; children find it as it was when they were forked.
struct Retained {
    static constexpr const char* kKey = "mod_bayeux.retained.1";

    apr_shm_t* memory;       // in the process pool
    apr_shm_t* figures;      // ChildFigures, one for each place in the child table
    std::uint64_t size;      // as configured
    std::uint32_t children;  // places in the child table, and bells
    int* bells;
};

// The shared memory of `size` bytes and its bells: those of the generation before if they fit, or
// new ones. nullptr when that failed, which is logged. The parent, in post_config.
[[nodiscard]] Retained* prepare_shared_memory(server_rec* s, std::uint64_t size);

// The memory as it was when this process was forked. nullptr before post_config.
[[nodiscard]] Retained* retained() noexcept;

// The figures of all children, of dead children too until their place is taken again. Any process.
[[nodiscard]] std::span<ChildFigures> all_figures() noexcept;

// The broker of one child process. Made in child_init, before there are workers; its loop thread is
// joined before the child's pool goes.
class Child {
  public:
    // Starts the loop; nullptr when that failed, which is logged. Requests get 503 then.
    static Child* start(apr_pool_t* pchild, server_rec* s);

    Child(apr_pool_t* pchild, store::SharedStore& store, loop::Bells& bells, const Clock& clock,
          std::size_t turns, loop::Turns::Starter& starter) noexcept;

    void stop(bool graceful) noexcept;
    // Ends and joins the loop. Workers have gone before.
    void finish() noexcept;

    [[nodiscard]] store::SharedStore& store() noexcept { return store_; }
    [[nodiscard]] broker::Engine& engine() noexcept { return engine_; }
    // Of the loop's streams.
    [[nodiscard]] loop::StreamContext& streams() noexcept { return *streams_; }
    [[nodiscard]] loop::EventLoop& loop() noexcept { return *loop_; }
    [[nodiscard]] loop::Turns& turns() noexcept { return turns_; }
    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
    [[nodiscard]] Entropy& entropy() noexcept { return entropy_; }
    [[nodiscard]] SpareMemory& spare_memory() noexcept { return spare_memory_; }
    [[nodiscard]] ChildIndex index() const noexcept { return index_; }

    // Whoever owns `r`, of a domain with services: calls what the broker wants to be called.
    void start_calls(request_rec* r, const ServiceTerms& terms,
                     const std::vector<broker::ServiceCall>& calls) noexcept;

    // How many threads may hold a connect by blocking; false at the cap. Any thread.
    [[nodiscard]] bool claim_blocking_hold() noexcept;
    void release_blocking_hold() noexcept { blocking_holds_.fetch_sub(1); }

  private:
    // These return false if it failed, which is logged.
    [[nodiscard]] bool claim_place(server_rec* s);
    [[nodiscard]] bool prepare_services(apr_pool_t* pchild, server_rec* s, std::uint32_t threads);
    static void* APR_THREAD_FUNC run_loop(apr_thread_t* thread, void* child) noexcept;

    store::SharedStore& store_;
    loop::Bells& bells_;
    const Clock& clock_;
    KernelEntropy entropy_;
    SpareMemory spare_memory_;
    broker::Engine engine_;
    loop::Turns turns_;
    std::optional<loop::StreamContext> streams_;
    std::optional<ServiceCalls> services_;  // where there are any
    std::optional<loop::EventLoop> loop_;
    ChildIndex index_ = kNoChild;
    std::uint32_t max_blocking_holds_ = 0;
    std::atomic<std::uint32_t> blocking_holds_{0};
    apr_thread_t* thread_ = nullptr;
};

// nullptr in the parent, and where starting it failed. Any thread of a child.
[[nodiscard]] Child* this_child() noexcept;

}  // namespace bayeux::httpd

#endif
