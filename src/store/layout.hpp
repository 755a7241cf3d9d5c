// The segment, front to back:
//
//   Header | PageInfo × page_count | ChildSlot × child_capacity | buckets | allowance sets |
//   page × page_count
//
// One flat range of bytes that all children map and that outlives restarts: two generations of
// children use it at once, so all that lies in it is a wire format (docs/shared-memory.md).
//
// Invariants, checked by verify.cc under these numbers whenever no mutating section is open:
//  V1  Magic, version and geometry are those of creation: they are written once, before the magic.
//  V2  In each page: used cells, free list and never used cells are disjoint and fill the page,
//      because a cell moves between them only in slab.cc, by one step.
//  V3  A page with free cells is in its kind's list, a page of the pool in the pool's, once; the
//      kinds' totals are the sums over pages. Hence bytes by kind add up to the byte.
//  V4  A session that has not ended is in exactly one bucket chain, that of its hash; no other cell
//      is. Two of one domain never have one client id: creation looks first.
//  V5  The same for channels by domain and name, domains by id, subscriptions by session and
//      channel.
//  V6  A subscription is in its session's list and in its channel's, and both count it. Its session
//      has its generation: a session's cell is freed only when its list is empty.
//  V7  A queue chain has no entry of another session, ends at the tail, and its count and bytes are
//      those of the session; what is in flight is a prefix.
//  V8  A message has as many references as queue entries and jobs name it, and at least one.
//  V9  A domain's counts are those of its sessions (not ended) and channels; no domain has none.
//  V10 A session that has not ended is in the wheel once, not later than its expiry, nor than when
//      its lazy events have waited long enough.
//  V11 A node is in a due list exactly if its session says so: waiter kDue, or a notice's child.
//      Who waits, waits in the place of a child.
//  V12 A channel is in the idle list exactly if it has no subscriber, no job, no member, and
//      may be swept.
//  V13 An ended session that still owns subscriptions or events is in the dying list; one that owns
//      nothing and is in no due list does not exist.
//  V14 Jobs are listed in order of sequence, all and per channel; `cursors` counts those that
//      stand.
//  V15 A browser is in exactly one bucket chain, that of its hash; it counts the sessions that hold
//      a place of it, and there is at least one. Only a session that has not ended holds a place.
//  V16 What an ack session has sent is a prefix of its queue, in batches that do not descend and
//      are not above its next one; nothing of it is in flight. No other session's event has one.
//  V17 A session for which events wait, neither in flight nor sent, is either urgent or knows when
//      it will be; one for which nothing waits is neither. So no event is forgotten.
//  V18 A user is in exactly one bucket chain, that of domain and tag; its list holds the sessions
//      that name it, and it counts them: at least one. They are of its domain, have its tag, and
//      none of them has ended. Who joined later stands before who joined earlier.
//  V19 A member is in exactly one bucket chain, that of channel and name, and in its channel's
//  list.
//      It counts the subscriptions that name it, which are on its channel; the session of each, if
//      it has not ended, goes by its name. It is to be announced exactly if it is either counted or
//      announced, and exists only if it is one of both. Its channel counts the announced.
#ifndef BAYEUX_STORE_LAYOUT_HPP
#define BAYEUX_STORE_LAYOUT_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/durations.hpp"
#include "store/cells.hpp"

