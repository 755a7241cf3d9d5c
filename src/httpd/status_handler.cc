// `SetHandler bayeux-status`: the figures of all children as a page, as JSON and for Prometheus.
#include <cstring>
#include <string>
#include <string_view>

#include "base/mutex.hpp"
#include "bayeux_module.h"
#include "httpd/boundary.hpp"
#include "httpd/guarded_locations.hpp"
#include "httpd/log_ids.hpp"
#include "httpd/reply.hpp"
#include "httpd/status_assets.hpp"
#include "httpd/status_views.hpp"

namespace bayeux::httpd {
namespace {

constexpr const char* kMethods = "GET, HEAD";

// Nothing but what comes from here, and no script in the page itself: names of channels are shown
// on it.
constexpr const char* kPolicy =
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// A survey walks the store: whoever asks more often gets the last one.
constexpr Millis kSurveyLife{1000};

struct LastSurvey {
    Mutex mutex;
    TimePoint until BAYEUX_GUARDED_BY(mutex);
    store::Survey survey BAYEUX_GUARDED_BY(mutex);
};

store::Survey recent_survey(Child& child) {
    static constinit LastSurvey last;
    const MutexLock guard(last.mutex);
    const TimePoint now = child.clock().now();
    if (now >= last.until) {
        last.survey = store::survey(child.store().segment(), now);
        last.until = child.clock().now() + kSurveyLife;
    }
    return last.survey;
}

int send_text(request_rec* r, const char* type, std::string_view text) {
    set_common_headers(r);
    // For whoever was let in here, and not for pages of others.
    apr_table_setn(r->headers_out, "Cross-Origin-Resource-Policy", "same-origin");
    apr_table_setn(r->headers_out, "Referrer-Policy", "no-referrer");
    apr_table_setn(r->headers_out, "Content-Security-Policy", kPolicy);
    ap_set_content_type(r, type);
    ap_set_content_length(r, static_cast<apr_off_t>(text.size()));
    if (r->header_only == 0) {
        ap_rwrite(text.data(), static_cast<int>(text.size()), r);
    }
    return OK;
}

StatusView look(Child& child) {
    return {gather_figures(child.store()), recent_survey(child), child.clock().wall()};
}

int show(request_rec* r, std::string_view query) {
    Child& child = *this_child();
    if (query.empty()) {
        return send_text(r, "text/html;charset=UTF-8", status_page(look(child)));
    }
    if (query == "file=page.css") {
        return send_text(r, "text/css;charset=UTF-8", status_style());
    }
    if (query == "file=page.js") {
        return send_text(r, "text/javascript;charset=UTF-8", status_script());
    }
    if (query == "format=json") {
        return send_text(r, "application/json;charset=UTF-8", status_json(look(child)));
    }
    if (query == "format=prometheus") {
        return send_text(r, "text/plain; version=0.0.4; charset=utf-8",
                         status_metrics(gather_figures(child.store())));
    }
    return write_refusal(
        r, {HTTP_NOT_FOUND, "there are the page, ?format=json and ?format=prometheus"});
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
