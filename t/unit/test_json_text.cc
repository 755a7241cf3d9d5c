#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/json_text.hpp"

namespace {

using bayeux::protocol::is_json;
using bayeux::protocol::kMaxJsonDepth;
using bayeux::protocol::trim_json;

using namespace std::string_view_literals;

std::string repeated(std::string_view text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
        out += text;
    }
    return out;
}

std::string nested_arrays(std::size_t depth) {
    return repeated("[", depth) + repeated("]", depth);
}

std::string nested_objects(std::size_t depth) {
    return repeated("{\"a\":", depth - 1) + "{}" + repeated("}", depth - 1);
}

// The first of `texts` that is_json() judges otherwise than expected; empty if there is none.
template <std::size_t N>
std::string_view first_misjudged(const std::string_view (&texts)[N], bool expected) {
    for (const std::string_view text : texts) {
        if (is_json(text) != expected) {
            print_message("misjudged: %.*s\n", static_cast<int>(text.size()), text.data());
            return text;
        }
    }
    return {};
}

void is_json_when_value_is_well_formed_then_true(void** /*state*/) {
    constexpr std::string_view kTexts[] = {
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-0",
        "12",
        "-1.5e+10",
        "1E400",
        "0.1",
        "0e1",
        "123456789012345678901234567890",
        "1.0e-2",
        "\"\"",
        "\"a\"",
        "[1,2]",
        "[[],{}]",
        "{\"a\":1}",
        "{\"a\":1,\"b\":[true,null]}",
        "{\"\":0}",
        "{\"a\":1,\"a\":2}",
        " [ 1 , 2 ] ",
        "\t\r\n{ \"a\" : { } }\n",
        R"("\"\\\/\b\f\n\r\t\u00e4\uABCD")",
        "[{\"a\":[{}]},[]]",
        R"("\ud834\udd1e")",
        "\"\x7f\"",
        "\"\xc3\xa4 \xe2\x82\xac \xf0\x9d\x84\x9e\"",
    };
    assert_true(first_misjudged(kTexts, true).empty());
}

void is_json_when_grammar_is_broken_then_false(void** /*state*/) {
    constexpr std::string_view kTexts[] = {
        "",
        " ",
        "[",
        "]",
        "{",
        "}",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "{]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "{1:1}",
        "{\"a\":1 \"b\":2}",
        "{,}",
        "{\"a\":1]",
        "[}",
        "1 2",
        "[] []",
        "nul",
        "nulll",
        "True",
        "tru",
        "NaN",
        "Infinity",
        "'a'",
        "\"a",
        "\"",
        "\"a\"b",
        "[\"a\": 1]",
        "/**/1",
        "[1]//",
        "\xef\xbb\xbf[]",
        "\x0c[]",
        "[\v1]",
        "{\"a\":1}}",
        "[[]",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":{",
        "\"\\",
        "\"\\\"",
        "[\xc2\xa0]",
    };
    assert_true(first_misjudged(kTexts, false).empty());
}

void is_json_when_number_is_malformed_then_false(void** /*state*/) {
    constexpr std::string_view kTexts[] = {
        "-",    "+1",    "01",  "-01", "00",    ".5",   "1.",   "1.e1", "1e", "1e+", "1e1.5",
        "0x10", "1_000", "--1", "1-",  "1.2.3", "[01]", "[1.]", "-a",   "1a", "0e",  "\xd9\xa1",
    };
    assert_true(first_misjudged(kTexts, false).empty());
}

void is_json_when_escape_is_malformed_then_false(void** /*state*/) {
    constexpr std::string_view kTexts[] = {
        R"("\a")",     R"("\x41")",   R"("\u")",        R"("\u12")", R"("\u123")",
        R"("\u12g4")", R"("\U0041")", R"("\')",         R"("\0")",   "\"\\\n\"",
        "\"\\u123\"",  "\"\\\0\""sv,  "\"\\\xc3\xa4\"",
    };
    assert_true(first_misjudged(kTexts, false).empty());
}

void is_json_when_text_is_not_utf8_then_false(void** /*state*/) {
    constexpr std::string_view kTexts[] = {
        "\"\xff\"",
        "\"\x80\"",
        "\"\xc3\"",
        "\"\xc0\xaf\"",
        "\"\xe0\x80\xaf\"",
        "\"\xed\xa0\x80\"",
        "\"\xed\xbf\xbf\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xf8\x88\x80\x80\x80\"",
        "\"\xe2\x82\"",
        "\"\xf0\x9d\x84\"",
        "\"\xc3",
        "{\"\xff\":1}",
        "\"\xc3\xa4\xff\"",
    };
    assert_true(first_misjudged(kTexts, false).empty());
}

