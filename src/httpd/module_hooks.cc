#include "httpd/module_hooks.hpp"

#include <optional>
#include <string>

#include <httpd.h>

#include "base/log_pause.hpp"
#include "httpd/boundary.hpp"
#include "httpd/log_ids.hpp"
#include "httpd/passing_request.hpp"
#include "httpd/transports.hpp"
#include "mod_bayeux.h"
#include "protocol/json.hpp"
#include "protocol/json_text.hpp"

namespace bayeux::httpd {
namespace {

using broker::HookedMessage;
using protocol::ChannelName;

// The functions of each hook, in order; nullptr if there are none. Written by the parent in
// post_config, read by its children.
struct HookTable {
    const apr_array_header_t* handshake = nullptr;
    const apr_array_header_t* subscribe = nullptr;
    const apr_array_header_t* publish = nullptr;
    const apr_array_header_t* service = nullptr;
    const apr_array_header_t* created = nullptr;
    const apr_array_header_t* removed = nullptr;
    const apr_array_header_t* subscribed = nullptr;
    const apr_array_header_t* unsubscribed = nullptr;
    broker::HooksWanted wanted;
    bool any = false;  // that concerns messages
};
HookTable the_hooks;

const apr_array_header_t* functions_of(const char* name) noexcept {
    const apr_array_header_t* found = apr_optional_hook_get(name);
    return found != nullptr && found->nelts > 0 ? found : nullptr;
}

// The answer of the first function that does not return one of the two; else OK if one did, else
// DECLINED.
template <class Link, class Event>
int run_all(const apr_array_header_t* functions, Event* event, bool stop_at_ok) {
    const auto* links = static_cast<const Link*>(static_cast<const void*>(functions->elts));
    int result = DECLINED;
    for (int i = 0; i < functions->nelts; ++i) {
        const int rv = links[i].pFunc(event);
        if (rv != DECLINED && (rv != OK || stop_at_ok)) {
            return rv;
        }
        result = rv == OK ? OK : result;
    }
    return result;
}

bool is_denial(int rv) noexcept {
    return rv != OK && rv != DECLINED;
}

template <class Link>
void tell_all(const apr_array_header_t* functions, const bayeux_news& news) {
    const auto* links = static_cast<const Link*>(static_cast<const void*>(functions->elts));
    for (int i = 0; i < functions->nelts; ++i) {
        links[i].pFunc(&news);
    }
}

// What a function sees of the request while one event lasts.
class Scene {
  public:
    Scene(request_rec* r, RequestIs is) noexcept {
        if (is == RequestIs::kAStream) {
            r_ = copy_.emplace(r).get();
            pool_ = r_->pool;
            return;
        }
        r_ = r;
        apr_pool_create(&pool_, r->pool);
        apr_pool_tag(pool_, "bayeux_event");
    }
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;
    ~Scene() {
        if (!copy_) {
            apr_pool_destroy(pool_);
        }
    }

    // What all events with a message have.
    template <class Event>
    [[nodiscard]] Event begin(const HookedMessage& message) const noexcept {
        Event event{};
        event.size = sizeof(Event);
        event.r = r_;
        event.pool = pool_;
        event.domain = message.domain.value;
        event.message = text(message.message.raw);
        event.ext = message.message.ext.empty() ? nullptr : text(message.message.ext);
        return event;
    }
    [[nodiscard]] const char* text(std::string_view view) const noexcept {
        return apr_pstrmemdup(pool_, view.data(), view.size());
    }
    [[nodiscard]] const char* session(const HookedMessage& message) const noexcept {
        return message.session.empty() ? nullptr : text(message.session);
    }
    [[nodiscard]] apr_pool_t* pool() const noexcept { return pool_; }
    [[nodiscard]] request_rec* request() const noexcept { return r_; }

  private:
    std::optional<PassingRequest> copy_;
    request_rec* r_ = nullptr;
    apr_pool_t* pool_ = nullptr;
};

// A module's mistake is told now and then: it comes with each message.
void complain(const request_rec* r, const char* what) noexcept {
    static constinit LogPause pause{Millis{60000}};
    if (pause.ends(SystemClock().now())) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      BXNO(0051) "a module that has hooked Bayeux messages gave %s; this line is "
                                 "written once a minute",
                      what);
    }
}

