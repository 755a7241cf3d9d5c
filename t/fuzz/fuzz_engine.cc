// The engine over the real store, as a script: each byte decides what one of six clients does to
// one of two children, or what their loops do, until all have left. After each step verify() finds
// the segment sound; who gets which event, once and in order, is what a naive model says; in the
// end nothing is left. A child may die, also in the middle of what it does to the store: then the
// model is no longer asked, but all else holds.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/outside.hpp"
#include "fuzz/simulated_server.hpp"
#include "fuzz/wanted_message.hpp"
#include "protocol/batch.hpp"
#include "protocol/json_text.hpp"

namespace bayeux::test {
namespace {

using Leaves = SimulatedServer::Leaves;

class Play {
  public:
    Play(Script& script, std::uint8_t mode)
        : script_(script), mortal_((mode & 3U) == 3), server_(mortal_) {
        set_up(mode);
    }

    void run() {
        while (!script_.done()) {
            const std::uint32_t what = script_.below(18);
            SimulatedChild& child = server_.children[script_.below(2)];
            if (!child.alive()) {
                server_.start_again(child);
            }
            if (what < 16) {
                step(what, child);
            } else if (mortal_) {
                kill(what == 17, child);
            }
            server_.check();
            server_.policy.asked.clear();
        }
        serve_all();
        server_.end_all();
    }

  private:
    void set_up(std::uint8_t mode) {
        broker::Settings& settings = server_.settings;
        settings.domain = kDomain;
        settings.transports = {"websocket", "eventsource", "long-polling"};
        settings.presence = true;
        settings.broadcast_to_publisher = (mode & 3U) != 2;
        settings.meta_connect_deliver_only = (mode & 4U) != 0;
        settings.multi_session_interval = Millis{(mode & 8U) != 0 ? 0 : 2000};
        settings.extensions.timestamp = (mode & 16U) != 0;
        server_.policy.by_channel["/p/x"].presence = true;
        server_.policy.by_channel["/lazy"].lazy = Millis{2000};
        server_.persistent = (mode & 32U) != 0 ? 1 : 0;
        server_.policy.by_channel["/d/e"].persistent = server_.persistent != 0;
        if ((mode & 64U) != 0) {
            server_.ample = false;
            settings.queue = {3, 700, static_cast<broker::Overflow>(mode >> 7U)};
            settings.max_sessions = 4;
            settings.max_channels = 6;
            settings.max_subscriptions = 3;
            settings.limits = {&handshakes_, &messages_, &bytes_};
        }
    }

    void step(std::uint32_t what, SimulatedChild& child) {
        Client& client = server_.clients[script_.below(SimulatedServer::kClients)];
        switch (what) {
            case 0:
                return handshake(client, child);
            case 1:
            case 2:
            case 3:
                return send(client, child, false);
            case 4:
            case 5:
                return send(client, child, true);
            case 6:
                return serve_all();
            case 7:
                return server_.serve(child, leaves());
            case 8:
                return end_wait(client);
            case 9:
            case 10:
                return server_.settle_first(client, !script_.one_in(4));
            case 11:
                server_.clock.advance(Millis{std::int64_t{script_.next()} * 100});
                return server_.sweep(child);
            case 12:
                return deliver(client, child);
            case 13:
                return change_user(client, child);
            case 14:
                return open_stream(client, child);
            default:
                return server_.close_stream(client);
        }
    }

    Leaves leaves() {
        static constexpr std::array<Leaves, 6> kAll{Leaves::kNow, Leaves::kNow,   Leaves::kNow,
                                                    Leaves::kNow, Leaves::kLater, Leaves::kNever};
        return kAll[script_.below(kAll.size())];
    }

    // --- what clients send ---

    broker::Request request_of(const Client& client, broker::Transport transport) {
        const std::string_view user = client.model.user;
        return {.settings = server_.settings,
                .policy = server_.policy,
                .transport = transport,
                .browser = client.browser,
                .new_browser = client.browser,
                .bound = std::nullopt,
                .stream = {},
                .user = {user, server_.store().user_tag(user)}};
    }
    static protocol::BrowserId browser(std::uint32_t number) {
        return protocol::BrowserId::from_bytes({static_cast<std::uint8_t>(number + 1)});
    }

