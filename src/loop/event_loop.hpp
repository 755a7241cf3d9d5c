// The broker thread of a child: it owns the connections that httpd has handed over, holds connects
// until one of the reasons in park.hpp ends them, and never blocks.
//
// run() is the thread's body. give_back(), hold(), cancel() and stop() may be called on any thread,
// everything else happens on the loop thread. The inbox lock covers three list heads and is never
// held together with the store's lock.
#ifndef BAYEUX_LOOP_EVENT_LOOP_HPP
#define BAYEUX_LOOP_EVENT_LOOP_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/durations.hpp"
#include "base/mutex.hpp"
#include "base/strong_id.hpp"
#include "broker/session_store.hpp"
#include "loop/bell.hpp"
#include "loop/chore.hpp"
#include "loop/connection.hpp"
#include "loop/park.hpp"
#include "loop/park_table.hpp"
#include "loop/timers.hpp"
#include "loop/workers.hpp"

namespace bayeux::loop {

enum class StopMode : std::uint8_t {
    kRunning,
    kGraceful,  // answer, close, and wait for the workers
    kAtOnce,    // the same without workers and within kLastMoments
};

struct LoopSettings {
    ChildIndex child;
    Millis drain_timeout{10000};  // BayeuxDrainTimeout
    Millis head_timeout{20000};   // a request head and a small body must arrive within
    Chore* chore = nullptr;       // looked after with each sweep; outlives the loop
};

// Of one loop, written by it alone, read by status pages of all children: they lie in shared
// memory.
struct LoopCounters {
    std::atomic<std::uint32_t> pid{0};          // of the child; 0: no loop writes here
    std::atomic<std::uint32_t> connections{0};  // adopted and not yet gone
    std::atomic<std::uint32_t> parked{0};       // connects held, but for those on streams
    std::atomic<std::uint32_t> streams{0};      // of the connections
    // Of `parked` those that came by callback-polling, and of `streams` the event sources.
    std::atomic<std::uint32_t> callbacks{0};
    std::atomic<std::uint32_t> event_sources{0};
    // Ever, by all children that had this place.
    std::atomic<std::uint64_t> adopted{0};
    std::atomic<std::uint64_t> served{0};    // requests handed to a worker
    std::atomic<std::uint64_t> answered{0};  // parks ended
    std::atomic<std::uint64_t> fast{0};      // requests served by the fast lane
    // How long turns took that found something to do, of EventLoop::kTurnsPerSample one.
    CountedDurations turns;

    // For the next child: what was counted stays.
    void reset(std::uint32_t new_pid) noexcept {
        connections = parked = streams = callbacks = event_sources = 0;
        pid = new_pid;
    }
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
// The counters outlive a graceful restart, and with it maybe this module's version.
static_assert(sizeof(LoopCounters) == 56 + sizeof(CountedDurations));

class EventLoop {
  public:
    static constexpr Millis kSweepPeriod{1000};
    // How long the loop sleeps at most while workers perform: what a turn has given back without
    // ringing waits no longer when the worker is then kept by a slow request.
    static constexpr Millis kBusyPeriod{2};
    static constexpr std::uint32_t kPerRing = 16;
    static constexpr std::uint32_t kTurnsPerSample = 16;
    static constexpr Millis kLastMoments{1000};  // StopMode::kAtOnce takes no longer
    static constexpr Millis kLingerPatience{2000};
    static constexpr Millis kLingerLimit{30000};

    EventLoop(const LoopSettings& settings, broker::SessionStore& store, Bells& bells,
              Workers& workers, const Clock& clock, LoopCounters& counters) noexcept;
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    ~EventLoop();

    // False if the kernel refuses what the loop needs; errno says why. Before run().
    [[nodiscard]] bool open() noexcept;
    // Returns after quit(), or when everything is closed after stop(kAtOnce).
    void run() noexcept;

    // A connection comes: newly adopted, or back from a worker, with `next` set.
    void give_back(Connection& connection) noexcept;
    // The same out of a turn, which is likely to bring more: the bell rings once for several, at
    // the latest when the turn is over.
    void give_back_in_turn(Connection& connection) noexcept;
    void turn_is_over() noexcept;
    // A blocked thread's connect. The loop calls park.end() once; false if it has ended itself, and
    // will not.
    [[nodiscard]] bool hold(Park& park) noexcept;
    // The blocked thread's client has gone: the park of these terms ends, if it has not ended
    // before.
    void cancel(const ParkTerms& terms) noexcept;
    void stop(StopMode mode) noexcept;
    // The workers are gone: close what is left and return from run().
    void quit() noexcept;

    [[nodiscard]] StopMode stop_mode() const noexcept {
        return stop_mode_.load(std::memory_order_acquire);
    }
    [[nodiscard]] bool stopping() const noexcept { return stop_mode() != StopMode::kRunning; }