std::optional<std::string> checked_json(const char* text, std::size_t most) {
    const std::string_view json = protocol::trim_json(text);
    if (json.size() > most || !protocol::is_json(json)) {
        return std::nullopt;
    }
    return std::string(json);
}

std::string reason_of(const char* reason) {
    return reason != nullptr ? reason : "";
}

// The members that functions have put into the table, without the braces.
std::string ext_of(const request_rec* r, const apr_table_t* table, std::size_t most) {
    const apr_array_header_t* entries = apr_table_elts(table);
    const auto* entry =
        static_cast<const apr_table_entry_t*>(static_cast<const void*>(entries->elts));
    std::string ext;
    for (int i = 0; i < entries->nelts; ++i) {
        const std::string_view name = entry[i].key;
        const auto json = checked_json(entry[i].val, most);
        const bool again = apr_table_get(table, entry[i].key) != entry[i].val;
        if (!json || again || name == "ack" || name == "timesync") {
            complain(r,
                     "a member of `ext` that is no JSON, is too large, is there already, or is "
                     "the server's own; it was left out");
            continue;
        }
        ext += ext.empty() ? "" : ",";
        protocol::append_quoted(ext, name);
        ext += ':';
        ext += *json;
    }
    return ext;
}

protocol::Reconnect reconnect_of(bayeux_advice advice) noexcept {
    switch (advice) {
        case BAYEUX_TRY_AGAIN:
            return protocol::Reconnect::kHandshake;
        case BAYEUX_COME_LATER:
            return protocol::Reconnect::kRetry;
        case BAYEUX_GO_AWAY:
            break;
    }
    return protocol::Reconnect::kNone;
}

template <class Link>
void tell(const apr_array_header_t* functions, request_rec* r, RequestIs is, DomainId domain,
          std::string_view session, const ChannelName* channel) {
    const Scene scene(r, is);
    bayeux_news news{};
    news.size = sizeof news;
    news.r = scene.request();
    news.domain = domain.value;
    news.session = scene.text(session);
    news.channel = channel != nullptr ? channel->text().c_str() : nullptr;
    tell_all<Link>(functions, news);
}

}  // namespace

void note_hooks() noexcept {
    HookTable& hooks = the_hooks;
    hooks.handshake = functions_of("bayeux_on_handshake");
    hooks.subscribe = functions_of("bayeux_on_subscribe");
    hooks.publish = functions_of("bayeux_on_publish");
    hooks.service = functions_of("bayeux_on_service");
    hooks.created = functions_of("bayeux_on_session_created");
    hooks.removed = functions_of("bayeux_on_session_removed");
    hooks.subscribed = functions_of("bayeux_on_subscribed");
    hooks.unsubscribed = functions_of("bayeux_on_unsubscribed");
    hooks.wanted = {.handshake = hooks.handshake != nullptr,
                    .subscribe = hooks.subscribe != nullptr,
                    .publish = hooks.publish != nullptr,
                    .service = hooks.service != nullptr,
                    .created = hooks.created != nullptr,
                    .subscribed = hooks.subscribed != nullptr,
                    .unsubscribed = hooks.unsubscribed != nullptr};
    const broker::HooksWanted& wanted = hooks.wanted;
    hooks.any = wanted.on_handshakes() || wanted.on_subscribes() || wanted.unsubscribed ||
                wanted.publish || wanted.service;
}

const broker::HooksWanted& hooks_wanted() noexcept {
    return the_hooks.wanted;
}

bool has_hooks() noexcept {
    return the_hooks.any;
}

bool wants_ends() noexcept {
    return the_hooks.removed != nullptr;
}

void EndNews::ended(DomainId domain, const protocol::ClientId& session) noexcept {
    guard("session_removed", [&] {
        const std::string text = session.text();
        bayeux_news news{};
        news.size = sizeof news;
        news.domain = domain.value;
        news.session = text.c_str();
        tell_all<bayeux_LINK_bayeux_on_session_removed_t>(the_hooks.removed, news);
    });
}

