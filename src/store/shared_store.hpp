// The store over a shared-memory segment: broker::SessionStore for all threads of all children.
//
// Each call takes the lock once; those whose work has no bound (a fan-out, the end of a large
// session) take it several times, for a bounded step each. Bells are rung after each hold. Whatever
// needs heap memory or a hash of a client's text is done before the lock.
#ifndef BAYEUX_STORE_SHARED_STORE_HPP
#define BAYEUX_STORE_SHARED_STORE_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "broker/session_store.hpp"
#include "store/farewells.hpp"
#include "store/segment.hpp"
#include "store/store_lock.hpp"
#include "store/store_stats.hpp"

namespace bayeux::store {

// A session as it is at one moment, for whoever asks from outside.
struct SessionSight {
    SessionHandle handle;
    broker::Transport transport = broker::Transport::kNone;  // of its latest connect or stream
    bool connected = false;                                  // at least one connect was accepted
    bool waiting = false;                                    // one is held, or a stream is open
    bool ack = false;
    std::uint32_t subscriptions = 0;
    std::uint32_t queued_messages = 0;  // what is not acknowledged included
    std::uint32_t queued_bytes = 0;
    TimePoint active_at;  // when the client last did anything but connect
};

class SharedStore final : public broker::SessionStore {
  public:
    // The segment was created before, by this process or another (Segment::create). Its bytes, the
    // ringer and the clock outlive the store.
    static Result<std::unique_ptr<SharedStore>> open(std::span<std::byte> segment,
                                                     broker::Ringer& ringer, const Clock& clock);

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
    using broker::SessionStore::drain;
    broker::Drained drain(SessionHandle session, ChildIndex child, std::string& out,
                          std::vector<std::uint32_t>* lengths) override;
    void delivered(SessionHandle session, bool written) override;
    void settle(const broker::Settlement& response) override;

    void sweep(ChildIndex child, TimePoint now) override;
    [[nodiscard]] protocol::SecretKey browser_key() const noexcept override;

    // --- for other modules of the server ---

    // From now on somebody is told of each session that ends by this process: not of what is
    // dropped to repair what another has left. Before there are threads; `listener` outlives it.
    void listen(EndListener& listener) noexcept { listener_ = &listener; }
    // Nothing if no session of this domain has the id, or if it has ended.
    [[nodiscard]] std::optional<SessionSight> look_at(DomainId domain,
                                                      const protocol::ClientId& id);

    // --- children ---

    // A place in the child table, held by the calling thread for as long as it lives or until it
    // calls release_child(): see child_table.hpp. kFull if there is none.
    Result<ChildIndex> claim_child(std::uint32_t pid);
    // The child's parks are finished. The thread that claimed it.
    void release_child(ChildIndex child);

    // --- for status pages and tests ---

    [[nodiscard]] StoreStats stats();
    // Walks the whole segment in one hold: empty if it is sound, else what is not (verify.hpp).
    [[nodiscard]] std::string verify();
    [[nodiscard]] const Segment& segment() const noexcept { return segment_; }

  private:
    SharedStore(const Segment& segment, broker::Ringer& ringer, const Clock& clock) noexcept
        : segment_(segment), ringer_(ringer), clock_(clock) {}

    template <class Body>
    auto under_lock(Operation operation, Body&& body);
    template <class Body>
    auto under_lock_at(Operation operation, TimePoint now, Body&& body);
    template <class Body>
    auto under_lock_told(Operation operation, TimePoint now, Body&& body);
    class Aftermath;

    // Why the first of them that was refused was refused; nothing if none was. `snapshot`: room for
    // one of who is present; then there is one name.
    std::optional<ErrorCode> subscribe_some(SessionHandle session,
                                            std::span<const protocol::ChannelName> channels,
                                            const broker::SubscriptionLimits& limits,
                                            std::span<char> added, std::span<char> snapshot);
    void unsubscribe_some(SessionHandle session, std::span<const protocol::ChannelName> channels,
                          std::span<const char> chosen);
    void bury();
    // Tells subscribers of presence channels what has changed. Whatever may have changed it calls
    // this behind its last hold of the lock.
    void announce();
    // One announcement, to all its subscribers. False if there is nothing more to do for now.
    [[nodiscard]] bool announce_some();
    void dismantle_all();
    // One hold of a drain. Nothing is taken if there is more of it than `room`; then it says how
    // much there is.
    struct Room {
        std::size_t bytes = 0;
        std::size_t events = 0;
    };
    [[nodiscard]] std::optional<Room> drain_once(SessionHandle session, ChildIndex child,
                                                 const Room& room, std::string& out,
                                                 std::vector<std::uint32_t>* lengths,
                                                 broker::Drained& drained);

    const Segment segment_;
    broker::Ringer& ringer_;
    const Clock& clock_;
    EndListener* listener_ = nullptr;
};

}  // namespace bayeux::store

#endif
