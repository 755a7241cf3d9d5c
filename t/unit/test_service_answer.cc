#include <string>

#include "cmocka.hpp"
#include "protocol/service_answer.hpp"

namespace {

using bayeux::protocol::make_answer;
using bayeux::protocol::make_failure;
using bayeux::protocol::plain_id;

// PB-15: both the id and `successful`, and the service's bytes as they are.
void answer_when_message_had_an_id_then_id_and_successful(void** /*state*/) {
    assert_string_equal(make_answer({"/service/add", "\"7\""}, "{ \"sum\": 1e400 }").c_str(),
                        R"({"channel":"/service/add","id":"7","successful":true,)"
                        R"("data":{ "sum": 1e400 }})");
    assert_string_equal(make_answer({"/service/add", "7"}, "null").c_str(),
                        R"({"channel":"/service/add","id":7,"successful":true,"data":null})");
}

// PB-3: Faye takes whatever has `successful` for a reply.
void answer_when_message_had_no_id_then_an_event(void** /*state*/) {
    assert_string_equal(make_answer({"/service/add", ""}, "3").c_str(),
                        R"({"channel":"/service/add","data":3})");
}

void failure_when_made_then_not_successful(void** /*state*/) {
    assert_string_equal(make_failure({"/service/add", "\"a1\""}, R"({"why":"x"})").c_str(),
                        R"({"channel":"/service/add","id":"a1","successful":false,)"
                        R"("data":{"why":"x"}})");
    assert_string_equal(make_failure({"/service/add", "\"a1\""}, 404, "no \"such\" <b>").c_str(),
                        R"({"channel":"/service/add","id":"a1","successful":false,)"
                        R"("data":{"code":404,"message":"no \"such\" \u003cb>"}})");
    assert_string_equal(make_failure({"/service/add", ""}, 503, "later").c_str(),
                        R"({"channel":"/service/add","successful":false,)"
                        R"("data":{"code":503,"message":"later"}})");
}

// It becomes a header's value: nothing that could end one.
void plain_id_when_not_letters_and_digits_then_nothing(void** /*state*/) {
    assert_string_equal(std::string(plain_id("\"a1B\"")).c_str(), "a1B");
    assert_string_equal(std::string(plain_id("17")).c_str(), "17");
    for (const char* id : {"", "\"\"", "\"a b\"", "\"a\\r\\nX: y\"", "\"a-b\"", "-1", "1.5"}) {
        assert_string_equal(std::string(plain_id(id)).c_str(), "");
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(answer_when_message_had_an_id_then_id_and_successful),
        cmocka_unit_test(answer_when_message_had_no_id_then_an_event),
        cmocka_unit_test(failure_when_made_then_not_successful),
        cmocka_unit_test(plain_id_when_not_letters_and_digits_then_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
