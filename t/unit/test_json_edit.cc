#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/json_edit.hpp"

namespace {

using bayeux::protocol::edit_strings;
using bayeux::protocol::Edited;
using bayeux::protocol::StringEditor;

// Notes what it sees, and replaces some of it.
class Script final : public StringEditor {
  public:
    bool edit(std::string& text) override {
        seen += "[" + text + "]";
        if (text == stop_at) {
            return false;
        }
        if (text == from) {
            text = to;
        }
        return true;
    }
    std::string seen;
    std::string from = "x";
    std::string to = "y";
    std::string stop_at = "never";
};

struct Result {
    Edited edited = Edited::kSame;
    std::string text;
    std::string seen;
};

Result edit(std::string_view json, std::size_t max_size = 1000, std::string_view from = "x",
            std::string_view to = "y") {
    Script script;
    script.from = from;
    script.to = to;
    Result result;
    result.edited = edit_strings(json, script, max_size, result.text);
    result.seen = script.seen;
    return result;
}

void edit_when_values_are_nested_then_each_is_seen_and_no_key(void** /*state*/) {
    const Result result = edit(R"({"k":"a","l" : ["b",{"m":"c"},1,null,true,"d"],"n":{"x":[]}})");
    assert_string_equal(result.seen.c_str(), "[a][b][c][d]");
    assert_true(result.edited == Edited::kSame);
    assert_string_equal(edit(R"("alone")").seen.c_str(), "[alone]");
    assert_string_equal(edit("12").seen.c_str(), "");
    assert_string_equal(edit("{}").seen.c_str(), "");
}

void edit_when_one_string_changes_then_every_other_byte_stays(void** /*state*/) {
    const Result result = edit(
        R"({ "x" : "\u0041\/" , "a":[1.50E+2,  "x", 12345678901234567890],"b":"\ud83d\ude00" })");
    assert_true(result.edited == Edited::kChanged);
    assert_string_equal(
        result.text.c_str(),
        R"({ "x" : "\u0041\/" , "a":[1.50E+2,  "y", 12345678901234567890],"b":"\ud83d\ude00" })");
}

void edit_when_strings_have_escapes_then_seen_decoded(void** /*state*/) {
    assert_string_equal(edit(R"("\"\\\/\b\f\n\r\t\u00e9\u20AC\uD83D\uDE00z")").seen.c_str(),
                        "[\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z]");
    const Result zero = edit(R"(["\u0000<"])");
    assert_memory_equal(zero.seen.data(), "[\0<]", 4);
}

// The half of a pair is no character: it must neither hide what stands beside it nor make the text
// invalid.
void edit_when_half_a_pair_then_replacement_is_seen_and_text_stays(void** /*state*/) {
    for (const std::string_view json :
         {R"(["\ud83dx"])", R"(["\ude00x"])", R"(["\udfffx"])", R"(["\uDBFFx"])"}) {
        const Result result = edit(json);
        assert_string_equal(result.seen.c_str(), "[\xef\xbf\xbdx]");
        assert_true(result.edited == Edited::kSame);
    }
    assert_string_equal(edit(R"("\ud83d\ud83d\ude00")").seen.c_str(),
                        "[\xef\xbf\xbd\xf0\x9f\x98\x80]");
    assert_string_equal(edit(R"("\ud83d\u0041")").seen.c_str(), "[\xef\xbf\xbd\x41]");
    assert_string_equal(edit(R"("\ud83d")").seen.c_str(), "[\xef\xbf\xbd]");
    assert_string_equal(edit(R"("\ud83dx")", 100, "\xef\xbf\xbdx", "new").text.c_str(), R"("new")");
}

void edit_when_result_needs_escapes_then_it_is_json(void** /*state*/) {
    assert_string_equal(edit(R"(["x"])", 100, "x", "\"</script>\n\\").text.c_str(),
                        R"(["\"\u003c/script>\n\\"])");
    assert_string_equal(edit(R"(["x"])", 100, "x", "\xff").text.c_str(), "[\"\xef\xbf\xbd\"]");
    assert_string_equal(edit(R"({"a":"x"})", 100, "x", "").text.c_str(), R"({"a":""})");
}

void edit_when_stopped_or_too_large_then_said(void** /*state*/) {
    Script script;
    script.stop_at = "b";
    std::string out;
    assert_true(edit_strings(R"(["x","b","c"])", script, 100, out) == Edited::kStopped);
    assert_string_equal(script.seen.c_str(), "[x][b]");
    assert_true(edit(R"(["x","long"])", 12).edited == Edited::kChanged);
    assert_true(edit(R"(["x","long"])", 11).edited == Edited::kTooLarge);
    assert_true(edit(R"(["x","x"])", 20, "x", "0123456789").edited == Edited::kTooLarge);
    assert_true(edit(R"(["untouched"])", 3).edited == Edited::kSame);
}

// Text that was never checked: nothing outside of it is read.
void edit_when_text_is_cut_off_then_ends(void** /*state*/) {
    constexpr std::string_view kText = R"({"a":"\"x","b":["\u0041\ud83d\ude00",{"c":"x"}]})";
    for (std::size_t size = 0; size < kText.size(); ++size) {
        const std::string cut(kText.substr(0, size));
        const Result result = edit(cut);
        assert_true(result.seen.size() <= size + 20);
    }
}

void mend_when_bytes_are_no_utf8_then_replaced_one_by_one(void** /*state*/) {
    std::string text = "a\xc3\xa9\xe2\x82\xac";
    const std::string same = text;
    bayeux::protocol::mend_utf8(text);
    assert_string_equal(text.c_str(), same.c_str());
    text = "a\xff\xc3";
    bayeux::protocol::mend_utf8(text);
    assert_string_equal(text.c_str(), "a\xef\xbf\xbd\xef\xbf\xbd");
    text = "\xe2\x82z\xc3\xa9";
    bayeux::protocol::mend_utf8(text);
    assert_string_equal(text.c_str(), "\xef\xbf\xbd\xef\xbf\xbdz\xc3\xa9");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(edit_when_values_are_nested_then_each_is_seen_and_no_key),
        cmocka_unit_test(edit_when_one_string_changes_then_every_other_byte_stays),
        cmocka_unit_test(edit_when_strings_have_escapes_then_seen_decoded),
        cmocka_unit_test(edit_when_half_a_pair_then_replacement_is_seen_and_text_stays),
        cmocka_unit_test(edit_when_result_needs_escapes_then_it_is_json),
        cmocka_unit_test(edit_when_stopped_or_too_large_then_said),
        cmocka_unit_test(edit_when_text_is_cut_off_then_ends),
        cmocka_unit_test(mend_when_bytes_are_no_utf8_then_replaced_one_by_one),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
