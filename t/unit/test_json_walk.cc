#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/json_text.hpp"

namespace {

using bayeux::protocol::JsonElements;
using bayeux::protocol::JsonKind;
using bayeux::protocol::JsonMembers;
using bayeux::protocol::kind_of;

// key=value; for each member.
std::string members_of(std::string_view object) {
    std::string out;
    JsonMembers members(object);
    for (std::string_view key, value; members.next(key, value);) {
        out += std::string(key) + "=" + std::string(value) + ";";
    }
    return out;
}

std::string elements_of(std::string_view array) {
    std::string out;
    JsonElements elements(array);
    for (std::string_view element; elements.next(element);) {
        out += std::string(element) + ";";
    }
    return out;
}

void members_when_object_is_walked_then_slices_are_verbatim(void** /*state*/) {
    assert_string_equal(
        members_of(R"({"a":1,"b":"x","c":[1,{"d":"]"}],"e":{"f":"}"},"g":true,"h":null})").c_str(),
        R"("a"=1;"b"="x";"c"=[1,{"d":"]"}];"e"={"f":"}"};"g"=true;"h"=null;)");
}

void members_when_there_is_white_space_then_slices_have_none_around(void** /*state*/) {
    assert_string_equal(
        members_of("{ \"a\"\t:\n1.50E+2 ,\r\n \"b\" : [ 1 , 2 ] , \"c\" : \" \" }").c_str(),
        "\"a\"=1.50E+2;\"b\"=[ 1 , 2 ];\"c\"=\" \";");
}

void members_when_strings_hold_quotes_and_brackets_then_not_misled(void** /*state*/) {
    assert_string_equal(members_of(R"({"a\"}":"\\","b":["\"]",{"\\\"":"}"}],"c":"{[,:"})").c_str(),
                        R"("a\"}"="\\";"b"=["\"]",{"\\\"":"}"}];"c"="{[,:";)");
}

void members_when_object_is_empty_then_none(void** /*state*/) {
    assert_string_equal(members_of("{}").c_str(), "");
    assert_string_equal(members_of("{ \n }").c_str(), "");
}

void elements_when_array_is_walked_then_slices_are_verbatim(void** /*state*/) {
    assert_string_equal(elements_of(R"([1, "a,b" ,[],{"c":[2]},-0.0,null ])").c_str(),
                        R"(1;"a,b";[];{"c":[2]};-0.0;null;)");
    assert_string_equal(elements_of("[]").c_str(), "");
    assert_string_equal(elements_of("[ ]").c_str(), "");
}

// Whatever is passed in, walking ends and stays inside; ASan and valgrind see it if not.
void walk_when_text_is_cut_off_then_ends(void** /*state*/) {
    constexpr std::string_view kObject = R"({"a":"\"x","b":[1,{"c":2}]} )";
    for (std::size_t size = 0; size < kObject.size(); ++size) {
        const std::string cut(kObject.substr(0, size));
        assert_true(members_of(cut).size() < 100);
        assert_true(elements_of(cut).size() < 100);
    }
    assert_string_equal(elements_of("[}").c_str(), "");
}

void kind_of_when_value_is_checked_then_told_by_its_first_byte(void** /*state*/) {
    assert_true(kind_of("{}") == JsonKind::kObject);
    assert_true(kind_of("[]") == JsonKind::kArray);
    assert_true(kind_of("\"\"") == JsonKind::kString);
    assert_true(kind_of("-1") == JsonKind::kNumber);
    assert_true(kind_of("0") == JsonKind::kNumber);
    assert_true(kind_of("true") == JsonKind::kBoolean);
    assert_true(kind_of("false") == JsonKind::kBoolean);
    assert_true(kind_of("null") == JsonKind::kNull);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(members_when_object_is_walked_then_slices_are_verbatim),
        cmocka_unit_test(members_when_there_is_white_space_then_slices_have_none_around),
        cmocka_unit_test(members_when_strings_hold_quotes_and_brackets_then_not_misled),
        cmocka_unit_test(members_when_object_is_empty_then_none),
        cmocka_unit_test(elements_when_array_is_walked_then_slices_are_verbatim),
        cmocka_unit_test(walk_when_text_is_cut_off_then_ends),
        cmocka_unit_test(kind_of_when_value_is_checked_then_told_by_its_first_byte),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
