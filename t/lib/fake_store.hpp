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

// Of every handle: an index is never used again, so one will do.
inline constexpr std::uint32_t kFakeGeneration = 1;

class FakeStore final : public broker::SessionStore {
  public:
    // `ringer` may be null: then nobody is told of what becomes due. `clock` may be null: then lazy
    // events wait for company for ever.
    explicit FakeStore(broker::Ringer* ringer = nullptr, const Clock* clock = nullptr) noexcept
        : ringer_(ringer), clock_(clock) {}

    Result<SessionHandle> create_session(const broker::NewSession& wanted) override;
    std::optional<broker::SessionInfo> find_session(DomainId domain,
                                                    const protocol::ClientId& id) override;
    void touch(SessionHandle session, const broker::Touch& touch) override;
    bool end_session(SessionHandle session) override;
    [[nodiscard]] std::uint64_t user_tag(std::string_view name) const noexcept override;
    bool change_user(SessionHandle session, const broker::User& user) override;
    std::string user_of(SessionHandle session) override;
    Result<broker::ConnectStart> start_connect(SessionHandle session,
                                               const broker::ConnectTerms& terms) override;
    Result<ConnectCycle> start_stream(SessionHandle session, broker::Transport transport) override;
    void end_stream(SessionHandle session, ConnectCycle cycle,
                    std::optional<TimePoint> expires_at) override;
    broker::ParkState park(SessionHandle session, ConnectCycle cycle, ChildIndex child,
                           TimePoint lease) override;
    void finish_connect(SessionHandle session, ConnectCycle cycle, TimePoint expires_at) override;
    std::size_t take_due(ChildIndex child, std::span<broker::Due> due) override;
    Result<void> subscribe(SessionHandle session, std::span<const protocol::ChannelName> channels,
                           const broker::SubscriptionLimits& limits) override;
    void unsubscribe(SessionHandle session,
                     std::span<const protocol::ChannelName> channels) override;
    bool channel_exists(DomainId domain, const protocol::ChannelName& channel) override;
    [[nodiscard]] Millis count_handshake(const broker::CountedHandshake& handshake,
                                         TimePoint now) override;
    [[nodiscard]] broker::Exceeded count_message(const broker::CountedMessage& message,
                                                 TimePoint now) override;
    Result<std::size_t> publish(const broker::Publication& publication) override;
    std::size_t deliver(const broker::Delivery& delivery) override;
    Result<std::size_t> deliver_to_user(const broker::UserDelivery& delivery) override;
    bool has_events(SessionHandle session) override;
    using SessionStore::drain;
    broker::Drained drain(SessionHandle session, ChildIndex child, std::string& out,
                          std::vector<std::uint32_t>* lengths) override;
    void delivered(SessionHandle session, bool written) override;
    void sweep(ChildIndex child, TimePoint now) override;
    [[nodiscard]] protocol::SecretKey browser_key() const noexcept override {
        return {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    }

    // --- what a test sets ---
    std::vector<broker::PresenceMark> presence;  // of the names of the last subscribe
    bool full = false;                           // create_session, subscribe and publish say kFull
    // The next start_connect, start_stream or subscribe finds the session gone, as if another child
    // had ended it.
    bool gone = false;

    // --- what a test asks ---
    struct View {
        broker::NewSession wanted;
        bool cookie_seen = false;
        bool open = false;    // a connect is started and not finished
        bool parked = false;  // and held by a loop, or a stream waits
        TimePoint expires_at;
        TimePoint lease;
        std::size_t queued = 0;  // those on their way and the unacknowledged ones included
        std::vector<std::string> subscriptions;
        ConnectCycle cycle;
        // What the current cycle is: kNone for a connect.
        broker::Transport stream = broker::Transport::kNone;
        bool counted = false;  // as one of its browser's holds (BR-4)
        TimePoint active_at;
        broker::ConnectTerms terms;  // of the last connect
    };
    [[nodiscard]] std::optional<View> view(SessionHandle session) const;
    struct Counts {
        std::size_t sessions = 0;
        std::size_t starts = 0;    // of connects
        std::size_t streams = 0;   // started
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

    struct Queued {
        Event event;
        bool lazy = false;        // may wait for company
        std::uint32_t batch = 0;  // of an ack session: sent in this one; 0: not sent yet
        std::optional<TimePoint> lazy_until;
    };
    struct Session {
        broker::NewSession wanted;
        std::string user;
        std::uint64_t user_tag = 0;
        bool for_user = false;  // in the queue is what was meant for this user alone
        bool cookie_seen = false;
        bool connected = false;
        bool open = false;
        bool counted = false;
        bool told_of_others = false;  // the last answer to wants_hold was no (AD-5)
        broker::Transport stream = broker::Transport::kNone;
        std::optional<ChildIndex> holder;
        ConnectCycle cycle;
        TimePoint expires_at;
        TimePoint lease;
        TimePoint active_at;
        broker::ConnectTerms terms;
        std::map<std::string, protocol::ChannelName> subscriptions;
        std::deque<Queued> queue;
        std::size_t queued_bytes = 0;
        std::size_t queued_events = 0;  // ever
        std::size_t draining = 0;       // at the queue's head, on their way to the client
        std::uint32_t batch = 1;        // the next one's number (X-ACK 4)

        [[nodiscard]] bool over(TimePoint now) const noexcept {
            return (open ? lease : expires_at) <= now;
        }
        [[nodiscard]] bool drainable() const noexcept { return draining == 0 && !queue.empty(); }
        // Something is queued that is not sent and must not wait (CN-11, ORD-8).
        [[nodiscard]] bool due() const noexcept;
        [[nodiscard]] bool unacknowledged() const noexcept;
        // The connect of these terms came over the session's stream, or for it.
        [[nodiscard]] bool goes_on(const broker::ConnectTerms& terms) const noexcept;
        void pop_front();
        // X-ACK 5.
        void forget(std::int64_t acknowledged);
    };
    struct Channel {
        bool persistent = false;
        int idle_sweeps = 0;
    };
    using Sessions = std::map<std::uint32_t, Session>;

    // All of these are called with the lock held.
    Session* find(SessionHandle session);
    void end(Sessions::iterator at);
    // A newer connect or stream replaces what the session has (CN-12).
    void replace(SessionHandle session, Session& of);
    bool may_hold(const Session& session, const broker::ConnectTerms& terms) const;
    void make_due(SessionHandle session, Session& of, broker::DueReason reason);
    void drop_due(SessionHandle session, ConnectCycle cycle);
    bool create_channel(DomainId domain, const std::string& name, std::uint32_t max_channels);
    bool used(const ChannelKey& key) const;
    // True if the session got the event; it may have ended over it.
    bool deliver(const broker::Publication& publication, const Queued& event,
                 Sessions::iterator to);
    // The same for an event to this session alone.
    bool deliver(const Queued& event, Sessions::iterator to);
    // False if the session did not survive its full queue.
    bool enqueue(Session& session, const Queued& event);
    void sweep_sessions(TimePoint now);
    void sweep_lazy(TimePoint now);
    void sweep_channels();
    // Called without it: rings for all that became due since the last call.
    void ring();

    mutable std::mutex mutex_;
    broker::Ringer* ringer_;
    const Clock* clock_;
    broker::WakeSet to_ring_;
    Sessions sessions_;
    std::map<ChannelKey, Channel> channels_;
    // By what is limited: an address, or a session.
    std::map<std::string, std::int64_t> whole_at_;
    std::map<ChildIndex, std::deque<broker::Due>> due_;
    std::uint32_t next_session_ = 0;
    std::uint32_t next_cycle_ = 0;
    Counts counts_;
};

}  // namespace bayeux::test

#endif
