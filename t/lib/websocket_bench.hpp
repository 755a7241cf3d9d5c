// A WebSocket on a StreamBench, and what its tests say.
#ifndef BAYEUX_T_LIB_WEBSOCKET_BENCH_HPP
#define BAYEUX_T_LIB_WEBSOCKET_BENCH_HPP

#include <memory>
#include <string>
#include <string_view>

#include "lib/stream_bench.hpp"
#include "loop/websocket.hpp"

namespace bayeux::test {

inline constexpr const char* kHandshake = R"([{"channel":"/meta/handshake","version":"1.0"}])";
inline constexpr const char* kAckHandshake =
    R"([{"channel":"/meta/handshake","version":"1.0","ext":{"ack":true}}])";
inline constexpr const char* kConnect = R"([{"channel":"/meta/connect","clientId":"$1"}])";
inline constexpr const char* kSubscribe =
    R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":"/a"}])";
inline constexpr const char* kDisconnect = R"([{"channel":"/meta/disconnect","clientId":"$1"}])";
inline constexpr const char* kPublish = R"([{"channel":"/b","clientId":"$1","data":1}])";

struct WebSocketBench : StreamBench {
    WebSocketBench() { host.limited.ping = Millis{0}; }
    WebSocketBench& open(std::string_view early = {}) {
        socket_ = std::make_unique<loop::WebSocket>(context, host, bytes, early);
        begin(*socket_);
        return *this;
    }
    // Handshaken, connected once and subscribed to /a.
    WebSocketBench& ready(const char* handshake = kHandshake) {
        open();
        say(handshake);
        say(kConnect);
        say(kSubscribe);
        heard();
        return *this;
    }
    // The same with a held connect.
    WebSocketBench& held() {
        ready();
        say(kConnect);
        return *this;
    }
    // The client comes again on another connection; the end of the old one is seen, or not yet.
    WebSocketBench& reopen(bool seen) {
        if (seen) {
            stream->close(clock.now());
        }
        bytes.reset();
        waiting.reset();
        closed = false;
        return open();
    }
    std::string after_raw(std::string_view raw) {
        receive(raw);
        const std::string out = heard();
        return out + (closed ? "closed" : "");
    }
    std::string after(std::string_view json) {
        say(json);
        return heard();
    }
    // Of the n-th session.
    [[nodiscard]] std::string state(std::uint32_t n = 1) const {
        const auto view = session(n);
        std::string out = view.stream == broker::Transport::kWebSocket ? "stream" : "none";
        out += view.open ? " open" : "";
        out += view.parked ? " parked" : "";
        out += !view.open && view.expires_at == clock.now() + Millis{10'000} ? " expiring" : "";
        return out + " " + std::to_string(view.queued);
    }

  private:
    std::unique_ptr<loop::WebSocket> socket_;
};

}  // namespace bayeux::test

#endif
