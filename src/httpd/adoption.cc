// From the MPM's hands into the loop's.
#include "httpd/adoption.hpp"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include <httpd.h>

#include <ap_mpm.h>
#include <http_connection.h>
#include <http_request.h>
#include <util_filter.h>

#include "bayeux_module.h"
#include "httpd/boundary.hpp"
#include "httpd/config.hpp"
#include "httpd/guarded_locations.hpp"
#include "httpd/hidden_secrets.hpp"
#include "httpd/module_state.hpp"
#include "httpd/stream_request.hpp"

namespace bayeux::httpd {
namespace {

// Connection filters that pass on what is on the socket as it is. With any other, TLS first of all,
// only the filters know whether a request is there.
constexpr std::string_view kPlainFilters[] = {"core_in", "reqtimeout", "log_input_output",
                                              "http_in"};

bool has_plain_filters(conn_rec* c) noexcept {
    for (const ap_filter_t* f = c->input_filters; f != nullptr; f = f->next) {
        const std::string_view name = f->frec->name;
        if (std::none_of(std::begin(kPlainFilters), std::end(kPlainFilters),
                         [&](std::string_view plain) { return plain == name; })) {
            return false;
        }
    }
    return true;
}

Millis keep_alive_of(const request_rec* r) noexcept {
    const server_rec* s =
        r->server->keep_alive_timeout_set ? r->server : r->connection->base_server;
    return Millis{apr_time_as_msec(s->keep_alive_timeout)};
}

}  // namespace

AdoptedConnection::AdoptedConnection(conn_rec* c, int fd, bool transparent) noexcept
    : Connection(fd, transparent), c_(c), memory_(c->pool) {}

AdoptedConnection::~AdoptedConnection() = default;

AdoptedConnection* adopted_connection(conn_rec* c) noexcept {
    if (c->master != nullptr) {
        return nullptr;
    }
    return static_cast<AdoptedConnection*>(ap_get_module_config(c->conn_config, &bayeux_module));
}

bool is_transparent(conn_rec* c) noexcept {
    // One that was adopted has our own filter since.
    const AdoptedConnection* connection = adopted_connection(c);
    return connection != nullptr ? connection->transparent() : has_plain_filters(c);
}

bool can_be_adopted(request_rec* r) noexcept {
    // httpd takes SUSPENDED for an error in a subrequest and behind an internal redirect; HTTP/2
    // streams and other MPMs do not know it at all.
    const conn_rec* c = r->connection;
    return r->main == nullptr && r->prev == nullptr && c->master == nullptr && c->cs != nullptr &&
           mpm_can_suspend();
}

HoldBy way_to_hold(request_rec* r) noexcept {
    const bool can =
        can_be_adopted(r) && this_child() != nullptr && !this_child()->loop().stopping();
    return can ? HoldBy::kAdoption : HoldBy::kBlocking;
}

namespace {

AdoptedConnection& connection_for(request_rec* r) {
    conn_rec* c = r->connection;
    AdoptedConnection* connection = adopted_connection(c);
    if (connection == nullptr) {
        apr_os_sock_t fd = -1;
        apr_os_sock_get(&fd, ap_get_conn_socket(c));
        connection = pool_new<AdoptedConnection>(c->pool, c, fd, is_transparent(c));
        ap_set_module_config(c->conn_config, &bayeux_module, connection);
    }
    connection->keep_alive = keep_alive_of(r);
    return *connection;
}

}  // namespace

void leave_to_loop(request_rec* r, HeldRequest& held) {
    connection_for(r).held = &held;
}

void leave_stream_to_loop(request_rec* r, std::unique_ptr<StreamRequest> stream) {
    connection_for(r).stream = std::move(stream);
}

bool input_pending(request_rec* r) noexcept {
    conn_rec* c = r->connection;
    apr_bucket_brigade* bb = apr_brigade_create(r->pool, c->bucket_alloc);
    const apr_status_t rv =
        ap_get_brigade(c->input_filters, bb, AP_MODE_SPECULATIVE, APR_NONBLOCK_READ, 1);
    apr_off_t length = 0;
    const bool pending =
        rv == APR_SUCCESS && apr_brigade_length(bb, 0, &length) == APR_SUCCESS && length > 0;
    apr_brigade_destroy(bb);
    return pending;
}

bool AdoptedConnection::adopt() noexcept {
    if (adopted_ || (held == nullptr && !stream)) {
        return false;
    }
    if (c_->cs->state != CONN_STATE_SUSPENDED) {
        // The client was gone before httpd was done with it. The request goes with the connection,
        // and its receipt tells the store.
        held = nullptr;
        stream.reset();
        return false;
    }
    adopted_ = true;
    state_.state = CONN_STATE_SUSPENDED;
    c_->cs = &state_;  // the MPM's own copy stays SUSPENDED: it counts by it when the pool goes
    // What one request after another uses is kept, so that none has to ask the kernel for memory
    // (APR maps and unmaps it); what an exceptional one used is given back.
    memory_.keep(Lane::kKeptFree);
    if (!stream) {
        ahead_.attach(c_);
        // Only where the adopting request's Location wants it: others do not pay for it.
        if (dir_config(held->r).fast_lane.or_else(kDefaultFastLane)) {
            guard("fast lane", [&] { lane_ = std::make_unique<Lane>(c_, *this, memory_); });
        }
        replies_.attach(held->r, fd(), transparent(), lane_.get());
    }
    if (stays()) {
        next = begin_to_hold();
    } else {
        HeldRequest* answered = std::exchange(held, nullptr);
        write_reply(*answered);
        finish_request(answered->r);
        after_response();
    }
    if (next.kind != loop::Next::Kind::kElsewhere) {
        // Not before: a pipelined request enters hooks of ours, on this thread.
        adopted_by_ = mark_thread();
        adopted_mark_ = adopted_by_ != nullptr ? adopted_by_->entries.load() : 0;
        adopter_score_ = busy_score();
        adopted_at_ = this_child()->clock().now();
        shrink();
        this_child()->loop().give_back(*this);
    }
    return true;
}

bool AdoptedConnection::may_destroy(TimePoint now) noexcept {
    // After the suspend hook the MPM's worker writes to the connection twice more (event.c,
    // notify_suspend). It has gone on when it entered a hook of ours again, or says that it waits.
    constexpr Millis kLongEnough{5000};
    return adopted_by_ == nullptr || adopted_by_->entries.load() != adopted_mark_ ||
           (adopter_score_ != nullptr && is_at_rest(*adopter_score_)) ||
           now - adopted_at_ > kLongEnough;
}

void AdoptedConnection::destroy() noexcept {
    apr_pool_destroy(c_->pool);  // the socket and this object with it
}

}  // namespace bayeux::httpd

using bayeux::httpd::adopted_connection;
using bayeux::httpd::AdoptedConnection;

int bayeux_process_connection(conn_rec* /*c*/) noexcept {
    bayeux::httpd::mark_thread();
    return DECLINED;
}

int bayeux_post_read_request(request_rec* r) noexcept {
    AdoptedConnection* connection = adopted_connection(r->connection);
    if (connection != nullptr && r->main == nullptr) {
        connection->keep_alive = bayeux::httpd::keep_alive_of(r);
        if (connection->lane() != nullptr) {
            connection->lane()->request_begins();
        }
    }
    if (r->args != nullptr && bayeux::httpd::path_below_location(r)) {
        bayeux::httpd::guard("request line", [r] { bayeux::httpd::hide_in_publish_line(r); });
    }
    return DECLINED;
}

// Runs for keep-alive and closing connections too; httpd gives the connection away with it only if
// the handler has returned SUSPENDED.
void bayeux_suspend_connection(conn_rec* c, request_rec* /*r*/) noexcept {
    AdoptedConnection* connection = adopted_connection(c);
    if (connection == nullptr || !connection->adopt()) {
        bayeux::httpd::mark_thread();
    }
}
