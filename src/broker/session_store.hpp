// What the broker and the loop need of a store of sessions, channels and queued messages.
//
// The shared-memory store implements it for all children at once; unit tests use an in-memory fake.
// Every function may be called on any thread of any child, takes the store's lock itself, does not
// block on anything else, and leaves nothing half done. Where a call makes sessions due whose
// connects other loops hold, the store rings those loops' bells after it has released the lock.
//
// A session is named by its handle. A handle whose session has ended is stale: calls with it do
// nothing and say so. No function throws anything but std::bad_alloc.
#ifndef BAYEUX_BROKER_SESSION_STORE_HPP
#define BAYEUX_BROKER_SESSION_STORE_HPP

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/strong_id.hpp"
#include "broker/transport.hpp"
#include "protocol/channel_name.hpp"
#include "protocol/client_id.hpp"

namespace bayeux::broker {

inline constexpr std::size_t kMaxChildren = 1024;

// Children whose loops have something to do.
using WakeSet = std::bitset<kMaxChildren>;

// Rings the bells of other loops; never called under the store's lock.
class Ringer {
  public:
    Ringer() = default;
    Ringer(const Ringer&) = delete;
    Ringer& operator=(const Ringer&) = delete;
    virtual ~Ringer() = default;
    virtual void ring(const WakeSet& children) noexcept = 0;
};

// BayeuxQueueOverflow: what happens to a session whose queue is full (PB-14).
enum class Overflow : std::uint8_t { kDisconnect = 0, kDropOldest = 1, kDropNewest = 2 };

struct QueueLimits {
    std::uint32_t messages = 1000;
    std::uint32_t bytes = 1U << 20U;
    Overflow overflow = Overflow::kDisconnect;
};

struct NewSession {
    DomainId domain;
    protocol::ClientId client_id;
    std::optional<protocol::BrowserId> browser;  // the cookie that the session is bound to (CID-4)
    QueueLimits queue;
    std::uint32_t max_sessions = 0xffffffff;  // of this domain
    TimePoint expires_at;                     // unless a connect comes before (HS-10)
    // What the handshake's reply advises, so that the first connect need not repeat it (CN-7).
    Transport transport = Transport::kNone;
    Millis timeout{0};
    Millis interval{0};
};

struct SessionInfo {
    SessionHandle handle;
    std::optional<protocol::BrowserId> browser;
    bool cookie_seen = false;  // the cookie came back on a request after the handshake (S4)
    bool connected = false;    // at least one connect was accepted (CN-4)
};

// How a connect begins.
struct ConnectStart {
    ConnectCycle cycle;
    bool first = false;  // of this session: answered at once (CN-4)
    bool advice_due =
        false;  // the transport, timeout or interval differ from the last advice (CN-7)
};

struct ConnectTerms {
    Transport transport = Transport::kLongPolling;
    Millis timeout{0};  // the normal hold time, as it stands in advice (CN-8)
    Millis interval{0};
    // Until then the session lives even if the child that serves this connect is killed.
    TimePoint lease;
};

enum class ParkState : std::uint8_t {
    kParked,      // held; the loop will find the session in take_due()
    kDue,         // events wait already: answer now (this closes the lost wake-up)
    kSuperseded,  // a newer connect of the session has begun (CN-12)
    kEnded,       // the session is gone (CN-17)
};

// Why a loop must end a park.
enum class DueReason : std::uint8_t { kEvents, kSuperseded, kEnded };

struct Due {
    SessionHandle session;
    ConnectCycle cycle;
    DueReason reason = DueReason::kEvents;
};

struct Publication {
    DomainId domain;
    const protocol::ChannelName* channel = nullptr;  // an exact broadcast name
    std::string_view event;               // serialised once, shared by all queues (PB-13)
    std::optional<SessionHandle> except;  // BayeuxBroadcastToPublisher Off (PB-5)
    // A session whose own request is being processed: its held connect is not woken by this
    // publication, its events ride in the response (PB-6).
    std::optional<SessionHandle> without_wake;
    bool persistent = false;                  // BayeuxPersistent
    std::uint32_t max_channels = 0xffffffff;  // of this domain
};

struct SubscriptionLimits {
    std::uint32_t per_session = 0xffffffff;
    std::uint32_t max_channels = 0xffffffff;  // of the domain
    // BayeuxPersistent, for each of the names; empty if it is Off for all of them.
    std::span<const char> persistent;
};

struct Drained {
    std::size_t events = 0;
    // The events left the queue for a response that is on its way: delivered() must follow.
    [[nodiscard]] bool any() const noexcept { return events != 0; }
};

class SessionStore {
  public:
    SessionStore() = default;
    SessionStore(const SessionStore&) = delete;
    SessionStore& operator=(const SessionStore&) = delete;
    virtual ~SessionStore() = default;

