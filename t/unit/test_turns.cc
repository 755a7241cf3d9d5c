#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "lib/cmocka.hpp"
#include "loop/connection.hpp"
#include "loop/turns.hpp"

namespace bayeux::loop {
namespace {

constexpr TimePoint kNow{Millis{1'000}};

struct Order {
    int performed = 0;
};

class Counted final : public Connection {
  public:
    Counted() noexcept : Connection(-1, true) {}
    void perform() noexcept override {
        ++performed;
        if (order != nullptr) {
            place = ++order->performed;
        }
        if (blocked != nullptr) {
            const std::lock_guard wait(*blocked);
        }
    }
    bool may_destroy(TimePoint /*now*/) noexcept override { return true; }
    void destroy() noexcept override {}

    std::atomic<int> performed{0};
    std::mutex* blocked = nullptr;
    Order* order = nullptr;
    int place = 0;
};

class CountingStarter final : public Turns::Starter {
  public:
    bool start_turn() noexcept override {
        ++asked;
        return willing;
    }
    std::atomic<int> asked{0};
    bool willing = true;
};

struct Fixture {
    CountingStarter starter;
    Turns turns{4, starter};
    std::vector<std::unique_ptr<Counted>> connections;

    void assign(std::size_t n, Task task) {
        for (std::size_t i = 0; i < n; ++i) {
            connections.push_back(std::make_unique<Counted>());
            connections.back()->task = task;
            turns.assign(*connections.back());
        }
    }
    [[nodiscard]] int performed() const {
        int sum = 0;
        for (const auto& connection : connections) {
            sum += connection->performed;
        }
        return sum;
    }
};

struct Numbers {
    int asked = 0;
    int performed = 0;
};

Numbers few_then_one_turn() {
    Fixture f;
    f.assign(10, Task::kAnswer);
    f.turns.start_turns(kNow);
    const int asked = f.starter.asked;
    f.turns.run_turn();
    return {asked, f.performed()};
}

void turns_when_few_wait_then_one_turn_performs_all(void** /*state*/) {
    const Numbers n = few_then_one_turn();
    assert_int_equal(n.asked, 1);
    assert_int_equal(n.performed, 10);
}

Numbers many_then_capped() {
    Fixture f;
    f.assign(1000, Task::kAnswer);
    f.turns.start_turns(kNow);
    f.turns.start_turns(kNow);
    const int asked = f.starter.asked;
    for (int i = 0; i < asked; ++i) {
        f.turns.run_turn();
    }
    return {asked, f.performed()};
}

// design.md 4.2: other requests always find a worker. One turn above the cap is for no request.
void turns_when_many_wait_then_not_more_than_the_cap(void** /*state*/) {
    const Numbers n = many_then_capped();
    assert_int_equal(n.asked, 5);
    assert_int_equal(n.performed, 1000);
}

Numbers slow_then_second_turn() {
    Fixture f;
    std::mutex slow;
    f.assign(2, Task::kServe);
    f.connections[0]->blocked = &slow;
    f.turns.start_turns(kNow);
    slow.lock();
    std::thread worker([&] { f.turns.run_turn(); });
    while (f.connections[0]->performed == 0) {
        std::this_thread::yield();
    }
    f.turns.start_turns(kNow + Millis{1});  // it has just begun
    f.turns.start_turns(kNow + Millis{2});
    const int early = f.starter.asked;
    f.turns.start_turns(kNow + Millis{4});
    f.turns.run_turn();  // the second turn that was asked for
    const Numbers n{f.starter.asked * 10 + early, f.connections[1]->performed};
    slow.unlock();
    worker.join();
    return n;
}

void turns_when_a_request_takes_long_then_another_turn_looks_after_the_rest(void** /*state*/) {
    const Numbers n = slow_then_second_turn();
    assert_int_equal(n.asked, 21);  // two in the end, one before it was late
    assert_int_equal(n.performed, 1);
}

Numbers slow_requests_then_an_answer(Task slow_task) {
    Fixture f;
    std::mutex slow;
    f.assign(6, slow_task);
    for (auto& connection : f.connections) {
        connection->blocked = &slow;
    }
    slow.lock();
    std::vector<std::thread> workers;
    TimePoint now = kNow;
    while (f.performed() < 4) {
        const int before = f.starter.asked;
        f.turns.start_turns(now);
        if (f.starter.asked != before) {
            workers.emplace_back([&] { f.turns.run_turn(); });
        }
        now += Millis{2};
    }
    f.assign(1, Task::kAnswer);
    // By a turn that is asked for now, or by one that found all requests taken and has not ended.
    for (int i = 0; i < 1'000'000 && f.connections[6]->performed == 0; ++i) {
        const int before = f.starter.asked;
        now += Millis{2};
        f.turns.start_turns(now);
        if (f.starter.asked != before) {
            f.turns.run_turn();
        }
        std::this_thread::yield();
    }
    const Numbers n{f.starter.asked, f.connections[6]->performed * 10 + f.performed()};
    slow.unlock();
    for (std::thread& worker : workers) {
        worker.join();
    }
    return n;
}

// design.md 4.4, S15: however slow requests are, held connects wake.
void turns_when_the_cap_is_reached_by_requests_then_an_answer_gets_a_turn(void** /*state*/) {
    const Numbers n = slow_requests_then_an_answer(Task::kServe);
    assert_int_equal(n.performed, 15);  // the answer, and still four requests
}

// A stream needs a worker for what may block, as a request may.
void turns_when_the_cap_is_reached_by_streams_then_an_answer_gets_a_turn(void** /*state*/) {
    const Numbers n = slow_requests_then_an_answer(Task::kStream);
    assert_int_equal(n.performed, 15);
}

Numbers requests_and_answers_then_mixed() {
    Fixture f;
    f.assign(100, Task::kServe);
    f.assign(2, Task::kAnswer);
    Order order;
    for (auto& connection : f.connections) {
        connection->order = &order;
    }
    f.turns.start_turns(kNow);
    f.turns.run_turn();
    return {f.connections[100]->place, f.connections[101]->place};
}

void turns_when_requests_and_others_wait_then_they_take_turns(void** /*state*/) {
    const Numbers n = requests_and_answers_then_mixed();
    assert_true(n.asked <= 2);
    assert_true(n.performed <= 4);
}

Numbers unwilling_then_later() {
    Fixture f;
    f.starter.willing = false;
    f.assign(1, Task::kAnswer);
    f.turns.start_turns(kNow);
    f.starter.willing = true;
    f.turns.start_turns(kNow);
    f.turns.run_turn();
    return {f.starter.asked, f.performed()};
}

void turns_when_no_worker_can_be_had_then_asked_again(void** /*state*/) {
    const Numbers n = unwilling_then_later();
    assert_int_equal(n.asked, 2);
    assert_int_equal(n.performed, 1);
}

Numbers here() {
    Fixture f;
    f.assign(3, Task::kAnswer);
    f.turns.perform_here();
    f.turns.start_turns(kNow);
    return {f.starter.asked, f.performed()};
}

// design.md 4.6, an ungraceful stop: no worker will come.
void turns_when_performed_here_then_no_worker_is_asked(void** /*state*/) {
    const Numbers n = here();
    assert_int_equal(n.asked, 0);
    assert_int_equal(n.performed, 3);
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(turns_when_few_wait_then_one_turn_performs_all),
        cmocka_unit_test(turns_when_many_wait_then_not_more_than_the_cap),
        cmocka_unit_test(turns_when_a_request_takes_long_then_another_turn_looks_after_the_rest),
        cmocka_unit_test(turns_when_the_cap_is_reached_by_requests_then_an_answer_gets_a_turn),
        cmocka_unit_test(turns_when_the_cap_is_reached_by_streams_then_an_answer_gets_a_turn),
        cmocka_unit_test(turns_when_requests_and_others_wait_then_they_take_turns),
        cmocka_unit_test(turns_when_no_worker_can_be_had_then_asked_again),
        cmocka_unit_test(turns_when_performed_here_then_no_worker_is_asked),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
