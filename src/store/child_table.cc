#include "store/child_table.hpp"

#include <atomic>

#include "store/connect_cycle.hpp"
#include "store/due_list.hpp"
#include "store/kill_point.hpp"
#include "store/robust_mutex.hpp"
#include "store/session_end.hpp"
#include "store/session_queue.hpp"

namespace bayeux::store {

namespace {

constexpr std::uint32_t kShare = 512;

ChildState state_of(ChildSlot& slot) noexcept {
    // A hint only, read without the lock: claim() and leave() look again under it.
    return std::atomic_ref<ChildState>(slot.state).load(std::memory_order_relaxed);
}

std::optional<ChildIndex> hold_place(const Segment& segment, ChildState wanted) noexcept {
    const auto children = segment.children();
    for (std::size_t i = 0; i < children.size(); ++i) {
        if (state_of(children[i]) == wanted &&
            try_lock_mutex(children[i].alive) != Acquired::kBusy) {
            return ChildIndex(static_cast<std::uint16_t>(i));
        }
    }
    return std::nullopt;
}

// Returns what it cost.
std::uint32_t release_session(const Locked& locked, SessionIndex index,
                              std::uint16_t child) noexcept {
    Session& session = locked.cell(index);
    std::uint32_t cost = 1;
    if (session.cycle_child == child) {
        forget_cycle(locked, index, ConnectCycle(session.cycle));
    }
    if (session.notice_child == child) {
        clear_notice(locked, index);
    }
    if (session.in_flight_child == child && session.state != SessionState::kEnded) {
        cost += session.in_flight_count;
        forget_in_flight(locked, index);
        wake_if_ready(locked, index);
    }
    BAYEUX_KILL_POINT("children.session_given_back");
    release_if_done(locked, index);
    return cost;
}

// False if the scan has reached the end.
bool scan_share(const Locked& locked, std::uint16_t child) noexcept {
    const Segment& segment = locked.segment();
    ChildSlot& slot = segment.children()[child];
    const auto pages = segment.pages();
    std::uint32_t budget = kShare;
    SessionIndex at(slot.scan);
    while (at.page() < pages.size() && budget != 0) {
        const PageInfo& page = pages[at.page()];
        if (page.kind != Kind::kSession || at.slot() >= page.bump) {
            at = SessionIndex(at.page() + 1, 0);
            // Sixteen pages of other kinds cost as much as one session.
            budget -= at.page() % 16 == 0 ? 1U : 0U;
            continue;
        }
        const std::uint32_t cost =
            segment.live(at) != nullptr ? release_session(locked, at, child) : 1;
        budget -= cost < budget ? cost : budget;
        at = SessionIndex(at.value + 1);
    }
    slot.scan = at.value;
    return at.page() < pages.size();
}

}  // namespace

bool is_claimed(const Locked& locked, ChildIndex child) noexcept {
    const auto children = locked.segment().children();
    return child.value < children.size() && children[child.value].state == ChildState::kClaimed;
}

std::optional<ChildIndex> hold_free_place(const Segment& segment) noexcept {
    return hold_place(segment, ChildState::kFree);
}

std::optional<ChildIndex> hold_dead_place(const Segment& segment) noexcept {
    return hold_place(segment, ChildState::kClaimed);
}

void let_go(const Segment& segment, ChildIndex child) noexcept {
    unlock_mutex(segment.children()[child.value].alive);
}

bool claim(const Locked& locked, ChildIndex child, std::uint32_t pid) noexcept {
    ChildSlot& slot = locked.segment().children()[child.value];
    if (slot.state != ChildState::kFree) {
        return false;
    }
    slot.pid = pid;
    store_in_order(slot.state, ChildState::kClaimed);
    return true;
}

void leave(const Locked& locked, ChildIndex child) noexcept {
    ChildSlot& slot = locked.segment().children()[child.value];
    if (slot.state == ChildState::kClaimed) {
        slot.scan = 0;
        store_in_order(slot.state, ChildState::kLeft);
        ++locked.header().left_children;
    }
}

bool give_back(const Locked& locked) noexcept {
    const auto children = locked.segment().children();
    for (std::size_t i = 0; i < children.size() && locked.header().left_children != 0; ++i) {
        if (children[i].state == ChildState::kLeft) {
            if (!scan_share(locked, static_cast<std::uint16_t>(i))) {
                children[i].pid = 0;
                store_in_order(children[i].state, ChildState::kFree);
                --locked.header().left_children;
            }
            return true;
        }
    }
    return false;
}

}  // namespace bayeux::store
