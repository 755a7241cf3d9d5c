// A child without httpd: the real store, broker and loop, and connections on which httpd has
// accepted a request before.
#ifndef BAYEUX_T_COST_SERVER_HPP
#define BAYEUX_T_COST_SERVER_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <utility>
#include <vector>

#include "cost/memory_stream.hpp"
#include "lib/client_frames.hpp"
#include "lib/fake_clock.hpp"
#include "loop/event_loop.hpp"
#include "loop/fast_lane.hpp"
#include "loop/websocket.hpp"
#include "store/shared_store.hpp"

namespace bayeux::cost {

inline constexpr DomainId kDomain{77};
inline constexpr ChildIndex kChild{0};
inline constexpr std::string_view kHead =
    "POST /bayeux HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)"
    "\r\nAccept: */*\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\n"
    "Content-Type: application/json;charset=UTF-8\r\nOrigin: http://www.example.org\r\n"
    "Connection: keep-alive\r\nCookie: BAYEUX_BROWSER=0123456789abcdef0123456789abcdef\r\n"
    "Content-Length: ";
inline constexpr std::string_view kReply =
    "HTTP/1.1 200 OK\r\nDate: x\r\nServer: Apache\r\nCache-Control: no-store\r\n"
    "Content-Length: 3\r\nKeep-Alive: timeout=5, max=9\r\nConnection: Keep-Alive\r\n"
    "Content-Type: application/json;charset=UTF-8\r\n\r\n";

inline std::string post(std::string_view json) {
    std::string out(kHead);
    return out.append(std::to_string(json.size())).append("\r\n\r\n").append(json);
}

// The end of a test that cannot go on.
[[noreturn]] inline void give_up(const char* why) {
    std::perror(why);
    std::exit(1);
}

// No channel is guarded.
class OpenPolicy final : public broker::Policy {
  public:
    [[nodiscard]] bool allows(broker::Operation /*operation*/,
                              const protocol::ChannelName& /*channel*/) override {
        return true;
    }
    [[nodiscard]] broker::ChannelOptions options(
        const protocol::ChannelName& /*channel*/) override {
        return {};
    }
    [[nodiscard]] bool may_block(broker::Operation /*operation*/,
                                 const protocol::ChannelName& /*channel*/) override {
        return false;
    }
};

// Each connection has its own, as with httpd.
class Host final : public loop::LaneHost, public loop::StreamHost {
  public:
    Host(broker::Transport transport, const broker::Settings& settings)
        : transport_(transport), settings_(settings) {
        terms_.accepted = loop::AcceptedHead::of_request(post("[]"));
        terms_.reply = loop::ReplyHead::of(kReply);
        terms_.duplicate = "408 Request Timeout";
        terms_.max_body = 65536;
        terms_.good_until = TimePoint::max();
        terms_.keep_alive = std::chrono::hours(1);
        limits_.ping = Millis{0};
    }
    [[nodiscard]] bool complete() const noexcept { return terms_.accepted && terms_.reply; }
    [[nodiscard]] const loop::LaneTerms& terms() const noexcept override { return terms_; }
    [[nodiscard]] const loop::StreamLimits& limits() const noexcept override { return limits_; }
    [[nodiscard]] broker::Request request() noexcept override {
        broker::Request request{.settings = settings_,
                                .policy = policy_,
                                .transport = transport_,
                                .browser = std::nullopt,
                                .new_browser = std::nullopt,
                                .bound = std::nullopt,
                                .stream = {}};
        request.no_cookie = true;
        return request;
    }
    void start_calls(const std::vector<broker::ServiceCall>& /*calls*/) noexcept override {}
    [[nodiscard]] loop::Standing ask_again() noexcept override { return loop::Standing::kGood; }

  private:
    const broker::Transport transport_;
    const broker::Settings& settings_;
    OpenPolicy policy_;
    loop::LaneTerms terms_;
    loop::StreamLimits limits_;
};

// No request of these needs a worker. What the loop asks once in each turn is when the clients act.
class Script final : public loop::Workers {
  public:
    void assign(loop::Connection& /*connection*/) noexcept override {
        std::fputs("a request was left to httpd\n", stderr);
        std::exit(1);
    }
    void start_turns(TimePoint /*now*/) noexcept override { act(); }
    bool busy() noexcept override { return false; }
    void perform_here() noexcept override {}

