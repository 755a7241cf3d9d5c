// A store of sessions in this process's memory: the contract of broker::SessionStore, written as
// plainly as it can be, for tests of the layers above the store. Any thread.
#ifndef BAYEUX_T_LIB_FAKE_STORE_HPP
#define BAYEUX_T_LIB_FAKE_STORE_HPP

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/session_store.hpp"

namespace bayeux::test {

class FakeStore final : public broker::SessionStore {
  public:
    // `ringer` may be null: then nobody is told of what becomes due.
    explicit FakeStore(broker::Ringer* ringer = nullptr) noexcept : ringer_(ringer) {}

    Result<SessionHandle> create_session(const broker::NewSession& wanted) override;
    std::optional<broker::SessionInfo> find_session(DomainId domain,
                                                    const protocol::ClientId& id) override;
    void touch(SessionHandle session, TimePoint expires_at, bool cookie) override;
    bool end_session(SessionHandle session) override;
    Result<broker::ConnectStart> start_connect(SessionHandle session,
                                               const broker::ConnectTerms& terms) override;
    broker::ParkState park(SessionHandle session, ConnectCycle cycle, ChildIndex child,
                           TimePoint lease) override;
    void finish_connect(SessionHandle session, ConnectCycle cycle, TimePoint expires_at) override;
    std::size_t take_due(ChildIndex child, std::span<broker::Due> due) override;
    Result<void> subscribe(SessionHandle session, std::span<const protocol::ChannelName> channels,
                           const broker::SubscriptionLimits& limits) override;
    void unsubscribe(SessionHandle session,
                     std::span<const protocol::ChannelName> channels) override;
    bool channel_exists(DomainId domain, const protocol::ChannelName& channel) override;
    Result<std::size_t> publish(const broker::Publication& publication) override;
    bool has_events(SessionHandle session) override;
    broker::Drained drain(SessionHandle session, ChildIndex child, std::string& out) override;
    void delivered(SessionHandle session, bool written) override;
    void sweep(ChildIndex child, TimePoint now) override;
    [[nodiscard]] protocol::SecretKey browser_key() const noexcept override {
        return {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    }

    // --- what a test sets ---
    bool full = false;  // create_session, subscribe and publish say kFull
    // The next start_connect or subscribe finds the session gone, as if another child had ended it.
    bool gone = false;

    // --- what a test asks ---
    struct View {
        broker::NewSession wanted;
        bool cookie_seen = false;
        bool open = false;    // a connect is started and not finished
        bool parked = false;  // and held by a loop
        TimePoint expires_at;
        TimePoint lease;
        std::size_t queued = 0;
        std::vector<std::string> subscriptions;
    };
    [[nodiscard]] std::optional<View> view(SessionHandle session) const;
    struct Counts {
        std::size_t sessions = 0;
        std::size_t starts = 0;    // of connects
        std::size_t finishes = 0;  // calls, useless ones too
        std::size_t touches = 0;
    };
    [[nodiscard]] Counts counts() const {
        const std::lock_guard lock(mutex_);
        Counts counts = counts_;
        counts.sessions = sessions_.size();
        return counts;
    }

  private:
    using Event = std::shared_ptr<const std::string>;
    using ChannelKey = std::pair<DomainId, std::string>;

    struct Session {
        broker::NewSession wanted;
        bool cookie_seen = false;
        bool connected = false;
        bool open = false;
        std::optional<ChildIndex> holder;
        ConnectCycle cycle;
        TimePoint expires_at;
        TimePoint lease;
        broker::ConnectTerms advised;
        std::map<std::string, protocol::ChannelName> subscriptions;
        std::deque<Event> queue;
        std::size_t queued_bytes = 0;
        std::size_t draining = 0;  // at the queue's head, on their way to the client

        [[nodiscard]] bool over(TimePoint now) const noexcept {
            return (open ? lease : expires_at) <= now;
        }
        [[nodiscard]] bool drainable() const noexcept { return draining == 0 && !queue.empty(); }
    };
    struct Channel {
        bool persistent = false;
        int idle_sweeps = 0;
    };
    using Sessions = std::map<std::uint32_t, Session>;

    // All of these are called with the lock held.
    Session* find(SessionHandle session);
    void end(Sessions::iterator at);
    void make_due(SessionHandle session, Session& of, broker::DueReason reason);
    bool create_channel(DomainId domain, const std::string& name, std::uint32_t max_channels);
    bool used(const ChannelKey& key) const;
    // True if the session got the event; it may have ended over it.
    bool deliver(const broker::Publication& publication, const Event& event, Sessions::iterator to);
    // False if the session did not survive its full queue.
    bool enqueue(Session& session, const Event& event);
    void sweep_sessions(TimePoint now);
    void sweep_channels();
    // Called without it: rings for all that became due since the last call.
    void ring();

    mutable std::mutex mutex_;
    broker::Ringer* ringer_;
    broker::WakeSet to_ring_;
    Sessions sessions_;
    std::map<ChannelKey, Channel> channels_;
    std::map<ChildIndex, std::deque<broker::Due>> due_;
    std::uint32_t next_session_ = 0;
    std::uint32_t next_cycle_ = 0;
    Counts counts_;
};

}  // namespace bayeux::test

#endif
