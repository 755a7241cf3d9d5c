// A WebSocket that carries Bayeux (WS-1 to WS-15).
//
// Messages are handled one after another, in order, on the loop; or, where the policy may block,
// on a worker, and nothing is read meanwhile. What the client does not take at once is kept, and
// until it is taken nothing is read and no event leaves the session's queue (WS-15): what a client
// can make the server keep is bounded by one answer and the limits of that queue.
#ifndef BAYEUX_LOOP_WEBSOCKET_HPP
#define BAYEUX_LOOP_WEBSOCKET_HPP

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "broker/outcome.hpp"
#include "loop/byte_stream.hpp"
#include "loop/session_stream.hpp"
#include "loop/stream.hpp"
#include "loop/stream_context.hpp"
#include "loop/stream_host.hpp"
#include "loop/stream_output.hpp"
#include "protocol/message.hpp"
#include "protocol/pending_reply.hpp"
#include "protocol/websocket_frame.hpp"

namespace bayeux::loop {

class WebSocket final : public Stream {
  public:
    // How long the answer to a close frame is waited for.
    static constexpr Millis kEchoPatience{500};

    // After the 101 was written. All of these outlive it; `early` is what the client has sent
    // behind its request and was read with it.
    WebSocket(StreamContext& context, StreamHost& host, ByteStream& bytes,
              std::string_view early = {});

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

  private:
    // How much of one client's input is handled before others have their turn.
    static constexpr int kMessagesPerTurn = 16;
    static constexpr int kReadsPerTurn = 4;
    // What is gathered before it is written.
    static constexpr std::size_t kGather = 16384;
    static constexpr std::size_t kWorthDeflating = 100;
    // In that time a client whose connect was answered sends the next one.
    static constexpr Millis kNextConnect{5000};

    enum class State : std::uint8_t {
        kOpen,
        kClosing,  // a close frame was sent, the client's is waited for
        kDone,     // nothing more to say: closed when all is written
    };

    // What a worker does: it asks whether the client is still welcome, handles a batch, or both.
    struct Work {
        std::vector<protocol::Message> messages;  // borrow from the reader; none: no batch
        std::optional<broker::Outcome> outcome;   // nothing: it failed
        bool revalidates = false;
        Standing standing = Standing::kGood;
        bool performed = false;
    };

    // --- websocket.cc: input, output, time ---
    // Goes on with whatever can be done now, and writes what comes of it.
    Wish go_on(TimePoint now);
    Wish take_input(std::string_view& unread, TimePoint now);
    // False at the end of the connection; an empty `unread` then means that nothing is there.
    bool read(std::string_view& unread, TimePoint now);
    // False if the connection is broken.
    bool flush(TimePoint now);
    Wish vanish(TimePoint now) noexcept;
    // False if the client seems to be gone.
    bool keep_alive(TimePoint now);
    // It is time to ask whether the client is still welcome: before that nothing else is handled,
    // and no event leaves the queue (S20).
    [[nodiscard]] bool must_ask(TimePoint now) const noexcept;
    // Has a worker do so, before the batch that it is to handle.
    void revalidate(TimePoint now);

    // --- websocket_messages.cc: what came, and what is said to it ---
    void take(const protocol::Received& received, TimePoint now);
    void take_message(std::string_view text, TimePoint now);
    void refuse(std::string_view text, const Error& why, TimePoint now);
    void apply(broker::Outcome& outcome, TimePoint now);
    void apply(Work& work, TimePoint now);
    void deliver(TimePoint now);
    void fail(protocol::CloseCode code, std::string_view why, TimePoint now);
    [[nodiscard]] broker::Request request() noexcept;
    void append_events();
    void append_replies(std::span<const protocol::PendingReply> replies,
                        std::optional<std::uint32_t> batch);
    void append_frame(std::string_view payload);

    StreamContext& context_;
    StreamHost& host_;
    ByteStream& bytes_;
    SessionStream session_;
    StreamOutput output_;
    protocol::FrameReader reader_;
    std::string unread_;  // read, and not yet handled
    std::unique_ptr<Work> work_;
    TimePoint heard_at_;
    TimePoint ping_at_;
    TimePoint ask_at_;   // with limits().revalidate
    TimePoint echo_by_;  // of kClosing
    State state_ = State::kOpen;
    bool begun_ = false;
    bool readable_ = true;  // there may be more on the socket
    bool pinged_ = false;   // and nothing came since
};

}  // namespace bayeux::loop

#endif
