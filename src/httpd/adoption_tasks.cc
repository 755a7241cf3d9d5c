// What a worker does with an adopted connection.
#include <memory>
#include <sys/socket.h>
#include <utility>

#include <httpd.h>

#include <ap_mpm.h>
#include <apr_buckets.h>
#include <http_connection.h>
#include <http_request.h>
#include <scoreboard.h>
#include <util_filter.h>

#include "httpd/adoption.hpp"
#include "httpd/boundary.hpp"
#include "httpd/filter_stream.hpp"
#include "httpd/module_state.hpp"
#include "httpd/stream_request.hpp"
#include "loop/request_head.hpp"

// What these states were called before httpd 2.4.63.
#if !AP_MODULE_MAGIC_AT_LEAST(20120211, 135)
#define CONN_STATE_KEEPALIVE CONN_STATE_CHECK_REQUEST_LINE_READABLE
#define CONN_STATE_PROCESSING CONN_STATE_READ_REQUEST_LINE
#endif

namespace bayeux::httpd {

using loop::EndReason;
using loop::Next;
using loop::Task;

namespace {

Next next_idle(Millis patience) noexcept {
    Next next;
    next.kind = Next::Kind::kIdle;
    next.patience = patience;
    return next;
}

Next next_of(Next::Kind kind) noexcept {
    Next next;
    next.kind = kind;
    return next;
}

}  // namespace

void AdoptedConnection::perform() noexcept {
    loop::EventLoop& owner = this_child()->loop();
    c_->current_thread = ap_thread_current();
    c_->id = worker_connection_id(c_->id);
    show_in_scoreboard(c_, &score_);
    switch (task) {
        case Task::kServe:
            serve();
            break;
        case Task::kInspect:
            inspect();
            break;
        case Task::kAnswer:
            memory_.borrow(this_child()->spare_memory());
            answer(reason);
            break;
        case Task::kFlush:
            after_response();
            break;
        case Task::kClose:
            close();
            break;
        case Task::kStream:
            stream->stream().perform();
            next = next_of_stream();
            break;
    }
    clear_in_scoreboard();
    if (next.kind == Next::Kind::kElsewhere) {
        return;
    }
    c_->sbh = nullptr;
    shrink();
    owner.give_back_in_turn(*this);  // nothing is touched behind this
}

void AdoptedConnection::shrink() noexcept {
    if (next.kind == Next::Kind::kPark || next.kind == Next::Kind::kStream) {
        memory_.release(this_child()->spare_memory());
    }
}

apr_status_t AdoptedConnection::peek_input() noexcept {
    // Made once: what is allocated from the connection's pool stays until it goes.
    if (peeked_ == nullptr) {
        peeked_ = apr_brigade_create(c_->pool, c_->bucket_alloc);
    }
    apr_bucket_brigade* bb = peeked_;
    apr_status_t rv =
        ap_get_brigade(c_->input_filters, bb, AP_MODE_SPECULATIVE, APR_NONBLOCK_READ, 1);
    if (rv == APR_SUCCESS) {
        apr_off_t length = 0;
        const bool data = apr_brigade_length(bb, 0, &length) == APR_SUCCESS && length > 0;
        const bool end = !APR_BRIGADE_EMPTY(bb) && APR_BUCKET_IS_EOS(APR_BRIGADE_FIRST(bb));
        rv = data ? APR_SUCCESS : end ? APR_EOF : APR_EAGAIN;
    }
    apr_brigade_cleanup(bb);
    char byte = 0;
    if (APR_STATUS_IS_EAGAIN(rv) && ::recv(fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) {
        // core_filters.c takes the end of the stream for "nothing yet" in its first non-blocking
        // read, and the loop hears of that end only once.
        return APR_EOF;
    }
    return rv;
}

void AdoptedConnection::serve() noexcept {
    if (this_child()->loop().stop_mode() == loop::StopMode::kAtOnce) {
        close();
        return;
    }
    const bool late = take_from_lane() || overdue;
    const bool here = request_is_here();
    if (!here && !(late && next.begun)) {
        return;
    }
    if (!here) {
        ahead_.give_up();
    }
    const bool answered = run_pipeline();
    ahead_.be_patient();
    if (answered) {
        after_response();
    }
}

bool AdoptedConnection::request_is_here() noexcept {
    switch (ahead_.gather()) {
        case ReadAhead::State::kWhole:
            return true;
        case ReadAhead::State::kNothing:
            next = next_idle(keep_alive);
            break;
        case ReadAhead::State::kPart:
            next = next_idle(keep_alive);
            next.begun = true;
            break;
        case ReadAhead::State::kEnd:
            close();
            return false;
    }
    state_.state = CONN_STATE_SUSPENDED;
    return false;
}

bool AdoptedConnection::stays() const noexcept {
    return stream || (held != nullptr && held->outcome.park);
}

Next AdoptedConnection::begin_to_hold() noexcept {
    if (stream) {
        memory_.keep_nothing();  // no request follows
        stream->let_go();
        return next_of_stream();
    }
    Next park = next_of(Next::Kind::kPark);
    park.terms = held->terms();
    return park;
}

Next AdoptedConnection::next_of_stream() const noexcept {
    Next streaming = next_of(Next::Kind::kStream);
    streaming.stream = &stream->stream();
    return streaming;
}

// One request through httpd. True if a response was written and after_response() has to follow;
// false if `next` is set.
bool AdoptedConnection::run_pipeline() noexcept {
    if (lane_ != nullptr) {
        guard("fast lane", [&] { lane_->begin_pass(ahead_.text(loop::kPeekSize)); });
    }
    state_.state = CONN_STATE_PROCESSING;
    state_.sense = CONN_SENSE_DEFAULT;
    const int rv = ap_run_process_connection(c_);
    if (stays()) {
        state_.state = CONN_STATE_SUSPENDED;
        next = begin_to_hold();
        return false;
    }
    if (rv == OK && state_.state == CONN_STATE_SUSPENDED) {
        // Another module's handler has suspended its request and holds on to the connection: no
        // hook tells when it lets go, so it is never touched again (nor does the MPM in that case).
        next = next_of(Next::Kind::kElsewhere);
        return false;
    }
    const bool went_well =
        (rv == OK || rv == DONE) && c_->aborted == 0 &&
        (state_.state == CONN_STATE_WRITE_COMPLETION || state_.state == CONN_STATE_KEEPALIVE);
    if (!went_well) {
        // What was no request has an answer too, which may not have left yet.
        c_->keepalive = AP_CONN_CLOSE;
    }
    return true;
}

void AdoptedConnection::after_response() noexcept {
    for (;;) {
        replies_.flush();
        if (!flush_without_blocking(c_)) {
            close();
            return;
        }
        if (c_->data_in_output_filters != 0) {
            next = next_of(Next::Kind::kFlush);
            next.patience = Millis{apr_time_as_msec(c_->base_server->timeout)};
            return;
        }
        if (c_->keepalive != AP_CONN_KEEPALIVE || this_child()->loop().stopping()) {
            close();
            return;
        }
        if (c_->data_in_input_filters == 0) {
            rest();
            return;
        }
        if (!request_is_here() || !run_pipeline()) {
            return;
        }
    }
}

void AdoptedConnection::rest() noexcept {
    state_.state = CONN_STATE_SUSPENDED;
    next = next_idle(keep_alive);
    const bool fast = lane_ != nullptr && ahead_.empty() &&
                      guard("fast lane", false, [&] { return lane_->end_pass(keep_alive); });
    if (fast) {
        next.kind = Next::Kind::kStream;
        next.stream = &lane_->stream();
    }
}

bool AdoptedConnection::take_from_lane() noexcept {
    if (lane_ == nullptr) {
        return false;
    }
    return guard("fast lane", false, [&] {
        const Lane::Left left = lane_->leave();
        ahead_.put_back(left.rest);
        return left.overdue;
    });
}

void AdoptedConnection::inspect() noexcept {
    const apr_status_t rv = peek_input();
    if (APR_STATUS_IS_EAGAIN(rv)) {
        next = next_of(Next::Kind::kResume);
        return;
    }
    next = next_of(Next::Kind::kEnd);
    // mod_reqtimeout counts from the request's own body on: its time being up means that more came.
    next.reason =
        rv == APR_SUCCESS || APR_STATUS_IS_TIMEUP(rv) ? EndReason::kPipelined : EndReason::kGone;
}

void AdoptedConnection::answer(EndReason why) noexcept {
    HeldRequest* ended = std::exchange(held, nullptr);
    request_rec* r = ended->r;
    state_.state = CONN_STATE_HANDLER;
    if (why == EndReason::kGone) {
        c_->aborted = 1;
    } else {
        if (why == EndReason::kStopping || this_child()->loop().stopping()) {
            c_->keepalive = AP_CONN_CLOSE;
        }
        write_end_of_park(*ended, why);
    }
    finish_request(r);
    after_response();
}

void AdoptedConnection::finish_request(request_rec* r) noexcept {
    if (c_->aborted == 0) {
        ap_finalize_request_protocol(r);
    }
    // Logs the request and frees it, now or when its last byte has left.
    ap_process_request_after_handler(r);
}

void AdoptedConnection::close() noexcept {
    static_cast<void>(take_from_lane());
    c_->keepalive = AP_CONN_CLOSE;
    state_.state = CONN_STATE_LINGER;
    if (c_->data_in_output_filters != 0) {
        c_->aborted = 1;  // it had its time; waiting for it would block this worker
    }
    if (const std::unique_ptr<StreamRequest> ended = std::move(stream)) {
        // Its response has no end that HTTP knows of; only now is the request logged and freed.
        ap_process_request_after_handler(ended->end());
        state_.state = CONN_STATE_LINGER;
    }
    // Runs the pre-close hooks, sends what TLS has to say, and shuts down the write side.
    const bool gone = ap_start_lingering_close(c_) != 0;
    next = next_of(gone ? Next::Kind::kBury : Next::Kind::kLinger);
}

}  // namespace bayeux::httpd
