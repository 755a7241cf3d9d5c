#include "lib/fake_store.hpp"

#include <algorithm>

namespace bayeux::test {

using broker::ConnectStart;
using broker::Due;
using broker::DueReason;
using broker::ParkState;
using broker::Transport;

namespace {

Error full_error() {
    return Error{ErrorCode::kFull, "the store is full"};
}
Error gone_error() {
    return Error{ErrorCode::kGone, "the session has ended"};
}

}  // namespace

Result<SessionHandle> FakeStore::create_session(const broker::NewSession& wanted) {
    const std::lock_guard lock(mutex_);
    const auto in_domain = std::count_if(sessions_.begin(), sessions_.end(), [&](const auto& s) {
        return s.second.wanted.domain == wanted.domain;
    });
    if (full || in_domain >= static_cast<std::ptrdiff_t>(wanted.max_sessions)) {
        return full_error();
    }
    Session session{};
    session.wanted = wanted;
    session.user = wanted.user.name;
    session.user_tag = wanted.user.tag;
    session.wanted.user = {};
    session.cookie_seen = wanted.cookie_seen;
    session.expires_at = wanted.expires_at;
    session.active_at = wanted.active_at;
    session.terms.transport = wanted.transport;
    session.terms.timeout = wanted.timeout;
    session.terms.interval = wanted.interval;
    const std::uint32_t index = next_session_++;
    sessions_.emplace(index, std::move(session));
    return SessionHandle{index, kFakeGeneration};
}

std::optional<broker::SessionInfo> FakeStore::find_session(DomainId domain,
                                                           const protocol::ClientId& id) {
    const std::lock_guard lock(mutex_);
    for (const auto& [index, session] : sessions_) {
        if (session.wanted.domain == domain && session.wanted.client_id == id) {
            return broker::SessionInfo{.handle = SessionHandle{index, kFakeGeneration},
                                       .browser = session.wanted.browser,
                                       .cookie_seen = session.cookie_seen,
                                       .connected = session.connected,
                                       .ack = session.wanted.ack,
                                       .connect_open = session.open,
                                       .stream = session.stream,
                                       .active_at = session.active_at,
                                       .user_tag = session.user_tag};
        }
    }
    return std::nullopt;
}

void FakeStore::touch(SessionHandle session, const broker::Touch& touch) {
    const std::lock_guard lock(mutex_);
    ++counts_.touches;
    if (Session* found = find(session)) {
        found->expires_at = std::max(found->expires_at, touch.expires_at);
        found->cookie_seen = found->cookie_seen || touch.cookie;
        found->active_at = touch.active_at.value_or(found->active_at);
    }
}

bool FakeStore::end_session(SessionHandle session) {
    {
        const std::lock_guard lock(mutex_);
        if (find(session) == nullptr) {
            return false;
        }
        end(sessions_.find(session.index));
    }
    ring();
    return true;
}

Result<ConnectStart> FakeStore::start_connect(SessionHandle session,
                                              const broker::ConnectTerms& terms) {
    ConnectStart start;
    {
        const std::lock_guard lock(mutex_);
        Session* found = find(session);
        if (found == nullptr || gone) {
            return gone_error();
        }
        if (!found->goes_on(terms)) {
            replace(session, *found);
            found->stream =
                terms.transport == Transport::kWebSocket ? terms.transport : Transport::kNone;
        }
        if (terms.acknowledged) {
            found->forget(*terms.acknowledged);
        }
        ++counts_.starts;
        start.cycle = found->cycle;
        start.first = !found->connected;
        start.may_hold = !terms.wants_hold || may_hold(*found, terms);
        start.advice_due = found->terms.transport != terms.transport ||
                           found->terms.timeout != terms.timeout ||
                           found->terms.interval != terms.interval ||
                           (terms.wants_hold && start.may_hold && found->told_of_others);
        start.due = found->due();
        start.replay = found->unacknowledged();
        found->told_of_others = terms.wants_hold ? !start.may_hold : found->told_of_others;
        found->counted = terms.wants_hold && start.may_hold;
        found->connected = true;
        found->open = true;
        found->lease = terms.lease;
        found->terms = terms;
    }
    ring();
    return start;
}

Result<ConnectCycle> FakeStore::start_stream(SessionHandle session, Transport transport) {
    ConnectCycle cycle;
    {
        const std::lock_guard lock(mutex_);
        Session* found = find(session);
        if (found == nullptr || gone) {
            return gone_error();
        }
        replace(session, *found);
        ++counts_.streams;
        found->stream = transport;
        cycle = found->cycle;
    }
    ring();
    return cycle;
}

void FakeStore::end_stream(SessionHandle session, ConnectCycle cycle,
                           std::optional<TimePoint> expires_at) {
    const std::lock_guard lock(mutex_);
    drop_due(session, cycle);
    Session* found = find(session);
    if (found == nullptr || found->cycle != cycle) {
        return;
    }
    found->holder.reset();
    found->stream = Transport::kNone;
    if (expires_at) {
        found->open = false;
        found->expires_at = *expires_at;
    }
}

ParkState FakeStore::park(SessionHandle session, ConnectCycle cycle, ChildIndex child,
                          TimePoint lease) {
    const std::lock_guard lock(mutex_);
    Session* found = find(session);
    if (found == nullptr) {
        return ParkState::kEnded;
    }
    if (found->cycle != cycle) {
        return ParkState::kSuperseded;
    }
    if (found->due()) {
        return ParkState::kDue;
    }
    found->holder = child;
    found->lease = std::max(found->lease, lease);
    return ParkState::kParked;
}

void FakeStore::finish_connect(SessionHandle session, ConnectCycle cycle, TimePoint expires_at) {
    const std::lock_guard lock(mutex_);
    ++counts_.finishes;
    Session* found = find(session);
    if (found == nullptr || found->cycle != cycle) {
        return;
    }
    found->open = false;
    found->counted = false;
    found->expires_at = expires_at;
    if (found->stream == Transport::kNone) {
        found->holder.reset();
    }
}

std::size_t FakeStore::take_due(ChildIndex child, std::span<Due> due) {
    const std::lock_guard lock(mutex_);
    std::deque<Due>& waiting = due_[child];
    std::size_t count = 0;
    for (; count < due.size() && !waiting.empty(); ++count) {
        due[count] = waiting.front();
        waiting.pop_front();
        Session* found = find(due[count].session);
        if (found != nullptr && found->cycle == due[count].cycle) {
            found->holder.reset();  // handed out once
        }
    }
    return count;
}

Result<void> FakeStore::subscribe(SessionHandle session,
                                  std::span<const protocol::ChannelName> channels,
                                  const broker::SubscriptionLimits& limits) {
    const std::lock_guard lock(mutex_);
    presence.assign(limits.presence.begin(), limits.presence.end());
    Session* found = find(session);
    if (found == nullptr || gone) {
        return gone_error();
    }
    auto wanted = found->subscriptions;
    auto known = channels_;
    for (const auto& name : channels) {
        wanted.insert_or_assign(name.text(), name);
        if (full || !create_channel(found->wanted.domain, name.text(), limits.max_channels)) {
            channels_ = std::move(known);
            return full_error();
        }
    }
    if (wanted.size() > limits.per_session) {
        channels_ = std::move(known);
        return Error{ErrorCode::kTooLarge, "too many subscriptions"};
    }
    found->subscriptions = std::move(wanted);
    return {};
}

void FakeStore::unsubscribe(SessionHandle session,
                            std::span<const protocol::ChannelName> channels) {
    const std::lock_guard lock(mutex_);
    if (Session* found = find(session)) {
        for (const auto& name : channels) {
            found->subscriptions.erase(name.text());
        }
    }
}

bool FakeStore::channel_exists(DomainId domain, const protocol::ChannelName& channel) {
    const std::lock_guard lock(mutex_);
    return channels_.contains({domain, channel.text()});
}

bool FakeStore::create_channel(DomainId domain, const std::string& name,
                               std::uint32_t max_channels) {
    const ChannelKey key{domain, name};
    if (channels_.contains(key)) {
        return true;
    }
    const auto in_domain = std::count_if(channels_.begin(), channels_.end(),
                                         [&](const auto& c) { return c.first.first == domain; });
    if (in_domain >= static_cast<std::ptrdiff_t>(max_channels)) {
        return false;
    }
    channels_[key] = Channel{};
    return true;
}

bool FakeStore::Session::goes_on(const broker::ConnectTerms& with) const noexcept {
    if (with.stream.value != 0) {
        return is_stream(stream) && cycle == with.stream;
    }
    return with.transport == Transport::kEventSource && stream == Transport::kEventSource;
}

FakeStore::Session* FakeStore::find(SessionHandle session) {
    const auto found = sessions_.find(session.index);
    return found == sessions_.end() || session.generation != kFakeGeneration ? nullptr
                                                                             : &found->second;
}

void FakeStore::end(Sessions::iterator at) {
    if (at->second.holder) {
        make_due(SessionHandle{at->first, kFakeGeneration}, at->second, DueReason::kEnded);
    }
    sessions_.erase(at);
}

void FakeStore::replace(SessionHandle session, Session& of) {
    if (of.holder) {
        make_due(session, of, DueReason::kSuperseded);
        of.holder.reset();
    }
    if (of.open) {
        // Whoever answers the older connect can start no clock any more (CN-16).
        of.expires_at = std::max(of.expires_at, of.lease);
        of.open = false;
    }
    of.counted = false;
    of.stream = Transport::kNone;
    of.cycle = ConnectCycle{++next_cycle_};
}

bool FakeStore::may_hold(const Session& session, const broker::ConnectTerms& terms) const {
    if (!session.wanted.browser || terms.holds_per_browser == broker::kUnlimited) {
        return true;
    }
    const auto held = std::count_if(sessions_.begin(), sessions_.end(), [&](const auto& s) {
        const Session& other = s.second;
        return &other != &session && other.counted &&
               other.wanted.domain == session.wanted.domain &&
               other.wanted.browser == session.wanted.browser;
    });
    return held < static_cast<std::ptrdiff_t>(terms.holds_per_browser);
}

void FakeStore::make_due(SessionHandle session, Session& of, DueReason reason) {
    std::deque<Due>& waiting = due_[*of.holder];
    const auto same = std::find_if(waiting.begin(), waiting.end(), [&](const Due& due) {
        return due.session == session && due.cycle == of.cycle;
    });
    if (same != waiting.end()) {
        same->reason = reason;
    } else {
        waiting.push_back({session, of.cycle, reason});
    }
    if (of.holder->value < broker::kMaxChildren) {
        to_ring_.set(of.holder->value);
    }
}

void FakeStore::drop_due(SessionHandle session, ConnectCycle cycle) {
    for (auto& [child, waiting] : due_) {
        std::erase_if(waiting,
                      [&](const Due& due) { return due.session == session && due.cycle == cycle; });
    }
}

void FakeStore::ring() {
    broker::WakeSet children;
    {
        const std::lock_guard lock(mutex_);
        std::swap(children, to_ring_);
    }
    if (ringer_ != nullptr && children.any()) {
        ringer_->ring(children);
    }
}

std::optional<FakeStore::View> FakeStore::view(SessionHandle session) const {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(session.index);
    if (found == sessions_.end()) {
        return std::nullopt;
    }
    const Session& of = found->second;
    View view;
    view.wanted = of.wanted;
    view.cookie_seen = of.cookie_seen;
    view.open = of.open;
    view.parked = of.holder.has_value();
    view.expires_at = of.expires_at;
    view.lease = of.lease;
    view.queued = of.queue.size();
    view.cycle = of.cycle;
    view.stream = of.stream;
    view.counted = of.counted;
    view.active_at = of.active_at;
    view.terms = of.terms;
    for (const auto& [name, channel] : of.subscriptions) {
        view.subscriptions.push_back(name);
    }
    return view;
}

}  // namespace bayeux::test
