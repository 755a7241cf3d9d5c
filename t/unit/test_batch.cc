#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/batch.hpp"
#include "protocol/error_text.hpp"

namespace {

namespace error_text = bayeux::protocol::error_text;
using bayeux::ErrorCode;
using bayeux::protocol::BatchLimits;
using bayeux::protocol::decode_batch;

using namespace std::string_view_literals;

// The channel or problem of each message, or the code and text of the error.
std::string decoded(std::string_view json, std::size_t limit = 1000) {
    const auto batch = decode_batch(json, BatchLimits{limit});
    if (!batch) {
        const bool invalid = batch.error().code == ErrorCode::kInvalid;
        const bool large = batch.error().code == ErrorCode::kTooLarge;
        return (invalid ? "invalid: " : large ? "large: " : "?") + batch.error().text;
    }
    std::string out;
    for (const auto& message : batch.value()) {
        out += "<" + message.channel + std::string(message.problem.value_or("")) + ">";
    }
    return out;
}

bool any_not(std::string_view expected, std::initializer_list<std::string_view> bodies) {
    for (const std::string_view body : bodies) {
        if (decoded(body) != expected) {
            print_message("%.*s: %s\n", static_cast<int>(body.size()), body.data(),
                          decoded(body).c_str());
            return true;
        }
    }
    return false;
}

// ENV-1.
void batch_when_an_array_then_its_messages_in_order(void** /*state*/) {
    assert_string_equal(decoded(R"( [ {"channel":"/a"} , {"channel":"/b"} ] )").c_str(),
                        "</a></b>");
}

// ENV-1.
void batch_when_a_lone_object_then_one_message(void** /*state*/) {
    assert_string_equal(decoded("\n{\"channel\":\"/a\"}\n").c_str(), "</a>");
}

// ENV-13, S17: a bad message does not spoil the others.
void batch_when_an_element_is_no_object_then_a_problem_of_its_own(void** /*state*/) {
    assert_string_equal(decoded(R"([null,{"channel":"/a"},1,"x",[],{}])").c_str(),
                        "<400::message_invalid></a><400::message_invalid><400::message_invalid>"
                        "<400::message_invalid><400::channel_missing>");
}

void batch_when_no_element_is_an_object_then_invalid(void** /*state*/) {
    assert_false(any_not("invalid: the body holds no message object",
                         {"[null]", "[1,2]", "[[]]", "[[{}]]", "[\"{}\"]"}));
}

// ENV-15, S17.
void batch_when_the_array_is_empty_then_invalid(void** /*state*/) {
    assert_false(any_not("invalid: the body holds no message", {"[]", " [ ] "}));
}

// ENV-14.
void batch_when_neither_array_nor_object_then_invalid(void** /*state*/) {
    assert_false(any_not("invalid: the body is not an array of messages",
                         {"null", "1", "\"[]\"", "true", " false "}));
}

// S17.
void batch_when_empty_then_invalid(void** /*state*/) {
    assert_false(any_not("invalid: the body is empty", {"", " ", "\r\n"}));
}

std::string deep_batch(std::size_t depth) {
    std::string body = "[{\"channel\":\"/a\",\"data\":";
    body += std::string(depth, '[') + std::string(depth, ']');
    return body + "}]";
}

// S6, S16.
void batch_when_not_json_then_invalid(void** /*state*/) {
    assert_false(any_not(
        "invalid: the body is not valid JSON",
        {"[", "{", "[{}", "[{}]]", "[{}],", "[{},]", "{'a':1}", "message=[]", "[{\"a\":\"\xff\"}]",
         "[{\"a\":\"\n\"}]", "[{}]\0"sv, "\xef\xbb\xbf[{}]", "[{\"a\":01}]", "[NaN]"}));
    assert_string_equal(decoded(deep_batch(126)).c_str(), "</a>");
    assert_string_equal(decoded(deep_batch(127)).c_str(), "invalid: the body is not valid JSON");
    assert_string_equal(decoded(deep_batch(10000)).c_str(), "invalid: the body is not valid JSON");
}

// S16.
void batch_when_there_are_too_many_messages_then_too_large(void** /*state*/) {
    assert_string_equal(decoded("[{},{}]", 2).c_str(),
                        "<400::channel_missing><400::channel_missing>");
    assert_string_equal(decoded("[{},{},{}]", 2).c_str(),
                        "large: the body holds more than 2 messages");
    assert_string_equal(decoded("[1,1,1]", 2).c_str(),
                        "large: the body holds more than 2 messages");
    assert_string_equal(decoded("{}", 0).c_str(), "large: the body holds more than 0 messages");
}

bool every_slice_is_inside(std::string_view json) {
    const auto batch = decode_batch(json, {});
    for (const auto& message : batch.value()) {
        for (const std::string_view slice : {message.raw, message.data, message.id, message.ext}) {
            if (slice.data() < json.data() ||
                slice.data() + slice.size() > json.data() + json.size()) {
                return false;
            }
        }
    }
    return true;
}

void batch_when_decoded_then_messages_borrow_from_the_body(void** /*state*/) {
    assert_true(every_slice_is_inside(R"([{"channel":"/a","data":1,"id":"1","ext":{}}])"));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(batch_when_an_array_then_its_messages_in_order),
        cmocka_unit_test(batch_when_a_lone_object_then_one_message),
        cmocka_unit_test(batch_when_an_element_is_no_object_then_a_problem_of_its_own),
        cmocka_unit_test(batch_when_no_element_is_an_object_then_invalid),
        cmocka_unit_test(batch_when_the_array_is_empty_then_invalid),
        cmocka_unit_test(batch_when_neither_array_nor_object_then_invalid),
        cmocka_unit_test(batch_when_empty_then_invalid),
        cmocka_unit_test(batch_when_not_json_then_invalid),
        cmocka_unit_test(batch_when_there_are_too_many_messages_then_too_large),
        cmocka_unit_test(batch_when_decoded_then_messages_borrow_from_the_body),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
