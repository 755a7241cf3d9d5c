#include "store/verify.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "store/browser_table.hpp"
#include "store/channel_table.hpp"
#include "store/domain_table.hpp"
#include "store/session_table.hpp"
#include "store/subscription_index.hpp"
#include "store/timer_wheel.hpp"
#include "store/verify_members.hpp"
#include "store/verify_messages.hpp"
#include "store/verify_pages.hpp"
#include "store/verify_users.hpp"

namespace bayeux::store {

namespace {

std::string at(const char* text, std::uint32_t index) {
    return std::string(text) + " (" + std::to_string(index >> 8U) + "/" +
           std::to_string(index & 0xffU) + ")";
}

std::string check_V1_header(const Locked& locked) {
    const Header& header = locked.header();
    if (header.magic != kMagic || header.layout_version != kLayoutVersion ||
        header.geometry.page_count != locked.segment().geometry().page_count) {
        return "V1 the header is not that of this segment";
    }
    return {};
}

// How often each bucket chain holds each cell, of a table whose cells have `hash_next`.
template <class T>
std::string count_chains(const Locked& locked, std::span<Index<T>> buckets,
                         std::map<std::uint32_t, std::uint32_t>& seen) {
    for (const Index<T> head : buckets) {
        for (Index<T> index = head; index; index = locked.cell(index).hash_next) {
            if (locked.segment().live(index) == nullptr || ++seen[index.value] > 1) {
                return "a bucket chain that leads astray";
            }
        }
    }
    return {};
}

std::string check_V4_sessions(const Locked& locked) {
    std::map<std::uint32_t, std::uint32_t> seen;
    std::string wrong = count_chains<Session>(locked, locked.segment().session_buckets(), seen);
    if (!wrong.empty()) {
        return "V4 sessions: " + wrong;
    }
    for_each_live<Session>(locked.segment(), [&](SessionIndex index, const Session& session) {
        const bool ended = session.state == SessionState::kEnded;
        const auto id = protocol::ClientId::from_bytes(session.client_id);
        const DomainId domain(session.domain);
        if (seen.contains(index.value) == ended ||
            (!ended && find_session(locked, domain, id,
                                    session_hash(locked.segment(), domain, id)) != index)) {
            wrong = at("V4 a session is not found, or found although it ended", index.value);
        }
    });
    return wrong;
}

std::string check_V5_channels(const Locked& locked) {
    std::map<std::uint32_t, std::uint32_t> seen;
    std::string wrong = count_chains<Channel>(locked, locked.segment().channel_buckets(), seen);
    std::map<std::uint32_t, std::uint32_t> domains;
    wrong += count_chains<Domain>(locked, locked.segment().domain_buckets(), domains);
    if (!wrong.empty()) {
        return "V5 channels: " + wrong;
    }
    for_each_live<Channel>(locked.segment(), [&](ChannelIndex index, const Channel& channel) {
        const std::uint32_t hash = name_hash(locked.segment(), name_of(channel));
        if (find_channel(locked, channel.domain, name_of(channel), hash) != index) {
            wrong = at("V5 a channel is not found by its name", index.value);
        }
    });
    for_each_live<Domain>(locked.segment(), [&](DomainIndex index, const Domain& domain) {
        if (find_domain(locked, domain.id) != index) {
            wrong = at("V5 a domain is not found by its id", index.value);
        }
    });
    return wrong;
}

std::string check_subscription_lists(const Locked& locked,
                                     std::map<std::uint32_t, std::uint32_t>& seen) {
    std::string wrong;
    for_each_live<Session>(locked.segment(), [&](SessionIndex index, const Session& session) {
        std::uint32_t count = 0;
        SubscriptionIndex before;
        for (SubscriptionIndex i = session.subscriptions; i; ++count) {
            const Subscription* const s = locked.segment().live(i);
            if (s == nullptr || s->session != index || s->generation != session.generation ||
                s->session_prev != before || ++seen[i.value] > 1) {
                wrong = at("V6 a session's list leads astray", index.value);
                return;
            }
            before = i;
            i = s->session_next;
        }
        if (count != session.subscription_count) {
            wrong = at("V6 a session's count of subscriptions is wrong", index.value);
        }
    });
    for_each_live<Channel>(locked.segment(), [&](ChannelIndex index, const Channel& channel) {
        std::uint32_t count = 0;
        SubscriptionIndex before;
        for (SubscriptionIndex i = channel.subscribers; i; ++count) {
            const Subscription* const s = locked.segment().live(i);
            if (s == nullptr || s->channel != index || s->channel_prev != before ||
                (seen[i.value] += 16) > 17) {
                wrong = at("V6 a channel's list leads astray", index.value);
                return;
            }
            before = i;
            i = s->channel_next;
        }
        if (count != channel.subscriber_count) {
            wrong = at("V6 a channel's count of subscribers is wrong", index.value);
        }
    });
    return wrong;
}

std::string check_V6_subscriptions(const Locked& locked) {
    std::map<std::uint32_t, std::uint32_t> chained;
    std::map<std::uint32_t, std::uint32_t> seen;
    std::string wrong =
        count_chains<Subscription>(locked, locked.segment().subscription_buckets(), chained);
    if (wrong.empty()) {
        wrong = check_subscription_lists(locked, seen);
    }
    if (!wrong.empty()) {
        return wrong;
    }
    for_each_live<Subscription>(
        locked.segment(), [&](SubscriptionIndex index, const Subscription& s) {
            if (seen[index.value] != 17 || chained[index.value] != 1 ||
                find_subscription(locked, s.session, s.channel) != index ||
                locked.cell(s.session).domain != locked.cell(s.channel).domain) {
                wrong = at("V6 a subscription is missing in a list", index.value);
            }
        });
    return wrong;
}

std::string check_V9_domains(const Locked& locked) {
    std::map<std::uint64_t, std::pair<std::uint32_t, std::uint32_t>> counts;
    std::string wrong;
    for_each_live<Session>(locked.segment(), [&](SessionIndex index, const Session& session) {
        if (session.state != SessionState::kEnded) {
            ++counts[session.domain].first;
            if (session.domain_cell != find_domain(locked, session.domain)) {
                wrong = at("V9 a session names another domain", index.value);
            }
        }
    });
    for_each_live<Channel>(locked.segment(), [&](ChannelIndex index, const Channel& channel) {
        ++counts[channel.domain].second;
        if (channel.domain_cell != find_domain(locked, channel.domain)) {
            wrong = at("V9 a channel names another domain", index.value);
        }
    });
    std::size_t domains = 0;
    for_each_live<Domain>(locked.segment(), [&](DomainIndex index, const Domain& domain) {
        ++domains;
        if (counts[domain.id] != std::pair(domain.sessions, domain.channels) ||
            (domain.sessions == 0 && domain.channels == 0)) {
            wrong = at("V9 a domain's counts are wrong", index.value);
        }
    });
    return wrong.empty() && domains != counts.size() ? "V9 a domain is missing" : wrong;
}

std::string check_V10_wheel(const Locked& locked) {
    const Header& header = locked.header();
    std::set<std::uint32_t> seen;
    for (std::size_t slot = 0; slot < kWheelSlots; ++slot) {
        SessionIndex before;
        for (SessionIndex index = header.wheel[slot]; index;) {
            const Session* const session = locked.segment().live(index);
            if (session == nullptr || session->wheel_prev != before ||
                session->state == SessionState::kEnded || !seen.insert(index.value).second ||
                static_cast<std::uint64_t>(session->wheel_tick) % kWheelSlots != slot) {
                return "V10 a slot of the wheel leads astray";
            }
            if (session->wheel_tick >
                std::max(tick_after(next_time(*session)), header.wheel_tick + 1)) {
                return at("V10 a session would expire late, or its lazy events would", index.value);
            }
            before = index;
            index = session->wheel_next;
        }
    }
    std::size_t alive = 0;
    for_each_live<Session>(locked.segment(), [&](SessionIndex, const Session& session) {
        alive += session.state == SessionState::kEnded ? 0 : 1;
    });
    return alive == seen.size() ? "" : "V10 a session is not in the wheel";
}

std::string check_V11_child(const Locked& locked, std::uint16_t child,
                            std::set<std::uint32_t>& seen) {
    const ChildSlot& slot = locked.segment().children()[child];
    std::uint32_t before = kNone;
    std::uint32_t count = 0;
    for (std::uint32_t ref = slot.due_head; ref != kNone; ++count) {
        const Session* const session = locked.segment().live(SessionIndex(ref / 2));
        if (session == nullptr || session->due[ref % 2].prev != before ||
            !seen.insert(ref).second) {
            return "V11 a due list leads astray";
        }
        const bool is_waiter = ref % 2 == static_cast<std::uint32_t>(DueNode::kWaiter);
        if (is_waiter ? session->waiter_state != WaiterState::kDue || session->cycle_child != child
                      : session->notice_child != child) {
            return at("V11 a session is in the wrong due list", ref / 2);
        }
        before = ref;
        ref = session->due[ref % 2].next;
    }
    if (before != slot.due_tail || count != slot.due_count ||
        (count != 0 && slot.state == ChildState::kFree)) {
        return "V11 a due list's tail or count is wrong";
    }
    return {};
}

std::string check_V11_due_lists(const Locked& locked) {
    std::set<std::uint32_t> seen;
    const auto children = locked.segment().children();
    std::uint32_t left = 0;
    for (std::size_t i = 0; i < children.size(); ++i) {
        left += children[i].state == ChildState::kLeft ? 1U : 0U;
        std::string wrong = check_V11_child(locked, static_cast<std::uint16_t>(i), seen);
        if (!wrong.empty()) {
            return wrong;
        }
    }
    std::size_t expected = 0;
    std::string wrong;
    for_each_live<Session>(locked.segment(), [&](SessionIndex index, const Session& session) {
        expected += session.waiter_state == WaiterState::kDue ? 1 : 0;
        expected += session.notice_child != kNoChild.value ? 1 : 0;
        const bool has_child = session.cycle_child < children.size() &&
                               children[session.cycle_child].state != ChildState::kFree;
        if (!has_child && (session.waiter_state != WaiterState::kNobody ||
                           session.cycle_child != kNoChild.value)) {
            wrong = at("V11 a session waits in a place without a child", index.value);
        }
    });
    if (left != locked.header().left_children) {
        return "V11 the count of children that left is wrong";
    }
    return expected == seen.size() ? wrong : "V11 a session is missing in a due list";
}

std::string check_V12_idle(const Locked& locked) {
    std::set<std::uint32_t> seen;
    ChannelIndex before;
    for (ChannelIndex index = locked.header().idle_head; index;) {
        const Channel* const channel = locked.segment().live(index);
        if (channel == nullptr || channel->idle_prev != before ||
            !seen.insert(index.value).second) {
            return "V12 the idle list leads astray";
        }
        before = index;
        index = channel->idle_next;
    }
    std::string wrong = before == locked.header().idle_tail ? "" : "V12 the idle tail is wrong";
    for_each_live<Channel>(locked.segment(), [&](ChannelIndex index, const Channel& channel) {
        const bool unused = channel.subscriber_count == 0 && !channel.jobs_head &&
                            channel.persistent == 0 && !channel.members;
        if (unused != seen.contains(index.value) || unused != (channel.idle != 0)) {
            wrong = at("V12 a channel is idle and not listed, or listed and not idle", index.value);
        }
    });
    return wrong;
}

std::string check_V13_dying(const Locked& locked) {
    std::set<std::uint32_t> seen;
    SessionIndex before;
    for (SessionIndex index = locked.header().dying_head; index;) {
        const Session* const session = locked.segment().live(index);
        if (session == nullptr || session->peer_prev != before ||
            !seen.insert(index.value).second) {
            return "V13 the dying list leads astray";
        }
        before = index;
        index = session->peer_next;
    }
    std::string wrong;
    for_each_live<Session>(locked.segment(), [&](SessionIndex index, const Session& session) {
        const bool ended = session.state == SessionState::kEnded;
        const bool owns = session.subscriptions || session.queue_head;
        const bool referred =
            session.waiter_state == WaiterState::kDue || session.notice_child != kNoChild.value;
        if (seen.contains(index.value) != (ended && owns) || (ended && !owns && !referred) ||
            (ended && session.waiter_state == WaiterState::kParked)) {
            wrong = at("V13 an ended session is left over", index.value);
        }
    });
    return wrong;
}

std::string check_V15_browsers(const Locked& locked) {
    std::map<std::uint32_t, std::uint32_t> seen;
    std::string wrong = count_chains<Browser>(locked, locked.segment().browser_buckets(), seen);
    if (!wrong.empty()) {
        return "V15 browsers: " + wrong;
    }
    std::map<std::uint32_t, std::uint32_t> holds;
    for_each_live<Session>(locked.segment(), [&](SessionIndex index, const Session& session) {
        const bool hashed = session.has_browser != 0;
        const auto hash = browser_hash(locked.segment(), session.domain, session.browser);
        const auto own =
            hashed ? find_browser(locked, session.domain, session.browser, hash) : BrowserIndex();
        const bool holding = session.holds_place != 0;
        if (hashed && session.browser_hash != hash) {
            wrong = at("V15 a session's hash of its browser is wrong", index.value);
        } else if (holding && (session.state == SessionState::kEnded || !own)) {
            wrong = at("V15 a session holds a place of nobody", index.value);
        } else if (session.browser_cell != (holding ? own : BrowserIndex())) {
            wrong = at("V15 a session names another browser", index.value);
        }
        holds[own.value] += holding ? 1 : 0;
    });
    for_each_live<Browser>(locked.segment(), [&](BrowserIndex index, const Browser& browser) {
        if (browser.holds != holds[index.value] || browser.holds == 0 ||
            find_browser(locked, browser.domain, browser.id, browser.hash) != index) {
            wrong = at("V15 a browser's count is wrong, or it is not found", index.value);
        }
    });
    return wrong;
}

}  // namespace

std::string verify(const Locked& locked) {
    std::string wrong = check_V1_header(locked);
    using Check = std::string (*)(const Locked&);
    for (const Check check :
         {check_V2_pages, check_V3_page_lists, check_V4_sessions, check_V5_channels,
          check_V6_subscriptions, check_V7_queues, check_V8_messages, check_V9_domains,
          check_V10_wheel, check_V11_due_lists, check_V12_idle, check_V13_dying, check_V14_jobs,
          check_V15_browsers, check_V16_sent, check_V17_urgency, check_V18_users,
          check_V19_members}) {
        if (wrong.empty()) {
            wrong = check(locked);
        }
    }
    return wrong;
}

}  // namespace bayeux::store
