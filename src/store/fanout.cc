#include "store/fanout.hpp"

#include "base/prefetch.hpp"
#include "store/channel_table.hpp"
#include "store/kill_point.hpp"
#include "store/message_body.hpp"
#include "store/session_end.hpp"
#include "store/session_queue.hpp"
#include "store/session_table.hpp"
#include "store/slab.hpp"
#include "store/subscription_index.hpp"

namespace bayeux::store {

namespace {

// The channels of an expansion as they exist during one hold.
struct Expanded {
    std::array<ChannelIndex, kMaxPositions> channels;
    std::uint32_t count = 0;
};

Expanded expand(const Locked& locked, ChannelIndex base, const ExpansionHashes& hashes) noexcept {
    const Channel& channel = locked.cell(base);
    protocol::ChannelExpansion expansion(name_of(channel));
    Expanded found;
    std::string_view name;
    while (found.count < hashes.count && expansion.next(name)) {
        found.channels[found.count] =
            find_channel(locked, channel.domain, name, hashes.of[found.count]);
        ++found.count;
    }
    return found;
}

bool is_session(SessionIndex index, const Session& session, std::uint32_t other_index,
                std::uint32_t other_generation) noexcept {
    return index.value == other_index && session.generation == other_generation;
}

// SB-11. The session has it already, or will not get it by this subscription.
bool is_passed_over(const Locked& locked, const Job& job, const Expanded& expanded,
                    const Subscription& subscription) noexcept {
    const Session& session = locked.cell(subscription.session);
    if (session.state == SessionState::kEnded || subscription.since >= job.sequence ||
        session.last_sequence == job.sequence ||
        is_session(subscription.session, session, job.except_index, job.except_generation)) {
        return true;
    }
    // A writer that was killed between queueing and noting the sequence.
    if (session.queue_tail && locked.cell(session.queue_tail).message == job.message) {
        return true;
    }
    if (session.subscription_count > 1) {
        for (std::uint32_t earlier = 0; earlier < job.progress / 2; ++earlier) {
            const ChannelIndex channel = expanded.channels[earlier];
            const auto other = channel ? find_subscription(locked, subscription.session, channel)
                                       : SubscriptionIndex();
            if (other && locked.cell(other).since < job.sequence) {
                return true;
            }
        }
    }
    return false;
}

void deliver(const Locked& locked, Job& job, const Expanded& expanded) noexcept {
    const Subscription& subscription = locked.cell(job.cursor);
    if (is_passed_over(locked, job, expanded, subscription)) {
        return;
    }
    const SessionIndex index = subscription.session;
    Session& session = locked.cell(index);
    locked.works_on(index);
    switch (enqueue(locked, index, job.message, job.lazy)) {
        case Enqueued::kQueued:
            session.last_sequence = job.sequence;
            ++job.reached;
            if (job.lazy == 0 &&
                !is_session(index, session, job.no_wake_index, job.no_wake_generation)) {
                wake_if_ready(locked, index);
            }
            break;
        case Enqueued::kDropped:
            session.last_sequence = job.sequence;
            break;
        case Enqueued::kOverflow:
            end_full_session(locked, index);
            break;
    }
}

// The job stands on its cursor until the next hold.
void stand(const Locked& locked, Job& job) noexcept {
    job.cursor_channel = locked.cell(job.cursor).channel;
    ++locked.cell(job.cursor_channel).cursors;
}

void rise(const Locked& locked, Job& job) noexcept {
    if (job.cursor_channel) {
        --locked.cell(job.cursor_channel).cursors;
        job.cursor_channel = ChannelIndex();
    }
}

void finish_job(const Locked& locked, JobIndex index) noexcept {
    Header& header = locked.header();
    Job& job = locked.cell(index);
    Channel& channel = locked.cell(job.channel);
    header.job_results[job.sequence % kJobResults] = {job.sequence, job.reached};
    retire_cell(job);
    BAYEUX_KILL_POINT("fanout.job_retired");
    (job.prev ? locked.cell(job.prev).next : header.jobs_head) = job.next;
    (job.next ? locked.cell(job.next).prev : header.jobs_tail) = job.prev;
    --header.job_count;
    // Always the first of its channel.
    channel.jobs_head = job.next_in_channel;
    if (!channel.jobs_head) {
        channel.jobs_tail = JobIndex();
    }
    const BlockIndex message = job.message;
    const ChannelIndex channel_index = job.channel;
    release(locked, index);
    BAYEUX_KILL_POINT("fanout.job_released");
    drop_reference(locked, message);
    note_use(locked, channel_index);
}

// True if the job is done, and gone.
bool run_job(const Locked& locked, JobIndex index, const ExpansionHashes& hashes,
             std::uint32_t& budget) noexcept {
    Job& job = locked.cell(index);
    const Expanded expanded = expand(locked, job.channel, hashes);
    rise(locked, job);
    while (job.progress / 2 < expanded.count) {
        if (job.progress % 2 == 0) {
            const ChannelIndex channel = expanded.channels[job.progress / 2];
            store_in_order(job.cursor,
                           channel ? locked.cell(channel).subscribers : SubscriptionIndex());
            store_in_order(job.progress, job.progress + 1);
            BAYEUX_KILL_POINT("fanout.position_begun");
        }
        while (job.cursor) {
            if (budget == 0) {
                stand(locked, job);
                return false;
            }
            --budget;
            const SubscriptionIndex next = locked.cell(job.cursor).channel_next;
            if (next) {
                prefetch(&locked.cell(locked.cell(next).session), sizeof(Session));
            }
            deliver(locked, job, expanded);
            BAYEUX_KILL_POINT("fanout.delivered");
            store_in_order(job.cursor, next);
        }
        store_in_order(job.progress, job.progress + 1);
    }
    finish_job(locked, index);
    return true;
}

JobIndex create_job(const Locked& locked, const broker::Publication& publication,
                    ChannelIndex channel) noexcept {
    const BlockIndex message = store_message(locked, publication.event);
    const auto index = message ? allocate<Job>(locked) : JobIndex();
    if (!index) {
        if (message) {
            drop_reference(locked, message);
        }
        return JobIndex();
    }
    const SessionHandle except = publication.except.value_or(SessionHandle{});
    const SessionHandle no_wake = publication.without_wake.value_or(SessionHandle{});
    Job fresh{};
    fresh.sequence = ++locked.header().sequence;
    fresh.message = message;
    fresh.channel = channel;
    fresh.except_index = except.index;
    fresh.except_generation = except.generation;
    fresh.no_wake_index = no_wake.index;
    fresh.no_wake_generation = no_wake.generation;
    fresh.lazy = clamped(publication.lazy);
    Job& job = locked.cell(index);
    job = fresh;
    link_job(locked, index);
    BAYEUX_KILL_POINT("fanout.job_linked");
    publish_cell(job);
    return index;
}

bool has_room(const Locked& locked, std::uint64_t subscribers, std::size_t length) noexcept {
    const Header& header = locked.header();
    const std::uint64_t pages =
        pages_needed(locked, subscribers, length) + pages_for(locked, Kind::kJob, 1);
    return pages <= header.free_pages && header.job_count < kMaxJobs;
}

}  // namespace

ExpansionHashes::ExpansionHashes(const Segment& segment, std::string_view name) noexcept {
    protocol::ChannelExpansion expansion(name);
    std::string_view pattern;
    while (count < kMaxPositions && expansion.next(pattern)) {
        of[count] = name_hash(segment, pattern);
        ++count;
    }
}

void link_job(const Locked& locked, JobIndex index) noexcept {
    Header& header = locked.header();
    Job& job = locked.cell(index);
    Channel& channel = locked.cell(job.channel);
    job.next_in_channel = JobIndex();
    (channel.jobs_tail ? locked.cell(channel.jobs_tail).next_in_channel : channel.jobs_head) =
        index;
    channel.jobs_tail = index;
    job.next = JobIndex();
    job.prev = header.jobs_tail;
    (header.jobs_tail ? locked.cell(header.jobs_tail).next : header.jobs_head) = index;
    header.jobs_tail = index;
    ++header.job_count;
}

Begun begin_fanout(const Locked& locked, const broker::Publication& publication,
                   const ExpansionHashes& hashes, Ticket& ticket) noexcept {
    const ChannelIndex base =
        find_or_create_channel(locked, publication.domain.value, publication.channel->text(),
                               hashes.of[0], publication.max_channels);
    if (!base) {
        return Begun::kRefused;
    }
    if (publication.persistent) {
        locked.cell(base).persistent = 1;
    }
    note_use(locked, base);
    Channel& named = locked.cell(base);
    std::uint64_t subscribers = 0;
    const Expanded expanded = expand(locked, base, hashes);
    for (std::uint32_t i = 0; i < expanded.count; ++i) {
        const ChannelIndex channel = expanded.channels[i];
        subscribers += channel ? locked.cell(channel).subscriber_count : 0;
    }
    if (subscribers == 0) {
        ++named.published;
        ++locked.header().counters.published;
        return Begun::kNobody;
    }
    if (!has_room(locked, subscribers, publication.event.size())) {
        return Begun::kRefused;
    }
    ticket.job = create_job(locked, publication, base);
    if (!ticket.job) {
        return Begun::kRefused;
    }
    ticket.sequence = locked.cell(ticket.job).sequence;
    note_use(locked, base);
    ++named.published;
    ++locked.header().counters.published;
    return Begun::kStarted;
}

bool drive_fanout(const Locked& locked, const ExpansionHashes& hashes, Ticket& ticket) noexcept {
    std::uint32_t budget = kFanoutStep;
    for (;;) {
        const Job* const job = locked.segment().live(ticket.job);
        if (job == nullptr || job->sequence != ticket.sequence) {
            const JobResult& result = locked.header().job_results[ticket.sequence % kJobResults];
            if (result.sequence == ticket.sequence) {
                ticket.reached = static_cast<std::uint32_t>(result.reached);
            }
            return true;
        }
        if (!run_job(locked, locked.cell(job->channel).jobs_head, hashes, budget)) {
            ticket.reached = job->reached;
            return false;
        }
    }
}

bool drive_oldest(const Locked& locked) noexcept {
    const JobIndex index = locked.header().jobs_head;
    if (!index) {
        return false;
    }
    const Channel& channel = locked.cell(locked.cell(index).channel);
    const ExpansionHashes hashes(locked.segment(), name_of(channel));
    std::uint32_t budget = kFanoutStep;
    static_cast<void>(run_job(locked, index, hashes, budget));
    return true;
}

}  // namespace bayeux::store
