#include "lib/fake_store.hpp"

#include <algorithm>
#include <iterator>

namespace bayeux::test {

using broker::ConnectStart;
using broker::Due;
using broker::DueReason;
using broker::ParkState;

namespace {

constexpr std::uint32_t kGeneration = 1;  // an index is never used again, so one will do
constexpr int kSweepsOfUnused = 3;        // CH-15
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
    session.expires_at = wanted.expires_at;
    session.advised.transport = wanted.transport;
    session.advised.timeout = wanted.timeout;
    session.advised.interval = wanted.interval;
    const std::uint32_t index = next_session_++;
    sessions_.emplace(index, std::move(session));
    return SessionHandle{index, kGeneration};
}

std::optional<broker::SessionInfo> FakeStore::find_session(DomainId domain,
                                                           const protocol::ClientId& id) {
    const std::lock_guard lock(mutex_);
    for (const auto& [index, session] : sessions_) {
        if (session.wanted.domain == domain && session.wanted.client_id == id) {
            return broker::SessionInfo{SessionHandle{index, kGeneration}, session.wanted.browser,
                                       session.cookie_seen, session.connected};
        }
    }
    return std::nullopt;
}

void FakeStore::touch(SessionHandle session, TimePoint expires_at, bool cookie) {
    const std::lock_guard lock(mutex_);
    ++counts_.touches;
    if (Session* found = find(session)) {
        found->expires_at = std::max(found->expires_at, expires_at);
        found->cookie_seen = found->cookie_seen || cookie;
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
        if (found->holder) {
            make_due(session, *found, DueReason::kSuperseded);
            found->holder.reset();
        }
        ++counts_.starts;
        start.cycle = ConnectCycle{++next_cycle_};
        start.first = !found->connected;
        start.advice_due = found->advised.transport != terms.transport ||
                           found->advised.timeout != terms.timeout ||
                           found->advised.interval != terms.interval;
        found->connected = true;
        found->open = true;
        found->cycle = start.cycle;
        found->lease = terms.lease;
        found->advised = terms;
    }
    ring();
    return start;
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
    if (found->drainable()) {
        return ParkState::kDue;
    }
    found->holder = child;
    found->lease = lease;
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
    found->holder.reset();
    found->expires_at = expires_at;
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

Result<std::size_t> FakeStore::publish(const broker::Publication& publication) {
    std::size_t reached = 0;
    {
        const std::lock_guard lock(mutex_);
        const std::string& name = publication.channel->text();
        if (full || !create_channel(publication.domain, name, publication.max_channels)) {
            return full_error();
        }
        Channel& channel = channels_[{publication.domain, name}];
        channel.persistent = publication.persistent;
        channel.idle_sweeps = 0;
        const auto event = std::make_shared<const std::string>(publication.event);
        for (auto at = sessions_.begin(); at != sessions_.end();) {
            reached += deliver(publication, event, at++) ? 1U : 0U;
        }
    }
    ring();
    return reached;
}

bool FakeStore::deliver(const broker::Publication& publication, const Event& event,
                        Sessions::iterator to) {
    Session& session = to->second;
    const SessionHandle handle{to->first, kGeneration};
    const bool subscribed =
        std::any_of(session.subscriptions.begin(), session.subscriptions.end(),
                    [&](const auto& s) { return s.second.matches(*publication.channel); });
    if (!subscribed || session.wanted.domain != publication.domain ||
        publication.except == handle) {
        return false;
    }
    if (!enqueue(session, event)) {
        end(to);
        return false;
    }
    if (session.holder && session.drainable() && publication.without_wake != handle) {
        make_due(handle, session, DueReason::kEvents);
    }
    return true;
}

bool FakeStore::enqueue(Session& session, const Event& event) {
    const broker::QueueLimits& limits = session.wanted.queue;
    const auto overfull = [&] {
        return session.queue.size() + 1 > limits.messages ||
               session.queued_bytes + event->size() > limits.bytes;
    };
    while (overfull() && limits.overflow == broker::Overflow::kDropOldest &&
           session.queue.size() > session.draining) {
        const auto oldest = session.queue.begin() + static_cast<std::ptrdiff_t>(session.draining);
        session.queued_bytes -= (*oldest)->size();
        session.queue.erase(oldest);
    }
    if (overfull()) {
        return limits.overflow != broker::Overflow::kDisconnect;
    }
    session.queue.push_back(event);
    session.queued_bytes += event->size();
    return true;
}

bool FakeStore::has_events(SessionHandle session) {
    const std::lock_guard lock(mutex_);
    const Session* found = find(session);
    return found != nullptr && found->drainable();
}

broker::Drained FakeStore::drain(SessionHandle session, ChildIndex, std::string& out) {
    const std::lock_guard lock(mutex_);
    Session* found = find(session);
    if (found == nullptr || !found->drainable()) {
        return {};
    }
    found->draining = found->queue.size();
    for (const Event& event : found->queue) {
        if (event != found->queue.front()) {
            out += ',';
        }
        out += *event;
    }
    return {.events = found->draining};
}

void FakeStore::delivered(SessionHandle session, bool written) {
    {
        const std::lock_guard lock(mutex_);
        Session* found = find(session);
        if (found == nullptr) {
            return;
        }
        for (; written && found->draining > 0; --found->draining) {
            found->queued_bytes -= found->queue.front()->size();
            found->queue.pop_front();
        }
        found->draining = 0;
        if (found->holder && found->drainable()) {
            make_due(session, *found, DueReason::kEvents);
        }
    }
    ring();
}

void FakeStore::sweep(ChildIndex, TimePoint now) {
    {
        const std::lock_guard lock(mutex_);
        sweep_sessions(now);
        sweep_channels();
    }
    ring();
}

void FakeStore::sweep_sessions(TimePoint now) {
    for (auto at = sessions_.begin(); at != sessions_.end();) {
        const auto current = at++;
        if (current->second.over(now)) {
            end(current);
        }
    }
}

void FakeStore::sweep_channels() {
    for (auto at = channels_.begin(); at != channels_.end();) {
        Channel& channel = at->second;
        channel.idle_sweeps = used(at->first) || channel.persistent ? 0 : channel.idle_sweeps + 1;
        at = channel.idle_sweeps >= kSweepsOfUnused ? channels_.erase(at) : std::next(at);
    }
}

bool FakeStore::used(const ChannelKey& key) const {
    return std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& s) {
        return s.second.wanted.domain == key.first && s.second.subscriptions.contains(key.second);
    });
}

FakeStore::Session* FakeStore::find(SessionHandle session) {
    const auto found = sessions_.find(session.index);
    return found == sessions_.end() || session.generation != kGeneration ? nullptr : &found->second;
}

void FakeStore::end(Sessions::iterator at) {
    if (at->second.holder) {
        make_due(SessionHandle{at->first, kGeneration}, at->second, DueReason::kEnded);
    }
    sessions_.erase(at);
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
    View view{of.wanted,     of.cookie_seen, of.open,         of.holder.has_value(),
              of.expires_at, of.lease,       of.queue.size(), {}};
    for (const auto& [name, channel] : of.subscriptions) {
        view.subscriptions.push_back(name);
    }
    return view;
}

}  // namespace bayeux::test
