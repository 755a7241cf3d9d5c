#include "store/delivery.hpp"

#include <algorithm>

#include "store/kill_point.hpp"
#include "store/message_body.hpp"
#include "store/session_end.hpp"
#include "store/session_queue.hpp"
#include "store/session_table.hpp"
#include "store/slab.hpp"
#include "store/user_table.hpp"

namespace bayeux::store {

namespace {

bool has_room_for(const Locked& locked, std::uint32_t sessions, std::size_t length) noexcept {
    return pages_needed(locked, sessions, length) <= locked.header().free_pages;
}

// Where the round goes on: with whom it stood on, or, if that one has gone, from the newest of the
// user's sessions, passing over those that are not older. kNone: nowhere.
SessionIndex next_of(const Locked& locked, UserIndex user, const UserRound& round) noexcept {
    const SessionIndex first = locked.cell(user).first;
    if (!round.begun) {
        return first;
    }
    const Session* const stood_on = resolve(locked, round.next);
    if (stood_on != nullptr && stood_on->user == user) {
        return SessionIndex(round.next.index);
    }
    SessionIndex at = first;
    while (at && locked.cell(at).generation >= round.next.generation) {
        at = locked.cell(at).user_next;
    }
    return at;
}

// The message to the next ones; true if that was all.
bool deliver_some(const Locked& locked, SessionIndex at, BlockIndex message,
                  UserRound& round) noexcept {
    for (std::uint32_t budget = kDeliveryStep; at && budget != 0; --budget) {
        Session& session = locked.cell(at);
        const SessionIndex next = session.user_next;
        store_in_order(session.for_user, std::uint8_t{1});
        BAYEUX_KILL_POINT("delivery.for_user");
        round.reached += deliver_message(locked, at, message) ? 1U : 0U;
        BAYEUX_KILL_POINT("delivery.one_more");
        at = next;
    }
    if (at) {
        round.next = {at.value, locked.cell(at).generation};
    }
    return !at;
}

}  // namespace

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

bool deliver_round(const Locked& locked, const broker::UserDelivery& delivery, std::uint64_t tag,
                   UserRound& round) noexcept {
    const UserIndex user = find_user(locked, delivery.domain.value, tag, delivery.user);
    const SessionIndex at = user ? next_of(locked, user, round) : SessionIndex();
    if (!at) {
        return true;
    }
    const std::uint32_t sessions = std::min(locked.cell(user).sessions, kDeliveryStep);
    const BlockIndex message = has_room_for(locked, sessions, delivery.event.size())
                                   ? store_message(locked, delivery.event)
                                   : BlockIndex();
    if (!message) {
        ++locked.header().counters.refused_full;
        round.refused = true;
        return true;
    }
    locked.header().counters.published += round.begun ? 0 : 1;
    round.begun = true;
    const bool over = deliver_some(locked, at, message, round);
    drop_reference(locked, message);
    return over;
}

}  // namespace bayeux::store
