#include "store/survey.hpp"

#include <algorithm>
#include <sched.h>

#include "store/session_queue.hpp"
#include "store/store_lock.hpp"

namespace bayeux::store {
namespace {

// Of one hold, whatever is reached first.
constexpr std::uint32_t kPagesPerHold = 2048;
constexpr std::uint32_t kCellsPerHold = 128;

LargeChannel seen(const Channel& channel) noexcept {
    LargeChannel copy;
    copy.subscribers = channel.subscriber_count;
    copy.published = channel.published;
    copy.name_length = channel.name_length;
    std::copy_n(channel.name.begin(), channel.name_length, copy.name.begin());
    return copy;
}

void look_at(const Channel& channel, Survey& survey) noexcept {
    if (survey.crowded.wants(channel.subscriber_count)) {
        survey.crowded.add(channel.subscriber_count, seen(channel));
    }
    if (survey.busy.wants(channel.published)) {
        survey.busy.add(channel.published, seen(channel));
    }
}

void look_at(const Session& session, Survey& survey) noexcept {
    if (session.state == SessionState::kEnded || !survey.slow.wants(session.queue_count)) {
        return;
    }
    SlowSession copy;
    std::copy_n(session.client_id.begin(), copy.id_begin.size(), copy.id_begin.begin());
    copy.events = session.queue_count;
    copy.bytes = session.queue_bytes;
    copy.transport = transport_of(session);
    copy.waiting = session.waiter_state != WaiterState::kNobody;
    survey.slow.add(copy.events, copy);
}

// All live cells of one page that are of kind T.
template <class T>
std::uint32_t look_at_page(const Segment& segment, std::uint32_t page, Survey& survey) noexcept {
    std::uint32_t cells = 0;
    const std::uint32_t used = segment.pages()[page].bump;
    for (std::uint32_t slot = 0; slot < used && slot < kCellsPerPage<T>; ++slot) {
        const T& cell = segment.cell(Index<T>(page, slot));
        if (cell.live == kCellLive) {
            look_at(cell, survey);
            ++cells;
        }
    }
    return cells;
}

// One hold's share, from `page` on.
void walk_share(const Locked& locked, std::uint32_t& page, Survey& survey) noexcept {
    const Segment& segment = locked.segment();
    const auto pages = segment.pages();
    const auto end = static_cast<std::uint32_t>(
        std::min<std::size_t>(pages.size(), std::size_t{page} + kPagesPerHold));
    std::uint32_t cells = 0;
    for (; page < end && cells < kCellsPerHold; ++page) {
        if (pages[page].kind == Kind::kChannel) {
            cells += look_at_page<Channel>(segment, page, survey);
        } else if (pages[page].kind == Kind::kSession) {
            cells += look_at_page<Session>(segment, page, survey);
        }
    }
    survey.cells += cells;
}

}  // namespace

std::string SlowSession::short_id() const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : id_begin) {
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 15U];
    }
    return text;
}

Survey survey(const Segment& segment, TimePoint now) noexcept {
    Survey survey;
    broker::WakeSet nobody;
    std::uint32_t page = 0;
    while (page < segment.pages().size()) {
        if (survey.cells >= Survey::kMostCells) {
            survey.complete = false;
            break;
        }
        {
            const Locked locked(segment, Operation::kRead, now, nobody);
            walk_share(locked, page, survey);
        }
        sched_yield();  // the lock is not fair
    }
    return survey;
}

}  // namespace bayeux::store
