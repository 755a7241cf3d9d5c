#include <string>

#include "cmocka.hpp"
#include "protocol/error_text.hpp"

namespace {

namespace error_text = bayeux::protocol::error_text;

// PB-8, SB-3.
void denied_when_given_a_reason_then_names_it_and_what_was_refused(void** /*state*/) {
    assert_string_equal(
        error_text::denied(error_text::kByPolicy, error_text::kChannelCreate).c_str(),
        "403:denied_by_security_policy:channel_create_denied");
    assert_string_equal(
        error_text::denied(error_text::kNotGranting, error_text::kSubscribe).c_str(),
        "403:denied_by_not_granting:subscribe_denied");
}

// HS-5.
void connection_types_when_unsupported_then_listed(void** /*state*/) {
    assert_string_equal(
        error_text::connection_types_unsupported("websocket,callback-polling").c_str(),
        "301:websocket,callback-polling:connection_types_not_supported");
}

// ER-1: what a client sent must not break the form of the error.
void connection_types_when_they_hold_other_characters_then_cut(void** /*state*/) {
    assert_string_equal(error_text::connection_types_unsupported("a:b\"<\n\xff{c}/d").c_str(),
                        "301:abc/d:connection_types_not_supported");
    assert_true(error_text::connection_types_unsupported(std::string(100000, 'x')).size() < 300);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(denied_when_given_a_reason_then_names_it_and_what_was_refused),
        cmocka_unit_test(connection_types_when_unsupported_then_listed),
        cmocka_unit_test(connection_types_when_they_hold_other_characters_then_cut),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
