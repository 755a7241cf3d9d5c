#include <atomic>
#include <thread>
#include <vector>

#include "base/log_pause.hpp"
#include "cmocka.hpp"

namespace {

using bayeux::LogPause;
using bayeux::Millis;
using bayeux::TimePoint;

constexpr TimePoint kStart{Millis{5000}};

// The answer: how many were left out, or -1 for no line.
int asked(LogPause& pause, Millis later) {
    const auto left_out = pause.ends(kStart + later);
    return left_out ? static_cast<int>(*left_out) : -1;
}

void pause_when_it_is_new_then_the_first_line_is_written(void** /*state*/) {
    LogPause pause(Millis{1000});
    assert_int_equal(asked(pause, Millis{0}), 0);
}

void pause_when_it_lasts_then_lines_are_counted_and_told_with_the_next(void** /*state*/) {
    LogPause pause(Millis{1000});
    assert_int_equal(asked(pause, Millis{0}), 0);
    assert_int_equal(asked(pause, Millis{0}), -1);
    assert_int_equal(asked(pause, Millis{999}), -1);
    assert_int_equal(asked(pause, Millis{1000}), 2);
    assert_int_equal(asked(pause, Millis{1999}), -1);
    assert_int_equal(asked(pause, Millis{5000}), 1);
    assert_int_equal(asked(pause, Millis{6000}), 0);
}

void pause_when_threads_ask_at_once_then_one_line_and_none_is_lost(void** /*state*/) {
    constexpr int kThreads = 4;
    constexpr int kEach = 1000;
    LogPause pause(Millis{1000});
    std::atomic<int> lines{0};
    std::atomic<int> told{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < kEach; ++n) {
                if (const int left_out = asked(pause, Millis{0}); left_out >= 0) {
                    ++lines;
                    told += left_out;
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    assert_int_equal(lines.load(), 1);
    assert_int_equal(told.load() + asked(pause, Millis{1000}), kThreads * kEach - 1);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(pause_when_it_is_new_then_the_first_line_is_written),
        cmocka_unit_test(pause_when_it_lasts_then_lines_are_counted_and_told_with_the_next),
        cmocka_unit_test(pause_when_threads_ask_at_once_then_one_line_and_none_is_lost),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
