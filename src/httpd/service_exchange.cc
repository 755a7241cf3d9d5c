#include "httpd/service_exchange.hpp"

#include <algorithm>

#include <httpd.h>

#include <apr_buckets.h>
#include <http_request.h>
#include <util_filter.h>

#include "bayeux_module.h"
#include "httpd/boundary.hpp"

namespace bayeux::httpd {
namespace {

using Flaw = ServiceAnswer::Flaw;

ap_filter_rec_t* body_filter = nullptr;
ap_filter_rec_t* answer_filter = nullptr;
ap_filter_rec_t* sink_filter = nullptr;

// How much of `text` a read in this mode is given.
std::size_t share_of(std::string_view text, ap_input_mode_t mode, apr_off_t most) noexcept {
    if (mode == AP_MODE_EXHAUSTIVE) {
        return text.size();
    }
    if (mode == AP_MODE_GETLINE) {
        return std::min(text.find('\n'), text.size() - 1) + 1;
    }
    return std::min(text.size(), static_cast<std::size_t>(std::max<apr_off_t>(most, 0)));
}

}  // namespace

struct ServiceFilters {
    static apr_status_t read(ap_filter_t* f, apr_bucket_brigade* bb, ap_input_mode_t mode,
                             apr_read_type_e /*block*/, apr_off_t most) noexcept {
        return guard("service body", APR_ENOMEM, [&] {
            return static_cast<ServiceExchange*>(f->ctx)->read(f, bb, mode, most);
        });
    }
    static apr_status_t collect(ap_filter_t* f, apr_bucket_brigade* bb) noexcept {
        return guard("service answer", APR_ENOMEM,
                     [&] { return static_cast<ServiceExchange*>(f->ctx)->collect(f, bb); });
    }
    // What is no part of the answer: interim responses.
    static apr_status_t drop(ap_filter_t* /*f*/, apr_bucket_brigade* bb) noexcept {
        apr_brigade_cleanup(bb);
        return APR_SUCCESS;
    }
};

void ServiceExchange::attach(conn_rec* c) noexcept {
    ap_add_input_filter_handle(body_filter, this, nullptr, c);
    ap_add_output_filter_handle(sink_filter, this, nullptr, c);
}

// httpd gives each request filters that write a head: nobody would read it.
void ServiceExchange::attach(request_rec* r) noexcept {
    r->proto_output_filters = r->connection->output_filters;
    r->output_filters = r->proto_output_filters;
    ap_add_output_filter_handle(answer_filter, this, r, r->connection);
}

// The body and its end, again and again: there is nothing behind it.
apr_status_t ServiceExchange::read(ap_filter_t* f, apr_bucket_brigade* bb, ap_input_mode_t mode,
                                   apr_off_t most) {
    apr_bucket_alloc_t* buckets = f->c->bucket_alloc;
    if (mode == AP_MODE_INIT) {
        return APR_SUCCESS;
    }
    if (mode == AP_MODE_EATCRLF) {
        return APR_EOF;
    }
    const std::size_t size = unread_.empty() ? 0 : share_of(unread_, mode, most);
    if (size != 0) {
        // Whoever sets it aside beyond the call gets a copy of his own.
        APR_BRIGADE_INSERT_TAIL(bb,
                                apr_bucket_pool_create(unread_.data(), size, f->c->pool, buckets));
        if (mode != AP_MODE_SPECULATIVE) {
            unread_.remove_prefix(size);
        }
    }
    if (unread_.empty()) {
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(buckets));
    }
    return APR_SUCCESS;
}

apr_status_t ServiceExchange::take(apr_bucket* b) {
    const char* data = nullptr;
    apr_size_t size = 0;
    const apr_status_t rv = apr_bucket_read(b, &data, &size, APR_BLOCK_READ);
    if (rv == APR_SUCCESS) {
        answer_.body.append(data, std::min(size, max_answer_ + 1 - answer_.body.size()));
    }
    return rv;
}

