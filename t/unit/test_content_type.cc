#include "cmocka.hpp"
#include "protocol/batch.hpp"

namespace {

using bayeux::protocol::charset_of;
using bayeux::protocol::is_json_body;

// HT-4.
void is_json_body_when_type_is_json_then_true_whatever_the_body(void** /*state*/) {
    assert_true(is_json_body("application/json", "message=1"));
    assert_true(is_json_body("application/json;charset=UTF-8", ""));
    assert_true(is_json_body(" Application/JSON ; charset=x", ""));
    assert_true(is_json_body("text/json", ""));
    assert_true(is_json_body("application/vnd.bayeux+json", ""));
    assert_true(is_json_body("x/y+JSON; v=1", ""));
}

void is_json_body_when_type_is_another_then_false_whatever_the_body(void** /*state*/) {
    assert_false(is_json_body("application/x-www-form-urlencoded", "[{}]"));
    assert_false(is_json_body("text/plain;charset=UTF-8", "[{}]"));
    assert_false(is_json_body("application/jsonp", "[{}]"));
    assert_false(is_json_body("application/json-seq", "[{}]"));
    assert_false(is_json_body("json", "[{}]"));
    assert_false(is_json_body("/x+json", "[{}]"));
    assert_false(is_json_body("x/+json", "[{}]"));
    assert_false(is_json_body("application/xml", "[{}]"));
}

void is_json_body_when_type_is_missing_then_the_body_decides(void** /*state*/) {
    assert_true(is_json_body("", "[{}]"));
    assert_true(is_json_body("", "{}"));
    assert_true(is_json_body(" ", "\r\n\t [{}]"));
    assert_true(is_json_body("; charset=utf-8", "{"));
    assert_false(is_json_body("", "message=%5B%5D"));
    assert_false(is_json_body("", ""));
    assert_false(is_json_body("", "\"[\""));
}

// HT-6.
void charset_of_when_given_then_lower_case_without_quotes(void** /*state*/) {
    assert_string_equal(charset_of("application/json;charset=UTF-8").c_str(), "utf-8");
    assert_string_equal(charset_of("a/b ; x=1 ; Charset = \"ISO-8859-7\" ; y=2").c_str(),
                        "iso-8859-7");
    assert_string_equal(charset_of("a/b;charset=\"u\\tf\"").c_str(), "utf");
    assert_string_equal(charset_of("a/b;charset=a;charset=b").c_str(), "a");
}

void charset_of_when_another_parameter_mentions_it_then_not_misled(void** /*state*/) {
    assert_string_equal(charset_of("a/b;x=\";charset=evil\";charset=good").c_str(), "good");
    assert_string_equal(charset_of("a/b;x=\"\\\";charset=evil\";charset=good").c_str(), "good");
    assert_string_equal(charset_of("a/b;xcharset=1").c_str(), "");
    assert_string_equal(charset_of("charset=utf-8").c_str(), "");
}

void charset_of_when_missing_or_cut_off_then_empty(void** /*state*/) {
    assert_string_equal(charset_of("").c_str(), "");
    assert_string_equal(charset_of("application/json").c_str(), "");
    assert_string_equal(charset_of("application/json;").c_str(), "");
    assert_string_equal(charset_of("application/json;charset").c_str(), "");
    assert_string_equal(charset_of("application/json;charset=").c_str(), "");
    assert_string_equal(charset_of("application/json;charset=\"").c_str(), "");
    assert_string_equal(charset_of("application/json;x=\"\\").c_str(), "");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(is_json_body_when_type_is_json_then_true_whatever_the_body),
        cmocka_unit_test(is_json_body_when_type_is_another_then_false_whatever_the_body),
        cmocka_unit_test(is_json_body_when_type_is_missing_then_the_body_decides),
        cmocka_unit_test(charset_of_when_given_then_lower_case_without_quotes),
        cmocka_unit_test(charset_of_when_another_parameter_mentions_it_then_not_misled),
        cmocka_unit_test(charset_of_when_missing_or_cut_off_then_empty),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
