// `SetHandler bayeux-publish`: a message by a plain POST, from whoever the Location lets in. The
// channel sections of the domain do not ask again: their rules are for sessions.
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bayeux_module.h"
#include "broker/outside.hpp"
#include "httpd/adoption_workers.hpp"
#include "httpd/authorization.hpp"
#include "httpd/boundary.hpp"
#include "httpd/guarded_locations.hpp"
#include "httpd/hidden_secrets.hpp"
#include "httpd/log_ids.hpp"
#include "httpd/module_hooks.hpp"
#include "httpd/module_state.hpp"
#include "httpd/origin.hpp"
#include "httpd/publish_request.hpp"
#include "httpd/reply.hpp"
#include "protocol/message.hpp"
#include "protocol/string_filter.hpp"

namespace bayeux::httpd {
namespace {

constexpr const char* kMethods = "POST, OPTIONS";

// The request's body has not been read, and is not worth it.
int refuse_unread(request_rec* r, const Refusal& refusal) {
    r->connection->keepalive = AP_CONN_CLOSE;
    return write_refusal(r, refusal);
}

// Sends the messages of one request, one after the other.
class Sender {
  public:
    Sender(request_rec* r, const DirConfig& config, const PublishRequest& request)
        : settings_(settings_of(config, r)),
          request_(request),
          options_(options_of(sections_of(r->server, settings_.domain), *request.channel,
                              settings_.broadcast_to_publisher)),
          hooks_(r, RequestIs::kAtHand, broker::Transport::kNone, settings_.max_message_size) {}

    // Lets the channel's filters and other modules see all of them. False if `refusal` says why
    // none is sent.
    [[nodiscard]] bool prepare(Refusal& refusal) {
        for (const std::string_view message : request_.messages) {
            std::optional<std::string> changed;
            if (!filter(message, changed, refusal) || !ask_hooks(message, changed, refusal)) {
                return false;
            }
            events_.push_back(event_of(changed ? std::string_view(*changed) : message));
        }
        return true;
    }

    // False if `refusal` says why not; some may have been sent.
    [[nodiscard]] bool send_all(Refusal& refusal) {
        if (request_.to.session && !find_session()) {
            refusal = {HTTP_NOT_FOUND, "there is no session of that id"};
            return false;
        }
        for (const std::string& event : events_) {
            const auto reached = send(event);
            if (!reached) {
                refusal = {HTTP_SERVICE_UNAVAILABLE, reached.error().text + sent_before()};
                return false;
            }
            ++sent_;
            sessions_ += *reached;
        }
        return true;
    }

    [[nodiscard]] std::string answer() const {
        const std::string messages =
            request_.lines ? "\"messages\":" + std::to_string(sent_) + "," : "";
        return "{" + messages + "\"sessions\":" + std::to_string(sessions_) + "}\n";
    }

  private:
    [[nodiscard]] std::string event_of(std::string_view data) const {
        return broker::event_from_outside(*request_.channel, data, settings_,
                                          this_child()->clock());
    }

    [[nodiscard]] bool filter(std::string_view message, std::optional<std::string>& changed,
                              Refusal& refusal) const {
        if (options_.filters == nullptr) {
            return true;
        }
        protocol::Filtered filtered = options_.filters->apply(message, settings_.max_message_size);
        changed = std::move(filtered.data);
        if (filtered.refusal.empty()) {
            return true;
        }
        refusal = {HTTP_UNPROCESSABLE_ENTITY, std::move(filtered.refusal)};
        return false;
    }

    // As of a message that a client publishes without a handshake.
    [[nodiscard]] bool ask_hooks(std::string_view message, std::optional<std::string>& changed,
                                 Refusal& refusal) {
        broker::Hooks* const hooks = hooks_.if_wanted();
        if (hooks == nullptr || !hooks->wanted().publish ||
            request_.channel->kind() != protocol::ChannelKind::kBroadcast) {
            return true;
        }
        const std::string raw = event_of(changed ? std::string_view(*changed) : message);
        const protocol::Message shown = protocol::decode_message(raw);
        broker::Verdict verdict =
            hooks->on_publish({settings_.domain, {}, shown}, *request_.channel, shown.data);
        if (verdict.data) {
            changed = std::move(verdict.data);
        }
        if (verdict.denied) {
            refusal = {HTTP_UNPROCESSABLE_ENTITY, verdict.reason.empty()
                                                      ? "a module of the server refuses the message"
                                                      : std::move(verdict.reason)};
        }
        return !verdict.denied;
    }