// RFC 8259, 8.2: such text is grammatical; it is passed on as it is.
void is_json_when_surrogate_escape_is_alone_then_true(void** /*state*/) {
    assert_true(is_json(R"("\ud800")"));
    assert_true(is_json(R"("\udc00\ud800x")"));
}

// S6, S16.
void is_json_when_nested_deeper_than_the_limit_then_false(void** /*state*/) {
    assert_true(is_json(nested_arrays(kMaxJsonDepth)));
    assert_false(is_json(nested_arrays(kMaxJsonDepth + 1)));
    assert_true(is_json(nested_objects(kMaxJsonDepth)));
    assert_false(is_json(nested_objects(kMaxJsonDepth + 1)));
    assert_false(is_json(nested_arrays(100000)));
    assert_false(is_json(repeated("[", 100000)));
    assert_false(is_json(repeated("{\"a\":", 100000)));
}

void is_json_when_given_another_depth_then_counts_arrays_and_objects(void** /*state*/) {
    assert_true(is_json("[{\"a\":1},[2],{}]", 2));
    assert_false(is_json("[{\"a\":[]}]", 2));
    assert_true(is_json("1", 0));
    assert_false(is_json("[]", 0));
    assert_false(is_json(nested_arrays(kMaxJsonDepth + 1), kMaxJsonDepth + 10));
}

// Arrays and objects alternate over more than one word of the stack's bits.
void is_json_when_brackets_close_in_wrong_order_deep_inside_then_false(void** /*state*/) {
    const std::string open = repeated("[{\"a\":", 40);
    assert_true(is_json(open + "1" + repeated("}]", 40)));
    assert_false(is_json(open + "1" + repeated("}]", 20) + "]}" + repeated("}]", 19)));
}

// Strings are searched eight bytes at a time: each byte value at each place within such a word.
bool judges_byte_rightly(std::uint8_t byte, std::size_t before, std::size_t after) {
    const std::string text =
        '"' + std::string(before, 'x') + static_cast<char>(byte) + std::string(after, 'y') + '"';
    const bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
    return is_json(text) == plain;
}

std::size_t count_misjudged_bytes() {
    std::size_t count = 0;
    for (unsigned byte = 0; byte < 256; ++byte) {
        for (std::size_t before = 0; before < 18; ++before) {
            for (std::size_t after = 0; after < 10; ++after) {
                count +=
                    judges_byte_rightly(static_cast<std::uint8_t>(byte), before, after) ? 0U : 1U;
            }
        }
    }
    return count;
}

void is_json_when_any_byte_stands_anywhere_in_a_string_then_judged_rightly(void** /*state*/) {
    assert_int_equal(count_misjudged_bytes(), 0);
}

void trim_json_when_text_is_surrounded_by_white_space_then_drops_it(void** /*state*/) {
    assert_true(trim_json(" \t\r\n[ 1 ]\n ") == "[ 1 ]");
    assert_true(trim_json(" \n").empty());
    assert_true(trim_json("").empty());
    assert_true(trim_json("\v1") == "\v1");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(is_json_when_value_is_well_formed_then_true),
        cmocka_unit_test(is_json_when_grammar_is_broken_then_false),
        cmocka_unit_test(is_json_when_number_is_malformed_then_false),
        cmocka_unit_test(is_json_when_escape_is_malformed_then_false),
        cmocka_unit_test(is_json_when_text_is_not_utf8_then_false),
        cmocka_unit_test(is_json_when_surrogate_escape_is_alone_then_true),
        cmocka_unit_test(is_json_when_nested_deeper_than_the_limit_then_false),
        cmocka_unit_test(is_json_when_given_another_depth_then_counts_arrays_and_objects),
        cmocka_unit_test(is_json_when_brackets_close_in_wrong_order_deep_inside_then_false),
        cmocka_unit_test(is_json_when_any_byte_stands_anywhere_in_a_string_then_judged_rightly),
        cmocka_unit_test(trim_json_when_text_is_surrounded_by_white_space_then_drops_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
