#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/json.hpp"
#include "protocol/json_text.hpp"

namespace {

using bayeux::protocol::decode_integer;
using bayeux::protocol::decode_key;
using bayeux::protocol::decode_string;
using bayeux::protocol::is_json;
using bayeux::protocol::quote;

using namespace std::string_view_literals;

void decode_string_when_without_escapes_then_the_bytes_between_the_quotes(void** /*state*/) {
    assert_true(decode_string("\"/chat/\xc3\xa4\"") == "/chat/\xc3\xa4");
    assert_true(decode_string("\"\"") == "");
}

void decode_string_when_escaped_then_decoded(void** /*state*/) {
    assert_true(decode_string(R"("\/meta\/\u0063onnect")") == "/meta/connect");
    assert_true(decode_string(R"("\"\\\b\f\n\r\t")") == "\"\\\b\f\n\r\t");
    assert_true(decode_string(R"("\ud834\udd1e")") == "\xf0\x9d\x84\x9e");
}

void decode_string_when_it_contains_nul_then_kept(void** /*state*/) {
    assert_true(decode_string(R"("a\u0000b")") == "a\0b"sv);
}

void decode_string_when_it_is_no_string_or_has_a_lone_surrogate_then_nothing(void** /*state*/) {
    assert_false(decode_string("1").has_value());
    assert_false(decode_string("[\"\\n\"]").has_value());
    assert_false(decode_string("null").has_value());
    assert_false(decode_string("").has_value());
    assert_false(decode_string(R"("\ud800")").has_value());
    assert_false(decode_string(R"("\udc00x")").has_value());
}

bool decode_key_uses_storage(std::string_view slice) {
    std::string storage = "untouched";
    const auto name = decode_key(slice, storage);
    return name == "channel" && storage != "untouched";
}

bool decode_key_fails(std::string_view slice) {
    std::string storage;
    return !decode_key(slice, storage).has_value();
}

// S6: a field cannot be hidden behind an escape.
void decode_key_when_escaped_then_same_name(void** /*state*/) {
    assert_true(decode_key_uses_storage(R"("\u0063hannel")"));
    assert_false(decode_key_uses_storage(R"("channel")"));
    assert_true(decode_key_fails(R"("\ud800")"));
}

void decode_integer_when_it_is_one_then_its_value(void** /*state*/) {
    assert_true(decode_integer("0") == 0);
    assert_true(decode_integer("-17") == -17);
    assert_true(decode_integer("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
    assert_true(decode_integer("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
    assert_true(decode_integer("30000.0") == 30000);
    assert_true(decode_integer("3e4") == 30000);
    assert_true(decode_integer("1500e-2") == 15);
}

// S6: huge numbers.
void decode_integer_when_it_is_none_or_does_not_fit_then_nothing(void** /*state*/) {
    constexpr std::string_view kTexts[] = {
        "0.5",
        "9223372036854775808",
        "9223372036854775808.0",
        "-9223372036854775809",
        "1e19",
        "1e400",
        "-1e400",
        "123456789012345678901234567890",
        "\"1\"",
        "true",
        "null",
        "{}",
        "[]",
        "",
    };
    for (const std::string_view text : kTexts) {
        assert_false(decode_integer(text).has_value());
    }
}

void quote_when_text_is_plain_then_only_quoted(void** /*state*/) {
    assert_string_equal(quote("").c_str(), "\"\"");
    assert_string_equal(quote("/chat/\xc3\xa4/\xf0\x9d\x84\x9e").c_str(),
                        "\"/chat/\xc3\xa4/\xf0\x9d\x84\x9e\"");
}

// S7, S22.
void quote_when_text_would_end_a_script_then_escaped(void** /*state*/) {
    assert_string_equal(quote("</script>\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa").c_str(),
                        "\"\\u003c/script>\\u2028\\u2029\xe2\x80\xaa\"");
}

void quote_when_text_has_control_characters_then_escaped(void** /*state*/) {
    assert_string_equal(quote("\"\\\n\r\t\x01\x1f\x7f\0"sv).c_str(),
                        R"("\"\\\n\r\t\u0001\u001f\u007f\u0000")");
}

void quote_when_text_is_not_utf8_then_bad_bytes_are_replaced(void** /*state*/) {
    assert_string_equal(quote("a\xff\xc3\xa4\xc3").c_str(),
                        "\"a\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\"");
}

int count_bytes_that_do_not_survive() {
    int count = 0;
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text = std::string("x") + static_cast<char>(byte) + "y";
        const std::string quoted = quote(text);
        const std::string expected = byte < 0x80 ? text : "x\xef\xbf\xbdy";
        count += is_json(quoted) && decode_string(quoted) == expected ? 0 : 1;
    }
    return count;
}

void quote_when_decoded_again_then_the_text(void** /*state*/) {
    assert_int_equal(count_bytes_that_do_not_survive(), 0);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(decode_string_when_without_escapes_then_the_bytes_between_the_quotes),
        cmocka_unit_test(decode_string_when_escaped_then_decoded),
        cmocka_unit_test(decode_string_when_it_contains_nul_then_kept),
        cmocka_unit_test(decode_string_when_it_is_no_string_or_has_a_lone_surrogate_then_nothing),
        cmocka_unit_test(decode_key_when_escaped_then_same_name),
        cmocka_unit_test(decode_integer_when_it_is_one_then_its_value),
        cmocka_unit_test(decode_integer_when_it_is_none_or_does_not_fit_then_nothing),
        cmocka_unit_test(quote_when_text_is_plain_then_only_quoted),
        cmocka_unit_test(quote_when_text_would_end_a_script_then_escaped),
        cmocka_unit_test(quote_when_text_has_control_characters_then_escaped),
        cmocka_unit_test(quote_when_text_is_not_utf8_then_bad_bytes_are_replaced),
        cmocka_unit_test(quote_when_decoded_again_then_the_text),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
