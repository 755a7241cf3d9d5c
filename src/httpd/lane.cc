#include "httpd/lane.hpp"

#include <algorithm>
#include <utility>

#include <httpd.h>

#include <util_filter.h>

#include "httpd/authorization.hpp"
#include "httpd/boundary.hpp"
#include "httpd/browser_cookie.hpp"
#include "httpd/client_address_of.hpp"
#include "httpd/module_state.hpp"

namespace bayeux::httpd {
namespace {

constexpr std::size_t kMaxReplyHead = 8192;

std::size_t max_body_of(request_rec* r, const DirConfig& config) noexcept {
    const std::size_t most = config.max_message_size.or_else(kDefaultMaxMessageSize);
    const apr_off_t limit = ap_get_limit_req_body(r);
    return limit > 0 ? std::min(most, static_cast<std::size_t>(limit)) : most;
}

// "408 Request Timeout", out of httpd's own table.
std::string_view duplicate_of(const DirConfig& config) {
    return ap_get_status_line(config.duplicate_status.or_else(408));
}

}  // namespace

Lane::Accepted::Accepted(request_rec* r, const DirConfig& config, const Answers& answers)
    : settings(settings_of(config, r)),
      policy(sections_of(r->server, settings.domain), answers, this_child()->clock(),
             settings.broadcast_to_publisher),
      hooks(nullptr, RequestIs::kAtHand, broker::Transport::kLongPolling,
            settings.max_message_size),
      browser(
          browser_of(r, config.cookie.or_else(CookieTerms{}), this_child()->store().browser_key())),
      keep_alive_max(r->server->keep_alive_max),
      user(r->user != nullptr ? r->user : ""),
      user_tag(user_of(r).tag),
      from(client_address_of(r)),
      revalidate(config.revalidate_ms.or_else(kDefaultRevalidateMs)) {}

Lane::Lane(conn_rec* c, const loop::Connection& connection, FreeMemory& memory)
    : c_(c), memory_(memory), bytes_(c, connection) {}

// --- a pass ---

void Lane::begin_pass(std::string_view request) {
    memory_.keep(kKeptFree);
    terms_.accepted.reset();
    terms_.reply.reset();
    accepted_.reset();
    pass_.reset();
    if (auto head = loop::AcceptedHead::of_request(request)) {
        pass_ = std::make_unique<Pass>();
        pass_->head = std::move(head);
    }
}

void Lane::request_begins() noexcept {
    if (pass_) {
        pass_->met = nullptr;
        ++pass_->requests;
    }
}

Answers* Lane::answers() noexcept {
    return pass_ ? &pass_->answers : nullptr;
}

// Some filters remove themselves once they have seen what comes.
void Lane::meet(const request_rec* r) noexcept {
    if (pass_) {
        pass_->harmless_filters = has_harmless_filters(r);
        pass_->met = r->main == nullptr ? r : nullptr;
    }
}

void Lane::accept(request_rec* r, const DirConfig& config) {
    const bool first = pass_ && pass_->requests == 1 && r->main == nullptr && r->prev == nullptr &&
                       r->method_number == M_POST;
    if (!first || !config.fast_lane.or_else(kDefaultFastLane) || !pass_->harmless_filters) {
        return;
    }
    pass_->accepted = std::make_unique<Accepted>(r, config, answers_);
    memory_.keep_nothing();  // no request of httpd's follows for a while: what this one used is
                             // given back
    terms_.max_body = max_body_of(r, config);
    terms_.duplicate = duplicate_of(config);
    terms_.patience = Millis{apr_time_as_msec(r->server->timeout)};
}

void Lane::see_output(std::string_view bytes) {
    std::string& begun = pass_->begun;
    begun += bytes;
    const std::size_t end = begun.find("\r\n\r\n");
    if (end != std::string::npos) {
        pass_->reply = loop::ReplyHead::of(std::string_view(begun).substr(0, end + 4));
        if (pass_->met != nullptr && has_filter_by_type(pass_->met)) {
            pass_->harmless_filters = false;
        }
        pass_->met = nullptr;
    }
    pass_->watched = end == std::string::npos && begun.size() < kMaxReplyHead;
}

bool Lane::end_pass(Millis keep_alive) {
    const std::unique_ptr<Pass> passed = std::move(pass_);
    if (!passed || !passed->accepted || !passed->reply || passed->requests != 1 ||
        !passed->harmless_filters) {
        return false;
    }
    Pass& pass = *passed;
    const TimePoint now = this_child()->clock().now();
    if (answers_of_ != pass.head) {
        answers_.clear();
        answers_of_.reset();
    }
    if (!pass.answers.empty()) {
        answers_of_ = pass.head;
        answers_.take_over(pass.answers);
    }
    if (!lane_) {
        lane_ = std::make_unique<loop::FastLane>(this_child()->streams(), *this, bytes_);
    }
    terms_.good_until = now + pass.accepted->revalidate;
    terms_.keep_alive = keep_alive;
    const int most = pass.accepted->keep_alive_max;
    terms_.requests_left.reset();
    if (most > 0) {
        terms_.requests_left = static_cast<std::uint32_t>(std::max(most - c_->keepalives, 0));
    }
    terms_.accepted = std::move(pass.head);
    terms_.reply = std::move(pass.reply);
    accepted_ = std::move(pass.accepted);
    remove_request_timeout(c_);
    bytes_.enter();
    entered_ = true;
    return true;
}

Lane::Left Lane::leave() noexcept {
    if (!std::exchange(entered_, false)) {
        return {};
    }
    bytes_.leave();
    c_->keepalives += static_cast<int>(lane_->take_count());
    const bool overdue = lane_->overdue();
    return {lane_->take_rest(), overdue};
}

broker::Request Lane::request() noexcept {
    return {.settings = accepted_->settings,
            .policy = accepted_->policy,
            .transport = broker::Transport::kLongPolling,
            .browser = accepted_->browser,
            .new_browser = accepted_->browser,
            .can_hold = true,
            .unheld_interval = Millis{0},
            .bound = std::nullopt,
            .stream = {},
            .no_cookie = false,
            .user = {accepted_->user, accepted_->user_tag},
            .from = accepted_->from,
            .hooks = accepted_->hooks.if_wanted()};
}

}  // namespace bayeux::httpd