    // --- sessions ---

    // kFull if there is no room or the domain's cap is reached.
    virtual Result<SessionHandle> create_session(const NewSession& wanted) = 0;
    // Nothing if no session of this domain has the id, or if it has ended (CID-7).
    virtual std::optional<SessionInfo> find_session(DomainId domain,
                                                    const protocol::ClientId& id) = 0;
    // A message of the session came: it lives until `expires_at` at least (EX-3). `cookie` says
    // that the request carried the session's cookie (S4).
    virtual void touch(SessionHandle session, TimePoint expires_at, bool cookie) = 0;
    // Subscriptions and queue go at once; a held connect becomes due with kEnded (DC-2). False if
    // the session had ended before.
    virtual bool end_session(SessionHandle session) = 0;

    // --- connects ---

    // A newer connect replaces an older one, held or not: what is held becomes due with kSuperseded
    // (CN-12). kGone if the session has ended.
    virtual Result<ConnectStart> start_connect(SessionHandle session,
                                               const ConnectTerms& terms) = 0;
    // The loop of `child` holds the connect from now on.
    virtual ParkState park(SessionHandle session, ConnectCycle cycle, ChildIndex child,
                           TimePoint lease) = 0;
    // The connect was answered, or its client has gone: nothing is held any more. Starts the expiry
    // clock, unless a newer connect has begun (EX-1, CN-16).
    virtual void finish_connect(SessionHandle session, ConnectCycle cycle,
                                TimePoint expires_at) = 0;
    // Up to due.size() parks of this child that must be ended; each is handed out once. Returns how
    // many were written to `due`.
    virtual std::size_t take_due(ChildIndex child, std::span<Due> due) = 0;

    // --- subscriptions and channels ---

    // All or none (SB-5). kTooLarge above limits.per_session, kFull without room or above the
    // domain's limit, kGone if the session has ended.
    virtual Result<void> subscribe(SessionHandle session,
                                   std::span<const protocol::ChannelName> channels,
                                   const SubscriptionLimits& limits) = 0;
    // Names the session is not subscribed to are passed over (SB-4).
    virtual void unsubscribe(SessionHandle session,
                             std::span<const protocol::ChannelName> channels) = 0;
    // CH-15: created by a publish or a subscribe, and not yet swept.
    virtual bool channel_exists(DomainId domain, const protocol::ChannelName& channel) = 0;

    // --- messages ---

    // Queues the event once for each session that is subscribed, by whatever patterns (SB-11), in
    // the same order per channel for all of them. Returns the number of sessions reached, or kFull.
    virtual Result<std::size_t> publish(const Publication& publication) = 0;
    // True if drain() would yield something now.
    virtual bool has_events(SessionHandle session) = 0;
    // Appends the queued events to `out`, separated by commas. They stay counted in the session's
    // queue until delivered(); meanwhile nothing else is drained, so that deliveries of one session
    // never overtake each other.
    virtual Drained drain(SessionHandle session, ChildIndex child, std::string& out) = 0;
    // Written: the drained events are forgotten. Not written: they go back to the head of the
    // queue. Wakes a held connect if events wait then.
    virtual void delivered(SessionHandle session, bool written) = 0;

    // --- housekeeping, by the loops ---

    // The next share of work that comes with time: sessions whose time is over end, unused channels
    // go (CH-15), what dead children held is released. Cheap when there is nothing to do; in steps
    // that hold the lock for well under a millisecond. Called about once a second per child.
    virtual void sweep(ChildIndex child, TimePoint now) = 0;

    // The key of the browser ids that this store's sessions are bound to.
    [[nodiscard]] virtual protocol::SecretKey browser_key() const noexcept = 0;
};

}  // namespace bayeux::broker

#endif
