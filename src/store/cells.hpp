// The records of the store. Each kind has cells of one size in pages of its own (slab.hpp).
//
// Every cell begins with a live word. It becomes kCellLive by the last store of a creation and
// stops being so by the first store of a destruction, so that whoever repairs the segment after a
// killed writer knows what exists. Members marked (d) are derived: repair rebuilds them from the
// others. Layout changes need a new kLayoutVersion (layout.hpp) and docs/shared-memory.md.
#ifndef BAYEUX_STORE_CELLS_HPP
#define BAYEUX_STORE_CELLS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/strong_id.hpp"
#include "broker/session_store.hpp"
#include "broker/transport.hpp"
#include "store/offset.hpp"

namespace bayeux::store {

enum class Kind : std::uint8_t {
    kFree = 0,  // a page of the pool
    kSession = 1,
    kChannel = 2,
    kSubscription = 3,
    kQueueEntry = 4,
    kBlock = 5,
    kDomain = 6,
    kJob = 7,
    kBrowser = 8,
    kUser = 9,
    kMember = 10,
};
inline constexpr std::size_t kKinds = 11;

inline constexpr std::uint32_t kPageSize = 4096;

inline constexpr std::uint32_t kCellFree = 0;
inline constexpr std::uint32_t kCellLive = 0x6c697665;
inline constexpr std::uint32_t kCellSuspect = 0x73757370;  // only while repair looks for its owner

struct Session;
struct Channel;
struct Subscription;
struct QueueEntry;
struct Block;
struct Domain;
struct Job;
struct Browser;
struct User;
struct Member;

using SessionIndex = Index<Session>;
using ChannelIndex = Index<Channel>;
using SubscriptionIndex = Index<Subscription>;
using QueueIndex = Index<QueueEntry>;
using BlockIndex = Index<Block>;
using DomainIndex = Index<Domain>;
using JobIndex = Index<Job>;
using BrowserIndex = Index<Browser>;
using UserIndex = Index<User>;
using MemberIndex = Index<Member>;

// A time that never comes, in milliseconds.
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

enum class SessionState : std::uint8_t {
    kNew = 0,        // has never connected (CN-4)
    kConnected = 1,  // at least once
    kEnded = 2,      // not found any more; the cell stays until all that it owns is gone
};

enum class WaiterState : std::uint8_t {
    kNobody = 0,
    kParked = 1,  // cycle_child holds the connect of this cycle, or waits with its stream
    kDue = 2,     // the same, and it is in that child's due list
};

// The two places that a session has in due lists.
enum class DueNode : std::uint8_t { kWaiter = 0, kNotice = 1 };

struct DueLinks {
    std::uint32_t next = kNone;  // (d) session index * 2 + node
    std::uint32_t prev = kNone;  // (d)
};

struct Session {
    static constexpr Kind kKind = Kind::kSession;

    std::uint32_t live;
    std::uint32_t generation;  // unique among all sessions that the segment ever had
    std::uint64_t domain;
    std::array<std::uint8_t, 20> client_id;
    std::uint32_t hash;  // of domain and client id
    std::array<std::uint8_t, 16> browser;
    std::int64_t expires_at;      // milliseconds of CLOCK_MONOTONIC
    std::int64_t active_at;       // when the client was last active, likewise (X-ACT)
    std::uint64_t last_sequence;  // of the publication that was queued last (SB-11)
    std::int64_t lazy_at;         // (d) when what waits becomes urgent (ORD-8); kNever if by itself
    std::int64_t wheel_tick;      // (d) when the timer wheel looks at it next
    std::uint64_t user_tag;       // of whom its last request came from; 0: nobody, or not known

    SessionState state;
    broker::Overflow overflow;
    std::uint8_t has_browser;
    std::uint8_t cookie_seen;
    broker::Transport transport;  // as told by the last advice, with timeout and interval
    std::uint8_t connect_open;    // between start_connect and finish_connect
    WaiterState waiter_state;
    broker::DueReason waiter_reason;
    std::uint16_t cycle_child;        // who parked in this cycle; else kNoChild
    std::uint16_t notice_child;       // whose park was superseded and not told yet; else kNoChild
    std::uint16_t in_flight_child;    // who drained what is in flight
    broker::Transport stream;         // of the stream that this cycle belongs to; else kNone
    broker::Transport notice_stream;  // the same of the superseded cycle
    std::uint8_t ack;                 // events stay until they are acknowledged (X-ACK)
    std::uint8_t crowded;             // told that its browser holds as many as it may (BR-5)
    std::uint8_t holds_place;         // its connect is one of those that its browser holds (BR-4)
    std::uint8_t urgent;              // (d) what waits must not wait any longer
    std::uint8_t dying;               // (d) in the list of sessions to dismantle
    std::uint8_t for_user;            // the queue may hold what was meant for its user alone
    std::uint8_t counted;             // some subscription of it may count for presence
    std::uint8_t unused;
    std::uint32_t cycle;
    std::uint32_t notice_cycle;
    std::uint32_t timeout;
    std::uint32_t interval;
    std::uint32_t limit_messages;
    std::uint32_t limit_bytes;
    std::uint32_t batch;  // number of the next reply that carries one (X-ACK 4)

