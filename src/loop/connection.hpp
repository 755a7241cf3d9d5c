// An adopted connection as its loop sees it.
//
// Exactly one thread owns a connection at any time: the loop, or while state() is kAtWorker the
// worker that performs its task. The worker says what comes next in `next` and gives it back.
//
//   state        when readable   when writable   at its deadline   it came as
//
//   kIdle        serve           -               close             kIdle
//   kParked      end the park    -               end the park      kPark, kResume
//   kFlushing    (remembered)    flush           close             kFlush
//   kStreaming   the stream      the stream      the stream        kStream
//   kLingering   read and drop   -               bury              kLinger
//   kAtWorker    (remembered)    (remembered)    -                 -
//   kBuried      -               -               -                 kBury
//
// A stream also hears of what it waits for in the store (waits()), and that the child stops. When
// it wishes to be closed, its connection goes on as any other.
#ifndef BAYEUX_LOOP_CONNECTION_HPP
#define BAYEUX_LOOP_CONNECTION_HPP

#include <cstdint>

#include "base/clock.hpp"
#include "base/prefetch.hpp"
#include "loop/park.hpp"
#include "loop/stream.hpp"

namespace bayeux::loop {

class EventLoop;

// What a worker is asked to do with a connection.
enum class Task : std::uint8_t {
    kServe,    // a request is there: run it through httpd
    kInspect,  // parked, and the socket is readable, but only the filters know what is there
    kAnswer,   // end the held request; `reason` says why
    kFlush,    // go on writing
    kClose,    // say goodbye and shut the write side down
    kStream,   // the stream has something that may block: call its perform()
};

struct Next {
    enum class Kind : std::uint8_t {
        kIdle,       // wait for a request, at most for `patience`
        kPark,       // hold a connect; `terms` says how
        kResume,     // of kInspect: nothing was there, the park goes on
        kEnd,        // of kInspect: end the park; `reason` says why
        kFlush,      // output remains: wait until the socket takes it, at most for `patience`
        kStream,     // it carries `stream` from now on, or goes on with it after kStream
        kLinger,     // shut down: read until the client closes
        kBury,       // nothing more to do
        kElsewhere,  // somebody else keeps it: not given back
    };
    Kind kind = Kind::kBury;
    Millis patience{0};
    bool begun = false;  // of kIdle: a request has begun to come, and was taken from the socket
    ParkTerms terms;
    EndReason reason = EndReason::kGone;
    Stream* stream = nullptr;  // of kStream; lives as long as the connection
};

class Connection {
  public:
    enum class State : std::uint8_t {
        kAtWorker,
        kIdle,
        kParked,
        kFlushing,
        kStreaming,
        kLingering,
        kBuried,
    };

    // `transparent`: the bytes on the socket are those that the client meant, so that a look at
    // them tells whether a request is there; not so with TLS.
    Connection(int fd, bool transparent) noexcept : fd_(fd), transparent_(transparent) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    virtual ~Connection() = default;

    // --- the worker that owns it ---
    Task task = Task::kServe;
    EndReason reason = EndReason::kGone;  // of kAnswer
    bool overdue = false;                 // of kServe: the rest of the request is not waited for
    Next next;

    // Performs `task`, sets `next` and gives the connection back to its loop.
    virtual void perform() noexcept = 0;

    // --- the loop ---
    // False while some other thread may still touch what destroy() would free.
    [[nodiscard]] virtual bool may_destroy(TimePoint now) noexcept = 0;
    // Closes the socket and frees everything, this object too.
    virtual void destroy() noexcept = 0;

    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] bool transparent() const noexcept { return transparent_; }
    [[nodiscard]] State state() const noexcept { return state_; }
    // It is served soon, and in the cache itself.
    void expect() const noexcept { prefetch(stream_, Stream::kHotBytes); }
    // The client's end has come: no other edge follows it.
    [[nodiscard]] bool hung_up() const noexcept { return hung_up_; }

  private:
    friend class EventLoop;
    friend class Turns;

    struct HeldHere final : Park {
        explicit HeldHere(Connection& c) noexcept : connection_(c) {}
        void end(EndReason why) noexcept override;
        [[nodiscard]] Connection* connection() noexcept override { return &connection_; }
        Connection& connection_;
    };

    // An edge is gone once it was looked at; the client's end is not, and no other edge follows it.
    [[nodiscard]] bool worth_a_look() const noexcept { return readable_ || hung_up_; }

    const int fd_;
    const bool transparent_;
    bool readable_ = false;  // an edge came while a worker owned it
    bool writable_ = false;
    bool hung_up_ = false;      // the client's end came, maybe in one edge with its last bytes
    bool inspecting_ = false;   // parked, but with a worker that looks at its input
    bool head_begun_ = false;   // a request has begun to come: until head_deadline_ it may
    bool taken_ = false;        // its begin is no more on the socket
    bool end_pending_ = false;  // the park became due while inspecting_
    EndReason pending_reason_ = EndReason::kEvents;
    bool waiting_ = false;       // of a stream: its park is known to the store and the loop
    bool told_to_stop_ = false;  // the stream has heard that the child stops
    bool again_ = false;         // in the list of those that go on in the next turn
    State state_ = State::kAtWorker;
    EventLoop* loop_ = nullptr;
    Stream* stream_ = nullptr;  // until it wishes to be closed
    TimePoint head_deadline_;
    Connection* queued_ = nullptr;    // the next one in the workers' queue, or in the inbox
    Connection* previous_ = nullptr;  // all connections of the loop
    Connection* following_ = nullptr;
    Connection* next_again_ = nullptr;
    HeldHere park_{*this};  // its timer serves the other states as well
};

}  // namespace bayeux::loop

#endif