  private:
    void ring_self() noexcept;
    // True if the bell must be rung for what is in the inbox.
    bool must_ring() noexcept BAYEUX_REQUIRES(inbox_mutex_);
    void poll() noexcept;
    void time_turn() noexcept;
    void empty_inbox() noexcept;
    void close_inbox() noexcept;
    // It is new. False if it cannot be watched.
    [[nodiscard]] bool take_in(Connection& connection) noexcept;
    void settle(Connection& connection) noexcept;
    void settle_idle(Connection& connection) noexcept;
    void await_rest(Connection& connection) noexcept;
    void settle_resumed(Connection& connection) noexcept;
    void take_park(Park& park) noexcept;
    // Why it must end at once; nothing if it is held now, in the store and in parks_. kDeadline:
    // there is no memory.
    [[nodiscard]] std::optional<EndReason> enlist(Park& park) noexcept;
    // What the store or a newer park says of one that is held.
    void on_due(Park& park, EndReason reason) noexcept;
    void cancel_parks(const std::vector<ParkTerms>& all) noexcept;
    void answer_due() noexcept;
    void count_parks() noexcept;
    void end_park(Park& park, EndReason reason) noexcept;
    void end_connection_park(Connection& connection, EndReason reason) noexcept;

    // --- stream_events.cc ---
    void settle_stream(Connection& connection) noexcept;
    void count_stream(const Stream& stream, std::int32_t more) noexcept;
    void look_at_stream(Connection& connection) noexcept;
    void follow(Connection& connection, Stream::Wish wish) noexcept;
    void set_stream_timer(Connection& connection) noexcept;
    [[nodiscard]] std::optional<EndReason> await_events(Connection& connection) noexcept;
    void stop_waiting(Connection& connection) noexcept;
    void stream_due(Connection& connection, EndReason reason) noexcept;
    void go_on_later(Connection& connection) noexcept;
    void serve_again() noexcept;
    void stop_stream(Connection& connection) noexcept;
    void leave_stream(Connection& connection) noexcept;
    void close_streams() noexcept;

    void on_event(Connection& connection, std::uint32_t events) noexcept;
    void look_at_idle(Connection& connection) noexcept;
    void look_at_parked(Connection& connection) noexcept;
    void read_and_drop(Connection& connection) noexcept;
    void on_deadline(Connection& connection) noexcept;
    void assign(Connection& connection, Task task) noexcept;
    void bury(Connection& connection) noexcept;
    void empty_graves() noexcept;

    void begin_stop() noexcept;
    void press_stop() noexcept;
    void link(Connection& connection) noexcept;
    void unlink(Connection& connection) noexcept;
    [[nodiscard]] int poll_timeout() const noexcept;
    [[nodiscard]] bool finished() const noexcept;

    friend struct Connection::HeldHere;

    const LoopSettings settings_;
    broker::SessionStore& store_;
    Bells& bells_;
    Workers& workers_;
    const Clock& clock_;
    LoopCounters& counters_;

    int epoll_ = -1;
    TimePoint now_;
    TimerWheel timers_;
    TimePoint next_sweep_;
    ParkTable parks_;
    Connection* connections_ = nullptr;  // all of them
    Connection* graves_ = nullptr;       // buried ones, through queued_
    Connection* again_ = nullptr;        // streams that go on in the next turn, the newest first
    std::size_t waiting_streams_ = 0;    // of parks_
    std::uint32_t callbacks_ = 0;        // of parks_, by callback-polling
    StopMode begun_stop_ = StopMode::kRunning;
    TimePoint stop_deadline_;
    bool pressed_ = false;
    // How often in this millisecond a look at the connections found work.
    std::uint32_t looks_ = 0;
    std::uint32_t turns_ = 0;  // that found something to do, modulo 2^32
    // When this turn began, if it is one that is timed.
    std::optional<std::chrono::steady_clock::time_point> turn_began_;
    bool more_due_ = false;  // take_due() had more than one turn's share

    Mutex inbox_mutex_;
    // Through queued_, the newest first.
    Connection* inbox_ BAYEUX_GUARDED_BY(inbox_mutex_) = nullptr;
    Park* held_inbox_ BAYEUX_GUARDED_BY(inbox_mutex_) = nullptr;  // through in_inbox_
    std::vector<ParkTerms> cancelled_ BAYEUX_GUARDED_BY(inbox_mutex_);
    // Given back in turns since the bell was last rung.
    std::uint32_t unrung_ BAYEUX_GUARDED_BY(inbox_mutex_) = 0;
    bool inbox_rung_ BAYEUX_GUARDED_BY(inbox_mutex_) = false;
    bool inbox_closed_ BAYEUX_GUARDED_BY(inbox_mutex_) = false;  // run() has returned
    std::atomic<StopMode> stop_mode_{StopMode::kRunning};
    std::atomic<bool> quit_{false};
};

}  // namespace bayeux::loop

#endif
