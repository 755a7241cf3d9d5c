// The facade's functions for events that go to chosen sessions, and for whose these are.
#include <algorithm>
#include <array>
#include <sched.h>

#include "store/delivery.hpp"
#include "store/member_table.hpp"
#include "store/session_end.hpp"
#include "store/session_table.hpp"
#include "store/under_lock.hpp"
#include "store/user_table.hpp"

namespace bayeux::store {

std::size_t SharedStore::deliver(const broker::Delivery& delivery) {
    bool dying = false;
    const bool queued = under_lock(Operation::kDeliver, [&](const Locked& locked) {
        const Session* const session = resolve_alive(locked, delivery.session);
        if (session == nullptr || session->domain != delivery.domain.value ||
            (delivery.user_tag != 0 && session->user_tag != delivery.user_tag)) {
            return false;
        }
        const SessionIndex index(delivery.session.index);
        if (delivery.user_tag != 0) {
            mark_for_user(locked, index);
        }
        const Delivered result = deliver_event(locked, index, delivery.event);
        dying = static_cast<bool>(locked.header().dying_head);
        return result == Delivered::kQueued;
    });
    if (dying) {
        bury();
    }
    return queued ? 1 : 0;
}

Result<std::size_t> SharedStore::deliver_to_user(const broker::UserDelivery& delivery) {
    const std::uint64_t tag = user_tag(delivery.user);
    UserRound round;
    bool dying = false;
    while (!under_lock(Operation::kDeliver, [&](const Locked& locked) {
        const bool over = deliver_round(locked, delivery, tag, round);
        dying = static_cast<bool>(locked.header().dying_head);
        return over;
    })) {
        sched_yield();  // the lock is not fair
    }
    if (dying) {
        bury();
    }
    if (round.refused) {
        return Error{ErrorCode::kFull, "no room for another message"};
    }
    return std::size_t{round.reached};
}

std::uint64_t SharedStore::user_tag(std::string_view name) const noexcept {
    return store::user_tag(segment_, name);
}

bool SharedStore::change_user(SessionHandle handle, const broker::User& user) {
    bool ended = false;
    const bool alive = under_lock(Operation::kChangeUser, [&](const Locked& locked) {
        Session* const session = resolve_alive(locked, handle);
        if (session == nullptr || session->user_tag == user.tag) {
            return session != nullptr;
        }
        const SessionIndex index(handle.index);
        if (session->for_user != 0 && session->queue_head) {
            store::end_session(locked, index);
            ended = true;
            return false;
        }
        session->for_user = 0;
        leave_user(locked, index);
        // Without memory for it the session is nobody's, and the next request tries again.
        static_cast<void>(join_user(locked, index, user));
        if (!rename_members(locked, index)) {
            store::end_session(locked, index);
            ended = true;
        }
        return !ended;
    });
    if (ended) {
        bury();
    } else {
        announce();
    }
    return alive;
}

std::string SharedStore::user_of(SessionHandle handle) {
    std::array<char, broker::kMaxUserName> name;
    const std::size_t length = under_lock(Operation::kRead, [&](const Locked& locked) {
        const Session* const session = resolve_alive(locked, handle);
        if (session == nullptr || !session->user) {
            return std::size_t{0};
        }
        const std::string_view text = name_of(locked.cell(session->user));
        std::ranges::copy(text, name.begin());
        return text.size();
    });
    return {name.data(), length};
}

}  // namespace bayeux::store
