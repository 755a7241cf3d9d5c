#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/batch.hpp"

namespace {

using bayeux::ErrorCode;
using bayeux::protocol::decode_form;

using namespace std::string_view_literals;

// The messages, each in angle brackets; or the error's text.
std::string decoded(std::string_view form) {
    const auto result = decode_form(form);
    if (!result) {
        return result.error().code == ErrorCode::kInvalid ? "invalid: " + result.error().text : "?";
    }
    std::string out;
    for (const std::string& message : result.value()) {
        out += "<" + message + ">";
    }
    return out;
}

constexpr const char* kNoField = "invalid: the form has no field named message";
constexpr const char* kBroken = "invalid: the form has a broken percent escape";

void form_when_it_has_a_message_then_decoded(void** /*state*/) {
    assert_string_equal(decoded("message=%5B%7B%22a%22%3a1%7D%5D").c_str(), R"(<[{"a":1}]>)");
    assert_string_equal(decoded("message=a+b%2Bc%20d").c_str(), "<a b+c d>");
    assert_string_equal(decoded("message={\"a\"=1}").c_str(), "<{\"a\"=1}>");
}

// HT-5.
void form_when_message_repeats_then_all_in_order(void** /*state*/) {
    assert_string_equal(decoded("message=1&x=2&message=3&&message=").c_str(), "<1><3><>");
}

void form_when_name_is_encoded_then_recognised(void** /*state*/) {
    assert_string_equal(decoded("%6dessage=1").c_str(), "<1>");
}

// HT-5.
void form_when_there_is_no_message_then_invalid(void** /*state*/) {
    assert_string_equal(decoded("").c_str(), kNoField);
    assert_string_equal(decoded("&&").c_str(), kNoField);
    assert_string_equal(decoded("messages=1&Message=2&xmessage=3&=message").c_str(), kNoField);
    assert_string_equal(decoded("[{\"channel\":\"/a\"}]").c_str(), kNoField);
}

void form_when_an_escape_is_broken_then_invalid(void** /*state*/) {
    assert_string_equal(decoded("message=%").c_str(), kBroken);
    assert_string_equal(decoded("message=%2").c_str(), kBroken);
    assert_string_equal(decoded("message=%2&x=0").c_str(), kBroken);
    assert_string_equal(decoded("message=%zz").c_str(), kBroken);
    assert_string_equal(decoded("message=1&x=%g0").c_str(), kBroken);
    assert_string_equal(decoded("message=1&%=1").c_str(), kBroken);
}

void form_when_bytes_are_not_text_then_passed_on(void** /*state*/) {
    assert_true(decoded("message=%00%ff"sv) == "<\0\xff>"sv);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(form_when_it_has_a_message_then_decoded),
        cmocka_unit_test(form_when_message_repeats_then_all_in_order),
        cmocka_unit_test(form_when_name_is_encoded_then_recognised),
        cmocka_unit_test(form_when_there_is_no_message_then_invalid),
        cmocka_unit_test(form_when_an_escape_is_broken_then_invalid),
        cmocka_unit_test(form_when_bytes_are_not_text_then_passed_on),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
