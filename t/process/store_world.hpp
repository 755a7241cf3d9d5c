// A store over an anonymous segment that forked children share, with a clock and a ringer of the
// test's own. For unit and process tests of the store.
#ifndef BAYEUX_T_PROCESS_STORE_WORLD_HPP
#define BAYEUX_T_PROCESS_STORE_WORLD_HPP

#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <sys/mman.h>
#include <vector>

#include "lib/fake_clock.hpp"
#include "store/shared_store.hpp"
#include "store/verify.hpp"

namespace bayeux::test {

// Remembers whose bell was rung.
class RecordingRinger final : public broker::Ringer {
  public:
    void ring(const broker::WakeSet& children) noexcept override {
        const std::lock_guard lock(mutex_);
        ++rings;
        rung |= children;
    }

    broker::WakeSet rung;
    int rings = 0;

  private:
    std::mutex mutex_;
};

inline constexpr DomainId kDomain{77};

inline protocol::ClientId client(std::uint32_t number) {
    std::array<std::uint8_t, protocol::ClientId::kBytes> bytes{};
    std::memcpy(bytes.data(), &number, sizeof(number));
    return protocol::ClientId::from_bytes(bytes);
}

inline protocol::ChannelName channel(const std::string& name) {
    return *protocol::ChannelName::parse(name);
}

class StoreWorld {
  public:
    explicit StoreWorld(std::size_t size = std::size_t{4} << 20U, std::uint32_t children = 8)
        : size_(size),
          memory_(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
        store::SegmentKeys keys;
        keys.table.fill(7);
        keys.browser.fill(9);
        made_ = store::Segment::create(bytes(), children, keys).has_value();
        store_ = std::move(store::SharedStore::open(bytes(), ringer, clock).value());
    }
    StoreWorld(const StoreWorld&) = delete;
    StoreWorld& operator=(const StoreWorld&) = delete;
    ~StoreWorld() {
        // A mutex that this thread still held would leave its list of robust mutexes in thin air.
        for (const ChildIndex child : claimed_) {
            store_->release_child(child);
        }
        store_.reset();
        munmap(memory_, size_);
    }

    [[nodiscard]] std::span<std::byte> bytes() const {
        return {static_cast<std::byte*>(memory_), size_};
    }
    [[nodiscard]] store::SharedStore& store() { return *store_; }
    [[nodiscard]] TimePoint after(int seconds) const {
        return clock.now() + std::chrono::seconds(seconds);
    }

    // For tests of single parts: `body` gets the Locked.
    template <class Body>
    void locked(Body&& body) {
        broker::WakeSet wake;
        const store::Locked held(store_->segment(), store::Operation::kRead, clock.now(), wake);
        body(held);
    }

    // A place for this process until the world ends; kNoChild if there is none.
    ChildIndex claim() {
        const auto place = store_->claim_child(1);
        if (place) {
            claimed_.push_back(place.value());
        }
        return place ? place.value() : kNoChild;
    }

    // Empty if every invariant holds.
    [[nodiscard]] std::string wrong() {
        std::string text;
        locked([&](const store::Locked& held) { text = store::verify(held); });
        return text;
    }