    QueueIndex queue_head;
    QueueIndex queue_tail;          // (d)
    std::uint32_t queue_count;      // (d) in flight ones included
    std::uint32_t queue_bytes;      // (d)
    QueueIndex in_flight_last;      // what is in flight goes from the head to here
    std::uint32_t in_flight_count;  // (d)
    std::uint32_t in_flight_bytes;  // (d)
    std::uint32_t sent_count;       // (d) at the head, sent and not acknowledged (X-ACK)

    SubscriptionIndex subscriptions;   // (d) the newest first
    std::uint32_t subscription_count;  // (d)
    SessionIndex hash_next;            // (d)
    DomainIndex domain_cell;           // (d)
    std::uint32_t browser_hash;        // of domain and browser
    BrowserIndex browser_cell;         // (d) of a session that holds a place
    std::array<DueLinks, 2> due;       // (d)
    SessionIndex wheel_next;           // (d)
    SessionIndex wheel_prev;           // (d)
    UserIndex user;                    // whose list it is in: of a user of that tag, or none
    SessionIndex peer_next;  // (d) among the user's; once it has ended, among those to dismantle
    SessionIndex peer_prev;  // (d)
    std::uint64_t joined;    // its number among all that ever became a user's (UserRound)
};
static_assert(ShmType<Session> && sizeof(Session) == 256);
static_assert(offsetof(Session, queue_head) == 156);

struct Channel {
    static constexpr Kind kKind = Kind::kChannel;

    std::uint32_t live;
    std::uint32_t hash;  // of domain and name
    std::uint64_t domain;
    std::int64_t idle_since;  // milliseconds; of meaning while it is in the idle list
    std::uint64_t published;  // messages to this name, ever; for status pages
    // The forward chain is always whole, so it keeps its order, and with it the cursors, through a
    // repair.
    SubscriptionIndex subscribers;
    std::uint32_t subscriber_count;  // (d)
    JobIndex jobs_head;              // (d) publications that are not yet with all subscribers
    JobIndex jobs_tail;              // (d)
    std::uint32_t cursors;           // (d) of jobs, that stand on a subscription of this channel
    ChannelIndex hash_next;          // (d)
    DomainIndex domain_cell;         // (d)
    ChannelIndex idle_next;          // (d)
    ChannelIndex idle_prev;          // (d)
    MemberIndex members;             // (d) who is present, or was; who came last is the first
    std::uint32_t present;           // (d) members that are announced
    std::uint8_t idle;               // (d) in the idle list
    std::uint8_t persistent;
    std::uint8_t unused;
    std::uint8_t name_length;
    std::array<char, 256> name;
};
static_assert(ShmType<Channel> && sizeof(Channel) == 336);

struct Subscription {
    static constexpr Kind kKind = Kind::kSubscription;

    std::uint32_t live;
    SessionIndex session;
    std::uint32_t generation;
    ChannelIndex channel;
    std::uint64_t since;  // the last publication before it; it gets only later ones
    SubscriptionIndex channel_next;
    SubscriptionIndex channel_prev;  // (d)
    SubscriptionIndex session_next;  // (d)
    SubscriptionIndex session_prev;  // (d)
    SubscriptionIndex hash_next;     // (d)
    MemberIndex member;              // as whom it makes its session present, if it does
};
static_assert(ShmType<Subscription> && sizeof(Subscription) == 48);

struct QueueEntry {
    static constexpr Kind kKind = Kind::kQueueEntry;

    std::uint32_t live;
    QueueIndex next;
    BlockIndex message;
    SessionIndex session;
    std::uint32_t batch;  // in which it was sent first; 0: not yet, or not of an ack session
};
static_assert(ShmType<QueueEntry> && sizeof(QueueEntry) == 20);

// A message is a chain of blocks; its first one stands for it.
struct Block {
    static constexpr Kind kKind = Kind::kBlock;
    static constexpr std::uint32_t kData = 240;