apr_status_t ServiceExchange::collect(ap_filter_t* f, apr_bucket_brigade* bb) {
    answer_.status = f->r->status;
    while (!APR_BRIGADE_EMPTY(bb) && answer_.flaw == Flaw::kNone) {
        apr_bucket* b = APR_BRIGADE_FIRST(bb);
        if (AP_BUCKET_IS_ERROR(b)) {
            return give_up(f, Flaw::kBroken);
        }
        const apr_status_t rv = APR_BUCKET_IS_METADATA(b) ? APR_SUCCESS : take(b);
        if (rv != APR_SUCCESS) {
            return give_up(f, APR_STATUS_IS_TIMEUP(rv) ? Flaw::kLate : Flaw::kBroken);
        }
        if (answer_.body.size() > max_answer_) {
            return give_up(f, Flaw::kTooLarge);
        }
        apr_bucket_delete(b);
    }
    if (clock_.now() >= deadline_) {
        // One that drips: each of its bytes is in time for httpd.
        return give_up(f, Flaw::kLate);
    }
    apr_brigade_cleanup(bb);
    return answer_.flaw == Flaw::kNone ? APR_SUCCESS : APR_ECONNABORTED;
}

// As if the client were gone: whoever writes the answer shall stop.
apr_status_t ServiceExchange::give_up(ap_filter_t* f, Flaw flaw) noexcept {
    answer_.flaw = flaw;
    f->c->aborted = 1;
    return APR_ECONNABORTED;
}

ServiceExchange* exchange_of(const conn_rec* c) noexcept {
    const ap_filter_t* last = c->output_filters;
    return last != nullptr && last->frec == sink_filter && sink_filter != nullptr
               ? static_cast<ServiceExchange*>(last->ctx)
               : nullptr;
}

void register_service_filters() noexcept {
    body_filter = ap_register_input_filter("BAYEUX_SERVICE_BODY", ServiceFilters::read, nullptr,
                                           AP_FTYPE_NETWORK);
    answer_filter = ap_register_output_filter("BAYEUX_SERVICE_ANSWER", ServiceFilters::collect,
                                              nullptr, AP_FTYPE_PROTOCOL);
    sink_filter = ap_register_output_filter("BAYEUX_SERVICE_SINK", ServiceFilters::drop, nullptr,
                                            AP_FTYPE_NETWORK);
}

}  // namespace bayeux::httpd

using bayeux::httpd::exchange_of;
using bayeux::httpd::ServiceExchange;

// Where a service asks for a login of the same realm as the Location of the message, httpd knows
// the caller already; else it asks the credentials that came with the message anew.
int bayeux_check_authn(request_rec* r) noexcept {
    const ServiceExchange* exchange = exchange_of(r->connection);
    if (exchange == nullptr || exchange->caller().user == nullptr) {
        return DECLINED;
    }
    const bayeux::httpd::ServiceCaller& caller = exchange->caller();
    const char* type = ap_auth_type(r);
    const char* realm = ap_auth_name(r);
    if (type == nullptr || realm == nullptr || caller.auth_type == nullptr ||
        strcasecmp(type, caller.auth_type) != 0 || strcmp(realm, caller.realm) != 0) {
        return DECLINED;
    }
    r->user = caller.user;
    r->ap_auth_type = caller.auth_type;
    return OK;
}

// The connection of a call knows nothing of TLS; what it says of itself is what the client's did.
const char* bayeux_http_scheme(const request_rec* r) noexcept {
    const ServiceExchange* exchange = exchange_of(r->connection);
    return exchange != nullptr && exchange->caller().tls ? "https" : nullptr;
}

apr_port_t bayeux_default_port(const request_rec* r) noexcept {
    const ServiceExchange* exchange = exchange_of(r->connection);
    return exchange != nullptr && exchange->caller().tls ? 443 : 0;
}
