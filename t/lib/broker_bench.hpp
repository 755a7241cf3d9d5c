// An engine with everything it needs faked, and the last outcome kept in a form that asserts can
// look at: what is returned lives in the bench, so that a failing assert leaves nothing behind.
#ifndef BAYEUX_T_LIB_BROKER_BENCH_HPP
#define BAYEUX_T_LIB_BROKER_BENCH_HPP

#include <array>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/engine.hpp"
#include "lib/fake_clock.hpp"
#include "lib/fake_entropy.hpp"
#include "lib/fake_policy.hpp"
#include "lib/fake_store.hpp"
#include "protocol/batch.hpp"
#include "protocol/json.hpp"
#include "protocol/json_text.hpp"

namespace bayeux::test {

inline constexpr const char* kHandshake = R"([{"channel":"/meta/handshake","version":"1.0"}])";

// The cookie of the n-th browser.
inline protocol::BrowserId browser(std::uint8_t n) {
    std::array<std::uint8_t, protocol::BrowserId::kBytes> bytes{};
    bytes.back() = n;
    return protocol::BrowserId::from_bytes(bytes);
}

class Bench {
  public:
    // Handles a body in which `$1` stands for the clientId of the first handshake, and so on. A
    // connect that is answered is finished, as whoever writes the response would.
    Bench& send(std::string_view json) {
        body_ = with_client_ids(json);
        const auto messages = protocol::decode_batch(body_, {});
        outcome = {};
        batch.reset();
        if (messages) {
            outcome = broker::Engine(store, clock, entropy).handle(request(), messages.value());
        }
        if (finish && outcome.answered) {
            const broker::OpenConnect& open = *outcome.answered;
            store.finish_connect(open.session, open.cycle, clock.now() + open.expires_after);
        }
        return *this;
    }

    // The same over a WebSocket, which is bound and has its stream as a real one would.
    Bench& socket(std::string_view json) {
        transport = broker::Transport::kWebSocket;
        const auto before = bound;
        send(json);
        bound = outcome.bound;
        if (!bound) {
            stream = {};
        } else if (outcome.answered || outcome.park) {
            stream = outcome.park ? outcome.park->connect.cycle : outcome.answered->cycle;
        } else if (!before || before->session != bound->session || stream.value == 0) {
            stream = store.start_stream(bound->session, transport).value();
        }
        return *this;
    }
    // A socket that is open but bound to nothing.
    void new_socket() {
        transport = broker::Transport::kWebSocket;
        bound.reset();
        stream = {};
    }

    [[nodiscard]] broker::Request request() {
        const bool socket = transport == broker::Transport::kWebSocket;
        return {.settings = settings,
                .policy = policy,
                .transport = transport,
                .browser = cookie,
                .new_browser = cookie,
                .can_hold = can_hold,
                .unheld_interval = unheld_interval,
                .bound = socket ? bound : std::nullopt,
                .stream = socket ? stream : ConnectCycle{},
                .no_cookie = no_cookie,
                .user = {user, store.user_tag(user)},
                .from = from,
                .hooks = hooks};
    }

    [[nodiscard]] std::optional<broker::Bound> find(std::string_view client_id) {
        const std::string id = with_client_ids(client_id);
        return broker::Engine(store, clock, entropy).find(request(), id);
    }
    [[nodiscard]] bool may_block(std::string_view json) {
        body_ = with_client_ids(json);
        const auto messages = protocol::decode_batch(body_, {});
        return messages && broker::Engine::may_block(request(), messages.value());
    }

    // The loop of child 0 holds what was parked, or waits for events with the stream.
    broker::ParkState park() {
        const broker::Park& held = *outcome.park;
        return store.park(held.connect.session, held.connect.cycle, ChildIndex{0}, held.lease);
    }
    // What is due there: "events", "superseded" or "ended" for each.
    const char* due() {
        static constexpr std::array<const char*, 3> kReasons{"events", "superseded", "ended"};
        std::array<broker::Due, 8> taken;
        std::string all;
        const std::size_t count = store.take_due(ChildIndex{0}, taken);
        for (std::size_t i = 0; i < count; ++i) {
            all += all.empty() ? "" : " ";
            all += kReasons[static_cast<std::size_t>(taken[i].reason)];
        }
        return keep(std::move(all));
    }

