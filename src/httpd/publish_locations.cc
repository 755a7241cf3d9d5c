#include "httpd/publish_locations.hpp"

#include <cstring>

#include <ap_expr.h>

#include "httpd/boundary.hpp"
#include "httpd/config.hpp"
#include "httpd/module_state.hpp"

namespace bayeux::httpd {
namespace {

const core_dir_config* core_of(const ap_conf_vector_t* section) noexcept {
    return static_cast<const core_dir_config*>(ap_get_core_module_config(section));
}

std::string_view path_of(const core_dir_config& location) noexcept {
    std::string_view path = location.d;
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return path;
}

// httpd keeps what SetHandler says as an expression that nobody can look into before there is a
// request. It knows where it was written; there its text is found.
bool sets_publish_handler(apr_pool_t* pool, const ap_directive_t* tree,
                          const ap_expr_info_t& written) {
    for (const ap_directive_t* d = tree; d != nullptr; d = d->next) {
        if (d->first_child != nullptr && sets_publish_handler(pool, d->first_child, written)) {
            return true;
        }
        if (strcasecmp(d->directive, "SetHandler") == 0 &&
            d->line_num == static_cast<int>(written.line_number) && d->filename != nullptr &&
            std::strcmp(d->filename, written.filename) == 0) {
            const char* words = d->args;
            return std::strcmp(ap_getword_conf(pool, &words), kPublishHandler) == 0;
        }
    }
    return false;
}

bool publishes(apr_pool_t* pool, const core_dir_config* location) {
    return location != nullptr && location->d != nullptr && location->r == nullptr &&
           location->d_is_fnmatch == 0 && location->expr_handler != nullptr &&
           location->expr_handler->filename != nullptr &&
           sets_publish_handler(pool, ap_conftree, *location->expr_handler);
}

// A section has something of mod_authz_core's only if a Require, or a container of some, is written
// in it. What is merged into it from around does not count: that may well be `all granted`.
bool is_guarded(const apr_array_header_t& sections, std::string_view path,
                const module* authz) noexcept {
    for (int i = 0; i < sections.nelts; ++i) {
        auto* section = APR_ARRAY_IDX(&sections, i, ap_conf_vector_t*);
        const core_dir_config* location = core_of(section);
        if (location != nullptr && location->d != nullptr && location->r == nullptr &&
            path_of(*location) == path && authz != nullptr &&
            ap_get_module_config(section, authz) != nullptr) {
            return true;
        }
    }
    return false;
}

const char* note_locations(apr_pool_t* pconf, server_rec* s, const module* authz) {
    ServerConfig& config = server_config(s);
    config.publish_locations = nullptr;
    const auto* core =
        static_cast<const core_server_config*>(ap_get_core_module_config(s->module_config));
    for (int i = 0; i < core->sec_url->nelts; ++i) {
        const core_dir_config* location =
            core_of(APR_ARRAY_IDX(core->sec_url, i, ap_conf_vector_t*));
        if (!publishes(pconf, location)) {
            continue;
        }
        if (!is_guarded(*core->sec_url, path_of(*location), authz)) {
            return apr_psprintf(pconf,
                                "SetHandler %s in <Location \"%s\"> needs a Require in that "
                                "Location, such as Require valid-user: without one, everybody "
                                "could publish",
                                kPublishHandler, location->d);
        }
        auto* noted = pool_new<PublishLocation>(pconf);
        noted->path = path_of(*location);
        noted->next = config.publish_locations;
        config.publish_locations = noted;
    }
    return nullptr;
}

// True if `path` is below `location`, or is it.
bool leads_to(std::string_view location, std::string_view path) noexcept {
    return path.starts_with(location) &&
           (path.size() == location.size() || path[location.size()] == '/');
}

}  // namespace

const char* find_publish_locations(apr_pool_t* pconf, server_rec* main_server) {
    const module* const authz = ap_find_linked_module("mod_authz_core.c");
    for (server_rec* s = main_server; s != nullptr; s = s->next) {
        if (const char* wrong = note_locations(pconf, s, authz)) {
            return wrong;
        }
    }
    return nullptr;
}

std::optional<std::string_view> path_below_location(const request_rec* r) noexcept {
    const std::string_view path = r->uri;
    const PublishLocation* innermost = nullptr;
    for (const PublishLocation* location = server_config(r->server).publish_locations;
         location != nullptr; location = location->next) {
        if (leads_to(location->path, path) &&
            (innermost == nullptr || location->path.size() > innermost->path.size())) {
            innermost = location;
        }
    }
    if (innermost == nullptr) {
        return std::nullopt;
    }
    return path.substr(innermost->path.size());
}

}  // namespace bayeux::httpd
