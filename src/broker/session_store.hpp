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
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/strong_id.hpp"
#include "broker/limits.hpp"
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

// Whom httpd has let in (r->user).
struct User {
    std::string_view name;  // empty: nobody
    std::uint64_t tag = 0;  // what SessionStore::user_tag() says of it
};
// Sessions of users with longer names are not found by them.
inline constexpr std::size_t kMaxUserName = 255;

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
    bool ack = false;          // the ack extension is on: events stay until acknowledged (X-ACK)
    bool cookie_seen = false;  // the handshake itself came with the cookie, over a WebSocket (S4)
    TimePoint active_at;       // of the handshake (X-ACT)
    User user;                 // of the handshake
};

struct SessionInfo {
    SessionHandle handle;
    std::optional<protocol::BrowserId> browser;
    bool cookie_seen = false;   // the cookie came back on a request after the handshake (S4)
    bool connected = false;     // at least one connect was accepted (CN-4)
    bool ack = false;           // as created: its events leave with connects only
    bool connect_open = false;  // a connect is started and not finished
    Transport stream = Transport::kNone;  // of the stream that has the session, if one has
    TimePoint active_at;                  // when the client was last active (X-ACT)
    std::uint64_t user_tag = 0;           // of whom it is; 0: nobody
};

// What a message of a session, other than a lone connect, tells the store.
struct Touch {
    TimePoint expires_at;                // the session lives until then at least (EX-3)
    bool cookie = false;                 // the request carried the session's cookie (S4)
    std::optional<TimePoint> active_at;  // the client did something (X-ACT)
};

inline constexpr std::uint32_t kUnlimited = 0xffffffff;

// How a connect begins.
struct ConnectStart {
    ConnectCycle cycle;
    bool first = false;  // of this session: answered at once (CN-4)
    // The transport, timeout or interval differ from the last advice (CN-7), or the session may be
    // held again after it was told that its browser has too many (AD-5).
    bool advice_due = false;
    bool may_hold = true;  // false: the browser's other sessions hold all that it may (BR-4)
    bool due = false;      // an event is queued that must not wait (CN-11); a lazy one may
    bool replay = false;   // events that were sent are not yet acknowledged (X-ACK 7)
};

struct ConnectTerms {
    Transport transport = Transport::kLongPolling;
    Millis timeout{0};  // the normal hold time, as it stands in advice (CN-8)
    Millis interval{0};
    // Until then the session lives even if the child that serves this connect is killed.
    TimePoint lease;
    // The cycle of the stream that the connect came over: if it is still the session's, it goes on,
    // nothing is superseded. Without one (0) a connect for an event source goes on with the cycle
    // of the session's event source, if it has one.
    ConnectCycle stream;
    // Of an ack session, the number of the last batch that the client has got: the events of that
    // and earlier batches are forgotten. Nothing, or a number that was never sent: none are (S3).
    std::optional<std::int64_t> acknowledged;
    // How many connects of the session's browser may be held at once (BR-4); this one counts from
    // here until it is finished, if it `wants_hold` and may_hold.
    bool wants_hold = false;
    std::uint32_t holds_per_browser = kUnlimited;
};

enum class ParkState : std::uint8_t {
    kParked,      // held; the loop will find the session in take_due()
    kDue,         // events wait already: answer now (this closes the lost wake-up)
    kSuperseded,  // a newer connect or stream of the session has begun (CN-12)
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
    bool persistent = false;  // BayeuxPersistent
    Millis lazy{0};  // BayeuxLazy: how long the event may wait for company (ORD-8); 0: not at all
    std::uint32_t max_channels = 0xffffffff;  // of this domain
};

// An event for one session, whether it is subscribed or not (narrowcast).
struct Delivery {
    DomainId domain;
    SessionHandle session;
    std::string_view event;  // as in a publication
    // Whose the session was when there was cause to send this (SessionInfo): it is for his eyes
    // only. 0: for whoever has the session.
    std::uint64_t user_tag = 0;
};

// The same for all sessions of a user, for his eyes only.
struct UserDelivery {
    DomainId domain;
    std::string_view user;
    std::string_view event;
};

// What BayeuxPresence makes of a name that is subscribed to.
enum class PresenceMark : std::uint8_t {
    kNone,
    kCounts,   // whoever subscribes is present on it
    kWatches,  // the presence channel of such a one: whoever subscribes is told who is
};

struct SubscriptionLimits {
    std::uint32_t per_session = 0xffffffff;
    std::uint32_t max_channels = 0xffffffff;  // of the domain
    // BayeuxPersistent, for each of the names; empty if it is Off for all of them.
    std::span<const char> persistent;
    // For each of the names; empty if it is kNone for all of them.
    std::span<const PresenceMark> presence = {};
};

struct Drained {
    std::size_t events = 0;
    // Of an ack session: the number of this batch, for the reply's ext.ack (X-ACK 4). Its events
    // stay in the queue until a connect acknowledges them; delivered() has nothing to do.
    std::optional<std::uint32_t> batch;
    // The events left the queue for a response that is on its way: delivered() must follow.
    [[nodiscard]] bool in_flight() const noexcept { return events != 0 && !batch; }
};

