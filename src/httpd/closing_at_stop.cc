// Connections that workers close while httpd stops this child at once.
//
// The MPM's main thread then shuts the sockets that workers have at hand, and reads them where they
// were allocated: in the pool of their connection (event.c, close_worker_sockets). A worker that
// has just destroyed such a pool has given its memory back to the kernel, and the child dies of a
// segmentation fault. So this memory stays, for the moment that the child has left: the socket in
// it is marked as closed, which the main thread understands.
#include <httpd.h>

#include <ap_mpm.h>
#include <apr_allocator.h>

#include "bayeux_module.h"

namespace {

bool child_stops() noexcept {
    int state = AP_MPMQ_STARTING;
    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING;
}

// When a connection's pool is destroyed, before its memory goes.
apr_status_t keep_memory(void* connection) noexcept {
    if (child_stops()) {
        apr_allocator_t* const allocator =
            apr_pool_allocator_get(static_cast<conn_rec*>(connection)->pool);
        apr_allocator_max_free_set(allocator, APR_ALLOCATOR_MAX_FREE_UNLIMITED);
        apr_allocator_owner_set(allocator, nullptr);
    }
    return APR_SUCCESS;
}

}  // namespace

int bayeux_pre_connection(conn_rec* c, void* /*socket*/) noexcept {
    if (c->master == nullptr) {
        apr_pool_cleanup_register(c->pool, c, keep_memory, apr_pool_cleanup_null);
    }
    return OK;
}
