#include <string>

#include "cmocka.hpp"
#include "protocol/advice.hpp"

namespace {

using bayeux::Millis;
using bayeux::protocol::Advice;
using bayeux::protocol::Reconnect;

std::string text_of(const Advice& advice) {
    std::string out = "<";
    advice.append_to(out);
    return out + ">";
}

// AD-4, handshake ok.
void advice_when_retry_with_times_then_both_in_milliseconds(void** /*state*/) {
    assert_string_equal(
        text_of({Reconnect::kRetry, Millis(0), Millis(30000), std::nullopt}).c_str(),
        R"(<{"reconnect":"retry","interval":0,"timeout":30000}>)");
}

// CID-7.
void advice_when_handshake_is_wanted_then_interval_0(void** /*state*/) {
    assert_string_equal(
        text_of({Reconnect::kHandshake, Millis(0), std::nullopt, std::nullopt}).c_str(),
        R"(<{"reconnect":"handshake","interval":0}>)");
}

// CN-17.
void advice_when_none_then_nothing_else(void** /*state*/) {
    assert_string_equal(
        text_of({Reconnect::kNone, std::nullopt, std::nullopt, std::nullopt}).c_str(),
        R"(<{"reconnect":"none"}>)");
}

// BR-5.
void advice_when_there_are_multiple_clients_then_says_so(void** /*state*/) {
    assert_string_equal(text_of({Reconnect::kRetry, Millis(2000), std::nullopt, true}).c_str(),
                        R"(<{"reconnect":"retry","interval":2000,"multiple-clients":true}>)");
    assert_string_equal(text_of({Reconnect::kRetry, std::nullopt, std::nullopt, false}).c_str(),
                        R"(<{"reconnect":"retry","multiple-clients":false}>)");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(advice_when_retry_with_times_then_both_in_milliseconds),
        cmocka_unit_test(advice_when_handshake_is_wanted_then_interval_0),
        cmocka_unit_test(advice_when_none_then_nothing_else),
        cmocka_unit_test(advice_when_there_are_multiple_clients_then_says_so),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