    [[nodiscard]] Result<SessionHandle> try_session(std::uint32_t number,
                                                    const broker::QueueLimits& queue = {},
                                                    std::uint32_t max_sessions = 0xffffffff) {
        broker::NewSession wanted;
        wanted.domain = kDomain;
        wanted.client_id = client(number);
        wanted.queue = queue;
        wanted.max_sessions = max_sessions;
        wanted.expires_at = after(10);
        return store_->create_session(wanted);
    }
    // The null handle if there is no room.
    SessionHandle session(std::uint32_t number, const broker::QueueLimits& queue = {}) {
        const auto made = try_session(number, queue);
        return made ? made.value() : SessionHandle{};
    }
    // As `wanted` says, but for what makes it this client's.
    SessionHandle session_as(std::uint32_t number, broker::NewSession wanted) {
        wanted.domain = kDomain;
        wanted.client_id = client(number);
        wanted.expires_at = after(10);
        const auto made = store_->create_session(wanted);
        return made ? made.value() : SessionHandle{};
    }
    SessionHandle ack_session(std::uint32_t number, const broker::QueueLimits& queue = {}) {
        broker::NewSession wanted;
        wanted.queue = queue;
        wanted.ack = true;
        return session_as(number, wanted);
    }
    // A session of one of the windows of a browser.
    SessionHandle tab(std::uint32_t number, std::uint8_t browser) {
        broker::NewSession wanted;
        wanted.browser = protocol::BrowserId::from_bytes({browser});
        return session_as(number, wanted);
    }
    SessionHandle session_of(std::uint32_t number, std::string_view user,
                             const broker::QueueLimits& queue = {}) {
        broker::NewSession wanted;
        wanted.queue = queue;
        wanted.user = {user, store_->user_tag(user)};
        return session_as(number, wanted);
    }
    bool change_user(SessionHandle session, std::string_view user) {
        return store_->change_user(session, {user, store_->user_tag(user)});
    }
    void touch(SessionHandle session, int seconds, bool cookie = false) {
        broker::Touch touch;
        touch.expires_at = after(seconds);
        touch.cookie = cookie;
        store_->touch(session, touch);
    }
    bool subscribe(SessionHandle session, const std::vector<std::string>& names,
                   const broker::SubscriptionLimits& limits = {}) {
        std::vector<protocol::ChannelName> channels;
        channels.reserve(names.size());
        for (const std::string& name : names) {
            channels.push_back(channel(name));
        }
        return store_->subscribe(session, channels, limits).has_value();
    }
    void unsubscribe(SessionHandle session, const std::string& name) {
        const auto one = channel(name);
        store_->unsubscribe(session, {&one, 1});
    }
    // The number of sessions reached, or -1.
    int publish(const std::string& name, const std::string& event,
                std::optional<SessionHandle> except = std::nullopt,
                std::optional<SessionHandle> without_wake = std::nullopt, Millis lazy = Millis{0}) {
        const auto one = channel(name);
        broker::Publication publication;
        publication.domain = kDomain;
        publication.channel = &one;
        publication.event = event;
        publication.except = except;
        publication.without_wake = without_wake;
        publication.lazy = lazy;
        const auto reached = store_->publish(publication);
        return reached ? static_cast<int>(reached.value()) : -1;
    }
    // With events that may wait.
    int publish_lazily(const std::string& name, const std::string& event, Millis lazy) {
        return publish(name, event, std::nullopt, std::nullopt, lazy);
    }
    std::size_t deliver(SessionHandle session, std::string_view event) {
        return store_->deliver({kDomain, session, event});
    }
    // Everything that is queued, as written.
    std::string receive(SessionHandle session, ChildIndex child = ChildIndex{0}) {
        std::string text;
        while (store_->drain(session, child, text).in_flight()) {
            store_->delivered(session, true);
            text += store_->has_events(session) ? "," : "";
        }
        return text;
    }
    // What a connect's reply carries of an ack session, e.g. "3:{1},{2}"; "gone" if nothing.
    std::string batch_of(SessionHandle session) {
        std::string text;
        const broker::Drained drained = store_->drain(session, ChildIndex{0}, text);
        return drained.batch ? std::to_string(*drained.batch) + ":" + text : "gone";
    }
    [[nodiscard]] broker::ConnectTerms terms() const {
        broker::ConnectTerms terms;
        terms.timeout = Millis{30000};
        terms.lease = after(45);
        return terms;
    }
    broker::ConnectStart start(SessionHandle session, const broker::ConnectTerms& terms) {
        const auto started = store_->start_connect(session, terms);
        return started ? started.value() : broker::ConnectStart{};
    }
    ConnectCycle connect(SessionHandle session) { return start(session, terms()).cycle; }
    ConnectCycle stream(SessionHandle session, broker::Transport transport) {
        const auto started = store_->start_stream(session, transport);
        return started ? started.value() : ConnectCycle{};
    }
    broker::ParkState park(SessionHandle session, ConnectCycle cycle, ChildIndex child) {
        return store_->park(session, cycle, child, after(45));
    }
    // One word per due park, e.g. "events:3" with the session's cycle.
    std::string due(ChildIndex child) {
        std::array<broker::Due, 16> all;
        const std::size_t count = store_->take_due(child, all);
        std::string text;
        for (std::size_t i = 0; i < count; ++i) {
            const char* const reason = all[i].reason == broker::DueReason::kEvents  ? "events:"
                                       : all[i].reason == broker::DueReason::kEnded ? "ended:"
                                                                                    : "superseded:";
            text += (i == 0 ? "" : " ") + std::string(reason) + std::to_string(all[i].cycle.value);
        }
        return text;
    }
    // All sessions expire, all channels are swept; what is used then.
    std::uint64_t used_after_all() {
        for (int round = 0; round < 2; ++round) {
            clock.advance(std::chrono::seconds(400));
            store_->sweep(kNoChild, clock.now());
            for (const ChildIndex child : claimed_) {
                while (!due(child).empty()) {
                }
            }
        }
        return store_->stats().used_bytes();
    }

    FakeClock clock;
    RecordingRinger ringer;

  private:
    std::size_t size_;
    void* memory_;
    bool made_ = false;
    std::vector<ChildIndex> claimed_;
    std::unique_ptr<store::SharedStore> store_;
};

// Fixture functions for cmocka: a fresh world for each test.
inline int new_world(void** state) {
    *state = new StoreWorld;
    return 0;
}
inline int delete_world(void** state) {
    delete static_cast<StoreWorld*>(*state);
    return 0;
}
inline StoreWorld& world_of(void** state) {
    return *static_cast<StoreWorld*>(*state);
}

}  // namespace bayeux::test

#define WORLD_TEST(function) \
    cmocka_unit_test_setup_teardown(function, bayeux::test::new_world, bayeux::test::delete_world)

#endif