// What is owed to the store when a response has left, or never will.
struct Settlement {
    // delivered()
    std::optional<SessionHandle> events_of;
    bool written = false;
    // finish_connect()
    struct Connect {
        SessionHandle session;
        ConnectCycle cycle;
        TimePoint expires_at;
    };
    std::optional<Connect> connect;
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
    // A message of the session came.
    virtual void touch(SessionHandle session, const Touch& touch) = 0;
    // Subscriptions and queue go at once; a held connect becomes due with kEnded (DC-2). False if
    // the session had ended before.
    virtual bool end_session(SessionHandle session) = 0;

    // --- users ---

    // A number that stands for the user's name, to compare it; 0 for no name. Any thread; takes no
    // lock.
    [[nodiscard]] virtual std::uint64_t user_tag(std::string_view name) const noexcept = 0;
    // A request of the session came from somebody else than the one before: it is his from now on.
    // False if it has ended, or ends over this because events wait in it that were meant for the
    // other user alone (S20).
    virtual bool change_user(SessionHandle session, const User& user) = 0;
    // Empty if it is nobody's, if his name is too long to be kept, or if it has ended.
    virtual std::string user_of(SessionHandle session) = 0;

    // --- connects ---

    // A newer connect replaces an older one, held or not: what is held becomes due with kSuperseded
    // (CN-12). kGone if the session has ended.
    virtual Result<ConnectStart> start_connect(SessionHandle session,
                                               const ConnectTerms& terms) = 0;
    // A stream of the session begins: it replaces an older connect or stream, like a connect, and
    // its cycle stands for it in the calls below. kGone if the session has ended.
    virtual Result<ConnectCycle> start_stream(SessionHandle session, Transport transport) = 0;
    // The stream is closed. Nothing of it is waited for any more; with `expires_at` (it held a
    // connect) the expiry clock starts, unless something newer has begun (WS-9).
    virtual void end_stream(SessionHandle session, ConnectCycle cycle,
                            std::optional<TimePoint> expires_at) = 0;
    // The loop of `child` holds the connect from now on, or waits for events with a stream; then
    // `lease` may lie in the past. Each park is due once; a stream parks again for the next events.
    virtual ParkState park(SessionHandle session, ConnectCycle cycle, ChildIndex child,
                           TimePoint lease) = 0;
    // The connect was answered, or its client has gone: nothing is held any more, but a stream goes
    // on waiting. Starts the expiry clock, unless a newer connect has begun (EX-1, CN-16).
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

    // --- limits ---

    // Zero if the handshake is within its address's limit, and counted now; else how long until one
    // would be.
    [[nodiscard]] virtual Millis count_handshake(const CountedHandshake& handshake,
                                                 TimePoint now) = 0;
    // What the message exceeds; if that is nothing it is counted. One that exceeds the second limit
    // has been counted by the first.
    [[nodiscard]] virtual Exceeded count_message(const CountedMessage& message, TimePoint now) = 0;

    // --- messages ---

    // Queues the event once for each session that is subscribed, by whatever patterns (SB-11), in
    // the same order per channel for all of them. Returns the number of sessions reached, or kFull.
    virtual Result<std::size_t> publish(const Publication& publication) = 0;
    // Queues the event for this one session, by its queue's limits, and wakes it. Returns how many
    // sessions got it: 0 if the session has ended, is of another domain or somebody else's by now
    // (S20), its queue has no room (then it may have ended over it), or the store has none.
    virtual std::size_t deliver(const Delivery& delivery) = 0;
    // The same for each session of a user. Returns how many got it, or kFull if the store has no
    // room for it.
    virtual Result<std::size_t> deliver_to_user(const UserDelivery& delivery) = 0;
    // True if drain() would yield something now, lazy events and those to be replayed included.
    virtual bool has_events(SessionHandle session) = 0;
    // Appends the queued events to `out`, separated by commas, and to `lengths` (if not null) the
    // length of each. They stay counted in the session's queue until delivered(); meanwhile nothing
    // else is drained, so that deliveries of one session never overtake each other. Of an ack
    // session: all that is not acknowledged, the oldest first, and only for a connect's reply.
    virtual Drained drain(SessionHandle session, ChildIndex child, std::string& out,
                          std::vector<std::uint32_t>* lengths) = 0;
    Drained drain(SessionHandle session, ChildIndex child, std::string& out) {
        return drain(session, child, out, nullptr);
    }
    // Written: the drained events are forgotten. Not written: they go back to the head of the
    // queue. Wakes a held connect if events wait then.
    virtual void delivered(SessionHandle session, bool written) = 0;
    // delivered() and finish_connect() of one response; a store may do both in one hold.
    virtual void settle(const Settlement& response) {
        if (response.events_of) {
            delivered(*response.events_of, response.written);
        }
        if (response.connect) {
            finish_connect(response.connect->session, response.connect->cycle,
                           response.connect->expires_at);
        }
    }

    // --- housekeeping, by the loops ---

    // The next share of work that comes with time: sessions whose time is over end, lazy events
    // that have waited long enough wake (ORD-8), unused channels go (CH-15), what dead children
    // held is released. Cheap when there is nothing to do; in steps that hold the lock for well
    // under a millisecond. Called about once a second per child.
    virtual void sweep(ChildIndex child, TimePoint now) = 0;

    // The key of the browser ids that this store's sessions are bound to.
    [[nodiscard]] virtual protocol::SecretKey browser_key() const noexcept = 0;
};

}  // namespace bayeux::broker

#endif