    // A session that may be held: handshake and first connect are done (CN-4).
    void connect_session(char which) {
        send(kHandshake);
        send(std::string(R"([{"channel":"/meta/connect","clientId":"$)") + which +
             R"(","connectionType":"long-polling"}])");
    }

    [[nodiscard]] std::size_t replies() const { return outcome.replies.size(); }
    // Of the n-th reply: a member as JSON text, or decoded; empty if there is none.
    const char* json(std::size_t n, std::string_view name) {
        return n < replies() ? member(outcome.replies[n], name) : "no such reply";
    }
    const char* text(std::size_t n, std::string_view name) {
        return keep(protocol::decode_string(json(n, name)).value_or(""));
    }
    const char* error(std::size_t n = 0) { return text(n, "error"); }
    const char* advice(std::size_t n = 0) { return json(n, "advice"); }
    const char* successful(std::size_t n = 0) { return json(n, "successful"); }

    // As it would be written now.
    const char* member(const protocol::PendingReply& reply, std::string_view name) {
        std::string object;
        reply.append_to(object, {.now = clock.wall(), .batch = batch});
        return member(object, name);
    }
    const char* member(std::string_view object, std::string_view name) {
        protocol::JsonMembers members(object);
        for (std::string_view key, value; members.next(key, value);) {
            if (protocol::decode_string(key) == name) {
                return keep(std::string(value));
            }
        }
        return "";
    }

    // What the response would carry of the session's queue; taken as written. Of an ack session the
    // replies show the batch from here on.
    const char* events() {
        std::string out;
        if (outcome.events_of) {
            const broker::Drained drained = store.drain(*outcome.events_of, ChildIndex{0}, out);
            batch = drained.batch;
            if (drained.in_flight()) {
                store.delivered(*outcome.events_of, true);
            }
        }
        return keep(std::move(out));
    }
    // What waits for the n-th session, taken likewise.
    const char* queue_of(std::uint32_t n) {
        outcome.events_of = handle(n);
        return events();
    }

    // The session of the n-th handshake; unknown once it has ended.
    [[nodiscard]] std::optional<FakeStore::View> session(std::uint32_t n) const {
        return store.view(handle(n));
    }
    [[nodiscard]] static SessionHandle handle(std::uint32_t n) { return {n - 1, 1}; }
    const char* client_id(char which) { return keep(with_client_ids(std::string("$") + which)); }
    // The subscriptions of the n-th session, separated by blanks.
    const char* subscriptions(std::uint32_t n) {
        std::string all;
        if (const auto view = session(n)) {
            for (const std::string& name : view->subscriptions) {
                all += all.empty() ? name : ' ' + name;
            }
        }
        return keep(std::move(all));
    }
    // The questions that the policy was asked since the last call, as "create /a publish /a".
    const char* asked() {
        static constexpr std::array<const char*, 3> kNames{"create ", "subscribe ", "publish "};
        std::string all;
        for (const auto& [operation, channel] : policy.asked) {
            all += all.empty() ? "" : " ";
            all += kNames[static_cast<std::size_t>(operation)] + channel;
        }
        policy.asked.clear();
        return keep(std::move(all));
    }

    const char* keep(std::string value) {
        kept_.push_back(std::move(value));
        return kept_.back().c_str();
    }

    FakeClock clock;
    FakeEntropy entropy;
    FakePolicy policy;
    FakeStore store{nullptr, &clock};
    broker::Settings settings;
    std::optional<protocol::BrowserId> cookie = browser(1);
    bool can_hold = true;
    Millis unheld_interval{0};
    bool finish = true;  // answered connects at once
    broker::Transport transport = broker::Transport::kLongPolling;
    std::optional<broker::Bound> bound;  // of the socket
    ConnectCycle stream;
    bool no_cookie = false;
    std::string user;  // whom httpd has let in
    ClientAddress from;
    broker::Hooks* hooks = nullptr;
    broker::Outcome outcome;
    std::optional<std::uint32_t> batch;  // of the events that were taken last

  private:
    // FakeEntropy counts, so the n-th clientId is known before it is made.
    static std::string with_client_ids(std::string_view json) {
        std::string out;
        for (std::size_t i = 0; i < json.size(); ++i) {
            if (json[i] == '$') {
                out += std::string(2 * protocol::ClientId::kBytes - 1, '0') + json[++i];
            } else {
                out += json[i];
            }
        }
        return out;
    }

    std::string body_;
    std::deque<std::string> kept_;
};

// Fixture functions for cmocka: a fresh bench for each test.
inline int new_bench(void** state) {
    *state = new Bench;
    return 0;
}
inline int delete_bench(void** state) {
    delete static_cast<Bench*>(*state);
    return 0;
}
inline Bench& bench_of(void** state) {
    return *static_cast<Bench*>(*state);
}

}  // namespace bayeux::test

// One entry of a test table, each with a bench of its own.
#define BENCH_TEST(function) \
    cmocka_unit_test_setup_teardown(function, bayeux::test::new_bench, bayeux::test::delete_bench)

#endif