    void handshake(Client& client, SimulatedChild& child) {
        if (!client.idle()) {
            return;
        }
        client = Client{};
        const std::uint32_t flags = script_.next();
        client.model.ack = (flags & 1U) != 0;
        client.model.user = kUsers[flags / 2 % kUsers.size()];
        client.browser = browser(flags / 8 % 3);
        const bool socket = flags >= 128;
        const std::string json =
            R"([{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":)"
            R"(["long-polling"],"ext":{"ack":)" +
            std::string(client.model.ack ? "true" : "false") + "}}]";
        const auto messages = protocol::decode_batch(json, {});
        const auto transport =
            socket ? broker::Transport::kWebSocket : broker::Transport::kLongPolling;
        auto outcome = child.engine().handle(request_of(client, transport), messages.value());
        require(!server_.exact() || outcome.bound, "there is room for a session");
        if (!outcome.bound) {
            return;
        }
        client.alive = true;
        client.id = outcome.bound->client_id;
        client.session = outcome.bound->session;
        client.model.lives_until = server_.clock.now() + server_.settings.max_interval;
        if (socket) {
            client.stream = std::make_unique<OpenStream>(child, transport);
            server_.carry_out_on_stream(client, outcome, Leaves::kNow);
        }
    }

    // One connect, which may be held, or a few messages of any kind.
    void send(Client& client, SimulatedChild& any, bool connect) {
        if (client.session == SessionHandle{} || client.responses.size() > 3) {
            return;
        }
        const bool socket = client.has_socket();
        SimulatedChild& child = socket ? client.stream->child : any;
        std::vector<Wanted> batch(connect ? 1 : 1 + script_.below(3));
        std::string json = "[";
        for (std::size_t i = 0; i < batch.size(); ++i) {
            batch[i] = writer_.wanted(client, connect ? Kind::kConnect : writer_.kind());
            json += (i == 0 ? "{\"id\":" : ",{\"id\":") + std::to_string(i) + batch[i].json;
        }
        json += ']';
        const auto messages = protocol::decode_batch(json, {});
        require(messages.has_value(), "a batch is decoded:", json);
        if (socket) {
            server_.write(client, Leaves::kNow);
            if (!client.stream) {
                return;
            }
        }
        broker::Request request =
            request_of(client, socket              ? broker::Transport::kWebSocket
                               : script_.one_in(8) ? broker::Transport::kCallbackPolling
                                                   : broker::Transport::kLongPolling);
        if (socket) {
            request.bound = client.stream->session.bound();
            request.stream = client.stream->session.cycle();
        }
        // CID-4: somebody else's browser.
        const bool foreign = !socket && script_.one_in(16);
        if (foreign) {
            request.browser = browser(7);
        }
        auto outcome = child.engine().handle(request, messages.value());
        apply(client, batch, outcome, client.alive && !foreign);
        if (socket) {
            server_.carry_out_on_stream(client, outcome, leaves());
        } else {
            server_.carry_out(client, child, outcome, leaves());
        }
    }

    // --- what the model says of it ---

    static bool succeeded(const broker::Outcome& outcome, std::size_t id) {
        const std::string wanted = "\"id\":" + std::to_string(id);
        for (const protocol::PendingReply& reply : outcome.replies) {
            if (reply.text.find(wanted) != std::string::npos) {
                return reply.text.find("\"successful\":true") != std::string::npos;
            }
        }
        return false;
    }

    void apply(Client& client, const std::vector<Wanted>& batch, const broker::Outcome& outcome,
               bool known) {
        ModelSession& model = client.model;
        if (known) {
            model.lives_until =
                std::max(model.lives_until, server_.clock.now() + server_.settings.max_interval);
        }
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const Wanted& message = batch[i];
            const bool success = succeeded(outcome, i);
            require(known || !success || !server_.exact(), "nobody speaks for a lost session");
            switch (message.kind) {
                case Kind::kConnect:
                    if (known) {
                        // An answer starts the expiry clock, whatever was held before.
                        model.lives_until = server_.clock.now() + server_.settings.max_interval;
                        model.acknowledge(message.acknowledged.value_or(-1));
                    }
                    break;
                case Kind::kDisconnect:
                    require(success == known || !server_.exact(), "who says goodbye is heard");
                    client.alive = client.alive && !known;
                    known = false;
                    break;
                case Kind::kPublish:
                    require(success == (known && message.names[0]->publish) || !server_.exact(),
                            "a publish is taken or refused by its name");
                    distribute(client, message, success);
                    break;
                case Kind::kSubscribe:
                case Kind::kUnsubscribe:
                    note_subscription(model, message, known, success);
                    break;
            }
        }
        if (!server_.exact()) {
            client.alive = server_.store().find_session(kDomain, client.id).has_value();
        }
    }
    void note_subscription(ModelSession& model, const Wanted& message, bool known, bool success) {
        const bool subscribes = message.kind == Kind::kSubscribe;
        bool allowed = known;
        bool subscribed = known;
        for (const Name* one : message.names) {
            allowed = allowed && one->subscribe;
            subscribed = subscribed && model.patterns.contains(one->text);
        }
        require(!server_.exact() || (subscribes ? success == allowed : success || !subscribed),
                "a subscription is taken or refused by its names");
        for (const Name* one : message.names) {
            if (success && subscribes && one->kept) {
                model.patterns.insert(one->text);
            } else if (success && !subscribes) {
                model.patterns.erase(one->text);
            }
        }
    }
    void distribute(const Client& from, const Wanted& message, bool success) {
        const Name& to = *message.names[0];
        for (Client& client : server_.clients) {
            const bool except = &client == &from && !server_.settings.broadcast_to_publisher;
            if (success && to.kept && client.alive && !except &&
                client.model.is_subscribed(to.text)) {
                client.model.queue.push_back(
                    {message.number, std::string_view(to.text) == "/lazy", false, 0});
            }
        }
    }

