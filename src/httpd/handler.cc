// A request's first look: is it ours, of which origin, and by which transport does it come.
#include <cstring>
#include <string>

#include <httpd.h>

#include "bayeux_module.h"
#include "httpd/adoption_workers.hpp"
#include "httpd/boundary.hpp"
#include "httpd/config.hpp"
#include "httpd/module_state.hpp"
#include "httpd/origin.hpp"
#include "httpd/polling.hpp"
#include "httpd/reply.hpp"
#include "httpd/service_exchange.hpp"
#include "httpd/stream_request.hpp"
#include "httpd/transports.hpp"

namespace bayeux::httpd {
namespace {

int refuse_method(request_rec* r, const DirConfig& config) {
    const char* methods = methods_of(config);
    if (r->method_number == M_GET) {  // one that is of no transport
        methods = takes_post(config) ? "POST, OPTIONS" : "OPTIONS";
    }
    apr_table_setn(r->err_headers_out, "Allow", methods);
    return write_refusal(r, {HTTP_METHOD_NOT_ALLOWED, "the method is not served here"});
}

// One way to come in by GET.
struct Entrance {
    const char* transport;
    bool (*is_meant)(const request_rec* r) noexcept;
    // Of this origin, by the Origin header.
    int (*serve)(request_rec* r, const DirConfig& config, Origin origin);
};

constexpr Entrance kEntrances[] = {
    {kWebSocketName, is_websocket_request, upgrade_to_websocket},
    {kEventSourceName, is_event_source_request, begin_event_source},
    {kCallbackPollingName, is_callback_request, serve_callback_polling},
};

int handle_get(request_rec* r, const DirConfig& config, Origin origin) {
    for (const Entrance& entrance : kEntrances) {
        if (!entrance.is_meant(r)) {
            continue;
        }
        if (!offers(config, entrance.transport)) {
            return write_refusal(
                r, {HTTP_FORBIDDEN,
                    std::string("the transport ") + entrance.transport + " is not offered here"});
        }
        return this_child() != nullptr ? entrance.serve(r, config, origin)
                                       : HTTP_SERVICE_UNAVAILABLE;
    }
    return refuse_method(r, config);
}

int handle(request_rec* r) {
    if (exchange_of(r->connection) != nullptr) {
        return HTTP_LOOP_DETECTED;  // a service whose URL speaks Bayeux
    }
    const DirConfig& config = dir_config(r);
    const Origin origin = judge_origin(r, config);
    if (origin == Origin::kForeign) {
        return refuse_origin(r);
    }
    add_cors_headers(r, origin);
    if (r->method_number == M_OPTIONS) {
        return answer_options(r, origin, methods_of(config));
    }
    if (r->method_number == M_GET && r->header_only == 0) {
        return handle_get(r, config, origin);
    }
    if (r->method_number != M_POST || !takes_post(config)) {
        return refuse_method(r, config);
    }
    return this_child() != nullptr ? serve_polling(r, config, {}) : HTTP_SERVICE_UNAVAILABLE;
}

}  // namespace
}  // namespace bayeux::httpd

int bayeux_handler(request_rec* r) noexcept {
    if (r->handler == nullptr || std::strcmp(r->handler, "bayeux") != 0) {
        return DECLINED;
    }
    bayeux::httpd::mark_thread();
    return bayeux::httpd::guard("handler", HTTP_SERVICE_UNAVAILABLE,
                                [&] { return bayeux::httpd::handle(r); });
}
