#include "store/verify_messages.hpp"

#include <map>
#include <set>

#include "store/message_body.hpp"
#include "store/session_queue.hpp"

namespace bayeux::store {

namespace {

std::string in_session(const char* text, SessionIndex index) {
    return std::string(text) + " of session " + std::to_string(index.value);
}

std::string check_queue(const Locked& locked, SessionIndex index, const Session& session,
                        std::set<std::uint32_t>& seen) {
    std::uint32_t count = 0;
    std::uint32_t bytes = 0;
    QueueIndex last;
    bool prefix_ends = !session.in_flight_last;
    for (QueueIndex at = session.queue_head; at;) {
        const QueueEntry* const entry = locked.segment().live(at);
        if (entry == nullptr || entry->session != index || !seen.insert(at.value).second ||
            locked.segment().live(entry->message) == nullptr) {
            return in_session("V7 the queue leads astray", index);
        }
        ++count;
        bytes += locked.cell(entry->message).length;
        if (at == session.in_flight_last) {
            prefix_ends = count == session.in_flight_count && bytes == session.in_flight_bytes;
        }
        last = at;
        at = entry->next;
    }
    if (!prefix_ends || (!session.in_flight_last && session.in_flight_count != 0)) {
        return in_session("V7 what is in flight is no prefix of the queue", index);
    }
    if (count != session.queue_count || bytes != session.queue_bytes ||
        last != session.queue_tail) {
        return in_session("V7 the count, the bytes or the tail is wrong", index);
    }
    return {};
}

}  // namespace

std::string check_V7_queues(const Locked& locked) {
    std::string wrong;
    std::set<std::uint32_t> seen;
    for_each_live<Session>(locked.segment(), [&](SessionIndex index, const Session& session) {
        if (wrong.empty()) {
            wrong = check_queue(locked, index, session, seen);
        }
    });
    std::size_t entries = 0;
    for_each_live<QueueEntry>(locked.segment(), [&](QueueIndex, const QueueEntry&) { ++entries; });
    return wrong.empty() && entries != seen.size() ? "V7 a queue entry belongs to nobody" : wrong;
}

std::string check_V8_messages(const Locked& locked) {
    std::map<std::uint32_t, std::uint32_t> references;
    for_each_live<QueueEntry>(locked.segment(), [&](QueueIndex, const QueueEntry& entry) {
        ++references[entry.message.value];
    });
    for_each_live<Job>(locked.segment(),
                       [&](JobIndex, const Job& job) { ++references[job.message.value]; });
    std::set<std::uint32_t> seen;
    for (const auto& [message, count] : references) {
        const Block* const first = locked.segment().live(BlockIndex(message));
        if (first == nullptr || first->references != count) {
            return "V8 the references of a message are wrong: " + std::to_string(message);
        }
        BlockIndex at(message);
        for (std::uint32_t i = 0; i < blocks_for(first->length); ++i) {
            const Block* const block = locked.segment().live(at);
            if (block == nullptr || !seen.insert(at.value).second) {
                return "V8 a message's chain leads astray: " + std::to_string(message);
            }
            at = block->next;
        }
        if (at) {
            return "V8 a message's chain is too long: " + std::to_string(message);
        }
    }
    std::size_t blocks = 0;
    for_each_live<Block>(locked.segment(), [&](BlockIndex, const Block&) { ++blocks; });
    return blocks == seen.size() ? "" : "V8 a block belongs to no message";
}

std::string check_V14_jobs(const Locked& locked) {
    std::map<std::uint32_t, std::uint32_t> cursors;
    std::map<std::uint32_t, JobIndex> last_of_channel;
    std::uint32_t count = 0;
    JobIndex before;
    for (JobIndex index = locked.header().jobs_head; index; ++count) {
        const Job* const job = locked.segment().live(index);
        if (job == nullptr || job->prev != before ||
            (before && locked.cell(before).sequence >= job->sequence) ||
            count >= locked.header().job_count || job->sequence > locked.header().sequence) {
            return "V14 the list of jobs leads astray";
        }
        const Channel* const channel = locked.segment().live(job->channel);
        JobIndex& previous = last_of_channel[job->channel.value];
        if (channel == nullptr ||
            (previous ? locked.cell(previous).next_in_channel : channel->jobs_head) != index) {
            return "V14 a channel's jobs are not in order";
        }
        previous = index;
        if (job->cursor_channel) {
            ++cursors[job->cursor_channel.value];
            const Subscription* const cursor = locked.segment().live(job->cursor);
            if (cursor == nullptr || cursor->channel != job->cursor_channel) {
                return "V14 a cursor stands nowhere";
            }
        }
        before = index;
        index = job->next;
    }
    if (before != locked.header().jobs_tail || count != locked.header().job_count) {
        return "V14 the tail or the count of jobs is wrong";
    }
    std::string wrong;
    for_each_live<Channel>(locked.segment(), [&](ChannelIndex index, const Channel& channel) {
        if (channel.cursors != cursors[index.value] ||
            channel.jobs_tail != last_of_channel[index.value]) {
            wrong = "V14 a channel's cursors or last job are wrong";
        }
    });
    return wrong;
}

std::string check_V16_sent(const Locked& locked) {
    std::string wrong;
    for_each_live<Session>(locked.segment(), [&](SessionIndex index, const Session& session) {
        std::uint32_t sent = 0;
        std::uint32_t count = 0;
        std::uint32_t before = 0;
        for (QueueIndex at = session.queue_head; at; ++count) {
            const QueueEntry& entry = locked.cell(at);
            const bool in_order = entry.batch >= before && entry.batch <= session.batch &&
                                  sent == count && session.ack != 0;
            if (entry.batch != 0 && !in_order) {
                wrong = in_session("V16 a batch out of order", index);
            }
            sent += entry.batch != 0 ? 1 : 0;
            before = entry.batch;
            at = entry.next;
        }
        if (sent != session.sent_count || session.batch == 0 ||
            (session.ack != 0 && session.in_flight_last)) {
            wrong =
                in_session("V16 the count of sent events is wrong, or some are in flight", index);
        }
    });
    return wrong;
}

std::string check_V17_urgency(const Locked& locked) {
    std::string wrong;
    for_each_live<Session>(locked.segment(), [&](SessionIndex index, const Session& session) {
        const bool urgent = session.urgent != 0;
        const bool lazy = session.lazy_at != kNever;
        if (has_waiting(session) ? urgent == lazy : urgent || lazy) {
            wrong = in_session("V17 events wait for nothing, or nothing waits", index);
        }
    });
    return wrong;
}

}  // namespace bayeux::store