    bool find_session() {
        const auto id = protocol::ClientId::parse(*request_.to.session);
        const auto found =
            id ? this_child()->store().find_session(settings_.domain, *id) : std::nullopt;
        if (found) {
            session_ = found->handle;
            user_tag_ = found->user_tag;
        }
        return found.has_value();
    }

    Result<std::size_t> send(std::string_view event) {
        store::SharedStore& store = this_child()->store();
        if (request_.to.user) {
            return store.deliver_to_user({settings_.domain, *request_.to.user, event});
        }
        if (!session_) {
            return broker::publish_from_outside(store, settings_, *request_.channel, options_,
                                                event);
        }
        if (store.deliver({settings_.domain, *session_, event, user_tag_}) == 0) {
            return Error{ErrorCode::kFull, "the session's queue or the store has no room for it"};
        }
        return std::size_t{1};
    }

    [[nodiscard]] std::string sent_before() const {
        return request_.lines ? ", after " + std::to_string(sent_) + " of " +
                                    std::to_string(request_.messages.size()) + " messages"
                              : "";
    }

    const broker::Settings settings_;
    const PublishRequest& request_;
    const broker::ChannelOptions options_;
    ModuleHooks hooks_;
    std::vector<std::string> events_;
    std::optional<SessionHandle> session_;
    std::uint64_t user_tag_ = 0;  // whose it is
    std::size_t sent_ = 0;
    std::size_t sessions_ = 0;
};

int publish(request_rec* r, const DirConfig& config, std::string_view path) {
    PublishRequest request;
    Refusal refusal;
    const bool good = read_publish_head(r, path, request, refusal);
    hide_in_query(r);
    if (!good) {
        return refuse_unread(r, refusal);
    }
    const std::size_t limit = config.max_message_size.or_else(kDefaultMaxMessageSize);
    if (!read_publish_body(r, limit, request, refusal)) {
        return refusal.connection_lost ? refusal.status : write_refusal(r, refusal);
    }
    Sender sender(r, config, request);
    if (!sender.prepare(refusal) || !sender.send_all(refusal)) {
        if (refusal.status == HTTP_SERVICE_UNAVAILABLE) {
            apr_table_setn(r->err_headers_out, "Retry-After", "5");
        }
        return write_refusal(r, refusal);
    }
    return write_json(r, sender.answer());
}

int handle_publish(request_rec* r) {
    const auto path = path_below_location(r);
    if (!path) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      BXNO(0040) "bayeux-publish is served only where a <Location> with a path of "
                                 "its own says SetHandler bayeux-publish and Require");
        return refuse_unread(r, {HTTP_FORBIDDEN, "publishing is not configured for this path"});
    }
    const DirConfig& config = dir_config(r);
    const Origin origin = judge_origin(r, config);
    if (origin == Origin::kForeign) {
        return refuse_origin(r);
    }
    add_cors_headers(r, origin);
    if (r->method_number == M_OPTIONS) {
        return answer_options(r, origin, kMethods);
    }
    if (r->method_number != M_POST) {
        apr_table_setn(r->err_headers_out, "Allow", kMethods);
        return refuse_unread(r, {HTTP_METHOD_NOT_ALLOWED, "a message is published by POST"});
    }
    return this_child() != nullptr ? publish(r, config, *path) : HTTP_SERVICE_UNAVAILABLE;
}

}  // namespace
}  // namespace bayeux::httpd

int bayeux_publish_handler(request_rec* r) noexcept {
    if (r->handler == nullptr || std::strcmp(r->handler, bayeux::httpd::kPublishHandler) != 0) {
        return DECLINED;
    }
    bayeux::httpd::mark_thread();
    return bayeux::httpd::guard("publish handler", HTTP_SERVICE_UNAVAILABLE,
                                [&] { return bayeux::httpd::handle_publish(r); });
}
