#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/markup.hpp"

namespace {

std::string escaped(std::string text) {
    bayeux::protocol::escape_markup(text);
    return text;
}

std::string stripped(std::string text) {
    bayeux::protocol::strip_markup(text);
    return text;
}

struct Case {
    const char* text;
    const char* result;
};

void escape_when_markup_then_references(void** /*state*/) {
    static const Case kCases[] = {
        {"", ""},
        {"plain text, 1 + 1", "plain text, 1 + 1"},
        {"<b>\"Q&A\"</b> it's", "&lt;b&gt;&quot;Q&amp;A&quot;&lt;/b&gt; it&#39;s"},
        {"&lt;", "&amp;lt;"},
        {"\xc3\xa9<\xe2\x82\xac", "\xc3\xa9&lt;\xe2\x82\xac"},
    };
    for (const Case& row : kCases) {
        assert_string_equal(escaped(row.text).c_str(), row.result);
    }
    assert_int_equal(escaped(std::string("\0<", 2)).size(), 5);
}

void strip_when_tags_then_text_is_left(void** /*state*/) {
    static const Case kCases[] = {
        {"", ""},
        {"no markup", "no markup"},
        {"<b>bold</b> move", "bold move"},
        {"a<br/>b<BR >c", "abc"},
        {"<!-- a comment -->x<!DOCTYPE html>y<?php z ?>", "xy"},
        {"<img src=x onerror=\"alert(1)\">", ""},
        {"1 < 2 and 3 > 2", "1 < 2 and 3 > 2"},
        {"a <3 b <> c >", "a <3 b <> c >"},
        {"<a < b>c", "c"},
    };
    for (const Case& row : kCases) {
        assert_string_equal(stripped(row.text).c_str(), row.result);
    }
}

// What is built to be put together by the stripping itself, or to be closed by what follows.
void strip_when_tags_are_nested_or_cut_off_then_none_is_left(void** /*state*/) {
    static const Case kCases[] = {
        {"<<b>script>alert(1)<</b>/script>", "alert(1)"},
        {"<scr<script>ipt>x", "x"},
        {"<<<b>b>b>x", "x"},
        {"<img src=x onerror=alert(1) ", ""},
        {"text <img", "text "},
        {"text <", "text "},
        {"text </", "text "},
        {"a < <b", "a < "},
        {"<<<<", ""},
        {"< <<b", "< "},
        {"<<>script", "<<>script"},
    };
    for (const Case& row : kCases) {
        assert_string_equal(stripped(row.text).c_str(), row.result);
    }
}

// Linear: half a million brackets are done at once.
void strip_when_text_is_nothing_but_brackets_then_fast(void** /*state*/) {
    const std::string left(250000, '<');
    const std::string right(250000, '>');
    assert_int_equal(stripped(left + right).size(), 500000);
    assert_string_equal(stripped(left + "a" + right).c_str(),
                        (left.substr(1) + right.substr(1)).c_str());
    assert_string_equal(stripped(left).c_str(), "");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(escape_when_markup_then_references),
        cmocka_unit_test(strip_when_tags_then_text_is_left),
        cmocka_unit_test(strip_when_tags_are_nested_or_cut_off_then_none_is_left),
        cmocka_unit_test(strip_when_text_is_nothing_but_brackets_then_fast),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