namespace bayeux::store {

inline constexpr std::uint64_t kMagic = 0x315845594142646d;  // "mdBAYEX1"
inline constexpr std::uint32_t kLayoutVersion = 6;

inline constexpr std::size_t kMinSegment = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxSegment = std::size_t{16} << 30U;  // a due reference has 32 bits

// What a mutating section is doing; written on entry, cleared on exit. Whoever gets the lock of a
// dead owner and finds one here repairs.
enum class Operation : std::uint32_t {
    kRead = 0,  // changes nothing that repair would have to look at
    kRepair,
    kCreateSession,
    kTouch,
    kEndSession,
    kStartConnect,
    kPark,
    kFinishConnect,
    kTakeDue,
    kSubscribe,
    kUnsubscribe,
    kPublish,
    kDrain,
    kDelivered,
    kSweep,
    kChildren,
    kStartStream,
    kEndStream,
    kDeliver,
    kChangeUser,
    kAnnounce,
};

// Room for a pthread_mutex_t, whose size is the C library's business.
struct alignas(8) MutexCell {
    std::array<std::uint8_t, 64> bytes;
};

struct PageInfo {
    Kind kind;
    std::uint8_t unused;
    std::uint16_t used;       // (d) cells that are handed out
    std::uint16_t bump;       // cells from here on were never used since the page got its kind
    std::uint16_t free_head;  // (d) slot; kNoSlot if none
    std::uint32_t next;       // (d) in its kind's list of pages with free cells, or in the pool
    std::uint32_t prev;       // (d)
};
inline constexpr std::uint16_t kNoSlot = 0xffff;
static_assert(ShmType<PageInfo> && sizeof(PageInfo) == 16);

enum class ChildState : std::uint32_t {
    kFree = 0,
    kClaimed = 1,
    kLeft = 2,  // dead or released; what it held is being given back
};

struct ChildSlot {
    MutexCell alive;  // held by the child's claiming thread as long as it lives
    ChildState state;
    std::uint32_t pid;        // for status pages only
    std::uint32_t due_head;   // (d) session index * 2 + node
    std::uint32_t due_tail;   // (d)
    std::uint32_t due_count;  // (d)
    std::uint32_t scan;       // kLeft: the session cells before this index were looked at
    std::array<std::uint32_t, 10> unused;
};
static_assert(ShmType<ChildSlot> && sizeof(ChildSlot) == 128);

struct KindState {
    std::uint32_t partial_head;  // (d) pages with free cells
    std::uint32_t pages;         // (d)
    std::uint32_t used;          // (d) cells
    std::uint32_t unused;
};

struct Geometry {
    std::uint32_t page_count;
    std::uint32_t child_capacity;
    std::uint32_t session_buckets;  // powers of two
    std::uint32_t channel_buckets;
    std::uint32_t subscription_buckets;
    std::uint32_t domain_buckets;
    std::uint32_t browser_buckets;
    std::uint32_t user_buckets;
    std::uint32_t member_buckets;
    std::uint32_t allowance_sets;
};

struct Counters {
    std::uint64_t sessions_created;
    std::uint64_t sessions_ended;        // for whatever reason
    std::uint64_t sessions_expired;      // of these
    std::uint64_t overflow_disconnects;  // of these
    std::uint64_t published;
    std::uint64_t queued;  // events put into queues
    std::uint64_t drained;
    std::uint64_t dropped_oldest;
    std::uint64_t dropped_newest;
    std::uint64_t refused_full;  // calls that answered kFull
    std::uint64_t channels_swept;
    std::uint64_t dead_children;
    std::uint64_t repairs;
    // Events whose response was written, or that the client has acknowledged, by transport.
    std::array<std::uint64_t, broker::kTransports> delivered;
};

// What the counters were at one time, for the plots of status pages.
struct Sample {
    std::int64_t at;  // milliseconds of CLOCK_MONOTONIC
    std::uint64_t published;
    std::uint64_t queued;
    std::uint64_t delivered;
    std::uint32_t sessions;
    std::uint32_t waiting;  // events in queues
};

// Taken with the sweeps: by whichever child comes first when the time has come. A sample is written
// before it counts, over one that has been left out of the plots by then.
inline constexpr std::int64_t kSampleMillis = 5000;
inline constexpr std::size_t kSamples = 64;
inline constexpr std::size_t kShownSamples = 61;  // five minutes

struct History {
    std::uint64_t taken;   // ever
    std::int64_t next_at;  // milliseconds; none before
    std::array<Sample, kSamples> samples;
};
static_assert(ShmType<History> && sizeof(History) == 16 + 40 * kSamples);

// What BayeuxLimit... has refused. All but the last two are counted without the lock.
struct Limited {
    std::uint64_t handshakes;
    std::uint64_t messages;
    std::uint64_t bytes;       // messages, too
    std::uint64_t address;     // whose was the last (base/client_address.hpp)
    std::uint64_t reported;    // how many the log has been told
    std::int64_t next_report;  // milliseconds; no line before
};

// The words of allowance_table.hpp that one allowance may have. With a set for each 8 KB, all
// sessions that BayeuxMaxSessions allows by default have room for two.
inline constexpr std::size_t kAllowanceWays = 8;
struct alignas(64) AllowanceSet {
    std::array<std::uint64_t, kAllowanceWays> words;
};
static_assert(ShmType<AllowanceSet> && sizeof(AllowanceSet) == 64);

// A look at the clock costs as much as a short hold, so one of so many holds of the lock is timed.
inline constexpr std::uint32_t kHoldsPerSample = 16;

// What publications whose driver was another process have reached.
struct JobResult {
    std::uint64_t sequence;
    std::uint64_t reached;
};
inline constexpr std::size_t kJobResults = 64;

inline constexpr std::int64_t kTickMillis = 250;
inline constexpr std::size_t kWheelSlots = 1024;

struct Writer {
    Operation operation;
    std::uint32_t session;  // index, or kNone
};

struct Header {
    std::uint64_t magic;
    std::uint32_t layout_version;
    std::uint32_t header_size;
    std::uint64_t size;
    Geometry geometry;
    std::array<std::uint8_t, 16> table_key;
    std::array<std::uint8_t, 16> browser_key;

    MutexCell mutex;
    Writer writer;

    std::uint64_t sequence;         // of the last publication
    std::uint64_t joins;            // the number of the session that became a user's last
    std::uint32_t last_generation;  // of the last session
    std::uint32_t free_pages;       // (d)
    std::uint32_t free_page_head;   // (d)
    ChannelIndex idle_head;         // (d) the longest unused first
    ChannelIndex idle_tail;         // (d)
    SessionIndex dying_head;        // (d)
    SessionIndex dying_tail;        // (d)
    JobIndex jobs_head;             // (d)
    JobIndex jobs_tail;             // (d)
    MemberIndex changed_head;       // (d) members to announce, who changed first is the first
    MemberIndex changed_tail;       // (d)
    std::uint32_t job_count;        // (d)
    std::uint32_t left_children;    // (d) places in state kLeft
    std::uint32_t holds;            // of the lock, modulo 2^32
    std::int64_t wheel_tick;        // all slots up to this tick were looked at
    std::array<KindState, kKinds> kinds;
    std::array<SessionIndex, kWheelSlots> wheel;  // (d)
    std::array<JobResult, kJobResults> job_results;
    Counters counters;
    std::uint64_t reported_losses;  // of the counters, what the log has been told
    std::int64_t next_report;       // milliseconds; no line before
    Limited limited;
    Durations hold_times;  // of the lock
    History history;
};
static_assert(ShmType<Header> && offsetof(Header, mutex) == 96 && sizeof(Header) % 8 == 0);
static_assert(sizeof(Header) == 9624);

}  // namespace bayeux::store

#endif
