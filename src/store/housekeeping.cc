// The facade's functions that come with time, and those for children and status pages.
#include <string>

#include "base/log.hpp"
#include "store/channel_table.hpp"
#include "store/child_table.hpp"
#include "store/fanout.hpp"
#include "store/session_end.hpp"
#include "store/store_stats.hpp"
#include "store/timer_wheel.hpp"
#include "store/under_lock.hpp"
#include "store/verify.hpp"

namespace bayeux::store {

namespace {

constexpr std::int64_t kReportMillis = 10'000;
constexpr std::uint32_t kStep = 128;
constexpr std::uint32_t kMaxSteps = 2048;

// One bounded share of each kind of work; true if there may be more of some.
bool sweep_share(const Locked& locked) noexcept {
    std::uint32_t budget = kStep;
    while (const SessionIndex index = next_timed(locked, budget)) {
        if (locked.cell(index).expires_at > locked.now()) {
            wake_for_lazy(locked, index);
            continue;
        }
        ++locked.header().counters.sessions_expired;
        end_session(locked, index);
    }
    bool more = budget == 0;
    std::uint32_t channels = kStep;
    while (channels != 0 && sweep_one_channel(locked)) {
        --channels;
    }
    more |= channels == 0;
    more |= dismantle(locked, kStep);
    return more;
}

// What was refused or dropped for want of room, ever.
std::uint64_t losses(const Counters& counters) noexcept {
    return counters.refused_full + counters.overflow_disconnects + counters.dropped_oldest +
           counters.dropped_newest;
}

// How many losses a line in the log is due for: one child of all says so, now and then.
std::uint64_t losses_to_report(const Locked& locked, TimePoint now) noexcept {
    Header& header = locked.header();
    const std::int64_t millis = now.time_since_epoch().count();
    const std::uint64_t fresh = losses(header.counters) - header.reported_losses;
    if (fresh == 0 || millis < header.next_report) {
        return 0;
    }
    header.reported_losses += fresh;
    header.next_report = millis + kReportMillis;
    return fresh;
}

// Refusals by limits that a line is due for, likewise.
struct Refusals {
    std::uint64_t count = 0;
    ClientAddress last;
};

Refusals refusals_to_report(const Locked& locked, TimePoint now) noexcept {
    Limited& limited = locked.header().limited;
    const std::int64_t millis = now.time_since_epoch().count();
    const LimitedCounts counts = read_limited(limited);
    const std::uint64_t fresh =
        counts.handshakes + counts.messages + counts.bytes - limited.reported;
    if (fresh == 0 || millis < limited.next_report) {
        return {};
    }
    limited.reported += fresh;
    limited.next_report = millis + kReportMillis;
    return {fresh, counts.last};
}

void report_refusals(const Refusals& refusals) {
    if (refusals.count != 0) {
        log::write(log::Level::kWarning, "BX0060",
                   std::to_string(refusals.count) +
                       " handshakes or messages since the last such line were refused, the last "
                       "one from " +
                       refusals.last.text() +
                       ", as they came faster than BayeuxLimitHandshakes, BayeuxLimitMessages or "
                       "BayeuxLimitBytes allows; server-status counts them (BayeuxLimited...); "
                       "find the client that floods, or raise the limit");
    }
}

}  // namespace

void SharedStore::sweep(ChildIndex child, TimePoint now) {
    while (const auto dead = hold_dead_place(segment_)) {
        under_lock_at(Operation::kChildren, now, [&](const Locked& locked) {
            leave(locked, *dead);
            ++locked.header().counters.dead_children;
        });
        let_go(segment_, *dead);
    }
    bool more = true;
    for (std::uint32_t step = 0; more && step < kMaxSteps; ++step) {
        more = under_lock_at(Operation::kSweep, now,
                             [&](const Locked& locked) { return sweep_share(locked); });
        more |= under_lock_at(Operation::kSweep, now, [&](const Locked& locked) {
            const bool given_back = give_back(locked);
            return drive_oldest(locked) || given_back;
        });
    }
    announce();
    std::uint64_t lost = 0;
    Refusals refusals;
    // A ring is lost with a process that is killed between the lock and the bell.
    under_lock_at(Operation::kRead, now, [&](const Locked& locked) {
        lost = losses_to_report(locked, now);
        refusals = refusals_to_report(locked, now);
        take_sample(locked);
        if (is_claimed(locked, child) && segment_.children()[child.value].due_count != 0) {
            locked.wake(child);
        }
    });
    if (lost != 0) {
        log::write(log::Level::kWarning, "BX0016",
                   std::to_string(lost) +
                       " times since the last such line there was no room for a session, a "
                       "subscription or a message; server-status says for what; raise "
                       "BayeuxSharedMemory or the cap that was reached (BayeuxMax...)");
    }
    report_refusals(refusals);
}

Result<ChildIndex> SharedStore::claim_child(std::uint32_t pid) {
    for (;;) {
        while (const auto place = hold_free_place(segment_)) {
            const bool claimed = under_lock(Operation::kChildren, [&](const Locked& locked) {
                return claim(locked, *place, pid);
            });
            if (claimed) {
                return *place;
            }
            let_go(segment_, *place);
        }
        // Where children die before they have swept, this one has to clean up after them.
        const auto dead = hold_dead_place(segment_);
        if (!dead) {
            return Error{ErrorCode::kFull, "no place for another child"};
        }
        under_lock(Operation::kChildren,
                   [](const Locked& locked) { ++locked.header().counters.dead_children; });
        release_child(*dead);
    }
}

void SharedStore::release_child(ChildIndex child) {
    under_lock(Operation::kChildren, [&](const Locked& locked) { leave(locked, child); });
    bool more = true;
    while (more) {
        more = under_lock(Operation::kChildren,
                          [&](const Locked& locked) { return give_back(locked); });
    }
    let_go(segment_, child);
}

StoreStats SharedStore::stats() {
    return under_lock(Operation::kRead, [](const Locked& locked) { return read_stats(locked); });
}

std::string SharedStore::verify() {
    return under_lock(Operation::kRead, [](const Locked& locked) { return store::verify(locked); });
}

}  // namespace bayeux::store
