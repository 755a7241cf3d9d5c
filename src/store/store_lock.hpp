// The one lock over the segment, for all threads of all children.
//
// A Locked holds it as long as it lives, and is the witness that functions of this folder take
// which need it. Under it: no allocation, no system call, no logging, no callback. Sessions that
// become due are collected in the WakeSet; the caller rings it after the Locked is gone. So are
// those that end, if somebody is to be told.
//
// If the last owner died inside a mutating section, the constructor repairs the segment first.
#ifndef BAYEUX_STORE_STORE_LOCK_HPP
#define BAYEUX_STORE_STORE_LOCK_HPP

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "broker/session_store.hpp"
#include "store/farewells.hpp"
#include "store/segment.hpp"

namespace bayeux::store {

class Locked {
  public:
    Locked(const Segment& segment, Operation operation, TimePoint now, broker::WakeSet& wake,
           Farewells* farewells = nullptr) noexcept;
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;
    ~Locked();

    [[nodiscard]] const Segment& segment() const noexcept { return segment_; }
    [[nodiscard]] Header& header() const noexcept { return segment_.header(); }
    [[nodiscard]] std::int64_t now() const noexcept { return now_; }  // milliseconds
    template <class T>
    [[nodiscard]] T& cell(Index<T> index) const noexcept {
        return segment_.cell(index);
    }

    // Names the session that this section changes.
    void works_on(SessionIndex session) const noexcept { header().writer.session = session.value; }
    void wake(ChildIndex child) const noexcept { wake_.set(child.value); }
    void bid_farewell(const Session& session) const noexcept {
        if (farewells_ != nullptr) {
            farewells_->note(session.domain, session.client_id);
        }
    }

  private:
    const Segment& segment_;
    const std::int64_t now_;
    broker::WakeSet& wake_;
    Farewells* const farewells_;                                  // nullptr: nobody wants to know
    std::optional<std::chrono::steady_clock::time_point> since_;  // of a hold that is timed
};

}  // namespace bayeux::store

#endif
