// The loop and a connection that carries a stream: what the stream is told, and when.
#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cmocka.hpp"
#include "lib/loop_bench.hpp"
#include "loop/event_loop.hpp"

namespace bayeux::loop {
namespace {

// Writes down what it is told: r(esume), i(nput), o(utput), t(ime), e(vents), s(uperseded),
// E(nded), S(top), p(erform), c(lose).
class Recorder final : public Stream {
  public:
    Wish resume(TimePoint /*now*/) noexcept override { return note('r'); }
    Wish on_readable(TimePoint /*now*/) noexcept override {
        std::array<char, 256> buffer;
        const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n == 0) {
            note('c');
            return Wish::kClose;
        }
        return n > 0 ? note('i') : Wish::kWait;
    }
    Wish on_writable(TimePoint /*now*/) noexcept override { return Wish::kWait; }
    Wish on_deadline(TimePoint /*now*/) noexcept override {
        at.reset();
        return note('t');
    }
    Wish on_due(EndReason reason, TimePoint /*now*/) noexcept override {
        if (reason != EndReason::kEvents) {
            terms.reset();
        } else if (store != nullptr) {
            std::string out;
            if (store->drain(terms->session, kChild, out).in_flight()) {
                store->delivered(terms->session, true);
            }
        }
        return note(reason == EndReason::kEvents       ? 'e'
                    : reason == EndReason::kSuperseded ? 's'
                    : reason == EndReason::kEnded      ? 'E'
                                                       : '?');
    }
    Wish on_stop(TimePoint /*now*/) noexcept override {
        note('S');
        return Wish::kClose;
    }
    void close(TimePoint /*now*/) noexcept override { note('c'); }
    std::optional<ParkTerms> waits() const noexcept override { return terms; }
    std::optional<TimePoint> deadline() const noexcept override { return at; }
    void perform() noexcept override { note('p'); }

    // Any thread.
    [[nodiscard]] std::string told() const {
        const std::lock_guard guard(mutex_);
        return told_;
    }
    void wish(char at_what, Wish what) {
        const std::lock_guard guard(mutex_);
        wishes_.push_back({at_what, what});
    }

    // Before it begins, then the loop thread.
    int fd = -1;
    std::optional<ParkTerms> terms;
    std::optional<TimePoint> at;
    broker::SessionStore* store = nullptr;
    std::atomic<bool> insatiable{false};  // always asks for more

  private:
    Wish note(char what) noexcept {
        const std::lock_guard guard(mutex_);
        if (told_.size() < 64) {
            told_ += what;
        }
        if (!wishes_.empty() && wishes_.front().first == what) {
            const Wish wanted = wishes_.front().second;
            wishes_.pop_front();
            return wanted;
        }
        return insatiable ? Wish::kAgain : Wish::kWait;
    }

    mutable std::mutex mutex_;
    std::string told_;
    std::deque<std::pair<char, Wish>> wishes_;
};

// A connection with a stream whose session is subscribed to /a.
struct Carried {
    explicit Carried(Bench& with)
        : bench(with), client(Bench::pair(ours)), connection(ours, with.loop) {
        session = bench.session();
        bench.subscribe(session, "/a");
        stream.fd = ours;
        stream.store = &bench.store;
        wait_again();
        connection.next.kind = Next::Kind::kStream;
        connection.next.stream = &stream;
        connection.after_answer.kind = Next::Kind::kBury;
    }
    Carried(const Carried&) = delete;
    Carried& operator=(const Carried&) = delete;
    ~Carried() {
        ::close(client);
        eventually([&] { return connection.destroyed.load(); });
    }
    void wait_again() {
        ParkTerms terms;
        terms.session = session;
        terms.cycle = bench.store.start_stream(session, broker::Transport::kWebSocket).value();
        stream.terms = terms;
    }
    // Given to the loop, which waits for it.
    void begin() {
        bench.loop.give_back(connection);
        eventually([&] { return parked(); });
    }
    [[nodiscard]] bool parked() const { return bench.store.view(session)->parked; }
    bool told(const char* what) {
        return eventually([&] { return stream.told() == what; });
    }
    std::string after(const char* what) {
        told(what);
        return stream.told();
    }

