#include "httpd/polling.hpp"

#include <utility>

#include <httpd.h>

#include "httpd/adoption.hpp"
#include "httpd/authorization.hpp"
#include "httpd/blocking_hold.hpp"
#include "httpd/boundary.hpp"
#include "httpd/browser_cookie.hpp"
#include "httpd/client_address_of.hpp"
#include "httpd/held_request.hpp"
#include "httpd/module_hooks.hpp"
#include "httpd/module_state.hpp"
#include "httpd/receipt.hpp"
#include "httpd/reply.hpp"

namespace bayeux::httpd {
namespace {

using loop::EndReason;

// What a client that cannot be held shall wait before it comes again (design.md 4.8).
constexpr Millis kUnheldInterval{2000};

// One thread's leave to wait, given back unless a connect is held by it.
class BlockingLeave {
  public:
    explicit BlockingLeave(bool wanted) noexcept
        : claimed_(wanted && this_child()->claim_blocking_hold()) {}
    BlockingLeave(const BlockingLeave&) = delete;
    BlockingLeave& operator=(const BlockingLeave&) = delete;
    ~BlockingLeave() {
        if (claimed_) {
            this_child()->release_blocking_hold();
        }
    }
    [[nodiscard]] bool claimed() const noexcept { return claimed_; }

  private:
    bool claimed_;
};

// nullptr if the request's connection has none yet, or never.
Lane* lane_of(request_rec* r) noexcept {
    AdoptedConnection* connection = adopted_connection(r->connection);
    return connection != nullptr ? connection->lane() : nullptr;
}

// Where the fast lane of the request's connection notes what providers say; nullptr if nowhere.
Answers* answers_of(request_rec* r) noexcept {
    Lane* const lane = lane_of(r);
    return lane != nullptr ? lane->answers() : nullptr;
}

Millis revalidate_of(const DirConfig& config) noexcept {
    return Millis{config.revalidate_ms.or_else(kDefaultRevalidateMs)};
}

// The fast lane may take requests with the head of this one: it was one of messages, in JSON, and
// its response is as any other.
void tell_lane(request_rec* r, const DirConfig& config, const HeldRequest& held) {
    Lane* const lane = lane_of(r);
    if (lane != nullptr && held.callback == nullptr && !held.outcome.handshaken) {
        lane->accept(r, config);
    }
}

broker::Outcome ask_broker(request_rec* r, const DirConfig& config, broker::Transport transport,
                           const DecodedBody& body, bool can_hold) {
    Child& child = *this_child();
    const broker::Settings settings = settings_of(config, r);
    RequestPolicy policy(r, sections_of(r->server, settings.domain),
                         settings.broadcast_to_publisher);
    NotingPolicy noting(policy, answers_of(r), child.clock().now() + revalidate_of(config));
    ModuleHooks hooks(r, RequestIs::kAtHand, transport, settings.max_message_size);
    const CookieTerms cookie = config.cookie.or_else(CookieTerms{});
    const protocol::SecretKey key = child.store().browser_key();
    broker::Request request{
        .settings = settings,
        .policy = noting,
        .transport = transport,
        .browser = browser_of(r, cookie, key),
        .new_browser = std::nullopt,
        .can_hold = can_hold,
        // A child that stops holds nothing; its client finds another at once.
        .unheld_interval = child.loop().stopping() ? Millis{0} : kUnheldInterval,
        .bound = std::nullopt,
        .stream = {},
        .no_cookie = false,
        .user = user_of(r),
        .from = client_address_of(r),
        .hooks = hooks.if_wanted()};
    request.new_browser =
        request.browser ? request.browser : protocol::BrowserId::make(child.entropy());
    broker::Outcome outcome = child.engine().handle(request, body.messages);
    if (outcome.handshaken && !request.browser && request.new_browser) {
        set_browser(r, cookie, *request.new_browser, key);
    }
    return outcome;
}

// While the request is ours: from its reply on it may be the loop's.
void start_calls(request_rec* r, const DirConfig& config, std::vector<broker::ServiceCall>& calls) {
    if (!calls.empty()) {
        this_child()->start_calls(r, service_terms_of(config, r), calls);
        calls = {};
    }
}

int hold(request_rec* r, HeldRequest& held, HoldBy way) {
    held.receipt = new_receipt(r);
    held.receipt->connect = held.outcome.park->connect;
    if (input_pending(r)) {
        // Nothing is held in front of a request that is there already.
        write_end_of_park(held, EndReason::kPipelined);
        return OK;
    }
    if (way == HoldBy::kAdoption) {
        held.outcome.park->reply.text.shrink_to_fit();
        leave_to_loop(r, held);
        return SUSPENDED;
    }
    const EndReason reason = hold_by_blocking(held);
    if (reason == EndReason::kGone) {
        r->connection->aborted = 1;
        held.receipt->settle_stream();
        return OK;
    }
    if (reason == EndReason::kStopping) {
        r->connection->keepalive = AP_CONN_CLOSE;
    }
    write_end_of_park(held, reason);
    return OK;
}

int answer(request_rec* r, HeldRequest& held, HoldBy way, bool could_hold) {
    if (way == HoldBy::kBlocking && !could_hold && held.outcome.answered &&
        r->connection->master == nullptr) {
        // The client comes again later, or not to this child: till then its connection would keep
        // a thread that others wait for.
        r->connection->keepalive = AP_CONN_CLOSE;
    }
    const AdoptedConnection* connection = adopted_connection(r->connection);
    if (way == HoldBy::kAdoption && (connection == nullptr || !connection->adopted())) {
        // Who has spoken Bayeux once will do so again: the loop keeps the connection from now on.
        leave_to_loop(r, held);
        return SUSPENDED;
    }
    write_reply(held);
    return OK;
}

}  // namespace

int serve_polling(request_rec* r, const DirConfig& config, const Polling& polling) {
    const HoldBy way = way_to_hold(r);
    if (Lane* const lane = lane_of(r)) {
        lane->meet(r);
    }
    const BlockingLeave leave(way == HoldBy::kBlocking && !this_child()->loop().stopping());
    auto* held = pool_new<HeldRequest>(r->pool);
    {
        // Messages borrow from the body, and the outcome from neither.
        DecodedBody body;
        Refusal refusal;
        const std::size_t limit = config.max_message_size.or_else(kDefaultMaxMessageSize);
        if (!polling.read(r, limit, body, refusal)) {
            return refusal.connection_lost ? refusal.status : write_refusal(r, refusal);
        }
        held->outcome = ask_broker(r, config, polling.transport, body,
                                   way == HoldBy::kAdoption || leave.claimed());
        start_calls(r, config, held->outcome.calls);
    }
    held->r = r;
    held->duplicate_status = config.duplicate_status.or_else(408);
    held->callback = polling.callback;
    if (way == HoldBy::kAdoption) {
        tell_lane(r, config, *held);
    }
    if (held->outcome.park) {
        return hold(r, *held, way);
    }
    return answer(r, *held, way, leave.claimed());
}

}  // namespace bayeux::httpd
