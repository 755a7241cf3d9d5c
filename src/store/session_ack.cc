#include "store/session_ack.hpp"

#include "store/kill_point.hpp"

namespace bayeux::store {

std::uint32_t send_batch(const Locked& locked, SessionIndex index, const Share& share, char* out,
                         std::uint32_t* lengths) noexcept {
    Session& session = locked.cell(index);
    static_cast<void>(copy_share(locked, session, share, out, lengths));
    const std::uint32_t number = session.batch;
    QueueIndex at = session.queue_head;
    for (std::uint32_t i = 0; i < share.events && at; ++i) {
        QueueEntry& entry = locked.cell(at);
        if (entry.batch == 0) {
            store_in_order(entry.batch, number);
            ++session.sent_count;
            ++locked.header().counters.drained;
            BAYEUX_KILL_POINT("ack.stamped");
        }
        at = entry.next;
    }
    settle_urgency(session, true);
    // Last: a number that was given to events is below the next one only once all have it.
    store_in_order(session.batch, number + 1);
    BAYEUX_KILL_POINT("ack.batch_counted");
    return number;
}

bool acknowledge(const Locked& locked, SessionIndex index, std::int64_t number,
                 std::uint32_t budget) noexcept {
    const Session& session = locked.cell(index);
    if (number <= 0 || number >= session.batch) {
        return true;
    }
    while (session.sent_count != 0 && locked.cell(session.queue_head).batch <= number) {
        if (budget-- == 0) {
            return false;
        }
        count_delivered(locked, session, 1);
        remove_first(locked, index);
        BAYEUX_KILL_POINT("ack.acknowledged");
    }
    return true;
}

}  // namespace bayeux::store
