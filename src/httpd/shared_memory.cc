// The segment and the bells across restarts (design.md 5).
#include <algorithm>
#include <new>
#include <span>

#include <httpd.h>

#include <ap_mpm.h>

#include "httpd/config.hpp"
#include "httpd/log_ids.hpp"
#include "httpd/module_state.hpp"
#include "loop/bell.hpp"
#include "store/segment.hpp"

namespace bayeux::httpd {
namespace {

// A child that was killed keeps its place in the table until its siblings have cleaned up.
constexpr int kSpareChildren = 8;

std::span<std::byte> bytes_of(const Retained& kept) noexcept {
    return {static_cast<std::byte*>(apr_shm_baseaddr_get(kept.memory)),
            apr_shm_size_get(kept.memory)};
}

std::uint32_t children_wanted() noexcept {
    int limit = 1;
    ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &limit);
    return static_cast<std::uint32_t>(
        std::clamp(limit + kSpareChildren, 1, static_cast<int>(broker::kMaxChildren)));
}

// Bells and counters, one for each place in the child table of a new segment. Children of the
// generation before go on with theirs, which they have inherited.
bool make_places(server_rec* s, Retained& kept) {
    const std::uint32_t places = children_wanted();
    auto* bells =
        static_cast<int*>(apr_palloc(s->process->pool, sizeof(int) * std::size_t{places}));
    const int error = loop::make_bells({bells, places});
    if (error != 0) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, APR_FROM_OS_ERROR(error), s, BXNO(0005)
                     "cannot make an event descriptor for each of %u children; raise the limit of "
                     "open files", places);
        return false;
    }
    apr_shm_t* figures = nullptr;
    const apr_status_t rv = apr_shm_create(&figures, sizeof(ChildFigures) * std::size_t{places},
                                           nullptr, s->process->pool);
    if (rv != APR_SUCCESS) {
        loop::close_bells({bells, places});
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     BXNO(0015) "cannot get shared memory for the counters of %u children", places);
        return false;
    }
    if (kept.bells != nullptr) {
        loop::close_bells({kept.bells, kept.children});
        apr_shm_destroy(kept.figures);
    }
    kept.children = places;
    kept.bells = bells;
    kept.figures = figures;
    for (ChildFigures& figures_of_one : all_figures()) {
        new (&figures_of_one) ChildFigures;
    }
    return true;
}

bool make_segment(server_rec* s, Retained& kept, std::uint64_t size) {
    store::SegmentKeys keys;
    KernelEntropy entropy;
    if (!entropy.fill(std::as_writable_bytes(std::span(keys.table))) ||
        !entropy.fill(std::as_writable_bytes(std::span(keys.browser)))) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                     BXNO(0001) "the kernel gives no random bytes; the store cannot be made");
        return false;
    }
    apr_shm_t* memory = nullptr;
    const apr_status_t rv = apr_shm_create(&memory, size, nullptr, s->process->pool);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     BXNO(0002) "cannot get %" APR_UINT64_T_FMT
                                " bytes of shared memory; make "
                                "BayeuxSharedMemory smaller",
                     size);
        return false;
    }
    const std::span<std::byte> bytes(static_cast<std::byte*>(apr_shm_baseaddr_get(memory)),
                                     apr_shm_size_get(memory));
    const auto segment = store::Segment::create(bytes, kept.children, keys);
    if (!segment) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                     BXNO(0003) "cannot lay out the shared memory: %s",
                     segment.error().text.c_str());
        apr_shm_destroy(memory);
        return false;
    }
    if (kept.memory != nullptr) {
        // Only this process lets go of it: children of the old generation keep it until they end.
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     BXNO(0004) "new shared memory of %" APR_UINT64_T_FMT
                                " bytes: its size or layout differs "
                                "from before, clients will handshake anew",
                     size);
        apr_shm_destroy(kept.memory);
    }
    kept.memory = memory;
    kept.size = size;
    return true;
}

// Another version of this module may have counted less.
bool figures_fit(const Retained& kept) noexcept {
    return kept.figures != nullptr &&
           apr_shm_size_get(kept.figures) >= sizeof(ChildFigures) * kept.children;
}

}  // namespace

Retained* retained() noexcept {
    return static_cast<Retained*>(ap_retained_data_get(Retained::kKey));
}

std::span<ChildFigures> all_figures() noexcept {
    const Retained* kept = retained();
    if (kept == nullptr || kept->figures == nullptr) {
        return {};
    }
    return {static_cast<ChildFigures*>(apr_shm_baseaddr_get(kept->figures)), kept->children};
}

Retained* prepare_shared_memory(server_rec* s, std::uint64_t size) {
    Retained* kept = retained();
    if (kept == nullptr) {
        kept = static_cast<Retained*>(ap_retained_data_create(Retained::kKey, sizeof(Retained)));
    }
    if (kept->memory != nullptr && kept->size == size && figures_fit(*kept) &&
        store::Segment::attach(bytes_of(*kept))) {
        return kept;
    }
    return make_places(s, *kept) && make_segment(s, *kept, size) ? kept : nullptr;
}

}  // namespace bayeux::httpd
