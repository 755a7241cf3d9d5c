// The facade's functions for events that go to chosen sessions.
#include "store/delivery.hpp"
#include "store/session_table.hpp"
#include "store/under_lock.hpp"

namespace bayeux::store {

std::size_t SharedStore::deliver(const broker::Delivery& delivery) {
    bool dying = false;
    const bool queued = under_lock(Operation::kDeliver, [&](const Locked& locked) {
        const Session* const session = resolve_alive(locked, delivery.session);
        if (session == nullptr || session->domain != delivery.domain.value) {
            return false;
        }
        const Delivered result =
            deliver_event(locked, SessionIndex(delivery.session.index), delivery.event);
        dying = static_cast<bool>(locked.header().dying_head);
        return result == Delivered::kQueued;
    });
    if (dying) {
        bury();
    }
    return queued ? 1 : 0;
}

}  // namespace bayeux::store
