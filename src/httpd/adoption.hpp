// How a connection leaves the event MPM and is served from the loop (design.md 4,
// docs/adoption.md). All knowledge of MPMs and of connection states is in the adoption*.cc files.
//
//   worker: handler returns SUSPENDED
//     -> the same worker: suspend_connection hook, REALLY_LAST: c->cs is ours from here on
//     -> loop -> worker (a turn) -> loop -> ... -> destroyed by the loop
#ifndef BAYEUX_HTTPD_ADOPTION_HPP
#define BAYEUX_HTTPD_ADOPTION_HPP

#include <cstdint>
#include <memory>

#include <httpd.h>

#include <scoreboard.h>

#include "base/clock.hpp"
#include "httpd/adoption_workers.hpp"
#include "httpd/free_memory.hpp"
#include "httpd/held_request.hpp"
#include "httpd/httpd_api.hpp"
#include "httpd/lane.hpp"
#include "httpd/read_ahead.hpp"
#include "httpd/reply_output.hpp"
#include "loop/connection.hpp"

namespace bayeux::httpd {

class StreamRequest;

class AdoptedConnection final : public loop::Connection {
  public:
    AdoptedConnection(conn_rec* c, int fd, bool transparent) noexcept;
    ~AdoptedConnection() override;

    // --- the MPM's worker, before the adoption ---
    // The suspend_connection hook: true if the connection is ours from now on.
    bool adopt() noexcept;

    // --- any owner ---
    // The request that the handler leaves to us; one at a time: to be answered or held, or
    HeldRequest* held = nullptr;
    // that has become a stream, for the rest of the connection's life.
    std::unique_ptr<StreamRequest> stream;
    Millis keep_alive{5000};  // KeepAliveTimeout of the host of the last request
    [[nodiscard]] bool adopted() const noexcept { return adopted_; }
    // nullptr before the adoption, of a connection that carries a stream, and of one whose first
    // Location has no BayeuxFastLane.
    [[nodiscard]] Lane* lane() noexcept { return lane_.get(); }

    // --- loop::Connection ---
    void perform() noexcept override;
    [[nodiscard]] bool may_destroy(TimePoint now) noexcept override;
    void destroy() noexcept override;

  private:
    // Each decides what comes `next`.
    void serve() noexcept;
    void inspect() noexcept;
    void answer(loop::EndReason why) noexcept;
    void close() noexcept;
    // True if the request that was left to us keeps the connection; else it is only answered.
    [[nodiscard]] bool stays() const noexcept;
    // What is next for that one. Nobody further up has it in hand.
    [[nodiscard]] loop::Next begin_to_hold() noexcept;
    [[nodiscard]] loop::Next next_of_stream() const noexcept;
    // What follows a response: flush, then the next request, patience, or the end.
    void after_response() noexcept;
    // True if the next request has come; else `next` is set.
    bool request_is_here() noexcept;
    // One request; false if `next` is set, true if after_response() has to follow.
    bool run_pipeline() noexcept;
    // Sets `next` to what follows when nothing is left to do for httpd.
    void rest() noexcept;
    // It is with the loop for a while, maybe for long: what was kept for httpd goes.
    void shrink() noexcept;
    // What the fast lane has read and left to httpd; true if the rest of it is not waited for.
    [[nodiscard]] bool take_from_lane() noexcept;
    void finish_request(request_rec* r) noexcept;
    // Whether input waits in httpd's filters or on the socket; it may read ahead, never blocks.
    [[nodiscard]] apr_status_t peek_input() noexcept;

    conn_rec* const c_;
    conn_state_t state_{};  // c->cs since adoption; the MPM's own copy stays SUSPENDED for good
    bool adopted_ = false;
    FreeMemory memory_;
    ReadAhead ahead_;
    ReplyOutput replies_;
    // Not in the connection's pool: there it would cost a further block of 8 KB.
    std::unique_ptr<Lane> lane_;
    ThreadMark* adopted_by_ = nullptr;
    std::uint64_t adopted_mark_ = 0;
    const worker_score* adopter_score_ = nullptr;
    TimePoint adopted_at_;
    ap_sb_handle_t* score_ = nullptr;
    apr_bucket_brigade* peeked_ = nullptr;
};

// The connection's state with us; nullptr if no Bayeux request came on it.
[[nodiscard]] AdoptedConnection* adopted_connection(conn_rec* c) noexcept;

// True if the connection's filters leave what is on the socket as it is.
[[nodiscard]] bool is_transparent(conn_rec* c) noexcept;

// What to do with a request that the broker has answered or wants to be held:
enum class HoldBy : std::uint8_t {
    kAdoption,  // return SUSPENDED: the connection is, or becomes, the loop's
    kBlocking,  // this thread may wait, within the cap
};
[[nodiscard]] HoldBy way_to_hold(request_rec* r) noexcept;
// False where httpd does not let go of a connection, whatever the child is at.
[[nodiscard]] bool can_be_adopted(request_rec* r) noexcept;

// Leaves the request to the loop; the handler then returns SUSPENDED. Only after kAdoption.
void leave_to_loop(request_rec* r, HeldRequest& held);
// leave_stream_to_loop() is in stream_request.hpp.

// True if a further request has come in behind this one: it must not wait behind a held connect.
[[nodiscard]] bool input_pending(request_rec* r) noexcept;

}  // namespace bayeux::httpd

#endif
