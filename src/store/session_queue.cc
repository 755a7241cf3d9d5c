#include "store/session_queue.hpp"

#include <algorithm>

#include "store/kill_point.hpp"
#include "store/message_body.hpp"
#include "store/slab.hpp"
#include "store/timer_wheel.hpp"

namespace bayeux::store {

namespace {

bool fits(const Session& session, std::uint32_t length) noexcept {
    return session.queue_count < session.limit_messages &&
           session.queue_bytes <= session.limit_bytes &&
           length <= session.limit_bytes - session.queue_bytes;
}

void free_entry(const Locked& locked, QueueIndex index) noexcept {
    QueueEntry& entry = locked.cell(index);
    const BlockIndex message = entry.message;
    retire_cell(entry);
    BAYEUX_KILL_POINT("queue.entry_retired");
    release(locked, index);
    drop_reference(locked, message);
}

// The first event that is not in flight. There is one.
void remove_first_pending(const Locked& locked, SessionIndex index) noexcept {
    Session& session = locked.cell(index);
    if (!session.in_flight_last) {
        remove_first(locked, index);
        return;
    }
    QueueEntry& before = locked.cell(session.in_flight_last);
    const QueueIndex entry = before.next;
    store_in_order(before.next, locked.cell(entry).next);
    BAYEUX_KILL_POINT("queue.pending_unlinked");
    if (session.queue_tail == entry) {
        session.queue_tail = session.in_flight_last;
    }
    --session.queue_count;
    session.queue_bytes -= locked.cell(locked.cell(entry).message).length;
    settle_urgency(session, false);
    free_entry(locked, entry);
}

// Applies the session's policy if there is no room within its limits.
Enqueued make_room(const Locked& locked, SessionIndex index, std::uint32_t length) noexcept {
    const Session& session = locked.cell(index);
    Counters& counters = locked.header().counters;
    if (session.overflow == broker::Overflow::kDropOldest) {
        while (!fits(session, length) && has_pending(session)) {
            remove_first_pending(locked, index);
            ++counters.dropped_oldest;
        }
    }
    if (fits(session, length)) {
        return Enqueued::kQueued;
    }
    if (session.overflow == broker::Overflow::kDisconnect) {
        return Enqueued::kOverflow;
    }
    ++counters.dropped_newest;
    return Enqueued::kDropped;
}

}  // namespace

void remove_first(const Locked& locked, SessionIndex index) noexcept {
    Session& session = locked.cell(index);
    const QueueIndex entry = session.queue_head;
    const std::uint32_t length = locked.cell(locked.cell(entry).message).length;
    const bool in_flight = static_cast<bool>(session.in_flight_last);
    store_in_order(session.queue_head, locked.cell(entry).next);
    BAYEUX_KILL_POINT("queue.head_moved");
    if (in_flight) {
        --session.in_flight_count;
        session.in_flight_bytes -= length;
        if (session.in_flight_last == entry) {
            store_in_order(session.in_flight_last, QueueIndex());
        }
    }
    if (!session.queue_head) {
        session.queue_tail = QueueIndex();
        session.for_user = 0;
    }
    session.sent_count -= session.sent_count != 0 ? 1 : 0;
    --session.queue_count;
    session.queue_bytes -= length;
    settle_urgency(session, false);
    free_entry(locked, entry);
}

Enqueued outlook(const Session& session) noexcept {
    if (fits(session, 1) ||
        (session.overflow == broker::Overflow::kDropOldest && has_pending(session))) {
        return Enqueued::kQueued;
    }
    return session.overflow == broker::Overflow::kDisconnect ? Enqueued::kOverflow
                                                             : Enqueued::kDropped;
}

void make_urgent(Session& session) noexcept {
    session.urgent = 1;
    session.lazy_at = kNever;
}

void settle_urgency(Session& session, bool rest_follows) noexcept {
    if (!has_waiting(session)) {
        session.urgent = 0;
        session.lazy_at = kNever;
    } else if (rest_follows) {
        make_urgent(session);
    }
}

Enqueued enqueue(const Locked& locked, SessionIndex index, BlockIndex message,
                 std::uint32_t lazy) noexcept {
    Session& session = locked.cell(index);
    const std::uint32_t length = locked.cell(message).length;
    const Enqueued room = make_room(locked, index, length);
    if (room != Enqueued::kQueued) {
        return room;
    }
    const auto place = allocate<QueueEntry>(locked);
    if (!place) {
        // Others took what publish() had found free: as if the session's own limit were reached.
        if (session.overflow == broker::Overflow::kDisconnect) {
            return Enqueued::kOverflow;
        }
        ++locked.header().counters.dropped_newest;
        return Enqueued::kDropped;
    }
    QueueEntry& entry = locked.cell(place);
    entry.next = QueueIndex();
    entry.message = message;
    entry.session = index;
    entry.batch = 0;
    publish_cell(entry);
    add_reference(locked, message);
    BAYEUX_KILL_POINT("queue.entry_ready");
    // One store puts the complete entry into the chain.
    store_in_order(session.queue_tail ? locked.cell(session.queue_tail).next : session.queue_head,
                   place);
    BAYEUX_KILL_POINT("queue.entry_linked");
    session.queue_tail = place;
    ++session.queue_count;
    session.queue_bytes += length;
    if (lazy == 0) {
        make_urgent(session);
    } else if (session.urgent == 0) {
        set_lazy_time(locked, index, std::min(session.lazy_at, locked.now() + lazy));
    }
    ++locked.header().counters.queued;
    return Enqueued::kQueued;
}

Share next_share(const Locked& locked, const Session& session) noexcept {
    Share share;
    const std::uint32_t count = session.queue_count - session.in_flight_count;
    const std::uint32_t bytes = session.queue_bytes - session.in_flight_bytes;
    if (count == 0) {
        return share;
    }
    if (count <= kMaxDrainEvents && bytes <= kMaxDrainBytes) {
        return {count, bytes + count - 1};
    }
    for (QueueIndex at = session.queue_head; at && share.events < kMaxDrainEvents;) {
        const QueueEntry& entry = locked.cell(at);
        const std::uint32_t length = locked.cell(entry.message).length;
        if (share.events != 0 && share.bytes + length + 1 > kMaxDrainBytes) {
            break;
        }
        share.bytes += length + (share.events != 0 ? 1 : 0);
        ++share.events;
        at = entry.next;
    }
    return share;
}

QueueIndex copy_share(const Locked& locked, const Session& session, const Share& share, char* out,
                      std::uint32_t* lengths) noexcept {
    QueueIndex last;
    QueueIndex at = session.queue_head;
    for (std::uint32_t i = 0; i < share.events && at; ++i) {
        const QueueEntry& entry = locked.cell(at);
        if (i != 0) {
            *out++ = ',';
        }
        const char* const start = out;
        out = copy_message(locked, entry.message, out);
        if (lengths != nullptr) {
            lengths[i] = static_cast<std::uint32_t>(out - start);
        }
        last = at;
        at = entry.next;
    }
    return last;
}

void drain_share(const Locked& locked, SessionIndex index, ChildIndex child, const Share& share,
                 char* out, std::uint32_t* lengths) noexcept {
    Session& session = locked.cell(index);
    const QueueIndex last = copy_share(locked, session, share, out, lengths);
    session.in_flight_child = child.value;
    session.in_flight_count = share.events;
    session.in_flight_bytes = share.bytes - (share.events - 1);
    settle_urgency(session, true);
    BAYEUX_KILL_POINT("queue.copied");
    store_in_order(session.in_flight_last, last);
    locked.header().counters.drained += share.events;
}

void forget_in_flight(const Locked& locked, SessionIndex index) noexcept {
    Session& session = locked.cell(index);
    while (session.in_flight_last) {
        remove_first(locked, index);
    }
    session.in_flight_child = kNoChild.value;
}

void return_in_flight(const Locked& locked, SessionIndex index) noexcept {
    Session& session = locked.cell(index);
    store_in_order(session.in_flight_last, QueueIndex());
    BAYEUX_KILL_POINT("queue.returned");
    session.in_flight_count = 0;
    session.in_flight_bytes = 0;
    session.in_flight_child = kNoChild.value;
    settle_urgency(session, true);
}

}  // namespace bayeux::store
