// The hooks of start and stop.
#include <httpd.h>

#include <ap_mpm.h>

#include "base/log.hpp"
#include "bayeux_module.h"
#include "httpd/adoption_workers.hpp"
#include "httpd/boundary.hpp"
#include "httpd/channel_sections.hpp"
#include "httpd/config.hpp"
#include "httpd/guarded_locations.hpp"
#include "httpd/log_ids.hpp"
#include "httpd/log_sink.hpp"
#include "httpd/module_hooks.hpp"
#include "httpd/module_state.hpp"

namespace bayeux::httpd {

void log_exception(const char* where, const char* what) noexcept {
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, ap_server_conf,
                 BXNO(0013) "%s met %s; the request or connection at hand was given up", where,
                 what);
}

}  // namespace bayeux::httpd

using namespace bayeux::httpd;  // NOLINT(google-build-using-namespace): the C names of this file

int bayeux_check_config(apr_pool_t* pconf, apr_pool_t* /*plog*/, apr_pool_t* /*ptemp*/,
                        server_rec* s) noexcept {
    const char* wrong =
        guard("check_config", "out of memory", [&] { return sort_sections(pconf, s); });
    if (wrong != nullptr) {
        ap_log_error(APLOG_MARK, APLOG_CRIT | APLOG_STARTUP, 0, s, BXNO(0014) "%s", wrong);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    wrong =
        guard("check_config", "out of memory", [&] { return find_guarded_locations(pconf, s); });
    if (wrong != nullptr) {
        ap_log_error(APLOG_MARK, APLOG_CRIT | APLOG_STARTUP, 0, s, BXNO(0041) "%s", wrong);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

int bayeux_post_config(apr_pool_t* /*pconf*/, apr_pool_t* /*plog*/, apr_pool_t* /*ptemp*/,
                       server_rec* s) noexcept {
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;  // httpd reads the configuration twice when it starts
    }
    return guard("post_config", HTTP_INTERNAL_SERVER_ERROR, [&] {
        const std::uint64_t size = server_config(s).shared_memory.or_else(kDefaultSharedMemory);
        if (prepare_shared_memory(s, size) == nullptr) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        note_hooks();
        notice_capacity(s);
        return OK;
    });
}

void bayeux_child_status(server_rec* /*s*/, pid_t pid, ap_generation_t /*generation*/, int /*slot*/,
                         mpm_child_status state) noexcept {
    if (state != MPM_CHILD_EXITED) {
        return;
    }
    // One that was killed has left its figures behind.
    for (bayeux::httpd::ChildFigures& figures : all_figures()) {
        if (figures.loop.pid == static_cast<std::uint32_t>(pid)) {
            figures.reset(0);
        }
    }
}

void bayeux_child_init(apr_pool_t* pchild, server_rec* s) noexcept {
    plug_in_log_sink(s);
    guard("child_init", [&] { Child::start(pchild, s); });
}

void bayeux_child_stopping(apr_pool_t* /*pchild*/, int graceful) noexcept {
    if (Child* child = this_child()) {
        child->stop(graceful != 0);
    }
}
