#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/deflate.hpp"

namespace {

constexpr const char* kAccepted =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
constexpr const char* kDeclined = "(nothing)";

std::string answer(std::string_view offers) {
    return bayeux::protocol::accept_deflate(offers).value_or(kDeclined);
}

void offer_when_stock_clients_make_it_then_accepted(void** /*state*/) {
    assert_string_equal(answer("permessage-deflate").c_str(), kAccepted);
    // Chromium and Node's ws; Firefox is the one above.
    assert_string_equal(answer("permessage-deflate; client_max_window_bits").c_str(), kAccepted);
}

void offer_when_parameters_are_valid_then_accepted(void** /*state*/) {
    assert_string_equal(answer("permessage-deflate; server_no_context_takeover").c_str(),
                        kAccepted);
    assert_string_equal(answer("permessage-deflate; client_no_context_takeover").c_str(),
                        kAccepted);
    for (const char* bits : {"8", "9", "10", "15", "\"10\"", "\"1\\0\""}) {
        const std::string offer = std::string("permessage-deflate;client_max_window_bits=") + bits;
        assert_string_equal(answer(offer).c_str(), kAccepted);
    }
    assert_string_equal(answer(" permessage-deflate ;\tclient_max_window_bits = 9 ; "
                               "server_no_context_takeover ")
                            .c_str(),
                        kAccepted);
}

// It is honoured by saying so, or the offer is declined.
void offer_when_it_limits_the_servers_window_then_only_the_largest_is_accepted(void** /*state*/) {
    const std::string with_window = std::string(kAccepted) + "; server_max_window_bits=15";
    assert_string_equal(answer("permessage-deflate; server_max_window_bits=15").c_str(),
                        with_window.c_str());
    for (const char* bits : {"=8", "=14", "=16", "=015", "=", "", "=x"}) {
        const std::string offer = std::string("permessage-deflate; server_max_window_bits") + bits;
        assert_string_equal(answer(offer).c_str(), kDeclined);
    }
}

void offer_when_a_parameter_is_unknown_repeated_or_invalid_then_declined(void** /*state*/) {
    for (const char* parameter :
         {"x", "x=1", "Server_no_context_takeover", "server_no_context_takeover=1",
          "client_no_context_takeover=true", "client_max_window_bits=7",
          "client_max_window_bits=16", "client_max_window_bits=08", "client_max_window_bits=1",
          "client_max_window_bits=100", "client_max_window_bits=-9", "client_max_window_bits=a",
          "client_max_window_bits; client_max_window_bits",
          "client_max_window_bits; client_max_window_bits=10",
          "server_no_context_takeover; server_no_context_takeover"}) {
        const std::string offer = std::string("permessage-deflate; ") + parameter;
        assert_string_equal(answer(offer).c_str(), kDeclined);
        assert_string_equal(answer(offer + ", permessage-deflate").c_str(), kAccepted);
    }
}

void offer_when_of_another_extension_then_declined(void** /*state*/) {
    assert_string_equal(answer("x-webkit-deflate-frame").c_str(), kDeclined);
    assert_string_equal(answer("permessage-deflate2").c_str(), kDeclined);
    assert_string_equal(answer("foo; a=\"b\", bar").c_str(), kDeclined);
    assert_string_equal(answer("").c_str(), kDeclined);
    assert_string_equal(answer(" , ,").c_str(), kDeclined);
}

void offers_when_several_then_the_first_acceptable_one(void** /*state*/) {
    const std::string with_window = std::string(kAccepted) + "; server_max_window_bits=15";
    assert_string_equal(answer("foo, permessage-deflate").c_str(), kAccepted);
    assert_string_equal(answer("permessage-deflate; server_max_window_bits=10, permessage-deflate; "
                               "server_max_window_bits=15, permessage-deflate")
                            .c_str(),
                        with_window.c_str());
    assert_string_equal(
        answer("permessage-deflate, permessage-deflate; server_max_window_bits=15").c_str(),
        kAccepted);
    assert_string_equal(answer(",permessage-deflate,,").c_str(), kAccepted);
}

void offers_when_malformed_then_declined(void** /*state*/) {
    for (const char* field :
         {"permessage-deflate;", "permessage-deflate; ;client_max_window_bits", ";",
          "permessage-deflate client_max_window_bits", "permessage-deflate; =1",
          "permessage-deflate, foo; a=", "permessage-deflate, foo; a=\"",
          "permessage-deflate, \"a\"", "permessage-deflate, foo; a=\"b",
          "permessage-deflate, foo; a=\"\"", "permessage-deflate, foo; a=\"b c\"",
          "permessage-deflate, foo; a=\"b\\", "permessage-deflate, foo; a=\"b\"c",
          "permessage-deflate, (foo)", "permessage-deflate\r\n"}) {
        assert_string_equal(answer(field).c_str(), kDeclined);
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(offer_when_stock_clients_make_it_then_accepted),
        cmocka_unit_test(offer_when_parameters_are_valid_then_accepted),
        cmocka_unit_test(offer_when_it_limits_the_servers_window_then_only_the_largest_is_accepted),
        cmocka_unit_test(offer_when_a_parameter_is_unknown_repeated_or_invalid_then_declined),
        cmocka_unit_test(offer_when_of_another_extension_then_declined),
        cmocka_unit_test(offers_when_several_then_the_first_acceptable_one),
        cmocka_unit_test(offers_when_malformed_then_declined),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
