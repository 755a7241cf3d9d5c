// A request that has become a stream: a WebSocket, an event source.
//
// It is the connection's, and goes with it. What holds for the stream was decided when it began
// (WS-14). The request stays as long as a provider may be asked for it; if none ever is, all that
// stays of it is its line in the access log, which is written when the connection closes.
#ifndef BAYEUX_HTTPD_STREAM_REQUEST_HPP
#define BAYEUX_HTTPD_STREAM_REQUEST_HPP

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "broker/engine.hpp"
#include "httpd/config.hpp"
#include "httpd/httpd_api.hpp"
#include "httpd/module_hooks.hpp"
#include "httpd/origin.hpp"
#include "httpd/request_memo.hpp"
#include "httpd/service_calls.hpp"
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
    // The connection is ours, and nobody further up has the request in hand: frees it if it can be.
    void let_go() noexcept;
    // The stream has ended: the request, which httpd logs and frees.
    [[nodiscard]] request_rec* end() noexcept;

    // --- loop::StreamHost ---
    [[nodiscard]] broker::Request request() noexcept override;
    [[nodiscard]] const loop::StreamLimits& limits() const noexcept override { return limits_; }
    void start_calls(const std::vector<broker::ServiceCall>& calls) noexcept override;
    [[nodiscard]] loop::Standing ask_again() noexcept override;

  private:
    void begin_bytes();

    conn_rec* const c_;
    request_rec* r_;  // nullptr: there is a memo_
    std::unique_ptr<const RequestMemo> memo_;
    const broker::Transport transport_;
    const broker::Settings settings_;
    StreamPolicy policy_;
    const ServiceTerms services_;
    ModuleHooks hooks_;
    std::optional<protocol::BrowserId> browser_;
    const bool no_cookie_;
    const std::string user_;
    const std::uint64_t user_tag_;
    const ClientAddress from_;
    loop::StreamLimits limits_;
    std::optional<StreamBytes> bytes_;
    std::unique_ptr<loop::Stream> stream_;
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
void leave_stream_to_loop(request_rec* r, std::unique_ptr<StreamRequest> stream);

}  // namespace bayeux::httpd

#endif
