#include "httpd/reply_output.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <httpd.h>

#include <apr_buckets.h>
#include <http_request.h>
#include <util_filter.h>

#include "httpd/boundary.hpp"
#include "httpd/lane.hpp"

namespace bayeux::httpd {
namespace {

ap_filter_rec_t* registered = nullptr;

// What it points to stays where it is as long as the bucket that ends the request does.
bool lasts(const apr_bucket* b) noexcept {
    return APR_BUCKET_IS_HEAP(b) || APR_BUCKET_IS_POOL(b) || APR_BUCKET_IS_IMMORTAL(b) ||
           APR_BUCKET_IS_EOS(b) || AP_BUCKET_IS_EOR(b);
}

// Then it takes a small response whole, and nobody waits for the client.
bool has_empty_queue(int fd) noexcept {
    int queued = 0;
    return ::ioctl(fd, SIOCOUTQ, &queued) == 0 && queued == 0;
}

}  // namespace

struct ReplyOutputFilter {
    static apr_status_t write(ap_filter_t* f, apr_bucket_brigade* bb) noexcept {
        auto& output = *static_cast<ReplyOutput*>(f->ctx);
        output.show(bb);
        return output.gather(bb) ? APR_SUCCESS : ap_pass_brigade(f->next, bb);
    }
};

void ReplyOutput::attach(request_rec* r, int fd, bool transparent, Lane* lane) {
    conn_rec* c = r->connection;
    c_ = c;
    fd_ = fd;
    transparent_ = transparent;
    lane_ = lane;
    gathered_ = apr_brigade_create(c->pool, c->bucket_alloc);
    filter_ = ap_add_output_filter_handle(registered, this, r, c);
}

void ReplyOutput::show(apr_bucket_brigade* bb) noexcept {
    if (lane_ == nullptr || !lane_->watches()) {
        return;
    }
    guard("reply head", [&] {
        for (apr_bucket* b = APR_BRIGADE_FIRST(bb);
             b != APR_BRIGADE_SENTINEL(bb) && lane_->watches(); b = APR_BUCKET_NEXT(b)) {
            const char* data = nullptr;
            apr_size_t length = 0;
            if (!APR_BUCKET_IS_METADATA(b) &&
                apr_bucket_read(b, &data, &length, APR_BLOCK_READ) == APR_SUCCESS) {
                lane_->see_output({data, length});
            }
        }
    });
}

// httpd's core output filter puts a small response aside until it is asked for more, in a pool that
// then stays as long as the connection: 4 KB that are never used again. It gets head, body and end
// together instead, when they shall leave.
bool ReplyOutput::gather(apr_bucket_brigade* bb) noexcept {
    if (may_gather(bb)) {
        APR_BRIGADE_CONCAT(gathered_, bb);
        return true;
    }
    APR_BRIGADE_PREPEND(bb, gathered_);
    return false;
}

void ReplyOutput::flush() noexcept {
    if (gathered_ == nullptr || APR_BRIGADE_EMPTY(gathered_)) {
        return;
    }
    if (has_empty_queue(fd_)) {
        APR_BRIGADE_INSERT_TAIL(gathered_, apr_bucket_flush_create(c_->bucket_alloc));
    }
    ap_pass_brigade(filter_->next, gathered_);
    apr_brigade_cleanup(gathered_);
}

bool ReplyOutput::may_gather(apr_bucket_brigade* bb) const noexcept {
    if (!transparent_ || c_->aborted != 0 || c_->data_in_output_filters != 0) {
        return false;
    }
    apr_off_t length = 0;
    apr_brigade_length(gathered_, 0, &length);
    for (const apr_bucket* b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        if (!lasts(b)) {
            return false;
        }
        length += static_cast<apr_off_t>(b->length);
    }
    return length < kSmall;
}

void register_reply_output() noexcept {
    registered = ap_register_output_filter("BAYEUX_REPLY", ReplyOutputFilter::write, nullptr,
                                           AP_FTYPE_CONNECTION);
}

}  // namespace bayeux::httpd
