#include <string>
#include <vector>

#include "cmocka.hpp"
#include "protocol/channel_template.hpp"

namespace {

using bayeux::protocol::ChannelName;
using bayeux::protocol::ChannelTemplate;
using bayeux::protocol::TemplateVariable;

// "no", or "yes" and the variables.
std::string match(const char* shape, const char* channel) {
    const auto parsed = ChannelTemplate::parse(shape);
    const auto name = ChannelName::parse(channel);
    if (!parsed || !name) {
        return "invalid";
    }
    std::vector<TemplateVariable> variables;
    if (!parsed.value().match(*name, variables)) {
        return "no";
    }
    std::string all = "yes";
    for (const TemplateVariable& variable : variables) {
        all += " " + std::string(variable.name) + "=" + std::string(variable.value);
    }
    return all;
}

std::string problem(const char* shape) {
    const auto parsed = ChannelTemplate::parse(shape);
    return parsed ? "" : parsed.error().text;
}

struct Pair {
    bool same_shape = false;
    bool first_before = false;
    bool second_before = false;
};

Pair compare(const char* first, const char* second) {
    const auto a = ChannelTemplate::parse(first);
    const auto b = ChannelTemplate::parse(second);
    return {a.value().same_shape(b.value()), a.value().before(b.value()),
            b.value().before(a.value())};
}

// CH-10.
void match_when_segments_are_variables_then_their_values(void** /*state*/) {
    assert_string_equal(match("/service/echo", "/service/echo").c_str(), "yes");
    assert_string_equal(match("/service/echo", "/service/echo2").c_str(), "no");
    assert_string_equal(match("/service/room/{id}", "/service/room/12").c_str(), "yes id=12");
    assert_string_equal(match("/service/room/{id}", "/service/room").c_str(), "no");
    assert_string_equal(match("/service/room/{id}", "/service/room/12/x").c_str(), "no");
    assert_string_equal(match("/service/{a}/of/{b-2}", "/service/x y/of/{z}").c_str(),
                        "yes a=x y b-2={z}");
    assert_string_equal(match("/service/{a}/of/{b}", "/service/x/if/z").c_str(), "no");
    // Braces around a part of a segment are characters as any others.
    assert_string_equal(match("/service/a{b}", "/service/a{b}").c_str(), "yes");
    assert_string_equal(match("/service/a{b}", "/service/abc").c_str(), "no");
}

// CH-6, CH-7.
void match_when_pattern_then_as_patterns_do(void** /*state*/) {
    assert_string_equal(match("/service/{a}/*", "/service/x/y").c_str(), "yes a=x");
    assert_string_equal(match("/service/{a}/*", "/service/x").c_str(), "no");
    assert_string_equal(match("/service/{a}/*", "/service/x/y/z").c_str(), "no");
    assert_string_equal(match("/service/{a}/**", "/service/x/y/z").c_str(), "yes a=x");
    assert_string_equal(match("/service/{a}/**", "/service/x").c_str(), "no");
    assert_string_equal(match("/service/**", "/service/x").c_str(), "yes");
}

void parse_when_text_is_wrong_then_says_what(void** /*state*/) {
    for (const char* raw : {"", "/", "/service", "/chat/room", "/meta/connect", "service/x",
                            "/service/*/x", "/Service/x", "/service//x"}) {
        assert_string_equal(problem(raw).c_str(), "it is not the name of a service channel");
    }
    for (const char* raw : {"/service/{}", "/service/{1}", "/service/{a_b}", "/service/{a b}",
                            "/service/{-a}", "/service/{a123456789a123456789a123456789a12}"}) {
        assert_true(problem(raw).find("must have a name of") != std::string::npos);
    }
    assert_true(problem("/service/{a}/{A}").find("stands in it twice") != std::string::npos);
    assert_string_equal(problem("/service/{a}/{b}").c_str(), "");
}

// Which of two is meant by a channel that both match, and which two cannot be told apart.
void before_when_both_match_then_the_plainer_is_first(void** /*state*/) {
    struct Row {
        const char* first;
        const char* second;
    };
    static constexpr Row kRows[] = {
        {"/service/room/a", "/service/room/{id}"}, {"/service/room/{id}", "/service/{x}/a"},
        {"/service/room/{id}", "/service/room/*"}, {"/service/room/*", "/service/room/**"},
        {"/service/room/**", "/service/**"},       {"/service/room/{id}", "/service/**"},
    };
    for (const Row& row : kRows) {
        const Pair pair = compare(row.first, row.second);
        assert_false(pair.same_shape);
        assert_true(pair.first_before);
        assert_false(pair.second_before);
    }
    assert_true(compare("/service/room/{id}", "/service/room/{name}").same_shape);
    assert_true(compare("/service/a", "/service/a/").same_shape);
    assert_false(compare("/service/a", "/service/{a}").same_shape);
    assert_false(compare("/service/{a}", "/service/{a}/b").same_shape);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(match_when_segments_are_variables_then_their_values),
        cmocka_unit_test(match_when_pattern_then_as_patterns_do),
        cmocka_unit_test(parse_when_text_is_wrong_then_says_what),
        cmocka_unit_test(before_when_both_match_then_the_plainer_is_first),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
