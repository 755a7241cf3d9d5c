#include <optional>
#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/json.hpp"
#include "protocol/json_text.hpp"
#include "protocol/jsonp.hpp"

namespace {

using bayeux::protocol::decode_string;
using bayeux::protocol::is_callback_name;
using bayeux::protocol::is_json;
using bayeux::protocol::jsonp_body;

std::string script_json(std::string_view json) {
    std::string out = "=";
    bayeux::protocol::append_script_json(out, json);
    return out.substr(1);
}

void callback_when_of_allowed_characters_then_taken(void** /*state*/) {
    for (const char* name : {"a", "jsonpcallback", "org.cometd._callback1", "Faye.callback$_1",
                             "__jsonp0__", "$", "a-b", "0", "."}) {
        assert_true(is_callback_name(name));
    }
    assert_true(is_callback_name(bayeux::protocol::kDefaultCallback));
}

// Every byte, so that none is forgotten (S7).
int count_allowed_bytes() {
    int count = 0;
    for (int byte = 0; byte < 256; ++byte) {
        const std::string name = {'a', static_cast<char>(byte), 'b'};
        count += is_callback_name(name) ? 1 : 0;
    }
    return count;
}

void callback_when_of_other_characters_then_refused(void** /*state*/) {
    assert_int_equal(count_allowed_bytes(), 26 + 26 + 10 + 4);
    for (const char* name : {"alert(1)//", "a b", "a;b", "a\n", "a[0]", "<script>", "a=b", "a'b",
                             "\xc3\xa4", "a,b", "a/b", "a+b", "a\\u0062"}) {
        assert_false(is_callback_name(name));
    }
    assert_false(is_callback_name(std::string_view("a\0b", 3)));
}

void callback_when_empty_or_longer_than_64_then_refused(void** /*state*/) {
    assert_false(is_callback_name(""));
    assert_true(is_callback_name(std::string(64, 'x')));
    assert_false(is_callback_name(std::string(65, 'x')));
}

// JP-3.
void body_when_made_then_a_comment_and_a_call(void** /*state*/) {
    assert_string_equal(jsonp_body("cb", "[]").c_str(), "/**/cb([]);");
    assert_string_equal(jsonp_body("a.b$c", R"([{"data":"x"}])").c_str(),
                        R"(/**/a.b$c([{"data":"x"}]);)");
}

// S7.
void json_when_it_could_end_a_script_then_escaped(void** /*state*/) {
    assert_string_equal(script_json(R"("</script>")").c_str(), R"("\u003c/script>")");
    assert_string_equal(script_json(R"("<!--<a><")").c_str(), R"("\u003c!--\u003ca>\u003c")");
    assert_string_equal(script_json(R"("\\<")").c_str(), R"("\\\u003c")");
}

void json_when_it_has_line_separators_then_escaped(void** /*state*/) {
    assert_string_equal(script_json("\"a\xe2\x80\xa8"
                                    "b\xe2\x80\xa9\"")
                            .c_str(),
                        R"("a\u2028b\u2029")");
    // Their neighbours, and other characters that begin alike, stay as they are.
    for (const char* text :
         {"\"\xe2\x80\xa7\xe2\x80\xaa\"", "\"\xe2\x82\xac\"", "\"\xe2\x84\xa8\"", "\"plain\""}) {
        assert_string_equal(script_json(text).c_str(), text);
    }
}

// In parts, as a batch is written: what is cut off is not looked for behind the end.
void json_when_text_ends_within_a_character_then_left_alone(void** /*state*/) {
    assert_string_equal(script_json("\xe2").c_str(), "\xe2");
    assert_string_equal(script_json("\xe2\x80").c_str(), "\xe2\x80");
    assert_string_equal(script_json("").c_str(), "");
}

void json_when_escaped_then_the_same_value(void** /*state*/) {
    const std::string text = "\"1 < 2, \\\\<\\\"< \xe2\x80\xa8\xe2\x80\xa9\xe2\x82\xac</script>\"";
    const std::string escaped = script_json(text);
    assert_true(is_json(text) && is_json(escaped));
    assert_true(decode_string(text).has_value());
    assert_true(decode_string(escaped) == decode_string(text));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(callback_when_of_allowed_characters_then_taken),
        cmocka_unit_test(callback_when_of_other_characters_then_refused),
        cmocka_unit_test(callback_when_empty_or_longer_than_64_then_refused),
        cmocka_unit_test(body_when_made_then_a_comment_and_a_call),
        cmocka_unit_test(json_when_it_could_end_a_script_then_escaped),
        cmocka_unit_test(json_when_it_has_line_separators_then_escaped),
        cmocka_unit_test(json_when_text_ends_within_a_character_then_left_alone),
        cmocka_unit_test(json_when_escaped_then_the_same_value),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
