// BayeuxService and what limits it.
#include <cctype>
#include <cstring>
#include <string>

#include <httpd.h>

#include "bayeux_module.h"
#include "httpd/boundary.hpp"
#include "httpd/config.hpp"
#include "httpd/directive_values.hpp"
#include "httpd/services.hpp"

namespace bayeux::httpd {
namespace {

// A path of this server: one slash first, nothing that would end a line or is another server's.
bool is_local_url(const char* url) noexcept {
    if (url[0] != '/' || url[1] == '/') {
        return false;
    }
    for (const char* c = url; *c != '\0'; ++c) {
        if (std::isgraph(static_cast<unsigned char>(*c)) == 0 || *c == '#') {
            return false;
        }
    }
    return true;
}

const char* refuse_channel(cmd_parms* cmd, const char* channel, const std::string& why) {
    return apr_psprintf(cmd->pool,
                        "BayeuxService: \"%s\" is not a valid value, %s; allowed: a channel below "
                        "/service, such as \"/service/echo\" or \"/service/room/{id}\", and then "
                        "the local URL of the service",
                        channel, why.c_str());
}

const char* add_service(cmd_parms* cmd, const DirConfig& dir, const char* channel,
                        const char* url) {
    auto parsed = protocol::ChannelTemplate::parse(channel);
    if (!parsed) {
        return refuse_channel(cmd, channel, parsed.error().text);
    }
    if (!is_local_url(url)) {
        return refusal(cmd, url, "as its second value a local URL, such as \"/app/echo\"");
    }
    auto* service = pool_new<Service>(cmd->pool, std::move(parsed).value());
    service->url = apr_pstrdup(cmd->pool, url);
    service->host = cmd->server->is_virtual != 0 ? cmd->server : nullptr;
    service->location = &dir;
    service->path = cmd->path != nullptr ? apr_pstrdup(cmd->pool, cmd->path) : nullptr;
    service->where =
        apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
    Service** last = &server_config(cmd->server).services;
    while (*last != nullptr) {
        last = &(*last)->next;
    }
    *last = service;
    return nullptr;
}

}  // namespace
}  // namespace bayeux::httpd

using namespace bayeux::httpd;  // NOLINT(google-build-using-namespace): the C names of this file

const char* bayeux_add_service(cmd_parms* cmd, void* dir, const char* channel,
                               const char* url) noexcept {
    return guard("BayeuxService", "BayeuxService: out of memory", [&] {
        return add_service(cmd, *static_cast<const DirConfig*>(dir), channel, url);
    });
}

const char* bayeux_set_service_max_answer(cmd_parms* cmd, void* dir, const char* value) noexcept {
    std::uint64_t size = 0;
    if (!parse_size(value, size) || size < 128 || size > (std::uint64_t{16} << 20U)) {
        return refusal(cmd, value, "a size from 128 to 16M, such as 64K");
    }
    static_cast<DirConfig*>(dir)->service_max_answer.set(static_cast<std::uint32_t>(size));
    return nullptr;
}

const char* bayeux_set_service_calls(cmd_parms* cmd, void* /*dir*/, const char* running,
                                     const char* waiting) noexcept {
    if (const char* wrong = ap_check_cmd_context(cmd, GLOBAL_ONLY)) {
        return wrong;
    }
    CallTerms terms;
    if (!parse_count(running, 1, 20000, terms.running)) {
        return refusal(cmd, running, "a number from 1 to 20000, then how many may wait");
    }
    terms.waiting = terms.running * kWaitingPerCall;
    if (waiting != nullptr && !parse_count(waiting, 0, 100000, terms.waiting)) {
        return refusal(cmd, waiting, "as its second value a number from 0 to 100000");
    }
    server_config(cmd->server).service_calls.set(terms);
    return nullptr;
}
