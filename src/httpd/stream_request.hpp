// A request that has become a stream: a WebSocket, an event source.
//
// It stays in its request's pool and is logged and freed with the request, when the connection
// closes. What holds for the stream was decided when it began (WS-14).
#ifndef BAYEUX_HTTPD_STREAM_REQUEST_HPP
#define BAYEUX_HTTPD_STREAM_REQUEST_HPP

#include <cstdint>
#include <optional>

#include "broker/engine.hpp"
#include "httpd/config.hpp"
#include "httpd/httpd_api.hpp"
#include "httpd/origin.hpp"
#include "httpd/stream_bytes.hpp"
#include "httpd/stream_policy.hpp"
#include "loop/event_source.hpp"
#include "loop/stream_host.hpp"
#include "loop/websocket.hpp"
#include "protocol/client_id.hpp"

namespace bayeux::httpd {

class StreamRequest final : public loop::StreamHost {
  public:
    StreamRequest(request_rec* r, const DirConfig& config, broker::Transport transport);

    // --- the worker that runs the request: one of these, when the response's head has left ---
    void begin_websocket(bool deflate);
    void begin_event_source(const broker::Bound& bound);

    // After one of these.
    [[nodiscard]] loop::Stream& stream() noexcept { return *stream_; }

    // --- loop::StreamHost ---
    [[nodiscard]] broker::Request request() noexcept override;
    [[nodiscard]] const loop::StreamLimits& limits() const noexcept override { return limits_; }

  private:
    void begin_bytes();

    request_rec* const r_;
    const broker::Transport transport_;
    const broker::Settings settings_;
    StreamPolicy policy_;
    std::optional<protocol::BrowserId> browser_;
    const bool no_cookie_;
    loop::StreamLimits limits_;
    std::optional<StreamBytes> bytes_;
    loop::Stream* stream_ = nullptr;  // in the request's pool
};

// --- the entrances of streams, for the handler ---

// GET with Upgrade: websocket.
[[nodiscard]] bool is_websocket_request(const request_rec* r) noexcept;
int upgrade_to_websocket(request_rec* r, const DirConfig& config, Origin origin);

// GET with Accept: text/event-stream.
[[nodiscard]] bool is_event_source_request(const request_rec* r) noexcept;
int begin_event_source(request_rec* r, const DirConfig& config, Origin origin);

enum class Outlook : std::uint8_t {
    kStream,  // the connection can become the loop's
    kBrief,  // the child stops: the stream ends as soon as it has begun, and its client comes again
    kNone,   // refuse_stream()
};
[[nodiscard]] Outlook outlook_of(request_rec* r);
// So that the client takes another transport. What the handler returns.
[[nodiscard]] int refuse_stream(request_rec* r);

// Gives the connection to the loop for the rest of its life; the handler then returns SUSPENDED.
void leave_stream_to_loop(request_rec* r, StreamRequest& stream);

}  // namespace bayeux::httpd

#endif