    std::uint32_t live;
    BlockIndex next;
    std::uint32_t references;  // (d) of the first block: queue entries and jobs
    std::uint32_t length;      // of the first block: bytes of the whole message
    std::array<char, kData> data;
};
static_assert(ShmType<Block> && sizeof(Block) == 256);

struct Domain {
    static constexpr Kind kKind = Kind::kDomain;

    std::uint32_t live;
    std::uint32_t sessions;  // (d) that have not ended
    std::uint64_t id;
    std::uint32_t channels;  // (d)
    DomainIndex hash_next;   // (d)
};
static_assert(ShmType<Domain> && sizeof(Domain) == 24);

// A publication on its way to the subscribers.
struct Job {
    static constexpr Kind kKind = Kind::kJob;

    std::uint32_t live;
    std::uint32_t progress;  // position in the channel's expansion (CH-8), times 2, +1 if begun
    std::uint64_t sequence;
    BlockIndex message;
    ChannelIndex channel;
    SubscriptionIndex cursor;     // the next to get it at this position, once begun
    ChannelIndex cursor_channel;  // (d) whose `cursors` counts this job
    std::uint32_t reached;
    std::uint32_t except_index;
    std::uint32_t except_generation;
    std::uint32_t no_wake_index;
    std::uint32_t no_wake_generation;
    JobIndex next_in_channel;  // (d)
    JobIndex next;             // (d) among all jobs, in order of sequence
    JobIndex prev;             // (d)
    std::uint32_t lazy;        // milliseconds that its events may wait (ORD-8)
    std::uint32_t unused;
};
static_assert(ShmType<Job> && sizeof(Job) == 72);

// A browser some of whose sessions' connects are held, to count them (BR-4). It comes with the
// first place that is taken and goes with the last.
struct Browser {
    static constexpr Kind kKind = Kind::kBrowser;

    std::uint32_t live;
    std::uint32_t holds;  // (d) sessions that hold a place; never 0
    std::uint64_t domain;
    std::array<std::uint8_t, 16> id;
    std::uint32_t hash;      // of domain and id
    BrowserIndex hash_next;  // (d)
};
static_assert(ShmType<Browser> && sizeof(Browser) == 40);

// A user of httpd's who has sessions, to find them all. It comes with the first and goes with the
// last.
struct User {
    static constexpr Kind kKind = Kind::kUser;

    std::uint32_t live;
    std::uint32_t sessions;  // (d) never 0
    std::uint64_t domain;
    std::uint64_t tag;    // (d) of the name
    UserIndex hash_next;  // (d)
    SessionIndex first;   // (d) who came last is the first
    std::uint8_t name_length;
    std::array<char, 255> name;
};
static_assert(ShmType<User> && sizeof(User) == 288);

// Somebody who is present on a channel, or whose absence is not announced yet.
struct Member {
    static constexpr Kind kKind = Kind::kMember;

    std::uint32_t live;
    ChannelIndex channel;
    std::uint64_t tag;         // (d) of the name
    std::uint64_t announces;   // while an announcement begins: 2 * its sequence, + 1 for a join
    std::uint32_t announced;   // 1: subscribers of the presence channel take it for present
    std::uint32_t count;       // (d) subscriptions by which it is present
    MemberIndex hash_next;     // (d)
    MemberIndex channel_next;  // (d)
    MemberIndex channel_prev;  // (d)
    MemberIndex changed_next;  // (d)
    MemberIndex changed_prev;  // (d)
    std::uint8_t changed;      // (d) in the list of those to announce
    std::uint8_t name_length;
    std::array<std::uint8_t, 2> unused;
    std::array<char, 256> name;
};
static_assert(ShmType<Member> && sizeof(Member) == 312);

template <class T>
inline constexpr std::uint32_t kCellsPerPage = kPageSize / static_cast<std::uint32_t>(sizeof(T));

inline constexpr std::array<std::uint16_t, kKinds> kCellSize = {
    kPageSize,          sizeof(Session), sizeof(Channel), sizeof(Subscription),
    sizeof(QueueEntry), sizeof(Block),   sizeof(Domain),  sizeof(Job),
    sizeof(Browser),    sizeof(User),    sizeof(Member)};

}  // namespace bayeux::store

#endif
