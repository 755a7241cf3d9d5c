#include <cstdint>
#include <optional>
#include <string>

#include "cmocka.hpp"
#include "protocol/timesync.hpp"

namespace {

using bayeux::Millis;
using bayeux::WallTime;
using bayeux::protocol::answer_timesync;
using bayeux::protocol::TimesyncRequest;

constexpr WallTime kArrived{Millis{1000000}};

// The answer to it, written `p` milliseconds later; empty if there is none.
std::string answer(const TimesyncRequest& request, Millis p = Millis{7}) {
    std::string out;
    if (const auto reply = answer_timesync(request, kArrived)) {
        reply->append_to(out, kArrived + p);
    }
    return out;
}

// X-TSYNC 3: without a lag there is no accuracy to speak of.
void timesync_when_lag_is_absent_then_always_answered_without_accuracy(void** /*state*/) {
    assert_string_equal(
        answer({.client_time = 999000, .lag = std::nullopt, .offset = 1000}).c_str(),
        R"({"tc":999000,"ts":1000000,"p":7})");
}

// X-TSYNC 2, 3: answered only if the client does not know yet, or is 25 ms off.
void timesync_when_accuracy_varies_then_answered_by_rule(void** /*state*/) {
    struct Case {
        std::int64_t lag;
        std::int64_t offset;
        const char* answer;
    };
    // The client's clock is 5000 behind.
    static const Case kCases[] = {
        {0, 5000, R"({"tc":995000,"ts":1000000,"p":7,"a":0})"},
        {0, 0, R"({"tc":995000,"ts":1000000,"p":7,"a":-5000})"},
        {10, 4990, ""},
        {10, 5014, ""},
        {10, 4966, ""},
        {10, 5015, R"({"tc":995000,"ts":1000000,"p":7,"a":25})"},
        {10, 4965, R"({"tc":995000,"ts":1000000,"p":7,"a":-25})"},
        {-3, 5003, ""},
    };
    for (const Case& row : kCases) {
        assert_string_equal(
            answer({.client_time = 995000, .lag = row.lag, .offset = row.offset}).c_str(),
            row.answer);
    }
}

// S6: what message decoding lets through does not overflow.
void timesync_when_times_are_extreme_then_answered(void** /*state*/) {
    constexpr std::int64_t kMost = std::int64_t{1} << 53;
    assert_string_equal(answer({.client_time = kMost, .lag = kMost, .offset = kMost}).c_str(),
                        R"({"tc":9007199254740992,"ts":1000000,"p":7,"a":27021597763222976})");
    assert_true(answer({.client_time = -kMost, .lag = -kMost, .offset = -kMost}).size() > 0);
}

void timesync_when_the_clock_was_set_back_then_no_negative_time(void** /*state*/) {
    assert_string_equal(
        answer({.client_time = 1, .lag = std::nullopt, .offset = 0}, Millis{-90}).c_str(),
        R"({"tc":1,"ts":1000000,"p":0})");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(timesync_when_lag_is_absent_then_always_answered_without_accuracy),
        cmocka_unit_test(timesync_when_accuracy_varies_then_answered_by_rule),
        cmocka_unit_test(timesync_when_times_are_extreme_then_answered),
        cmocka_unit_test(timesync_when_the_clock_was_set_back_then_no_negative_time),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
