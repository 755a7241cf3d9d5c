#include "httpd/reply.hpp"

#include <string>
#include <utility>

#include <httpd.h>

#include <apr_buckets.h>
#include <util_filter.h>

#include "httpd/boundary.hpp"
#include "httpd/held_request.hpp"
#include "httpd/module_state.hpp"
#include "httpd/receipt.hpp"
#include "protocol/json.hpp"
#include "protocol/jsonp.hpp"

namespace bayeux::httpd {
namespace {

using loop::EndReason;

// The body goes out from where it was built: a pool bucket is neither copied nor buffered, and no
// filter needs it any more when the request's pool goes.
void write_body(request_rec* r, std::string text) {
    ap_set_content_length(r, static_cast<apr_off_t>(text.size()));
    if (r->header_only != 0 || text.empty()) {
        return;
    }
    const auto* body = pool_new<std::string>(r->pool, std::move(text));
    apr_bucket_alloc_t* buckets = r->connection->bucket_alloc;
    apr_bucket_brigade* bb = apr_brigade_create(r->pool, buckets);
    APR_BRIGADE_INSERT_TAIL(bb,
                            apr_bucket_pool_create(body->data(), body->size(), r->pool, buckets));
    ap_pass_brigade(r->output_filters, bb);
}

// HT-7; JP-3 keeps a script from being taken for something else (S7).
void set_batch_headers(const HeldRequest& held) {
    set_common_headers(held.r);
    if (held.callback == nullptr) {
        ap_set_content_type(held.r, "application/json;charset=UTF-8");
    } else {
        ap_set_content_type(held.r, "text/javascript;charset=UTF-8");
        apr_table_setn(held.r->headers_out, "Content-Disposition", "attachment; filename=f.txt");
    }
}

// "[" events, replies "]": events first (CN-10), except that nothing precedes a handshake's reply
// and no event rides with it (HS-11).
void write_batch(const HeldRequest& held, Receipt& receipt,
                 const std::optional<SessionHandle>& events_of,
                 const std::vector<protocol::PendingReply>& replies) {
    Child& child = *this_child();
    std::string body = "[";
    protocol::WriteTime at;
    if (events_of) {
        const broker::Drained drained = child.store().drain(*events_of, child.index(), body);
        if (drained.in_flight()) {
            receipt.events_of = events_of;
        }
        at.batch = drained.batch;
    }
    at.now = child.clock().wall();
    for (const protocol::PendingReply& reply : replies) {
        if (body.size() > 1) {
            body += ',';
        }
        reply.append_to(body, at);
    }
    body += ']';
    set_batch_headers(held);
    if (held.callback != nullptr) {
        body = protocol::jsonp_body(held.callback, body);
    }
    write_body(held.r, std::move(body));
    receipt.hand_over();
}

void set_status(request_rec* r, int status) {
    r->status = status;
    r->status_line = ap_get_status_line(status);
}

// Of a request that is no Bayeux, as far as one can tell.
bool is_unreadable(int status) noexcept {
    return status == HTTP_BAD_REQUEST || status == HTTP_REQUEST_ENTITY_TOO_LARGE ||
           status == HTTP_UNSUPPORTED_MEDIA_TYPE || status == HTTP_UPGRADE_REQUIRED ||
           status == HTTP_LENGTH_REQUIRED;
}

// Half a response cannot be taken back: the client must not mistake it for a whole one.
void give_up(request_rec* r) noexcept {
    r->connection->aborted = 1;
}

}  // namespace

void set_common_headers(request_rec* r) {
    apr_table_setn(r->headers_out, "Cache-Control", "no-cache, no-store");
    apr_table_setn(r->err_headers_out, "X-Content-Type-Options", "nosniff");
}

int write_json(request_rec* r, std::string text) {
    set_common_headers(r);
    ap_set_content_type(r, "application/json;charset=UTF-8");
    write_body(r, std::move(text));
    return OK;
}

int write_refusal(request_rec* r, const Refusal& refusal) {
    if (Child* const child = this_child(); child != nullptr && is_unreadable(refusal.status)) {
        child->engine().note_refusal(broker::RefusedFor::kUnreadable);
    }
    set_status(r, refusal.status);
    if (refusal.status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
        r->connection->keepalive = AP_CONN_CLOSE;  // the rest of the body is not worth reading
    }
    const std::string error = std::to_string(refusal.status) + "::" + refusal.text;
    return write_json(r, "{\"successful\":false,\"error\":" + protocol::quote(error) + "}\n");
}

void write_reply(HeldRequest& held) noexcept {
    const bool written = guard("reply", false, [&] {
        Receipt* receipt = new_receipt(held.r);
        receipt->connect = held.outcome.answered;
        write_batch(held, *receipt, held.outcome.events_of, held.outcome.replies);
        return true;
    });
    if (!written) {
        give_up(held.r);
    }
}

void write_end_of_park(HeldRequest& held, EndReason reason) noexcept {
    const bool written = guard("connect", false, [&] {
        request_rec* r = held.r;
        Receipt* receipt = held.receipt;
        const broker::Park& park = *held.outcome.park;
        switch (reason) {
            case EndReason::kSuperseded:
                // CN-12: not a Bayeux reply, so that nobody takes it for a success.
                set_status(r, held.duplicate_status);
                apr_table_setn(r->headers_out, "Cache-Control", "no-cache, no-store");
                write_body(r, "");
                receipt->settle_stream();
                break;
            case EndReason::kEnded:
                write_batch(held, *receipt, std::nullopt, {park.farewell()});
                break;
            case EndReason::kEvents:
            case EndReason::kDeadline:
            case EndReason::kPipelined:
            case EndReason::kStopping:
            case EndReason::kGone:
                write_batch(held, *receipt, park.connect.session, {park.reply});
                break;
        }
        return true;
    });
    if (!written) {
        give_up(held.r);
    }
}

}  // namespace bayeux::httpd
