// `SetHandler bayeux-status`: the figures of all children as JSON and for Prometheus.
#include <cstring>
#include <string>
#include <string_view>

#include "bayeux_module.h"
#include "httpd/boundary.hpp"
#include "httpd/guarded_locations.hpp"
#include "httpd/log_ids.hpp"
#include "httpd/reply.hpp"
#include "httpd/status_views.hpp"

namespace bayeux::httpd {
namespace {

constexpr const char* kMethods = "GET, HEAD";

int send_text(request_rec* r, const char* type, const std::string& text) {
    set_common_headers(r);
    // For whoever was let in here, and not for pages of others.
    apr_table_setn(r->headers_out, "Cross-Origin-Resource-Policy", "same-origin");
    apr_table_setn(r->headers_out, "Referrer-Policy", "no-referrer");
    ap_set_content_type(r, type);
    ap_set_content_length(r, static_cast<apr_off_t>(text.size()));
    if (r->header_only == 0) {
        ap_rwrite(text.data(), static_cast<int>(text.size()), r);
    }
    return OK;
}

int show(request_rec* r, std::string_view query) {
    Child& child = *this_child();
    if (query == "format=json") {
        return send_text(r, "application/json;charset=UTF-8",
                         status_json(gather_figures(child.store()), child.clock().wall()));
    }
    if (query == "format=prometheus") {
        return send_text(r, "text/plain; version=0.0.4; charset=utf-8",
                         status_metrics(gather_figures(child.store())));
    }
    return write_refusal(r, {HTTP_NOT_FOUND, "there are ?format=json and ?format=prometheus"});
}

int handle_status(request_rec* r) {
    if (!is_status_location(r)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      BXNO(0070) "bayeux-status is served only where a <Location> with a path of "
                                 "its own says SetHandler bayeux-status and Require");
        return HTTP_FORBIDDEN;
    }
    if (r->method_number != M_GET) {
        r->connection->keepalive = AP_CONN_CLOSE;  // its body is not read
        apr_table_setn(r->err_headers_out, "Allow", kMethods);
        return write_refusal(r, {HTTP_METHOD_NOT_ALLOWED, "the status is for GET and HEAD"});
    }
    return this_child() != nullptr ? show(r, r->args != nullptr ? r->args : "")
                                   : HTTP_SERVICE_UNAVAILABLE;
}

}  // namespace
}  // namespace bayeux::httpd

int bayeux_status_handler(request_rec* r) noexcept {
    if (r->handler == nullptr || std::strcmp(r->handler, bayeux::httpd::kStatusHandler) != 0) {
        return DECLINED;
    }
    return bayeux::httpd::guard("status handler", HTTP_SERVICE_UNAVAILABLE,
                                [&] { return bayeux::httpd::handle_status(r); });
}