const char* transport_name(broker::Transport transport) noexcept {
    switch (transport) {
        case broker::Transport::kLongPolling:
            return kLongPollingName;
        case broker::Transport::kWebSocket:
            return kWebSocketName;
        case broker::Transport::kEventSource:
            return kEventSourceName;
        case broker::Transport::kCallbackPolling:
            return kCallbackPollingName;
        case broker::Transport::kNone:
            break;
    }
    return "";
}

broker::HandshakeVerdict ModuleHooks::on_handshake(const HookedMessage& message) {
    const Scene scene(r_, is_);
    auto event = scene.begin<bayeux_handshake_event>(message);
    event.transport = transport_name(transport_);
    event.reply_ext = apr_table_make(scene.pool(), 4);
    const int rv = run_all<bayeux_LINK_bayeux_on_handshake_t>(the_hooks.handshake, &event, false);
    broker::HandshakeVerdict verdict;
    verdict.denied = is_denial(rv);
    verdict.reason = reason_of(event.reason);
    verdict.reconnect = reconnect_of(event.advice);
    verdict.ext = ext_of(r_, event.reply_ext, max_data_);
    return verdict;
}

broker::Verdict ModuleHooks::on_subscribe(const HookedMessage& message,
                                          const ChannelName& channel) {
    const Scene scene(r_, is_);
    auto event = scene.begin<bayeux_subscribe_event>(message);
    event.session = scene.session(message);
    event.channel = channel.text().c_str();
    const int rv = run_all<bayeux_LINK_bayeux_on_subscribe_t>(the_hooks.subscribe, &event, false);
    return {is_denial(rv), reason_of(event.reason), std::nullopt};
}

broker::Verdict ModuleHooks::on_publish(const HookedMessage& message, const ChannelName& channel,
                                        std::string_view data) {
    const Scene scene(r_, is_);
    auto event = scene.begin<bayeux_publish_event>(message);
    event.session = scene.session(message);
    event.channel = channel.text().c_str();
    const char* const before = scene.text(data);
    event.data = before;
    const int rv = run_all<bayeux_LINK_bayeux_on_publish_t>(the_hooks.publish, &event, false);
    broker::Verdict verdict{is_denial(rv), reason_of(event.reason), std::nullopt};
    if (verdict.denied || event.data == before) {
        return verdict;
    }
    verdict.data = event.data != nullptr ? checked_json(event.data, max_data_) : std::nullopt;
    if (!verdict.data) {
        complain(r_,
                 "data for a message that is no JSON, or is too large; the message was "
                 "refused");
        verdict.denied = true;
    }
    return verdict;
}

broker::ServiceVerdict ModuleHooks::on_service(const HookedMessage& message,
                                               const ChannelName& channel, std::string_view data) {
    const Scene scene(r_, is_);
    auto event = scene.begin<bayeux_service_event>(message);
    event.session = scene.session(message);
    event.channel = channel.text().c_str();
    event.id = message.message.id.empty() ? nullptr : scene.text(message.message.id);
    event.data = scene.text(data);
    const int rv = run_all<bayeux_LINK_bayeux_on_service_t>(the_hooks.service, &event, true);
    broker::ServiceVerdict verdict;
    verdict.taken = rv != DECLINED;
    verdict.failed = is_denial(rv);
    if (!verdict.taken || event.answer == nullptr) {
        return verdict;
    }
    verdict.answer = checked_json(event.answer, max_data_);
    if (!verdict.answer) {
        complain(r_, "an answer to a message that is no JSON, or is too large; it was not sent");
    }
    return verdict;
}

void ModuleHooks::created(DomainId domain, std::string_view session) {
    tell<bayeux_LINK_bayeux_on_session_created_t>(the_hooks.created, r_, is_, domain, session,
                                                  nullptr);
}

void ModuleHooks::subscribed(DomainId domain, std::string_view session,
                             const ChannelName& channel) {
    tell<bayeux_LINK_bayeux_on_subscribed_t>(the_hooks.subscribed, r_, is_, domain, session,
                                             &channel);
}

void ModuleHooks::unsubscribed(DomainId domain, std::string_view session,
                               const ChannelName& channel) {
    tell<bayeux_LINK_bayeux_on_unsubscribed_t>(the_hooks.unsubscribed, r_, is_, domain, session,
                                               &channel);
}

}  // namespace bayeux::httpd
