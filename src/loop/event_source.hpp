// An event source (text/event-stream) that carries a session's events. What its client has to say
// comes by POST.
#ifndef BAYEUX_LOOP_EVENT_SOURCE_HPP
#define BAYEUX_LOOP_EVENT_SOURCE_HPP

#include <optional>

#include "base/clock.hpp"
#include "broker/outcome.hpp"
#include "loop/byte_stream.hpp"
#include "loop/session_stream.hpp"
#include "loop/stream.hpp"
#include "loop/stream_context.hpp"
#include "loop/stream_host.hpp"
#include "loop/stream_output.hpp"

namespace bayeux::loop {

class EventSource final : public Stream {
  public:
    static constexpr Millis kKeepAlive{10000};

    // After the head of the response was written; it sends all of the body. `chunked`: by the
    // framing of HTTP/1.1, else until the connection closes. All of these but `bound` outlive it.
    EventSource(StreamContext& context, StreamHost& host, ByteStream& bytes,
                const broker::Bound& bound, bool chunked);

    // --- Stream ---
    Wish resume(TimePoint now) noexcept override;
    Wish on_readable(TimePoint now) noexcept override;
    Wish on_writable(TimePoint now) noexcept override;
    Wish on_deadline(TimePoint now) noexcept override;
    Wish on_due(EndReason reason, TimePoint now) noexcept override;
    Wish on_stop(TimePoint now) noexcept override;
    void close(TimePoint now) noexcept override;
    [[nodiscard]] std::optional<ParkTerms> waits() const noexcept override;
    [[nodiscard]] std::optional<TimePoint> deadline() const noexcept override;
    void perform() noexcept override;
    [[nodiscard]] broker::Transport transport() const noexcept override {
        return broker::Transport::kEventSource;
    }

  private:
    static constexpr int kReadsPerTurn = 4;
    static constexpr Millis kLookAgain{500};

    void begin(TimePoint now);
    void deliver(TimePoint now);
    // Something newer has the session. The stream stays open: Faye's client may connect by
    // long-polling once more while its event source opens, and gives it up for good if it fails.
    void step_aside(TimePoint now);
    void look_again(TimePoint now);
    // Sends what was put into the context's `text`.
    void append();
    void end(TimePoint now);
    Wish flush(TimePoint now);
    // It is time to ask whether the client is still welcome: before that no event leaves the queue
    // (S20).
    [[nodiscard]] bool must_ask(TimePoint now) const noexcept;
    // Has a worker do so.
    Wish revalidate(TimePoint now) noexcept;
    Wish vanish(TimePoint now) noexcept;

    StreamContext& context_;
    StreamHost& host_;
    ByteStream& bytes_;
    SessionStream session_;
    StreamOutput output_;
    const broker::Bound wanted_;
    TimePoint alive_at_;                // when the next comment is due
    TimePoint ask_at_;                  // with limits().revalidate
    std::optional<TimePoint> look_at_;  // aside: when to look whether the session is free again
    const bool chunked_;
    Standing standing_ = Standing::kGood;
    bool begun_ = false;
    bool done_ = false;  // the last chunk is written, or on its way
};

}  // namespace bayeux::loop

#endif
