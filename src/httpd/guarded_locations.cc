#include "httpd/guarded_locations.hpp"

#include <cstring>

#include <apr_fnmatch.h>

#include "httpd/boundary.hpp"
#include "httpd/config.hpp"
#include "httpd/module_state.hpp"

namespace bayeux::httpd {
namespace {

// What is written where is asked of the tree of directives. The merged configuration does not tell
// a Require of this Location from one around it, nor one for all methods from one inside <Limit>;
// and what SetHandler says is an expression there, which nobody can look into before there is a
// request. httpd has resolved <IfModule> and its like when it built the tree.

bool is_directive(const ap_directive_t& d, const char* name) noexcept {
    return strcasecmp(d.directive, name) == 0;
}

std::string_view without_slash(std::string_view path) noexcept {
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return path;
}

// As core.c reads it: urlsection(). nullptr if it is no <Location>, or one for a pattern.
const char* path_of(apr_pool_t* pool, const ap_directive_t& d) {
    const char* const end = is_directive(d, "<Location") ? std::strrchr(d.args, '>') : nullptr;
    if (end == nullptr) {
        return nullptr;
    }
    const char* words = apr_pstrmemdup(pool, d.args, static_cast<apr_size_t>(end - d.args));
    const char* const path = ap_getword_conf(pool, &words);
    return std::strcmp(path, "~") == 0 || apr_fnmatch_test(path) != 0 ? nullptr : path;
}

// The one of ours that the Location sets, or nullptr. Also of a Location that another one gives
// another handler: it has to be guarded all the same.
const char* handler_of(apr_pool_t* pool, const ap_directive_t& location) {
    for (const ap_directive_t* d = location.first_child; d != nullptr; d = d->next) {
        const char* words = d->args;
        if (!is_directive(*d, "SetHandler")) {
            continue;
        }
        const char* const name = ap_getword_conf(pool, &words);
        for (const char* const ours : {kPublishHandler, kStatusHandler}) {
            if (strcasecmp(name, ours) == 0) {
                return ours;
            }
        }
    }
    return nullptr;
}

// Not inside of <Limit>, which leaves other methods open, nor of <If>.
bool has_require(const ap_directive_t* first) noexcept {
    constexpr const char kContainers[] = "<Require";
    for (const ap_directive_t* d = first; d != nullptr; d = d->next) {
        if (is_directive(*d, "Require") ||
            (strncasecmp(d->directive, kContainers, sizeof kContainers - 1) == 0 &&
             has_require(d->first_child))) {
            return true;
        }
    }
    return false;
}

// What holds in one host: the directives outside of all hosts, and its own.
struct Scope {
    const ap_directive_t* const lists[2];

    // Calls visit(location, path) for each until it is true, and returns that.
    template <class Visit>
    bool any_location(apr_pool_t* pool, Visit&& visit) const {
        for (const ap_directive_t* list : lists) {
            for (const ap_directive_t* d = list; d != nullptr; d = d->next) {
                const char* const path = path_of(pool, *d);
                if (path != nullptr && visit(*d, path)) {
                    return true;
                }
            }
        }
        return false;
    }
};

// Several <Location>s of one path are one to httpd.
bool is_guarded(apr_pool_t* pool, const Scope& scope, std::string_view path) {
    return scope.any_location(pool, [&](const ap_directive_t& location, const char* other) {
        return without_slash(other) == without_slash(path) && has_require(location.first_child);
    });
}

const char* complaint_of(apr_pool_t* pool, const Scope& scope) {
    const char* wrong = nullptr;
    scope.any_location(pool, [&](const ap_directive_t& location, const char* path) {
        const char* const handler = handler_of(pool, location);
        if (handler != nullptr && !is_guarded(pool, scope, path)) {
            const bool publishes = handler == kPublishHandler;
            wrong = apr_psprintf(pool,
                                 "SetHandler %s in <Location \"%s\"> needs a Require in that "
                                 "Location, such as Require %s, and not inside <Limit> or <If>: "
                                 "without one, everybody could %s",
                                 handler, path, publishes ? "valid-user" : "local",
                                 publishes ? "publish" : "look at it");
        }
        return wrong != nullptr;
    });
    return wrong;
}

void note_locations(apr_pool_t* pconf, ServerConfig& config, const Scope& scope) {
    scope.any_location(pconf, [&](const ap_directive_t& location, const char* path) {
        if (const char* const handler = handler_of(pconf, location)) {
            auto* noted = pool_new<GuardedLocation>(pconf);
            noted->handler = handler;
            noted->path = without_slash(path);
            noted->next = config.guarded_locations;
            config.guarded_locations = noted;
        }
        return false;
    });
}

bool is_of(const ap_directive_t& host, const server_rec* s) noexcept {
    return s->defn_name != nullptr && s->defn_line_number == static_cast<unsigned>(host.line_num) &&
           std::strcmp(s->defn_name, host.filename) == 0;
}

// True if `path` is below `location`, or is it.
bool leads_to(std::string_view location, std::string_view path) noexcept {
    return path.starts_with(location) &&
           (path.size() == location.size() || path[location.size()] == '/');
}

// The innermost one that says so around the request's path, or nullptr.
const GuardedLocation* location_of(const request_rec* r, const char* handler) noexcept {
    const std::string_view path = r->uri != nullptr ? r->uri : "";
    const GuardedLocation* innermost = nullptr;
    for (const GuardedLocation* location = server_config(r->server).guarded_locations;
         location != nullptr; location = location->next) {
        if (location->handler == handler && leads_to(location->path, path) &&
            (innermost == nullptr || location->path.size() > innermost->path.size())) {
            innermost = location;
        }
    }
    return innermost;
}

}  // namespace

const char* find_guarded_locations(apr_pool_t* pconf, server_rec* main_server) {
    const Scope everywhere{{ap_conftree, nullptr}};
    const char* wrong = complaint_of(pconf, everywhere);
    for (server_rec* s = main_server; s != nullptr; s = s->next) {
        server_config(s).guarded_locations = nullptr;
        note_locations(pconf, server_config(s), everywhere);
    }
    for (const ap_directive_t* d = ap_conftree; d != nullptr && wrong == nullptr; d = d->next) {
        if (!is_directive(*d, "<VirtualHost")) {
            continue;
        }
        wrong = complaint_of(pconf, {{ap_conftree, d->first_child}});
        // A file that is included twice may define several hosts in one place.
        for (server_rec* s = main_server; s != nullptr; s = s->next) {
            if (is_of(*d, s)) {
                note_locations(pconf, server_config(s), {{d->first_child, nullptr}});
            }
        }
    }
    return wrong;
}

std::optional<std::string_view> path_below_location(const request_rec* r) noexcept {
    const GuardedLocation* const location = location_of(r, kPublishHandler);
    if (location == nullptr) {
        return std::nullopt;
    }
    return std::string_view(r->uri).substr(location->path.size());
}

bool is_status_location(const request_rec* r) noexcept {
    return location_of(r, kStatusHandler) != nullptr;
}

}  // namespace bayeux::httpd