    Bench& bench;
    int ours = -1;
    const int client;
    Scripted connection;
    Recorder stream;
    SessionHandle session;
};

#define EXPECT_TOLD(text, expression)              \
    do {                                           \
        const std::string seen = (expression);     \
        assert_string_equal(seen.c_str(), (text)); \
    } while (false)

std::string told_of_edges() {
    Bench bench;
    Carried carried(bench);
    carried.begin();
    send_text(carried.client, "a");
    carried.told("ri");
    bench.publish("/a");
    carried.told("rie");
    bench.publish("/a");  // it waits again
    carried.told("riee");
    ::shutdown(carried.client, SHUT_RDWR);
    eventually([&] { return carried.connection.destroyed.load(); });
    return carried.stream.told() + " " + carried.connection.tasks;
}

void stream_when_its_client_or_session_has_something_then_told(void** /*state*/) {
    EXPECT_TOLD("rieec C", told_of_edges());
}

std::string told_of_time() {
    Bench bench;
    Carried carried(bench);
    carried.stream.at = bench.clock.now() + Millis{50};
    carried.begin();
    return carried.after("rt");
}

void stream_when_its_deadline_passes_then_told(void** /*state*/) {
    EXPECT_TOLD("rt", told_of_time());
}

std::string told_of_the_end(bool superseded) {
    Bench bench;
    Carried carried(bench);
    carried.begin();
    if (superseded) {
        [[maybe_unused]] const auto start = bench.store.start_connect(carried.session, {});
    } else {
        bench.store.end_session(carried.session);
    }
    return carried.after(superseded ? "rs" : "rE");
}

void stream_when_superseded_or_ended_then_told(void** /*state*/) {
    EXPECT_TOLD("rs", told_of_the_end(true));
    EXPECT_TOLD("rE", told_of_the_end(false));
}

std::string found_when_it_begins(char what) {
    Bench bench;
    Carried carried(bench);
    if (what == 'e') {
        bench.publish("/a");
    } else if (what == 's') {
        [[maybe_unused]] const auto start = bench.store.start_connect(carried.session, {});
    } else {
        bench.store.end_session(carried.session);
    }
    bench.loop.give_back(carried.connection);
    return carried.after(("r" + std::string(1, what)).c_str());
}

void stream_when_something_came_before_it_waited_then_told_at_once(void** /*state*/) {
    EXPECT_TOLD("re", found_when_it_begins('e'));
    EXPECT_TOLD("rs", found_when_it_begins('s'));
    EXPECT_TOLD("rE", found_when_it_begins('E'));
}

std::string replaced_by_a_held_connect() {
    Bench bench;
    Carried carried(bench);
    carried.begin();
    int ours = -1;
    const int client = Bench::pair(ours);
    Scripted other(ours, bench.loop);
    other.next = bench.park(carried.session, Millis{60'000});
    other.after_answer.kind = Next::Kind::kBury;
    bench.loop.give_back(other);
    carried.told("rs");
    eventually([&] { return bench.counters.parked == 1; });
    // And the stream takes the session back.
    carried.connection.stays = true;
    carried.stream.wish('i', Stream::Wish::kWorker);
    send_text(carried.client, "x");
    eventually([&] { return carried.connection.performed == 1; });
    carried.wait_again();
    carried.connection.stays = false;
    bench.loop.give_back(carried.connection);
    eventually([&] { return other.destroyed.load(); });
    carried.told("rsipr");
    ::close(client);
    const bool superseded = other.last_reason == EndReason::kSuperseded;
    return carried.stream.told() + (superseded ? " superseded" : " else");
}

void stream_when_connects_and_streams_of_a_session_alternate_then_the_newer_has_it(
    void** /*state*/) {
    EXPECT_TOLD("rsipr superseded", replaced_by_a_held_connect());
}

std::string insatiable_client() {
    Bench bench;
    Carried greedy(bench);
    Carried other(bench);
    greedy.stream.insatiable = true;
    greedy.begin();
    other.begin();
    bench.publish("/a");
    send_text(other.client, "x");
    const bool served = eventually([&] {
        const std::string told = other.stream.told();
        return told.find('e') != std::string::npos && told.find('i') != std::string::npos;
    });
    const bool greedy_served = eventually([&] { return greedy.stream.told().size() > 20; });
    greedy.stream.insatiable = false;
    return std::string(served ? "served " : "") + (greedy_served ? "both" : "");
}

void stream_when_it_always_has_more_to_do_then_others_have_their_turn(void** /*state*/) {
    EXPECT_TOLD("served both", insatiable_client());
}

std::string meanwhile_at_worker(char what) {
    Bench bench;
    Carried carried(bench);
    carried.begin();
    carried.connection.stays = true;
    carried.stream.wish('i', Stream::Wish::kWorker);
    send_text(carried.client, "x");
    eventually([&] { return carried.connection.performed == 1; });
    if (what == 'e') {
        bench.publish("/a");
    } else if (what == 'i') {
        send_text(carried.client, "y");
    } else if (what == 'S') {
        bench.loop.stop(StopMode::kGraceful);
    } else {
        bench.store.end_session(carried.session);
    }
    // The loop has seen it when it has seen this.
    Carried other(bench);
    bench.loop.give_back(other.connection);
    eventually([&] { return other.stream.told().size() > (what == 'S' ? 1 : 0); });
    const std::string before = carried.stream.told() + " ";
    carried.connection.stays = false;
    bench.loop.give_back(carried.connection);
    return before + carried.after(("ipr" + std::string(1, what)).insert(0, "r").c_str());
}

void stream_when_at_a_worker_then_told_when_it_is_back(void** /*state*/) {
    EXPECT_TOLD("rip ripre", meanwhile_at_worker('e'));
    EXPECT_TOLD("rip ripri", meanwhile_at_worker('i'));
    EXPECT_TOLD("rip riprE", meanwhile_at_worker('E'));
    EXPECT_TOLD("rip riprS", meanwhile_at_worker('S'));
}

std::string stopped(StopMode mode) {
    Bench bench;
    Carried carried(bench);
    carried.begin();
    bench.loop.stop(mode);
    carried.told("rS");
    ::shutdown(carried.client, SHUT_RDWR);
    eventually([&] { return carried.connection.destroyed.load(); });
    return carried.stream.told() + " " + carried.connection.tasks;
}

void stream_when_the_child_stops_then_told_and_closed(void** /*state*/) {
    EXPECT_TOLD("rS C", stopped(StopMode::kGraceful));
    EXPECT_TOLD("rS C", stopped(StopMode::kAtOnce));
}

std::string quit() {
    Bench bench;
    Carried carried(bench);
    carried.begin();
    bench.end();
    carried.connection.destroyed = true;  // the loop leaves it to its pool
    return carried.after("rc");
}

void stream_when_the_loop_ends_then_closed(void** /*state*/) {
    EXPECT_TOLD("rc", quit());
}

std::string counted() {
    Bench bench;
    std::string seen;
    {
        Carried carried(bench);
        carried.begin();
        seen = std::to_string(bench.counters.streams) + std::to_string(bench.counters.parked);
    }
    return seen + " " + std::to_string(bench.counters.streams);
}

void stream_when_open_then_counted_and_not_as_a_held_connect(void** /*state*/) {
    EXPECT_TOLD("10 0", counted());
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(stream_when_its_client_or_session_has_something_then_told),
        cmocka_unit_test(stream_when_its_deadline_passes_then_told),
        cmocka_unit_test(stream_when_superseded_or_ended_then_told),
        cmocka_unit_test(stream_when_something_came_before_it_waited_then_told_at_once),
        cmocka_unit_test(
            stream_when_connects_and_streams_of_a_session_alternate_then_the_newer_has_it),
        cmocka_unit_test(stream_when_it_always_has_more_to_do_then_others_have_their_turn),
        cmocka_unit_test(stream_when_at_a_worker_then_told_when_it_is_back),
        cmocka_unit_test(stream_when_the_child_stops_then_told_and_closed),
        cmocka_unit_test(stream_when_the_loop_ends_then_closed),
        cmocka_unit_test(stream_when_open_then_counted_and_not_as_a_held_connect),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
