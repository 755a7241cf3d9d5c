// What FakeStore does with events and time.
#include <algorithm>
#include <functional>
#include <iterator>

#include "lib/fake_store.hpp"

namespace bayeux::test {

using broker::DueReason;

namespace {

constexpr int kSweepsOfUnused = 3;  // CH-15

}  // namespace

bool FakeStore::Session::due() const noexcept {
    return draining == 0 && std::any_of(queue.begin(), queue.end(), [](const Queued& queued) {
               return !queued.lazy && queued.batch == 0;
           });
}

bool FakeStore::Session::unacknowledged() const noexcept {
    return std::any_of(queue.begin(), queue.end(),
                       [](const Queued& queued) { return queued.batch != 0; });
}

void FakeStore::Session::pop_front() {
    queued_bytes -= queue.front().event->size();
    queue.pop_front();
    for_user = for_user && !queue.empty();
}

void FakeStore::Session::forget(std::int64_t acknowledged) {
    if (!wanted.ack || acknowledged >= batch) {
        return;
    }
    while (!queue.empty() && queue.front().batch != 0 && queue.front().batch <= acknowledged) {
        pop_front();
    }
}

Millis FakeStore::count_handshake(const broker::CountedHandshake& handshake, TimePoint now) {
    const std::lock_guard lock(mutex_);
    std::int64_t& whole_at = whole_at_["handshakes " + handshake.from.text()];
    const Spending spent = spend(handshake.limit, whole_at, now, 1);
    whole_at = spent.whole_at;
    return spent.wait;
}

broker::Exceeded FakeStore::count_message(const broker::CountedMessage& message, TimePoint now) {
    const std::lock_guard lock(mutex_);
    const std::string who =
        message.session ? std::to_string(message.session->index) : message.from.text();
    const auto within = [&](const char* what, const RateLimit* limit, std::uint64_t amount) {
        std::int64_t& whole_at = whole_at_[what + who];
        const Spending spent = limit != nullptr ? spend(*limit, whole_at, now, amount) : Spending{};
        whole_at = spent.whole_at;
        return spent.within;
    };
    if (!within("messages ", message.limits.messages, 1)) {
        return broker::Exceeded::kMessages;
    }
    if (!within("bytes ", message.limits.bytes, message.size)) {
        return broker::Exceeded::kBytes;
    }
    return broker::Exceeded::kNothing;
}

Result<std::size_t> FakeStore::publish(const broker::Publication& publication) {
    std::size_t reached = 0;
    {
        const std::lock_guard lock(mutex_);
        const std::string& name = publication.channel->text();
        if (full || !create_channel(publication.domain, name, publication.max_channels)) {
            return Error{ErrorCode::kFull, "the store is full"};
        }
        Channel& channel = channels_[{publication.domain, name}];
        channel.persistent = publication.persistent;
        channel.idle_sweeps = 0;
        Queued event;
        event.event = std::make_shared<const std::string>(publication.event);
        event.lazy = publication.lazy > Millis{0};
        if (event.lazy && clock_ != nullptr) {
            event.lazy_until = clock_->now() + publication.lazy;
        }
        for (auto at = sessions_.begin(); at != sessions_.end();) {
            reached += deliver(publication, event, at++) ? 1U : 0U;
        }
    }
    ring();
    return reached;
}

bool FakeStore::deliver(const broker::Publication& publication, const Queued& event,
                        Sessions::iterator to) {
    Session& session = to->second;
    const SessionHandle handle{to->first, kFakeGeneration};
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
    if (session.holder && session.due() && publication.without_wake != handle) {
        make_due(handle, session, DueReason::kEvents);
    }
    return true;
}

std::size_t FakeStore::deliver(const broker::Delivery& delivery) {
    bool got_it = false;
    {
        const std::lock_guard lock(mutex_);
        Session* const session = find(delivery.session);
        if (full || session == nullptr || session->wanted.domain != delivery.domain ||
            (delivery.user_tag != 0 && session->user_tag != delivery.user_tag)) {
            return 0;
        }
        session->for_user = session->for_user || delivery.user_tag != 0;
        Queued event;
        event.event = std::make_shared<const std::string>(delivery.event);
        got_it = deliver(event, sessions_.find(delivery.session.index));
    }
    ring();
    return got_it ? 1 : 0;
}

Result<std::size_t> FakeStore::deliver_to_user(const broker::UserDelivery& delivery) {
    std::size_t reached = 0;
    {
        const std::lock_guard lock(mutex_);
        if (full) {
            return Error{ErrorCode::kFull, "the store is full"};
        }
        Queued event;
        event.event = std::make_shared<const std::string>(delivery.event);
        for (auto at = sessions_.begin(); at != sessions_.end();) {
            const auto to = at++;
            if (to->second.user == delivery.user && !delivery.user.empty() &&
                to->second.wanted.domain == delivery.domain) {
                to->second.for_user = true;
                reached += deliver(event, to) ? 1U : 0U;
            }
        }
    }
    ring();
    return reached;
}

std::uint64_t FakeStore::user_tag(std::string_view name) const noexcept {
    return name.empty() ? 0 : std::hash<std::string_view>()(name) | 1U;
}

bool FakeStore::change_user(SessionHandle session, const broker::User& user) {
    bool alive = false;
    {
        const std::lock_guard lock(mutex_);
        Session* const found = find(session);
        alive = found != nullptr &&
                (found->user_tag == user.tag || !found->for_user || found->queue.empty());
        if (alive && found->user_tag != user.tag) {
            found->user = user.name;
            found->user_tag = user.tag;
            found->for_user = false;
        } else if (found != nullptr && !alive) {
            end(sessions_.find(session.index));
        }
    }
    ring();
    return alive;
}

std::string FakeStore::user_of(SessionHandle session) {
    const std::lock_guard lock(mutex_);
    const Session* const found = find(session);
    return found != nullptr ? found->user : std::string();
}

bool FakeStore::deliver(const Queued& event, Sessions::iterator to) {
    Session& session = to->second;
    const std::size_t before = session.queued_events;
    if (!enqueue(session, event)) {
        end(to);
        return false;
    }
    if (session.holder && session.due()) {
        make_due(SessionHandle{to->first, kFakeGeneration}, session, DueReason::kEvents);
    }
    return session.queued_events != before;
}

bool FakeStore::enqueue(Session& session, const Queued& event) {
    const broker::QueueLimits& limits = session.wanted.queue;
    const auto overfull = [&] {
        return session.queue.size() + 1 > limits.messages ||
               session.queued_bytes + event.event->size() > limits.bytes;
    };
    while (overfull() && limits.overflow == broker::Overflow::kDropOldest &&
           session.queue.size() > session.draining) {
        const auto oldest = session.queue.begin() + static_cast<std::ptrdiff_t>(session.draining);
        session.queued_bytes -= oldest->event->size();
        session.queue.erase(oldest);
    }
    if (overfull()) {
        return limits.overflow != broker::Overflow::kDisconnect;
    }
    session.queue.push_back(event);
    ++session.queued_events;
    session.queued_bytes += event.event->size();
    return true;
}

bool FakeStore::has_events(SessionHandle session) {
    const std::lock_guard lock(mutex_);
    const Session* found = find(session);
    return found != nullptr && found->drainable();
}

broker::Drained FakeStore::drain(SessionHandle session, ChildIndex, std::string& out,
                                 std::vector<std::uint32_t>* lengths) {
    const std::lock_guard lock(mutex_);
    Session* found = find(session);
    if (found == nullptr || found->draining != 0) {
        return {};
    }
    broker::Drained drained{.events = found->queue.size(), .batch = std::nullopt};
    if (found->wanted.ack) {
        drained.batch = found->batch++;  // without any event too (X-ACK 4)
    } else {
        found->draining = drained.events;
    }
    for (std::size_t i = 0; i < found->queue.size(); ++i) {
        Queued& queued = found->queue[i];
        if (queued.batch == 0) {
            queued.batch = drained.batch.value_or(0);
        }
        out += i == 0 ? "" : ",";
        out += *queued.event;
        if (lengths != nullptr) {
            lengths->push_back(static_cast<std::uint32_t>(queued.event->size()));
        }
    }
    return drained;
}

void FakeStore::delivered(SessionHandle session, bool written) {
    {
        const std::lock_guard lock(mutex_);
        Session* found = find(session);
        if (found == nullptr) {
            return;
        }
        for (; written && found->draining > 0; --found->draining) {
            found->pop_front();
        }
        found->draining = 0;
        if (found->holder && found->due()) {
            make_due(session, *found, DueReason::kEvents);
        }
    }
    ring();
}

void FakeStore::sweep(ChildIndex, TimePoint now) {
    {
        const std::lock_guard lock(mutex_);
        sweep_sessions(now);
        sweep_lazy(now);
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

void FakeStore::sweep_lazy(TimePoint now) {
    for (auto& [index, session] : sessions_) {
        for (Queued& queued : session.queue) {
            queued.lazy = queued.lazy && !(queued.lazy_until && *queued.lazy_until <= now);
        }
        if (session.holder && session.due()) {
            make_due(SessionHandle{index, kFakeGeneration}, session, DueReason::kEvents);
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

}  // namespace bayeux::test
