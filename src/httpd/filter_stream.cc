#include "httpd/filter_stream.hpp"

#include <algorithm>
#include <sys/socket.h>

#include <httpd.h>

#include <apr_buckets.h>
#include <util_filter.h>

namespace bayeux::httpd {
namespace {

apr_status_t read_nothing(apr_bucket* /*b*/, const char** text, apr_size_t* length,
                          apr_read_type_e /*block*/) noexcept {
    *text = nullptr;
    *length = 0;
    return APR_SUCCESS;
}

// mod_ssl's coalescing filter keeps small data until some metadata comes behind it. A flush bucket
// would make the core output filter wait; this one means nothing to anybody.
const apr_bucket_type_t kNudge = {"BAYEUX_NUDGE",
                                  5,
                                  apr_bucket_type_t::APR_BUCKET_METADATA,
                                  apr_bucket_destroy_noop,
                                  read_nothing,
                                  apr_bucket_setaside_noop,
                                  apr_bucket_split_notimpl,
                                  apr_bucket_simple_copy};

apr_bucket* new_nudge(apr_bucket_alloc_t* list) noexcept {
    auto* b = static_cast<apr_bucket*>(apr_bucket_alloc(sizeof(apr_bucket), list));
    APR_BUCKET_INIT(b);
    b->type = &kNudge;
    b->length = 0;
    b->start = 0;
    b->data = nullptr;
    b->free = apr_bucket_free;
    b->list = list;
    return b;
}

}  // namespace

void remove_request_timeout(conn_rec* c) noexcept {
    for (ap_filter_t* f = c->input_filters; f != nullptr; f = f->next) {
        if (strcasecmp(f->frec->name, "reqtimeout") == 0) {
            ap_remove_input_filter(f);
            return;
        }
    }
}

bool flush_without_blocking(conn_rec* c) noexcept {
    if (c->aborted != 0) {
        return false;
    }
    ap_filter_t* last = c->output_filters;
    while (last->next != nullptr) {
        last = last->next;
    }
    // NULL flushes without blocking (core_filters.c).
    if (last->frec->filter_func.out_func(last, nullptr) != APR_SUCCESS) {
        c->aborted = 1;
    }
    return c->aborted == 0;
}

FilterStream::FilterStream(conn_rec* c, int fd) noexcept
    : c_(c), fd_(fd), passing_(apr_brigade_create(c->pool, c->bucket_alloc)) {
    // OpenSSL flushes some answers of its own (to a KeyUpdate), and httpd's core filter waits for a
    // flush as long as the socket's time-out says. In the loop that must be not at all: the
    // connection is given up instead.
    apr_socket_timeout_set(ap_get_conn_socket(c), 0);
}

// core_filters.c takes the end of the stream for "nothing yet" in its first non-blocking read, and
// the loop hears of that end only once.
bool FilterStream::peer_has_closed() const noexcept {
    char byte = 0;
    return ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

loop::ByteStream::Result FilterStream::read(std::span<char> into) noexcept {
    if (c_->aborted != 0) {
        return {Status::kEnd, 0};
    }
    apr_status_t rv = ap_get_brigade(c_->input_filters, passing_, AP_MODE_READBYTES,
                                     APR_NONBLOCK_READ, static_cast<apr_off_t>(into.size()));
    apr_size_t length = into.size();
    bool ended = !APR_BRIGADE_EMPTY(passing_) && APR_BUCKET_IS_EOS(APR_BRIGADE_FIRST(passing_));
    if (rv == APR_SUCCESS) {
        rv = apr_brigade_flatten(passing_, into.data(), &length);
    }
    apr_brigade_cleanup(passing_);
    if (rv == APR_SUCCESS && length > 0) {
        return {Status::kDone, length};
    }
    ended = ended || (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv)) || peer_has_closed();
    return {ended ? Status::kEnd : Status::kLater, 0};
}

loop::ByteStream::Result FilterStream::write(std::span<const char> from) noexcept {
    if (!flush_without_blocking(c_)) {
        return {Status::kEnd, 0};
    }
    if (c_->data_in_output_filters != 0) {
        return {Status::kLater, 0};
    }
    const std::size_t length = std::min(from.size(), kWriteAtOnce);
    if (length == 0) {
        return {Status::kDone, 0};
    }
    APR_BRIGADE_INSERT_TAIL(passing_,
                            apr_bucket_transient_create(from.data(), length, c_->bucket_alloc));
    APR_BRIGADE_INSERT_TAIL(passing_, new_nudge(c_->bucket_alloc));
    const apr_status_t rv = ap_pass_brigade(c_->output_filters, passing_);
    apr_brigade_cleanup(passing_);
    if (rv != APR_SUCCESS || !flush_without_blocking(c_)) {
        return {Status::kEnd, 0};
    }
    return {Status::kDone, length};
}

bool FilterStream::flushed() const noexcept {
    return c_->data_in_output_filters == 0;
}

}  // namespace bayeux::httpd
