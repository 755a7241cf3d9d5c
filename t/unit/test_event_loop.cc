// The loop over socketpairs: no httpd, a fake store, real time.
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "lib/cmocka.hpp"
#include "lib/loop_bench.hpp"
#include "loop/event_loop.hpp"

namespace bayeux::loop {
namespace {

// --- idle ---

std::string serve_only_whole_requests() {
    Bench bench;
    int ours = -1;
    const int client = Bench::pair(ours);
    Scripted connection(ours, bench.loop);
    connection.next = connection.after_serve = idle(Millis{60'000});
    bench.loop.give_back(connection);
    send_text(client, kRequest.substr(0, 20));
    send_text(client, kRequest.substr(20, 15));
    const bool early = connection.performed != 0;
    send_text(client, kRequest.substr(35));
    const bool came = eventually([&] { return connection.served == 1; });
    ::close(client);
    const bool gone = eventually([&] { return connection.destroyed.load(); });
    return std::string(early ? "early " : "") + (came ? "came " : "") + (gone ? "gone " : "") +
           connection.tasks;
}

void idle_when_a_request_comes_in_pieces_then_served_once_when_whole(void** /*state*/) {
    const std::string seen = serve_only_whole_requests();
    assert_string_equal(seen.c_str(), "came gone SC");
}

std::string idle_until_patience_ends() {
    Bench bench;
    int ours = -1;
    const int client = Bench::pair(ours);
    Scripted connection(ours, bench.loop);
    connection.next = idle(Millis{50});
    bench.loop.give_back(connection);
    const bool closed = eventually([&] { return connection.performed == 1; });
    char byte = 0;
    const bool end = ::recv(client, &byte, 1, 0) == 0;
    ::close(client);
    const bool gone = eventually([&] { return connection.destroyed.load(); });
    return std::string(closed ? "closed " : "") + (end ? "end " : "") + (gone ? "gone " : "") +
           connection.tasks;
}

void idle_when_keep_alive_ends_then_closed_and_lingering_until_the_client_closes(void** /*state*/) {
    const std::string seen = idle_until_patience_ends();
    assert_string_equal(seen.c_str(), "closed end gone C");
}

std::string stalled_head() {
    Bench bench;
    int ours = -1;
    const int client = Bench::pair(ours);
    Scripted connection(ours, bench.loop);
    connection.next = connection.after_overdue = idle(Millis{60'000});
    bench.loop.give_back(connection);
    send_text(client, "POST / HT");
    const bool handed = eventually([&] { return connection.performed == 1; });
    ::close(client);
    eventually([&] { return connection.destroyed.load(); });
    return (handed ? "handed " : "") + connection.tasks;
}

// design.md 4.7: the loop's own deadline for a head that does not arrive; httpd then answers 408.
void idle_when_a_head_stalls_then_handed_over_after_the_head_timeout(void** /*state*/) {
    const std::string seen = stalled_head();
    assert_string_equal(seen.c_str(), "handed S!C");
}

std::string half_taken_request() {
    Bench bench;
    int ours = -1;
    const int client = Bench::pair(ours);
    Scripted connection(ours, bench.loop);
    connection.next = idle(Millis{60'000});
    connection.next.begun = true;
    connection.after_serve = connection.next;
    connection.after_overdue = idle(Millis{60'000});
    bench.loop.give_back(connection);
    send_text(client, "x");  // each byte is worth a look: only the worker knows what it has
    const bool looked = eventually([&] { return connection.served == 1; });
    send_text(client, "y");
    const bool again = eventually([&] { return connection.served == 2; });
    const bool overdue = eventually([&] { return connection.performed == 3; });
    ::close(client);
    eventually([&] { return connection.destroyed.load(); });
    return std::string(looked ? "looked " : "") + (again ? "again " : "") +
           (overdue ? "overdue " : "") + connection.tasks;
}

// S15: a request whose begin was taken from the socket waits without a worker, and not forever.
void idle_when_a_request_was_taken_in_part_then_looked_at_until_its_deadline(void** /*state*/) {
    const std::string seen = half_taken_request();
    assert_string_equal(seen.c_str(), "looked again overdue SSS!C");
}

// --- parks ---

struct Ended {
    EndReason reason = EndReason::kStopping;
    bool in_time = false;
    bool early = false;
    std::uint32_t parked_before = 0;
    std::uint32_t parked_after = 0;
};

Ended end_of_park(Millis timeout, const std::function<void(Bench&, SessionHandle, int)>& act) {
    Bench bench;
    int ours = -1;
    const int client = Bench::pair(ours);
    Scripted connection(ours, bench.loop);
    const SessionHandle session = bench.session();
    bench.subscribe(session, "/a");
    connection.after_answer = idle(Millis{10});
    connection.next = bench.park(session, timeout);
    bench.loop.give_back(connection);
    Ended ended;
    ended.early = !eventually([&] { return bench.counters.parked == 1; });
    ended.parked_before = bench.counters.parked;
    act(bench, session, client);
    ended.in_time = eventually([&] { return connection.performed >= 1; });
    ended.reason = connection.last_reason;
    ended.parked_after = bench.counters.parked;
    ::shutdown(client, SHUT_RDWR);
    eventually([&] { return connection.destroyed.load(); });
    ::close(client);
    return ended;
}

void expect_end(const Ended& ended, EndReason reason) {
    assert_true(ended.in_time);
    assert_false(ended.early);
    assert_int_equal(ended.parked_before, 1);
    assert_int_equal(ended.parked_after, 0);
    assert_int_equal(static_cast<int>(ended.reason), static_cast<int>(reason));
}

constexpr Millis kLong{60'000};

void park_when_event_is_published_then_ended_for_it(void** /*state*/) {
    expect_end(end_of_park(kLong, [](Bench& b, SessionHandle, int) { b.publish("/a"); }),
               EndReason::kEvents);
}

void park_when_deadline_passes_then_ended_for_it(void** /*state*/) {
    expect_end(end_of_park(Millis{1000}, [](Bench&, SessionHandle, int) {}), EndReason::kDeadline);
}

void park_when_session_ends_then_ended_for_it(void** /*state*/) {
    expect_end(end_of_park(kLong, [](Bench& b, SessionHandle s, int) { b.store.end_session(s); }),
               EndReason::kEnded);
}

void park_when_newer_connect_begins_then_ended_as_superseded(void** /*state*/) {
    expect_end(end_of_park(kLong, [](Bench& b, SessionHandle s,
                                     int) { [[maybe_unused]] const auto next = b.park(s, kLong); }),
               EndReason::kSuperseded);
}

void park_when_client_closes_then_ended_as_gone(void** /*state*/) {
    expect_end(end_of_park(kLong, [](Bench&, SessionHandle, int fd) { ::shutdown(fd, SHUT_RDWR); }),
               EndReason::kGone);
}

void park_when_another_request_comes_then_ended_for_it(void** /*state*/) {
    expect_end(end_of_park(kLong, [](Bench&, SessionHandle, int fd) { send_text(fd, kRequest); }),
               EndReason::kPipelined);
}

void park_when_child_stops_then_ended_for_it(void** /*state*/) {
    expect_end(
        end_of_park(kLong, [](Bench& b, SessionHandle, int) { b.loop.stop(StopMode::kGraceful); }),
        EndReason::kStopping);
}

EndReason due_before_parked() {
    Bench bench;
    int ours = -1;
    const int client = Bench::pair(ours);
    Scripted connection(ours, bench.loop);
    const SessionHandle session = bench.session();
    bench.subscribe(session, "/a");
    connection.next = bench.park(session, kLong);
    bench.publish("/a");  // between the broker's decision and the loop's
    connection.after_answer.kind = Next::Kind::kBury;
    bench.loop.give_back(connection);
    eventually([&] { return connection.destroyed.load(); });
    ::close(client);
    return connection.last_reason;
}

void park_when_event_came_before_the_loop_held_it_then_ended_at_once(void** /*state*/) {
    assert_int_equal(static_cast<int>(due_before_parked()), static_cast<int>(EndReason::kEvents));
}

// --- parks whose input only the filters understand ---

std::string inspected(bool data) {
    Bench bench;
    int ours = -1;
    const int client = Bench::pair(ours);
    Scripted connection(ours, bench.loop, false);
    const SessionHandle session = bench.session();
    connection.next = bench.park(session, kLong);
    connection.after_inspect.kind = data ? Next::Kind::kEnd : Next::Kind::kResume;
    connection.after_inspect.reason = EndReason::kPipelined;
    connection.after_answer.kind = Next::Kind::kBury;
    bench.loop.give_back(connection);
    eventually([&] { return bench.counters.parked == 1; });
    const int before = connection.performed;
    send_text(client, "x");
    eventually([&] { return connection.performed > before; });
    if (!data) {
        bench.store.end_session(session);
    }
    eventually([&] { return connection.destroyed.load(); });
    ::close(client);
    const std::string reason = connection.last_reason == EndReason::kPipelined ? " pipelined"
                               : connection.last_reason == EndReason::kEnded   ? " ended"
                                                                               : " else";
    return connection.tasks.substr(connection.tasks.size() - 2) + reason;
}

void park_when_filters_hold_nothing_then_it_goes_on(void** /*state*/) {
    const std::string seen = inspected(false);
    assert_string_equal(seen.c_str(), "IA ended");
}

void park_when_filters_hold_a_request_then_ended_for_it(void** /*state*/) {
    const std::string seen = inspected(true);
    assert_string_equal(seen.c_str(), "IA pipelined");
}

// --- blocked threads, graves, stopping ---

class Blocked final : public Park {
  public:
    void end(EndReason why) noexcept override {
        reason = why;
        ++ends;
    }
    std::atomic<EndReason> reason{EndReason::kEvents};
    std::atomic<int> ends{0};
};

std::string cancelled_once() {
    Bench bench;
    Blocked park;
    park.terms = bench.park(bench.session(), kLong).terms;
    [[maybe_unused]] const bool held = bench.loop.hold(park);
    eventually([&] { return bench.counters.parked == 1; });
    const ParkTerms terms = park.terms;
    bench.loop.cancel(terms);
    bench.loop.cancel(terms);
    eventually([&] { return park.ends > 0; });
    bench.loop.cancel(terms);
    return std::to_string(park.ends.load()) + (park.reason == EndReason::kGone ? " gone" : " else");
}

void blocked_park_when_cancelled_then_ended_once_as_gone(void** /*state*/) {
    const std::string seen = cancelled_once();
    assert_string_equal(seen.c_str(), "1 gone");
}

std::string held_too_late() {
    Bench bench;
    Blocked park;
    park.terms = bench.park(bench.session(), kLong).terms;
    bench.loop.stop(StopMode::kAtOnce);
    bench.thread.join();
    bench.thread = std::thread([] {});
    const bool held = bench.loop.hold(park);
    return std::string(held ? "held " : "refused ") + std::to_string(park.ends.load());
}

// A worker may come with its connect when the loop of a stopping child has ended already.
void blocked_park_when_the_loop_has_ended_then_refused(void** /*state*/) {
    const std::string seen = held_too_late();
    assert_string_equal(seen.c_str(), "refused 0");
}

std::string buried_alive() {
    Bench bench;
    int ours = -1;
    const int client = Bench::pair(ours);
    Scripted connection(ours, bench.loop);
    connection.may_go = false;
    connection.next.kind = Next::Kind::kBury;
    bench.loop.give_back(connection);
    const bool adopted = eventually([&] { return bench.counters.adopted == 1; });
    const bool early = connection.destroyed;
    connection.may_go = true;
    const bool gone = eventually([&] { return connection.destroyed.load(); });
    ::close(client);
    return std::string(adopted ? "adopted " : "") + (early ? "early " : "") + (gone ? "gone" : "");
}

// design.md 4.1: not while the worker that adopted it may still touch it.
void buried_when_it_may_not_go_then_kept_until_it_may(void** /*state*/) {
    const std::string seen = buried_alive();
    assert_string_equal(seen.c_str(), "adopted gone");
}

bool stops_at_once() {
    Bench bench;
    int ours = -1;
    const int client = Bench::pair(ours);
    Scripted connection(ours, bench.loop);
    connection.next = idle(kLong);
    connection.after_answer = idle(kLong);
    bench.loop.give_back(connection);
    eventually([&] { return bench.counters.connections == 1; });
    const auto begin = std::chrono::steady_clock::now();
    bench.loop.stop(StopMode::kAtOnce);
    bench.thread.join();
    const bool quick = std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(1500);
    bench.thread = std::thread([] {});
    ::close(client);
    return quick && bench.workers.here;
}

// design.md 4.6: within a second, whether or not the client closes its side.
void loop_when_stopped_at_once_then_returns_within_its_last_moments(void** /*state*/) {
    assert_true(stops_at_once());
}

bool drains_in_time() {
    Bench bench;
    int ours = -1;
    const int client = Bench::pair(ours);
    Scripted connection(ours, bench.loop);
    connection.next = idle(kLong);
    bench.loop.give_back(connection);
    eventually([&] { return bench.counters.connections == 1; });
    bench.loop.stop(StopMode::kGraceful);
    // The client never closes: BayeuxDrainTimeout ends the wait.
    const bool gone = eventually([&] { return connection.destroyed.load(); });
    ::close(client);
    return gone;
}

void loop_when_stopped_gracefully_then_waits_for_clients_no_longer_than_the_drain_timeout(
    void** /*state*/) {
    assert_true(drains_in_time());
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(idle_when_a_request_comes_in_pieces_then_served_once_when_whole),
        cmocka_unit_test(
            idle_when_keep_alive_ends_then_closed_and_lingering_until_the_client_closes),
        cmocka_unit_test(idle_when_a_head_stalls_then_handed_over_after_the_head_timeout),
        cmocka_unit_test(idle_when_a_request_was_taken_in_part_then_looked_at_until_its_deadline),
        cmocka_unit_test(park_when_event_is_published_then_ended_for_it),
        cmocka_unit_test(park_when_deadline_passes_then_ended_for_it),
        cmocka_unit_test(park_when_session_ends_then_ended_for_it),
        cmocka_unit_test(park_when_newer_connect_begins_then_ended_as_superseded),
        cmocka_unit_test(park_when_client_closes_then_ended_as_gone),
        cmocka_unit_test(park_when_another_request_comes_then_ended_for_it),
        cmocka_unit_test(park_when_child_stops_then_ended_for_it),
        cmocka_unit_test(park_when_event_came_before_the_loop_held_it_then_ended_at_once),
        cmocka_unit_test(park_when_filters_hold_nothing_then_it_goes_on),
        cmocka_unit_test(park_when_filters_hold_a_request_then_ended_for_it),
        cmocka_unit_test(blocked_park_when_cancelled_then_ended_once_as_gone),
        cmocka_unit_test(blocked_park_when_the_loop_has_ended_then_refused),
        cmocka_unit_test(buried_when_it_may_not_go_then_kept_until_it_may),
        cmocka_unit_test(loop_when_stopped_at_once_then_returns_within_its_last_moments),
        cmocka_unit_test(
            loop_when_stopped_gracefully_then_waits_for_clients_no_longer_than_the_drain_timeout),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
