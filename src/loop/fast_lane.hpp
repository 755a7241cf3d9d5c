// Same head in, same head out: requests whose head is the one that httpd accepted before on their
// connection are served by the loop itself (design.md 4).
//
// A stream in the loop's eyes: it has the connection from one pass of httpd's to the next. Whatever
// it does not take for certain it leaves to httpd with Wish::kServe, and with the bytes that it has
// read (take_rest()). Nothing it does is seen by httpd's hooks, filters and logs.
#ifndef BAYEUX_LOOP_FAST_LANE_HPP
#define BAYEUX_LOOP_FAST_LANE_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "broker/outcome.hpp"
#include "loop/byte_stream.hpp"
#include "loop/lane_host.hpp"
#include "loop/stream.hpp"
#include "loop/stream_context.hpp"
#include "loop/stream_output.hpp"
#include "protocol/repeated_connect.hpp"

namespace bayeux::loop {

class FastLane final : public Stream {
  public:
    // All of these outlive it.
    FastLane(StreamContext& context, LaneHost& host, ByteStream& bytes) noexcept
        : context_(context), host_(host), bytes_(bytes), output_(bytes, context.output) {}

    // --- the worker that owns the connection ---
    // What was read of the requests that are left to httpd.
    [[nodiscard]] std::string take_rest() noexcept;
    // The rest of the first of them has not come in time.
    [[nodiscard]] bool overdue() const noexcept { return overdue_; }
    // Requests served since the last call.
    [[nodiscard]] std::uint32_t take_count() noexcept;

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
    [[nodiscard]] bool holds_requests() const noexcept override { return true; }
    void perform() noexcept override {}

  private:
    static constexpr int kReadsPerTurn = 4;
    static constexpr int kRequestsPerTurn = 16;
    static constexpr std::size_t kTogether = 16384;  // bytes of answers that leave in one write

    // What becomes of the bytes at hand.
    enum class Step : std::uint8_t {
        kServed,  // the first request is done: answered, or held
        kMore,    // it has not come whole
        kLeave,   // it is httpd's
    };
    // One request among the bytes at hand.
    struct Whole {
        Step step = Step::kMore;
        std::size_t head = 0;
        std::size_t body = 0;
    };

    Wish read(TimePoint now);
    Wish take(std::string_view fresh, TimePoint now);
    Wish serve_all(std::string_view bytes, TimePoint now);
    Wish stop_at(std::string_view rest, Wish then, TimePoint now);
    Wish go_on(TimePoint now);
    [[nodiscard]] Whole whole(std::string_view bytes, TimePoint now) const noexcept;
    [[nodiscard]] Step serve(std::string_view bytes, std::size_t& used, TimePoint now);
    // False, with nothing done, for what is httpd's.
    [[nodiscard]] bool handle(std::string_view body);
    [[nodiscard]] bool handle(const std::vector<protocol::Message>& messages);
    void keep(std::string_view rest, TimePoint now);

    // --- answers, each into the output ---
    void answer_batch(const std::optional<SessionHandle>& events_of,
                      std::span<const protocol::PendingReply> replies);
    void answer_held(EndReason reason);
    void answer_duplicate();
    void append_head(std::size_t body, WallTime now);

    Wish flush(TimePoint now);
    Wish end_of_input(TimePoint now);
    void settle(bool written, TimePoint now);
    Wish vanish(TimePoint now) noexcept;

    StreamContext& context_;
    LaneHost& host_;
    ByteStream& bytes_;
    StreamOutput output_;
    protocol::RepeatedConnect repeated_;
    std::optional<broker::Park> held_;
    // On its way, and not yet known to have left:
    std::optional<SessionHandle> events_of_;
    std::optional<broker::OpenConnect> answered_;
    std::string kept_;    // a request that has not come whole, or must wait for the output
    TimePoint since_;     // the last response has left, or
    bool begun_ = false;  // the first byte of kept_ has come
    bool last_ = false;   // the response at hand ends the connection
    bool overdue_ = false;
    std::uint32_t served_ = 0;
};

}  // namespace bayeux::loop

#endif