    std::function<void()> act;
};

// Bytes, loop and store of one client's connection.
class Client final : public loop::Connection {
  public:
    Client(Traffic& traffic, std::size_t number, broker::Transport transport,
           const broker::Settings& settings, loop::StreamContext& context)
        : Client(std::make_unique<MemoryStream>(traffic, number), transport, settings, context) {}

    void perform() noexcept override {}
    bool may_destroy(TimePoint /*now*/) noexcept override { return false; }
    void destroy() noexcept override {}

    [[nodiscard]] std::string request(std::string_view json) const {
        return lane_ ? post(json) : client_text(json);
    }

    const std::unique_ptr<MemoryStream> bytes;

  private:
    Client(std::unique_ptr<MemoryStream> with, broker::Transport transport,
           const broker::Settings& settings, loop::StreamContext& context)
        : Connection(with->fd, true), bytes(std::move(with)), host_(transport, settings) {
        if (bytes->fd < 0 || !host_.complete()) {
            give_up("a connection");
        }
        if (transport == broker::Transport::kWebSocket) {
            socket_.emplace(context, host_, *bytes);
            next.stream = &*socket_;
        } else {
            lane_.emplace(context, host_, *bytes);
            next.stream = &*lane_;
        }
        next.kind = loop::Next::Kind::kStream;
    }

    Host host_;
    std::optional<loop::FastLane> lane_;
    std::optional<loop::WebSocket> socket_;
};

class Server {
  public:
    Server()
        : memory_(::mmap(nullptr, kSegment, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                         0)) {
        if (memory_ == MAP_FAILED || loop::make_bells(fds_) != 0) {
            give_up("a server");
        }
        const std::span bytes{static_cast<std::byte*>(memory_), kSegment};
        store::SegmentKeys keys;
        keys.table.fill(7);
        keys.browser.fill(9);
        if (!store::Segment::create(bytes, kChildren, keys)) {
            give_up("a segment");
        }
        store = std::move(store::SharedStore::open(bytes, bells, clock).value());
        settings.domain = kDomain;
        settings.timeout = std::chrono::hours(1);
        settings.trust_client_id = true;
        engine.emplace(*store, clock, entropy_);
        context.emplace(*engine, *store, clock, kChild);
        context->counters = &counters;
        loop.emplace(loop::LoopSettings{.child = kChild}, *store, bells, script, clock, counters);
        if (!store->claim_child(1) || !loop->open()) {
            give_up("a loop");
        }
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server() {
        store->release_child(kChild);
        loop::close_bells(fds_);
    }

    // Handshaken, and past its first connect.
    SessionHandle session(const protocol::ClientId& id, broker::Transport transport) {
        broker::NewSession wanted;
        wanted.domain = kDomain;
        wanted.client_id = id;
        wanted.transport = transport;
        wanted.timeout = settings.timeout;
        wanted.expires_at = clock.now() + std::chrono::hours(9);
        const auto made = store->create_session(wanted);
        if (!made) {
            give_up("a session");
        }
        const auto start = store->start_connect(made.value(), {});
        store->finish_connect(made.value(), start.value().cycle, wanted.expires_at);
        return made.value();
    }
    void subscribe(SessionHandle session, const std::vector<std::string>& names) {
        std::vector<protocol::ChannelName> channels;
        channels.reserve(names.size());
        for (const std::string& name : names) {
            channels.push_back(*protocol::ChannelName::parse(name));
        }
        if (!channels.empty() && !store->subscribe(session, channels, {})) {
            give_up("a subscription");
        }
    }

    test::FakeClock clock;
    Script script;
    broker::Settings settings;
    loop::LoopCounters counters;

  private:
    // Room for the largest of the crowds; all of them find tables of the same size.
    static constexpr std::size_t kSegment = std::size_t{512} << 20U;
    static constexpr std::uint32_t kChildren = 8;
    void* const memory_;  // given back with the process
    std::array<int, kChildren> fds_{};
    KernelEntropy entropy_;

  public:
    loop::Bells bells{fds_};
    std::unique_ptr<store::SharedStore> store;
    std::optional<broker::Engine> engine;
    std::optional<loop::StreamContext> context;
    std::optional<loop::EventLoop> loop;
};

}  // namespace bayeux::cost

#endif
