#include "store/repair.hpp"

#include <algorithm>

#include "store/browser_table.hpp"
#include "store/channel_table.hpp"
#include "store/domain_table.hpp"
#include "store/due_list.hpp"
#include "store/kill_point.hpp"
#include "store/repair_members.hpp"
#include "store/repair_messages.hpp"
#include "store/session_end.hpp"
#include "store/session_table.hpp"
#include "store/slab.hpp"
#include "store/subscription_index.hpp"
#include "store/timer_wheel.hpp"
#include "store/user_table.hpp"

namespace bayeux::store {

namespace {

// In place of a back link: the subscription was not found in its channel's chain yet.
constexpr SubscriptionIndex kUnseen(kNone - 1);

void check_pages(const Locked& locked) noexcept {
    for (PageInfo& page : locked.segment().pages()) {
        if (static_cast<std::size_t>(page.kind) >= kKinds) {
            page.kind = Kind::kFree;
        }
        const std::uint32_t cells = kPageSize / kCellSize[static_cast<std::size_t>(page.kind)];
        page.bump = static_cast<std::uint16_t>(std::min<std::uint32_t>(page.bump, cells));
    }
}

void clear_lists(const Locked& locked) noexcept {
    const Segment& segment = locked.segment();
    Header& header = locked.header();
    std::ranges::fill(segment.session_buckets(), SessionIndex());
    std::ranges::fill(segment.channel_buckets(), ChannelIndex());
    std::ranges::fill(segment.subscription_buckets(), SubscriptionIndex());
    std::ranges::fill(segment.domain_buckets(), DomainIndex());
    std::ranges::fill(segment.browser_buckets(), BrowserIndex());
    std::ranges::fill(segment.user_buckets(), UserIndex());
    header.wheel.fill(SessionIndex());
    header.idle_head = header.idle_tail = ChannelIndex();
    header.dying_head = header.dying_tail = SessionIndex();
    header.jobs_head = header.jobs_tail = JobIndex();
    clear_member_lists(locked);
    header.job_count = 0;
    header.left_children = 0;
    for (ChildSlot& child : segment.children()) {
        child.due_head = child.due_tail = kNone;
        child.due_count = 0;
        if (child.state > ChildState::kLeft) {
            child.state = ChildState::kLeft;
            child.scan = 0;
        }
        header.left_children += child.state == ChildState::kLeft ? 1 : 0;
    }
}

void relist_domains(const Locked& locked) noexcept {
    for_each_live<Domain>(locked.segment(), [&](DomainIndex index, Domain& domain) {
        domain.sessions = 0;
        domain.channels = 0;
        if (find_domain(locked, domain.id)) {
            retire_cell(domain);
        } else {
            link_domain(locked, index);
        }
    });
}

void relist_browsers(const Locked& locked) noexcept {
    for_each_live<Browser>(locked.segment(), [&](BrowserIndex index, Browser& browser) {
        browser.holds = 0;
        browser.hash = browser_hash(locked.segment(), browser.domain, browser.id);
        if (find_browser(locked, browser.domain, browser.id, browser.hash)) {
            retire_cell(browser);
        } else {
            link_browser(locked, index);
        }
    });
}

void relist_users(const Locked& locked) noexcept {
    for_each_live<User>(locked.segment(), [&](UserIndex index, User& user) {
        user.sessions = 0;
        user.first = SessionIndex();
        user.tag = user_tag(locked.segment(), name_of(user));
        if (user.name_length == 0 || find_user(locked, user.domain, user.tag, name_of(user))) {
            retire_cell(user);
        } else {
            link_user(locked, index);
        }
    });
}

// True if the place may be that of a child that holds something.
bool is_in_use(const Locked& locked, std::uint16_t child) noexcept {
    const auto children = locked.segment().children();
    return child < children.size() && children[child].state != ChildState::kFree;
}

void check_fields(const Locked& locked, Session& session) noexcept {
    if (session.state > SessionState::kEnded) {
        session.state = SessionState::kEnded;
    }
    if (session.overflow > broker::Overflow::kDropNewest) {
        session.overflow = broker::Overflow::kDisconnect;
    }
    if (session.waiter_state > WaiterState::kDue) {
        session.waiter_state = WaiterState::kNobody;
    }
    if (!is_in_use(locked, session.cycle_child)) {
        session.waiter_state = WaiterState::kNobody;
        session.cycle_child = kNoChild.value;
    }
    if (session.waiter_reason > broker::DueReason::kEnded) {
        session.waiter_reason = broker::DueReason::kEnded;
    }
    if (!is_in_use(locked, session.notice_child)) {
        session.notice_child = kNoChild.value;
    }
    if (!broker::is_stream(session.stream)) {
        session.stream = broker::Transport::kNone;
    }
    if (!broker::is_stream(session.notice_stream)) {
        session.notice_stream = broker::Transport::kNone;
    }
    session.subscriptions = SubscriptionIndex();
    session.subscription_count = 0;
    session.due = {};
    session.dying = 0;
    session.counted = 0;
    session.domain_cell = DomainIndex();
    session.browser_cell = BrowserIndex();
    session.lazy_at = kNever;
}

// Counts the place that the session holds of its browser, if it does.
void count_place(const Locked& locked, Session& session) noexcept {
    session.browser_hash = session.has_browser != 0
                               ? browser_hash(locked.segment(), session.domain, session.browser)
                               : 0;
    if (session.holds_place == 0) {
        return;
    }
    if (session.has_browser != 0 && session.state != SessionState::kEnded) {
        session.browser_cell =
            find_browser(locked, session.domain, session.browser, session.browser_hash);
    }
    if (session.browser_cell) {
        ++locked.cell(session.browser_cell).holds;
    } else {
        session.holds_place = 0;
    }
}

// Into the list of its user. Whose that is not clear any more has none: his next request tells.
void enlist_with_user(const Locked& locked, SessionIndex index, Session& session) noexcept {
    const UserIndex index_of_user = session.user;
    const User* const user = locked.segment().live(index_of_user);
    session.user = UserIndex();
    session.peer_next = session.peer_prev = SessionIndex();
    if (session.state == SessionState::kEnded || !index_of_user) {
        return;
    }
    if (user == nullptr || user->domain != session.domain || user->tag != session.user_tag) {
        session.user_tag = 0;
        return;
    }
    // The counter moves first: a number beyond it is none.
    session.joined = session.joined <= locked.header().joins ? session.joined : 0;
    enlist(locked, index, index_of_user);
}

// Into the tables, if it has not ended. What cannot be filed has ended.
void file_session(const Locked& locked, SessionIndex index, Session& session) noexcept {
    if (session.state == SessionState::kEnded) {
        return;
    }
    const auto id = protocol::ClientId::from_bytes(session.client_id);
    const DomainId domain_id(session.domain);
    session.hash = session_hash(locked.segment(), domain_id, id);
    session.domain_cell = find_domain(locked, session.domain);
    if (!session.domain_cell || find_session(locked, domain_id, id, session.hash)) {
        session.domain_cell = DomainIndex();
        session.state = SessionState::kEnded;
        return;
    }
    ++locked.cell(session.domain_cell).sessions;
    link_session(locked, index);
    wheel_insert(locked, index);
}

void relist_sessions(const Locked& locked) noexcept {
    Header& header = locked.header();
    for_each_live<Session>(locked.segment(), [&](SessionIndex index, Session& session) {
        check_fields(locked, session);
        header.last_generation = std::max(header.last_generation, session.generation);
        file_session(locked, index, session);
        count_place(locked, session);
        enlist_with_user(locked, index, session);
        if (session.state == SessionState::kEnded) {
            session.waiter_reason = broker::DueReason::kEnded;
            if (session.waiter_state == WaiterState::kParked) {
                session.waiter_state = WaiterState::kDue;
            }
        }
        relist_due(locked, index);
    });
    for_each_live<User>(locked.segment(),
                        [&](UserIndex index, const User&) { sort_sessions(locked, index); });
    BAYEUX_KILL_POINT("repair.users_sorted");
}

void relist_channels(const Locked& locked) noexcept {
    for_each_live<Channel>(locked.segment(), [&](ChannelIndex index, Channel& channel) {
        const std::uint32_t hash = name_hash(locked.segment(), name_of(channel));
        channel.domain_cell = find_domain(locked, channel.domain);
        if (!channel.domain_cell || find_channel(locked, channel.domain, name_of(channel), hash)) {
            retire_cell(channel);
            return;
        }
        channel.hash = channel_hash(channel.domain, hash);
        channel.subscriber_count = 0;
        channel.jobs_head = channel.jobs_tail = JobIndex();
        channel.cursors = 0;
        channel.idle = 0;
        channel.members = MemberIndex();
        channel.present = 0;
        ++locked.cell(channel.domain_cell).channels;
        link_channel(locked, index);
    });
}

void relist_subscriptions(const Locked& locked) noexcept {
    const Segment& segment = locked.segment();
    for_each_live<Subscription>(segment, [&](SubscriptionIndex index, Subscription& subscription) {
        const Session* const session = segment.live(subscription.session);
        const Channel* const channel = segment.live(subscription.channel);
        if (session == nullptr || session->generation != subscription.generation ||
            channel == nullptr || channel->domain != session->domain ||
            find_subscription(locked, subscription.session, subscription.channel)) {
            retire_cell(subscription);
            return;
        }
        subscription.channel_prev = kUnseen;
        recount_member(locked, subscription);
        link_by_pair(locked, index);
        link_to_session(locked, index);
    });
}

// Keeps the order of the chain, leaves out what is not (any more) a subscription of the channel.
void mend_chain(const Locked& locked, ChannelIndex index, Channel& channel) noexcept {
    const Segment& segment = locked.segment();
    std::size_t steps = segment.pages().size() * kCellsPerPage<Subscription>;
    SubscriptionIndex last;
    for (SubscriptionIndex at = channel.subscribers; steps != 0; --steps) {
        Subscription* const subscription = segment.at(at);
        if (subscription == nullptr) {
            break;
        }
        if (subscription->live == kCellLive) {
            if (subscription->channel != index || subscription->channel_prev != kUnseen) {
                break;
            }
            subscription->channel_prev = last;
            BAYEUX_KILL_POINT("repair.in_chain");
            (last ? locked.cell(last).channel_next : channel.subscribers) = at;
            last = at;
            ++channel.subscriber_count;
        }
        at = subscription->channel_next;
    }
    (last ? locked.cell(last).channel_next : channel.subscribers) = SubscriptionIndex();
}

void mend_chains(const Locked& locked) noexcept {
    for_each_live<Channel>(locked.segment(), [&](ChannelIndex index, Channel& channel) {
        mend_chain(locked, index, channel);
    });
    for_each_live<Subscription>(locked.segment(),
                                [&](SubscriptionIndex index, const Subscription& subscription) {
                                    if (subscription.channel_prev == kUnseen) {
                                        link_to_channel(locked, index);
                                    }
                                });
}

// Domains, browsers and users come with the first and go with the last that needs them.
void drop_unused(const Locked& locked) noexcept {
    std::ranges::fill(locked.segment().domain_buckets(), DomainIndex());
    for_each_live<Domain>(locked.segment(), [&](DomainIndex index, Domain& domain) {
        if (domain.sessions == 0 && domain.channels == 0) {
            retire_cell(domain);
        } else {
            link_domain(locked, index);
        }
    });
    std::ranges::fill(locked.segment().browser_buckets(), BrowserIndex());
    for_each_live<Browser>(locked.segment(), [&](BrowserIndex index, Browser& browser) {
        if (browser.holds == 0) {
            retire_cell(browser);
        } else {
            link_browser(locked, index);
            BAYEUX_KILL_POINT("repair.browser_linked");
        }
    });
    std::ranges::fill(locked.segment().user_buckets(), UserIndex());
    for_each_live<User>(locked.segment(), [&](UserIndex index, User& user) {
        if (user.sessions == 0) {
            retire_cell(user);
        } else {
            link_user(locked, index);
            BAYEUX_KILL_POINT("repair.user_linked");
        }
    });
}

// What depends on what the other steps have counted.
void settle(const Locked& locked) noexcept {
    for_each_live<Session>(locked.segment(), [&](SessionIndex index, Session& session) {
        if (session.state != SessionState::kEnded) {
            wake_if_ready(locked, index);
        } else if (session.subscriptions || session.queue_head) {
            append_dying(locked, index);
        } else if (!is_referred_to(session)) {
            retire_cell(session);
        }
    });
    settle_members(locked);
    for_each_live<Channel>(locked.segment(),
                           [&](ChannelIndex index, const Channel&) { note_use(locked, index); });
    drop_unused(locked);
}

}  // namespace

void repair(const Locked& locked) noexcept {
    check_pages(locked);
    clear_lists(locked);
    BAYEUX_KILL_POINT("repair.lists_cleared");
    relist_domains(locked);
    relist_browsers(locked);
    relist_users(locked);
    BAYEUX_KILL_POINT("repair.browsers_listed");
    relist_sessions(locked);
    BAYEUX_KILL_POINT("repair.sessions_listed");
    relist_channels(locked);
    relist_members(locked);
    relist_subscriptions(locked);
    BAYEUX_KILL_POINT("repair.subscriptions_listed");
    mend_chains(locked);
    BAYEUX_KILL_POINT("repair.chains_mended");
    repair_messages(locked);
    BAYEUX_KILL_POINT("repair.messages_found");
    settle(locked);
    BAYEUX_KILL_POINT("repair.settled");
    // Nearly last: until here nothing is allocated or freed, cells are only found live or not.
    reset_pages(locked);
    for (auto page = static_cast<std::uint32_t>(locked.segment().pages().size()); page-- > 0;) {
        rebuild_page(locked, page);
        BAYEUX_KILL_POINT("repair.page_rebuilt");
    }
    end_renamed(locked);
}

}  // namespace bayeux::store
