#include "httpd/read_ahead.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <httpd.h>

#include <apr_buckets.h>
#include <util_filter.h>

#include "bayeux_module.h"
#include "httpd/reply_output.hpp"
#include "httpd/service_exchange.hpp"
#include "loop/request_head.hpp"

namespace bayeux::httpd {
namespace {

constexpr apr_off_t kReadAtOnce = 8192;

ap_filter_rec_t* registered = nullptr;

bool is_end(apr_bucket* e) noexcept {
    return APR_BUCKET_IS_EOS(e);
}

apr_off_t length_of(apr_bucket_brigade* bb) noexcept {
    apr_off_t length = 0;
    return apr_brigade_length(bb, 1, &length) == APR_SUCCESS ? length : 0;
}

}  // namespace

struct ReadAheadFilter {
    static apr_status_t read(ap_filter_t* f, apr_bucket_brigade* bb, ap_input_mode_t mode,
                             apr_read_type_e block, apr_off_t bytes) noexcept {
        auto& ahead = *static_cast<ReadAhead*>(f->ctx);
        if (mode == AP_MODE_INIT) {
            return ap_get_brigade(f->next, bb, mode, block, bytes);
        }
        if (APR_BRIGADE_EMPTY(ahead.kept_)) {
            return ahead.late_ ? APR_TIMEUP : ap_get_brigade(f->next, bb, mode, block, bytes);
        }
        switch (mode) {
            case AP_MODE_GETLINE:
                return apr_brigade_split_line(bb, ahead.kept_, block, HUGE_STRING_LEN);
            case AP_MODE_READBYTES:
                return give(ahead.kept_, bb, bytes, false);
            case AP_MODE_SPECULATIVE:
                return give(ahead.kept_, bb, bytes, true);
            case AP_MODE_EXHAUSTIVE:
                APR_BRIGADE_CONCAT(bb, ahead.kept_);
                return APR_SUCCESS;
            case AP_MODE_EATCRLF:
            case AP_MODE_INIT:
                break;
        }
        return APR_SUCCESS;
    }

    static apr_status_t give(apr_bucket_brigade* kept, apr_bucket_brigade* bb, apr_off_t bytes,
                             bool copy) noexcept {
        apr_bucket* behind = nullptr;
        const apr_status_t rv = apr_brigade_partition(kept, bytes, &behind);
        if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
            return rv;
        }
        apr_bucket* e = APR_BRIGADE_FIRST(kept);
        while (e != behind && e != APR_BRIGADE_SENTINEL(kept)) {
            apr_bucket* given = e;
            e = APR_BUCKET_NEXT(e);
            if (!copy) {
                APR_BUCKET_REMOVE(given);
            } else if (apr_bucket_copy(given, &given) != APR_SUCCESS) {
                return APR_EGENERAL;
            }
            APR_BRIGADE_INSERT_TAIL(bb, given);
        }
        return APR_SUCCESS;
    }
};

void ReadAhead::attach(conn_rec* c) {
    kept_ = apr_brigade_create(c->pool, c->bucket_alloc);
    fresh_ = apr_brigade_create(c->pool, c->bucket_alloc);
    filter_ = ap_add_input_filter_handle(registered, this, nullptr, c);
}

bool ReadAhead::is_whole() const noexcept {
    if (APR_BRIGADE_EMPTY(kept_)) {
        return false;
    }
    const auto total = static_cast<std::size_t>(length_of(kept_));
    const char* text = nullptr;
    apr_size_t length = 0;
    apr_bucket* first = APR_BRIGADE_FIRST(kept_);
    if (apr_bucket_read(first, &text, &length, APR_NONBLOCK_READ) == APR_SUCCESS &&
        (length == total || length >= loop::kPeekSize)) {
        return loop::request_has_come({text, length}, total, kLimit);
    }
    std::array<char, loop::kPeekSize> begin;
    length = begin.size();
    if (apr_brigade_flatten(kept_, begin.data(), &length) != APR_SUCCESS) {
        return true;
    }
    return loop::request_has_come({begin.data(), length}, total, kLimit);
}

ReadAhead::State ReadAhead::take_fresh(bool& took) noexcept {
    const bool some = !APR_BRIGADE_EMPTY(kept_);
    took = false;
    const apr_status_t rv =
        ap_get_brigade(filter_->next, fresh_, AP_MODE_READBYTES, APR_NONBLOCK_READ, kReadAtOnce);
    bool ended = rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv);
    while (!APR_BRIGADE_EMPTY(fresh_)) {
        apr_bucket* e = APR_BRIGADE_FIRST(fresh_);
        APR_BUCKET_REMOVE(e);
        ended = ended || is_end(e);
        if (APR_BUCKET_IS_METADATA(e) || e->length == 0 ||
            apr_bucket_setaside(e, filter_->c->pool) != APR_SUCCESS) {
            apr_bucket_destroy(e);
            continue;
        }
        APR_BRIGADE_INSERT_TAIL(kept_, e);
        took = true;
    }
    if (took) {
        return State::kPart;
    }
    if (ended) {
        return some ? State::kWhole : State::kEnd;
    }
    return some ? State::kPart : State::kNothing;
}

void ReadAhead::put_back(std::string_view bytes) {
    if (!bytes.empty()) {
        APR_BRIGADE_INSERT_TAIL(kept_, apr_bucket_heap_create(bytes.data(), bytes.size(), nullptr,
                                                              filter_->c->bucket_alloc));
    }
}

std::string ReadAhead::text(std::size_t limit) const {
    const auto total = static_cast<std::size_t>(length_of(kept_));
    if (total == 0 || total > limit) {
        return {};
    }
    std::string all(total, '\0');
    apr_size_t length = total;
    const apr_status_t rv = apr_brigade_flatten(kept_, all.data(), &length);
    return rv == APR_SUCCESS && length == total ? all : std::string();
}

bool ReadAhead::empty() const noexcept {
    return APR_BRIGADE_EMPTY(kept_);
}

ReadAhead::State ReadAhead::gather() noexcept {
    for (;;) {
        if (is_whole()) {
            return State::kWhole;
        }
        bool took = false;
        const State state = take_fresh(took);
        if (!took) {
            return state;
        }
    }
}

}  // namespace bayeux::httpd

void bayeux_register_filters(void) noexcept {
    bayeux::httpd::registered = ap_register_input_filter(
        "BAYEUX_AHEAD", bayeux::httpd::ReadAheadFilter::read, nullptr, AP_FTYPE_CONNECTION);
    bayeux::httpd::register_reply_output();
    bayeux::httpd::register_service_filters();
}
