#include <array>
#include <random>
#include <vector>

#include "lib/cmocka.hpp"
#include "loop/timers.hpp"

namespace bayeux::loop {
namespace {

constexpr TimePoint kStart{Millis{1'000'000}};

void timer_when_deadline_passes_then_due_once_and_not_before(void** /*state*/) {
    TimerWheel wheel(kStart);
    TimerNode node;
    wheel.arm(node, kStart + Millis{100});
    assert_null(wheel.pop_due(kStart + Millis{99}));
    assert_true(node.armed());
    assert_ptr_equal(wheel.pop_due(kStart + Millis{100} + TimerWheel::kTick), &node);
    assert_false(node.armed());
    assert_null(wheel.pop_due(kStart + Millis{10'000}));
}

void timer_when_disarmed_then_never_due(void** /*state*/) {
    TimerWheel wheel(kStart);
    TimerNode node;
    wheel.arm(node, kStart + Millis{50});
    wheel.disarm(node);
    wheel.disarm(node);
    assert_null(wheel.pop_due(kStart + Millis{1000}));
}

void timer_when_armed_again_then_last_deadline_holds(void** /*state*/) {
    TimerWheel wheel(kStart);
    TimerNode node;
    wheel.arm(node, kStart + Millis{50});
    wheel.arm(node, kStart + Millis{500});
    assert_null(wheel.pop_due(kStart + Millis{400}));
    assert_ptr_equal(wheel.pop_due(kStart + Millis{520}), &node);
}

void timer_when_beyond_horizon_then_due_at_its_time(void** /*state*/) {
    TimerWheel wheel(kStart);
    TimerNode node;
    const TimePoint far = kStart + Millis{200'000};
    wheel.arm(node, far);
    for (TimePoint now = kStart; now < far; now += Millis{977}) {
        assert_null(wheel.pop_due(now));
    }
    assert_ptr_equal(wheel.pop_due(far + TimerWheel::kTick), &node);
}

void timer_when_in_the_past_then_due_within_a_tick(void** /*state*/) {
    TimerWheel wheel(kStart);
    TimerNode node;
    wheel.arm(node, kStart - Millis{5000});
    assert_ptr_equal(wheel.pop_due(kStart + TimerWheel::kTick * 2), &node);
}

void next_due_when_armed_then_not_after_the_deadline_by_more_than_a_tick(void** /*state*/) {
    TimerWheel wheel(kStart);
    assert_false(wheel.next_due().has_value());
    TimerNode node;
    wheel.arm(node, kStart + Millis{3000});
    const auto next = wheel.next_due();
    assert_true(next.has_value());
    assert_true(*next >= kStart + Millis{3000});
    assert_true(*next <= kStart + Millis{3000} + TimerWheel::kTick);
}

struct Totals {
    std::size_t early = 0;
    std::size_t late = 0;
    std::size_t missing = 0;
};

// A naive model over many nodes: nothing comes early, late by more than a step, or not at all.
Totals compare_with_model() {
    std::mt19937 random(7);
    std::vector<TimerNode> nodes(500);
    TimerWheel wheel(kStart);
    TimePoint now = kStart;
    Totals totals;
    for (int step = 0; step < 4000; ++step) {
        now += Millis{random() % 40};
        wheel.arm(nodes[random() % nodes.size()], now + Millis{random() % 90'000});
        if (random() % 5 == 0) {
            wheel.disarm(nodes[random() % nodes.size()]);
        }
        while (TimerNode* due = wheel.pop_due(now)) {
            totals.early += due->deadline() > now ? 1U : 0U;
            totals.late += due->deadline() + Millis{40} + TimerWheel::kTick < now ? 1U : 0U;
        }
    }
    while (wheel.pop_due(now + Millis{200'000}) != nullptr) {
    }
    for (const TimerNode& node : nodes) {
        totals.missing += node.armed() ? 1U : 0U;
    }
    return totals;
}

void wheel_when_compared_with_a_naive_model_then_equal(void** /*state*/) {
    const Totals totals = compare_with_model();
    assert_int_equal(totals.early, 0);
    assert_int_equal(totals.late, 0);
    assert_int_equal(totals.missing, 0);
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(timer_when_deadline_passes_then_due_once_and_not_before),
        cmocka_unit_test(timer_when_disarmed_then_never_due),
        cmocka_unit_test(timer_when_armed_again_then_last_deadline_holds),
        cmocka_unit_test(timer_when_beyond_horizon_then_due_at_its_time),
        cmocka_unit_test(timer_when_in_the_past_then_due_within_a_tick),
        cmocka_unit_test(next_due_when_armed_then_not_after_the_deadline_by_more_than_a_tick),
        cmocka_unit_test(wheel_when_compared_with_a_naive_model_then_equal),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
