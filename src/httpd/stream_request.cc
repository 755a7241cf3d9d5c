#include "httpd/stream_request.hpp"

#include <utility>

#include <httpd.h>

#include "httpd/adoption.hpp"
#include "httpd/authorization.hpp"
#include "httpd/boundary.hpp"
#include "httpd/browser_cookie.hpp"
#include "httpd/channel_sections.hpp"
#include "httpd/client_address_of.hpp"
#include "httpd/filter_stream.hpp"
#include "httpd/module_state.hpp"
#include "httpd/reply.hpp"
#include "httpd/revalidation.hpp"
#include "loop/socket_stream.hpp"

namespace bayeux::httpd {
namespace {

CookieTerms cookie_terms(const DirConfig& config) noexcept {
    return config.cookie.or_else(CookieTerms{});
}

loop::StreamLimits limits_of(const request_rec* r, const DirConfig& config) noexcept {
    loop::StreamLimits limits;
    limits.max_message = config.max_message_size.or_else(kDefaultMaxMessageSize);
    limits.messages_per_frame = config.messages_per_frame.or_else(1);
    limits.ping = Millis{config.ping_ms.or_else(30000)};
    limits.patience = Millis{apr_time_as_msec(r->server->timeout)};
    // Who has no login has none that could expire.
    limits.revalidate =
        Millis{r->user != nullptr ? config.revalidate_ms.or_else(kDefaultRevalidateMs) : 0};
    return limits;
}

}  // namespace

StreamRequest::StreamRequest(request_rec* r, const DirConfig& config, broker::Transport transport)
    : c_(r->connection),
      r_(r),
      transport_(transport),
      settings_(settings_of(config, r)),
      policy_(r, sections_of(r->server, settings_.domain), this_child()->clock(),
              Millis{config.revalidate_ms.or_else(kDefaultRevalidateMs)},
              settings_.broadcast_to_publisher),
      services_(service_terms_of(config, r)),
      hooks_(r, RequestIs::kAStream, transport, settings_.max_message_size),
      browser_(browser_of(r, cookie_terms(config), this_child()->store().browser_key())),
      no_cookie_(!has_browser_cookie(r, cookie_terms(config))),
      user_(r->user != nullptr ? r->user : ""),
      user_tag_(user_of(r).tag),
      from_(client_address_of(r)),
      limits_(limits_of(r, config)) {}

broker::Request StreamRequest::request() noexcept {
    return {.settings = settings_,
            .policy = policy_,
            .transport = transport_,
            .browser = browser_,
            .new_browser = browser_,  // WS-3: no cookie is set on a stream
            .can_hold = true,
            .unheld_interval = Millis{0},
            .bound = std::nullopt,
            .stream = {},
            .no_cookie = no_cookie_,
            .user = {user_, user_tag_},
            .from = from_,
            .hooks = hooks_.if_wanted()};
}

void StreamRequest::start_calls(const std::vector<broker::ServiceCall>& calls) noexcept {
    this_child()->start_calls(r_, services_, calls);
}

loop::Standing StreamRequest::ask_again() noexcept {
    if (r_ != nullptr) {
        return ask_httpd_again(r_, user_);
    }
    request_rec* r = memo_->revive(c_);
    const loop::Standing standing = ask_httpd_again(r, user_);
    apr_pool_destroy(r->pool);
    return standing;
}

void StreamRequest::begin_bytes() {
    remove_request_timeout(c_);
    c_->keepalive = AP_CONN_CLOSE;  // nothing else follows on this connection
    apr_os_sock_t fd = -1;
    apr_os_sock_get(&fd, ap_get_conn_socket(c_));
    loop::break_when_unheard(fd, limits_.patience);
    bytes_.emplace(c_, fd, is_transparent(c_));
}

void StreamRequest::begin_websocket(bool deflate) {
    limits_.deflate = deflate;
    begin_bytes();
    stream_ = std::make_unique<loop::WebSocket>(this_child()->streams(), *this, *bytes_);
}

void StreamRequest::begin_event_source(const broker::Bound& bound) {
    begin_bytes();
    stream_ = std::make_unique<loop::EventSource>(this_child()->streams(), *this, *bytes_, bound,
                                                  r_->chunked != 0);
}

void StreamRequest::let_go() noexcept {
    if (!policy_.asks_nobody() || services_.any() || has_hooks()) {
        return;
    }
    guard("stream", [&] { memo_ = RequestMemo::of(r_); });
    if (memo_) {
        apr_pool_destroy(std::exchange(r_, nullptr)->pool);
    }
}

request_rec* StreamRequest::end() noexcept {
    request_rec* r = r_ != nullptr ? r_ : memo_->revive(c_);
    r->bytes_sent += bytes_->sent();
    r->sent_bodyct = 1;  // else %b would say that there was no body
    return r;
}

Outlook outlook_of(request_rec* r) {
    if (!can_be_adopted(r)) {
        return Outlook::kNone;
    }
    return this_child()->loop().stopping() ? Outlook::kBrief : Outlook::kStream;
}

int refuse_stream(request_rec* r) {
    return write_refusal(r,
                         {HTTP_NOT_IMPLEMENTED, "no stream can begin here; another transport can"});
}

}  // namespace bayeux::httpd
