// The facade's functions that come with time, and those for children and status pages.
#include "store/channel_table.hpp"
#include "store/child_table.hpp"
#include "store/fanout.hpp"
#include "store/session_end.hpp"
#include "store/timer_wheel.hpp"
#include "store/under_lock.hpp"

namespace bayeux::store {

namespace {

constexpr std::uint32_t kStep = 128;
constexpr std::uint32_t kMaxSteps = 2048;

// One bounded share of each kind of work; true if there may be more of some.
bool sweep_share(const Locked& locked) noexcept {
    std::uint32_t budget = kStep;
    while (const SessionIndex index = next_expired(locked, budget)) {
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
    // A ring is lost with a process that is killed between the lock and the bell.
    under_lock_at(Operation::kRead, now, [&](const Locked& locked) {
        if (is_claimed(locked, child) && segment_.children()[child.value].due_count != 0) {
            locked.wake(child);
        }
    });
}

Result<ChildIndex> SharedStore::claim_child(std::uint32_t pid) {
    while (const auto place = hold_free_place(segment_)) {
        const bool claimed = under_lock(
            Operation::kChildren, [&](const Locked& locked) { return claim(locked, *place, pid); });
        if (claimed) {
            return *place;
        }
        let_go(segment_, *place);
    }
    return Error{ErrorCode::kFull, "no place for another child"};
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

}  // namespace bayeux::store
