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
// user's sessions. Nobody can have come between those it has still to reach.
SessionIndex place_of(const Locked& locked, UserIndex user, const UserRound& round) noexcept {
    const Session* const stood_on = resolve(locked, round.next);
    return stood_on != nullptr && stood_on->user == user ? SessionIndex(round.next.index)
                                                         : locked.cell(user).first;
}

void stand_on(const Locked& locked, SessionIndex at, UserRound& round) noexcept {
    round.next = {at.value, locked.cell(at).generation};
}

// Passes over those who have it, or came later, which costs as much of the budget as a delivery.
void pass_over(const Locked& locked, const UserRound& round, SessionIndex& at,
               std::uint32_t& budget) noexcept {
    for (; at && budget != 0 && locked.cell(at).joined >= round.below; --budget) {
        at = locked.cell(at).peer_next;
    }
}

// The message to the next ones; true if that was all.
bool deliver_some(const Locked& locked, SessionIndex at, BlockIndex message, std::uint32_t budget,
                  UserRound& round) noexcept {
    for (; at && budget != 0; --budget) {
        const Session& session = locked.cell(at);
        const SessionIndex next = session.peer_next;
        round.below = session.joined;
        mark_for_user(locked, at);
        round.reached += deliver_message(locked, at, message) ? 1U : 0U;
        BAYEUX_KILL_POINT("delivery.one_more");
        at = next;
    }
    if (at) {
        stand_on(locked, at, round);
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
            end_full_session(locked, index);
            return false;
    }
    return false;
}

void mark_for_user(const Locked& locked, SessionIndex index) noexcept {
    store_in_order(locked.cell(index).for_user, std::uint8_t{1});
    BAYEUX_KILL_POINT("delivery.for_user");
}

bool turn_away_if_full(const Locked& locked, SessionIndex index) noexcept {
    switch (outlook(locked.cell(index))) {
        case Enqueued::kQueued:
            return false;
        case Enqueued::kDropped:
            ++locked.header().counters.dropped_newest;
            return true;
        case Enqueued::kOverflow:
            end_full_session(locked, index);
            return true;
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
    if (!user) {
        return true;
    }
    if (!round.begun) {
        round.below = locked.header().joins + 1;
    }
    std::uint32_t budget = kDeliveryStep;
    SessionIndex at = place_of(locked, user, round);
    pass_over(locked, round, at, budget);
    if (!at) {
        return true;
    }
    if (budget == 0) {
        stand_on(locked, at, round);
        return false;
    }
    const std::uint32_t sessions = std::min(locked.cell(user).sessions, budget);
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
    const bool over = deliver_some(locked, at, message, budget, round);
    drop_reference(locked, message);
    return over;
}

}  // namespace bayeux::store
