#include "store/due_list.hpp"

#include "base/prefetch.hpp"
#include "store/kill_point.hpp"

namespace bayeux::store {

namespace {

constexpr std::uint32_t reference(SessionIndex index, DueNode node) noexcept {
    return index.value * 2 + static_cast<std::uint32_t>(node);
}

DueLinks& links_of(const Locked& locked, std::uint32_t ref) noexcept {
    return locked.cell(SessionIndex(ref / 2)).due[ref % 2];
}

ChildSlot& slot_of(const Locked& locked, std::uint16_t child) noexcept {
    const auto children = locked.segment().children();
    return children[child < children.size() ? child : 0];
}

void link(const Locked& locked, std::uint16_t child, std::uint32_t ref) noexcept {
    ChildSlot& slot = slot_of(locked, child);
    links_of(locked, ref) = {kNone, slot.due_tail};
    if (slot.due_tail == kNone) {
        slot.due_head = ref;
        locked.wake(ChildIndex(child));
    } else {
        links_of(locked, slot.due_tail).next = ref;
    }
    slot.due_tail = ref;
    ++slot.due_count;
}

void unlink(const Locked& locked, std::uint16_t child, std::uint32_t ref) noexcept {
    ChildSlot& slot = slot_of(locked, child);
    DueLinks& links = links_of(locked, ref);
    if (links.prev == kNone) {
        slot.due_head = links.next;
    } else {
        links_of(locked, links.prev).next = links.next;
    }
    if (links.next == kNone) {
        slot.due_tail = links.prev;
    } else {
        links_of(locked, links.next).prev = links.prev;
    }
    links = {kNone, kNone};
    --slot.due_count;
}

}  // namespace

void post_waiter(const Locked& locked, SessionIndex index, broker::DueReason reason) noexcept {
    Session& session = locked.cell(index);
    session.waiter_reason = reason;
    store_in_order(session.waiter_state, WaiterState::kDue);
    BAYEUX_KILL_POINT("due.posted");
    link(locked, session.cycle_child, reference(index, DueNode::kWaiter));
}

void clear_waiter(const Locked& locked, SessionIndex index) noexcept {
    Session& session = locked.cell(index);
    if (session.waiter_state == WaiterState::kDue) {
        unlink(locked, session.cycle_child, reference(index, DueNode::kWaiter));
        BAYEUX_KILL_POINT("due.unlinked");
    }
    store_in_order(session.waiter_state, WaiterState::kNobody);
}

void clear_notice(const Locked& locked, SessionIndex index) noexcept {
    Session& session = locked.cell(index);
    if (session.notice_child != kNoChild.value) {
        unlink(locked, session.notice_child, reference(index, DueNode::kNotice));
        BAYEUX_KILL_POINT("due.notice_unlinked");
        store_in_order(session.notice_child, kNoChild.value);
    }
}

void turn_waiter_into_notice(const Locked& locked, SessionIndex index) noexcept {
    Session& session = locked.cell(index);
    clear_notice(locked, index);
    const std::uint16_t child = session.cycle_child;
    const std::uint32_t cycle = session.cycle;
    clear_waiter(locked, index);
    BAYEUX_KILL_POINT("due.waiter_superseded");
    session.notice_cycle = cycle;
    session.notice_stream = session.stream;
    store_in_order(session.notice_child, child);
    link(locked, child, reference(index, DueNode::kNotice));
}

bool take_first(const Locked& locked, ChildIndex child, broker::Due& due) noexcept {
    const std::uint32_t ref = slot_of(locked, child.value).due_head;
    if (ref == kNone) {
        return false;
    }
    const SessionIndex index(ref / 2);
    const Session& session = locked.cell(index);
    const std::uint32_t next = session.due[ref % 2].next;
    if (next != kNone) {
        prefetch(&locked.cell(SessionIndex(next / 2)), sizeof(Session));
    }
    due.session = {index.value, session.generation};
    if (static_cast<DueNode>(ref % 2) == DueNode::kWaiter) {
        due.cycle = ConnectCycle(session.cycle);
        due.reason = session.waiter_reason;
        clear_waiter(locked, index);
    } else {
        due.cycle = ConnectCycle(session.notice_cycle);
        due.reason = broker::DueReason::kSuperseded;
        clear_notice(locked, index);
    }
    return true;
}

void relist_due(const Locked& locked, SessionIndex index) noexcept {
    const Session& session = locked.cell(index);
    if (session.waiter_state == WaiterState::kDue) {
        link(locked, session.cycle_child, reference(index, DueNode::kWaiter));
    }
    if (session.notice_child != kNoChild.value) {
        link(locked, session.notice_child, reference(index, DueNode::kNotice));
    }
}

}  // namespace bayeux::store
