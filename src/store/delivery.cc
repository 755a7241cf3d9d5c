#include "store/delivery.hpp"

#include "store/kill_point.hpp"
#include "store/message_body.hpp"
#include "store/session_end.hpp"
#include "store/session_queue.hpp"
#include "store/slab.hpp"

namespace bayeux::store {

bool has_room_for(const Locked& locked, std::uint32_t sessions, std::size_t length) noexcept {
    const std::uint64_t pages = std::uint64_t{pages_for(locked, Kind::kQueueEntry, sessions)} +
                                pages_for(locked, Kind::kBlock, blocks_for(length));
    return pages <= locked.header().free_pages;
}

bool deliver_message(const Locked& locked, SessionIndex index, BlockIndex message) noexcept {
    locked.works_on(index);
    switch (enqueue(locked, index, message, 0)) {
        case Enqueued::kQueued:
            wake_if_ready(locked, index);
            return true;
        case Enqueued::kDropped:
            return false;
        case Enqueued::kOverflow:
            ++locked.header().counters.overflow_disconnects;
            end_session(locked, index);
            return false;
    }
    return false;
}

Delivered deliver_event(const Locked& locked, SessionIndex index, std::string_view event) noexcept {
    const BlockIndex message =
        has_room_for(locked, 1, event.size()) ? store_message(locked, event) : BlockIndex();
    if (!message) {
        ++locked.header().counters.refused_full;
        return Delivered::kRefused;
    }
    ++locked.header().counters.published;
    BAYEUX_KILL_POINT("delivery.stored");
    const bool queued = deliver_message(locked, index, message);
    BAYEUX_KILL_POINT("delivery.queued");
    drop_reference(locked, message);
    return queued ? Delivered::kQueued : Delivered::kPassed;
}

}  // namespace bayeux::store
