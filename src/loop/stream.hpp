// What a connection carries after a request that never ends: a WebSocket, an event source.
//
// A stream belongs to its connection and is called by whoever owns that: the loop, or for
// perform() the worker. It takes and gives bytes as the socket does, and says what comes next.
#ifndef BAYEUX_LOOP_STREAM_HPP
#define BAYEUX_LOOP_STREAM_HPP

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>

#include "base/clock.hpp"
#include "broker/transport.hpp"
#include "loop/park.hpp"

namespace bayeux::loop {

class Stream {
  public:
    enum class Wish : std::uint8_t {
        kWait,    // for the next edge, event or deadline
        kAgain,   // it has more to do at once, and lets others go first
        kWorker,  // perform() on a worker, which may block; then resume()
        kClose,   // the connection ends; close() was done
        kServe,   // a request is httpd's: the connection is no stream any more
    };

    // What it needs in most of its calls lies among its first bytes.
    static constexpr std::size_t kHotBytes = 512;

    Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    virtual ~Stream() = default;

    // --- the loop ---
    // The connection has just become a stream, or was at a worker, or asked for kAgain.
    virtual Wish resume(TimePoint now) noexcept = 0;
    virtual Wish on_readable(TimePoint now) noexcept = 0;
    virtual Wish on_writable(TimePoint now) noexcept = 0;
    virtual Wish on_deadline(TimePoint now) noexcept = 0;
    // What it waited for with waits() has come: kEvents, kSuperseded or kEnded.
    virtual Wish on_due(EndReason reason, TimePoint now) noexcept = 0;
    // The child stops: say goodbye (a WebSocket: close 1012), and wish to be closed.
    virtual Wish on_stop(TimePoint now) noexcept = 0;
    // The client has gone or the loop gives it up: the store hears of it, nothing is written.
    virtual void close(TimePoint now) noexcept = 0;

    // Asked whenever a call above has returned kWait.
    // The session and cycle whose events it waits for, and until when the session shall live even
    // if this child is killed (`terms.deadline` is not looked at); nothing if it waits for none.
    [[nodiscard]] virtual std::optional<ParkTerms> waits() const noexcept = 0;
    // When on_deadline() shall be called at the latest.
    [[nodiscard]] virtual std::optional<TimePoint> deadline() const noexcept = 0;

    // It carries one request after another: what it waits with is a held connect.
    [[nodiscard]] virtual bool holds_requests() const noexcept { return false; }

    // As what it is counted.
    [[nodiscard]] virtual broker::Transport transport() const noexcept {
        return broker::Transport::kWebSocket;
    }

    // --- a worker ---
    virtual void perform() noexcept = 0;

  protected:
    // The body of a call: nothing but the end of the connection comes of a lack of memory.
    template <class Body>
    Wish guarded(TimePoint now, Body&& body) noexcept {
        try {
            return body();
        } catch (const std::bad_alloc&) {
            close(now);
            return Wish::kClose;
        }
    }
};

}  // namespace bayeux::loop

#endif
