// The beginning of an event source (FCLI 8): GET <location>/<clientId>.
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <httpd.h>

#include "httpd/boundary.hpp"
#include "httpd/hidden_secrets.hpp"
#include "httpd/module_state.hpp"
#include "httpd/reply.hpp"
#include "httpd/stream_request.hpp"
#include "protocol/event_stream.hpp"

namespace bayeux::httpd {
namespace {

void set_head(request_rec* r) {
    ap_set_content_type(r, "text/event-stream;charset=UTF-8");
    set_common_headers(r);
    // Whoever compressed it would keep events back until there are more.
    apr_table_setn(r->subprocess_env, "no-gzip", "1");
    apr_table_setn(r->subprocess_env, "no-brotli", "1");
    // The body ends with the connection, so it needs no chunks.
    r->connection->keepalive = AP_CONN_CLOSE;
}

// Through httpd's own filters. False if the client has gone.
bool write_head(request_rec* r) {
    set_head(r);
    return ap_rflush(r) >= 0 && r->connection->aborted == 0;
}

// The child stops. A client that is refused would take another transport, for good; one whose
// stream ends comes again.
int begin_for_a_moment(request_rec* r) {
    set_head(r);
    std::string start;
    protocol::append_stream_start(start);
    ap_rwrite(start.data(), static_cast<int>(start.size()), r);
    return OK;
}

}  // namespace

bool is_event_source_request(const request_rec* r) noexcept {
    const char* accept = apr_table_get(r->headers_in, "Accept");
    return accept != nullptr && ap_strcasestr(accept, protocol::kEventStreamType.data()) != nullptr;
}

int begin_event_source(request_rec* r, const DirConfig& config, Origin /*origin*/) {
    const std::string_view client_id = take_client_id(r);
    const Outlook outlook = outlook_of(r);
    if (outlook != Outlook::kStream) {
        return outlook == Outlook::kBrief ? begin_for_a_moment(r) : refuse_stream(r);
    }
    auto stream = std::make_unique<StreamRequest>(r, config, broker::Transport::kEventSource);
    const auto bound = this_child()->engine().find(stream->request(), client_id);
    if (!bound) {
        // Another cookie is not told from no session at all. Event sources do not try again after
        // anything but 200.
        return write_refusal(r, {HTTP_NOT_FOUND, "the session is unknown"});
    }
    if (!write_head(r)) {
        r->connection->aborted = 1;
        return DONE;
    }
    stream->begin_event_source(*bound);
    leave_stream_to_loop(r, std::move(stream));
    return SUSPENDED;
}

}  // namespace bayeux::httpd
