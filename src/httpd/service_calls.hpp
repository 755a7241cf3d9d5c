// The service calls of one child: which run, which wait for that, and which are too late.
//
// A message's worker hands over what the call needs (start) and goes on: the acknowledgement does
// not wait. Workers of the MPM are borrowed, at most `running` at once, so that services that hang
// never take all of them; a worker takes one waiting call after the other. Where no worker can be
// borrowed (other MPMs), the call runs at once on the thread that brought it, before its reply is
// written. What comes when `waiting` calls wait, or a quarter of so many are its own session's, is
// answered with a failure.
//
// Invariants:
//  1. Each call is answered once: whoever sets `answered`, under the lock, delivers. This is the
//     worker that ran it, or look() when its time is over.
//  2. A waiting call is freed by whoever takes it out of the queue; a running one by its worker,
//     or, if look() has it in hand (`pinned`), by look().
//  3. There are never more waiting calls than `waiting` and one for each worker that was asked for
//     and has not yet begun. `shares_` counts them.
// The lock covers lists and counters; nothing is called, allocated or logged under it, and no other
// lock is taken.
#ifndef BAYEUX_HTTPD_SERVICE_CALLS_HPP
#define BAYEUX_HTTPD_SERVICE_CALLS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/log_pause.hpp"
#include "base/mutex.hpp"
#include "broker/service_call.hpp"
#include "broker/session_store.hpp"
#include "httpd/channel_sections.hpp"
#include "httpd/child_figures.hpp"
#include "httpd/config.hpp"
#include "httpd/httpd_api.hpp"
#include "httpd/service_request.hpp"
#include "httpd/waiting_shares.hpp"
#include "loop/chore.hpp"

namespace bayeux::httpd {

// What the directives say where a message comes in.
struct ServiceTerms {
    DomainId domain;
    const DomainSections* sections = nullptr;  // nullptr: no services
    Millis timeout{kDefaultServiceTimeoutMs};  // BayeuxServiceTimeout
    std::size_t max_answer = kDefaultServiceMaxAnswer;
    const char* cookie = "";  // the name of the browser's

    [[nodiscard]] bool any() const noexcept {
        return sections != nullptr && !sections->services().empty();
    }
};
[[nodiscard]] ServiceTerms service_terms_of(const DirConfig& config, request_rec* r) noexcept;

class ServiceCalls final : public loop::Chore {
  public:
    ServiceCalls(broker::SessionStore& store, const Clock& clock, const CallTerms& terms,
                 ServiceFigures& figures)
        : store_(store),
          clock_(clock),
          terms_(terms),
          most_of_a_session_(std::max(terms.waiting / 4, 1U)),
          figures_(figures),
          shares_(terms.waiting + terms.running) {}
    ~ServiceCalls() override { finish(); }

    // Whoever owns `r`, which is not needed behind this. A worker.
    void start(request_rec* r, const ServiceTerms& terms,
               const std::vector<broker::ServiceCall>& calls) noexcept;
    // The child ends, at once or when its workers have gone: what still waits is answered with a
    // failure.
    void finish() noexcept;

    // --- loop::Chore: calls whose time is over are answered with a failure ---
    void look(TimePoint now) noexcept override;

    // Runs waiting calls until there are none. A worker that was borrowed, or none could be.
    void run_waiting(bool own_worker) noexcept;

  private:
    struct Call {
        explicit Call(broker::ServiceCall m) : message(std::move(m)) {}

        const broker::ServiceCall message;
        DomainId domain;
        const Service* service = nullptr;
        std::size_t max_answer = 0;
        TimePoint deadline;
        std::unique_ptr<ServiceRequest> request;
        // --- under the lock ---
        bool answered = false;
        bool pinned = false;
        bool done = false;  // its worker has let go of it while it was pinned
        Call* next = nullptr;
        Call* previous = nullptr;
        Call* next_late = nullptr;  // in look()'s hand
    };
    // Doubly linked; with the lock held.
    struct List {
        void push(Call& call) noexcept;
        void remove(Call& call) noexcept;

        Call* first = nullptr;
        Call* last = nullptr;
        std::uint32_t count = 0;
    };

    void start_one(request_rec* r, const ServiceTerms& terms, const broker::ServiceCall& message);
    enum class Place : std::uint8_t {
        kNone,         // too many calls wait
        kWaiting,      // some worker will come to it
        kWantsWorker,  // one more is to be borrowed; it is counted already
    };
    // Where a call of that session would come now.
    [[nodiscard]] Place place_for(SessionHandle session) const noexcept BAYEUX_REQUIRES(mutex_);
    [[nodiscard]] bool has_room_for(SessionHandle session) noexcept;
    // The call is in the queue, unless there is no place.
    [[nodiscard]] Place enqueue(Call& call) noexcept;
    // Out of the queue.
    void leave_queue(Call& call) noexcept BAYEUX_REQUIRES(mutex_);
    void show() noexcept BAYEUX_REQUIRES(mutex_);
    void perform(Call& call, bool own_worker) noexcept;
    // True for the first to say so.
    [[nodiscard]] bool claim(Call& call) noexcept;
    void let_go(Call& call) noexcept;
    [[nodiscard]] Call* take_waiting() noexcept;
    // All calls whose time is over, through next_late; those that waited have left the queue.
    [[nodiscard]] Call* pin_overdue(TimePoint now) noexcept;
    void unpin(Call& call) noexcept;
    // What becomes of the service's answer; empty if nothing.
    [[nodiscard]] std::string event_of(const Call& call, const ServiceAnswer& answer);
    [[nodiscard]] std::string event_of_status(const Call& call, const ServiceAnswer& answer);
    void deliver(const Call& call, std::string_view event) noexcept;
    void fail(const Call& call, int code, const char* why) noexcept;
    // It is not called at all.
    void refuse(const Call& call, const char* why) noexcept;
    void tell(const Call& call, int code, const char* why) noexcept;
    void complain(const Call& call, const char* why) noexcept;

    broker::SessionStore& store_;
    const Clock& clock_;
    const CallTerms terms_;
    const std::uint32_t most_of_a_session_;  // waiting calls
    ServiceFigures& figures_;
    Mutex mutex_;
    WaitingShares shares_ BAYEUX_GUARDED_BY(mutex_);
    List waiting_ BAYEUX_GUARDED_BY(mutex_);
    List running_ BAYEUX_GUARDED_BY(mutex_);
    std::uint32_t workers_ BAYEUX_GUARDED_BY(mutex_) = 0;  // borrowed or asked for
    LogPause log_pause_{Millis{10000}};
};

}  // namespace bayeux::httpd

#endif
