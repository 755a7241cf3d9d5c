#include "store/repair_messages.hpp"

#include <algorithm>
#include <tuple>

#include "store/fanout.hpp"
#include "store/kill_point.hpp"
#include "store/message_body.hpp"
#include "store/session_queue.hpp"
#include "store/slab.hpp"

namespace bayeux::store {

namespace {

// Queue entries and blocks do not exist by themselves: they are suspect until a session or a job is
// found that leads to them. What is still suspect at the end is freed with the pages.
void suspect_all(const Locked& locked) noexcept {
    // Also what an earlier repair, killed in the middle, has left suspect.
    for_each_cell<QueueEntry>(locked.segment(), [](QueueIndex, QueueEntry& entry) {
        entry.live = entry.live == kCellFree ? kCellFree : kCellSuspect;
    });
    for_each_cell<Block>(locked.segment(), [](BlockIndex, Block& block) {
        block.live = block.live == kCellFree ? kCellFree : kCellSuspect;
        block.references = 0;
    });
}

// All blocks of the message, or none.
bool take_blocks(const Locked& locked, BlockIndex message) noexcept {
    const Segment& segment = locked.segment();
    const std::uint32_t wanted = blocks_for(segment.cell(message).length);
    std::uint32_t taken = 0;
    BlockIndex last;
    for (BlockIndex at = message; taken < wanted; ++taken) {
        Block* const block = segment.at(at);
        if (block == nullptr || block->live != kCellSuspect) {
            break;
        }
        block->live = kCellLive;
        last = at;
        at = block->next;
    }
    if (taken == wanted) {
        locked.cell(last).next = BlockIndex();
        return true;
    }
    for (BlockIndex at = message; taken != 0; --taken) {
        Block& block = locked.cell(at);
        block.live = kCellFree;
        at = block.next;
    }
    return false;
}

bool adopt_message(const Locked& locked, BlockIndex message) noexcept {
    Block* const first = locked.segment().at(message);
    if (first == nullptr) {
        return false;
    }
    const bool is_known = first->live == kCellLive && first->references != 0;
    if (!is_known && !(first->live == kCellSuspect && take_blocks(locked, message))) {
        return false;
    }
    ++first->references;
    return true;
}

// What was sent is a prefix of the queue, in batches that do not descend (X-ACK).
void check_batch(Session& session, QueueEntry& entry, std::uint32_t& batch_before) noexcept {
    const bool is_sent = session.ack != 0 && entry.batch != 0 && entry.batch >= batch_before &&
                         entry.batch <= session.batch && session.sent_count == session.queue_count;
    if (!is_sent) {
        entry.batch = 0;
        return;
    }
    batch_before = entry.batch;
    ++session.sent_count;
}

// No session comes so far; one that was damaged must not run out of numbers.
constexpr std::uint32_t kLastBatch = 0x7fffffff;

void mend_queue(const Locked& locked, SessionIndex index, Session& session) noexcept {
    const QueueIndex in_flight_last = session.ack != 0 ? QueueIndex() : session.in_flight_last;
    session.queue_count = session.queue_bytes = 0;
    session.in_flight_count = session.in_flight_bytes = 0;
    session.in_flight_last = QueueIndex();
    session.sent_count = 0;
    session.batch = std::clamp<std::uint32_t>(session.batch, 1, kLastBatch);
    std::uint32_t batch_before = 0;
    QueueIndex last;
    for (QueueIndex at = session.queue_head;;) {
        QueueEntry* const entry = locked.segment().at(at);
        if (entry == nullptr || entry->live != kCellSuspect || entry->session != index ||
            !adopt_message(locked, entry->message)) {
            break;
        }
        BAYEUX_KILL_POINT("repair.message_adopted");
        entry->live = kCellLive;
        check_batch(session, *entry, batch_before);
        ++session.queue_count;
        session.queue_bytes += locked.cell(entry->message).length;
        if (at == in_flight_last) {
            session.in_flight_last = at;
            session.in_flight_count = session.queue_count;
            session.in_flight_bytes = session.queue_bytes;
        }
        last = at;
        at = entry->next;
    }
    (last ? locked.cell(last).next : session.queue_head) = QueueIndex();
    session.queue_tail = last;
    if (!session.in_flight_last) {
        session.in_flight_child = kNoChild.value;
    }
    // How long lazy events have waited is not known any more: they go out.
    settle_urgency(session, true);
}

bool check_job(const Locked& locked, Job& job) noexcept {
    const Segment& segment = locked.segment();
    if (segment.live(job.channel) == nullptr || job.progress / 2 > kMaxPositions ||
        !adopt_message(locked, job.message)) {
        return false;
    }
    job.cursor_channel = ChannelIndex();
    const Subscription* const at = segment.live(job.cursor);
    if (job.progress % 2 == 0 || at == nullptr) {
        job.cursor = SubscriptionIndex();
    } else {
        job.cursor_channel = at->channel;
        ++segment.cell(at->channel).cursors;
    }
    return true;
}

// In order of sequence, one after the other: jobs are few.
void relist_jobs(const Locked& locked) noexcept {
    Header& header = locked.header();
    std::uint32_t count = 0;
    for_each_live<Job>(locked.segment(), [&](JobIndex, Job& job) {
        if (count == kMaxJobs || !check_job(locked, job)) {
            retire_cell(job);
        } else {
            ++count;
        }
    });
    JobIndex last;
    for (; count != 0; --count) {
        JobIndex best;
        const auto key = [&](JobIndex index) {
            return std::tuple(locked.cell(index).sequence, index.value);
        };
        for_each_live<Job>(locked.segment(), [&](JobIndex index, const Job&) {
            if ((!last || key(index) > key(last)) && (!best || key(index) < key(best))) {
                best = index;
            }
        });
        link_job(locked, best);
        BAYEUX_KILL_POINT("repair.job_linked");
        last = best;
    }
    if (last && locked.cell(last).sequence > header.sequence) {
        header.sequence = locked.cell(last).sequence;
    }
}

}  // namespace

void repair_messages(const Locked& locked) noexcept {
    suspect_all(locked);
    BAYEUX_KILL_POINT("repair.all_suspect");
    for_each_live<Session>(locked.segment(), [&](SessionIndex index, Session& session) {
        mend_queue(locked, index, session);
    });
    relist_jobs(locked);
}

}  // namespace bayeux::store