    // --- what else happens ---

    void serve_all() {
        // One that is served may make another one due.
        for (int rounds = 0; rounds < 8; ++rounds) {
            for (SimulatedChild& child : server_.children) {
                if (child.alive()) {
                    server_.serve(child, Leaves::kNow);
                }
            }
        }
        server_.check_nobody_waits_in_vain(true);
    }
    void end_wait(Client& client) {
        const bool gone = script_.one_in(3);
        if (!client.held.empty()) {
            server_.end_held(client, script_.below(static_cast<std::uint32_t>(client.held.size())),
                             gone ? loop::EndReason::kGone : loop::EndReason::kDeadline, leaves());
        } else if (client.stream) {
            server_.answer_on_stream(client, leaves());
        }
    }
    // From outside, or by another module: to one session, to a user, or to all subscribers.
    void deliver(Client& client, SimulatedChild& child) {
        const std::uint32_t to = script_.below(4);
        const Name& where = kNames[script_.below(4)];
        const int number = writer_.next_number();
        const std::string text = writer_.data(number);
        const std::string event = broker::event_from_outside(
            *protocol::ChannelName::parse(where.text), text, server_.settings, server_.clock);
        if (to == 0) {
            Wanted message;
            message.names = {&where};
            message.number = number;
            const bool success =
                broker::publish_from_outside(child.store(), server_.settings,
                                             *protocol::ChannelName::parse(where.text), {}, event)
                    .has_value();
            require(success || !server_.exact(), "there is room for an event");
            return distribute(Client{}, message, success);
        }
        const std::string user = to == 1 ? kUsers[1 + script_.below(2)] : client.model.user;
        const std::uint64_t tag = to == 3 ? 0 : child.store().user_tag(user);
        if (to == 1) {
            static_cast<void>(child.store().deliver_to_user({kDomain, user, event}));
        } else {
            static_cast<void>(child.store().deliver({kDomain, client.session, event, tag}));
        }
        for (Client& one : server_.clients) {
            if (one.alive && (to == 1 ? one.model.user == user : one.session == client.session)) {
                one.model.queue.push_back({number, false, tag != 0, 0});
                one.model.was_secret = one.model.was_secret || tag != 0;
            }
        }
    }
    // S20: what was meant for one user is never another's.
    void change_user(Client& client, SimulatedChild& child) {
        const std::string user = kUsers[script_.below(kUsers.size())];
        if (!client.alive || user == client.model.user) {
            return;
        }
        const bool stays =
            child.store().change_user(client.session, {user, child.store().user_tag(user)});
        require(!stays || !client.model.has_secrets() || !server_.exact(),
                "nobody gets what was meant for another user");
        require(stays || client.model.was_secret || !server_.exact(),
                "a session outlives a change of its user");
        client.alive = stays;
        client.model.user = user;
        client.model.was_secret = false;
    }
    void open_stream(Client& client, SimulatedChild& child) {
        if (!client.alive || client.stream) {
            return;
        }
        if (script_.one_in(2)) {
            client.stream = std::make_unique<OpenStream>(child, broker::Transport::kWebSocket);
        } else {
            server_.open_event_source(client, child);
        }
    }
    // A child dies, perhaps in the middle of something; another may take its place.
    void kill(bool in_the_middle, SimulatedChild& child) {
        if (in_the_middle && !std::exchange(killed_, true)) {
            const std::uint32_t n = script_.next();
            server_.unsure = true;
            server_.bell_lost = true;
            die_in(n, [&] { step(script_.below(16), child); });
        }
        server_.die(child);
    }

    Script& script_;
    const bool mortal_;
    bool killed_ = false;  // in the middle: once in a script, as it takes a process
    MessageWriter writer_{script_};
    RateLimit handshakes_{10, Millis{1000}, 12};
    RateLimit messages_{10, Millis{1000}, 12};
    RateLimit bytes_{1000, Millis{1000}, 3000};
    SimulatedServer server_;
};

}  // namespace
}  // namespace bayeux::test

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    bayeux::test::Script script(bytes, size);
    const std::uint8_t mode = script.next();
    bayeux::test::Play(script, mode).run();
    return 0;
}
