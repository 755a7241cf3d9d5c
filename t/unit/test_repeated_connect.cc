#include <string>
#include <string_view>
#include <utility>

#include "cmocka.hpp"
#include "protocol/batch.hpp"
#include "protocol/repeated_connect.hpp"

namespace {

using bayeux::protocol::decode_batch;
using bayeux::protocol::Message;
using bayeux::protocol::MessageType;
using bayeux::protocol::RepeatedConnect;

using namespace std::string_literals;

std::string connect(std::string_view id, std::string_view more = "") {
    return R"([{"id":")" + std::string(id) +
           R"(","channel":"/meta/connect","connectionType":"long-polling","clientId":"abc")" +
           std::string(more) + "}]";
}

void keep(RepeatedConnect& repeated, std::string_view body) {
    auto messages = decode_batch(body, {});
    assert_true(messages.has_value());
    repeated.keep(body, std::move(messages.value()));
}

// What recall() says of `body` after `first` was kept: the same as decoding it, or nothing.
bool recalls(std::string_view first, std::string_view body) {
    RepeatedConnect repeated;
    {
        const std::string passing(first);  // nothing is borrowed from it afterwards
        keep(repeated, passing);
    }
    const auto* const recalled = repeated.recall(body);
    if (recalled == nullptr) {
        return false;
    }
    const auto decoded = decode_batch(body, {});
    assert_true(decoded.has_value());
    assert_int_equal(recalled->size(), 1);
    const Message& is = recalled->front();
    const Message& expected = decoded.value().front();
    assert_true(is.id == expected.id && is.id.data() == expected.id.data());
    assert_true(is.raw == expected.raw && is.raw.data() == expected.raw.data());
    assert_true(is.type == MessageType::kConnect && is.channel == expected.channel);
    assert_true(is.client_id == expected.client_id);
    assert_true(is.connection_type == expected.connection_type);
    assert_true(is.ext.empty() && is.data.empty() && is.subscription.empty());
    assert_false(is.problem.has_value() || is.has_advice);
    return true;
}

void recall_when_only_the_id_differs_then_the_same_message_with_the_new_id(void** /*state*/) {
    assert_true(recalls(connect("7"), connect("7")));
    assert_true(recalls(connect("7"), connect("8")));
    assert_true(recalls(connect("99"), connect("100")));
    assert_true(recalls(connect("zz"), connect("1")));
    assert_true(recalls(connect("7", R"(,"more":[1,{"a":"b"}])"),
                        connect("8", R"(,"more":[1,{"a":"b"}])")));
    assert_true(recalls("  [ " + connect("7").substr(1), "  [ " + connect("123").substr(1)));
    // A lone object (ENV-1).
    const std::string lone = connect("7").substr(1, connect("7").size() - 2);
    const std::string other = connect("81").substr(1, connect("81").size() - 2);
    assert_true(recalls(lone, other));
}

void recall_when_anything_else_differs_then_nothing(void** /*state*/) {
    const std::string first = connect("7");
    for (std::size_t i = 0; i < first.size(); ++i) {
        std::string changed = first;
        changed[i] = changed[i] == '!' ? '?' : '!';
        assert_false(recalls(first, changed));
    }
    assert_false(recalls(first, first.substr(0, first.size() - 1)));
    assert_false(recalls(first, first + " "));
    assert_false(recalls(first, ""));
    assert_false(recalls(first, connect("7", R"(,"ext":{"ack":1})")));
}

// ENV-6, S6: what stands between the quotes must neither end the string nor mean something else.
void recall_when_the_id_is_not_letters_and_digits_then_nothing(void** /*state*/) {
    for (const std::string& id :
         {""s, "a\",\"id\":\"b"s, "\\u0041"s, "a b"s, "a-1"s, "\xc3\xa4"s, "a\0b"s, "\n"s}) {
        assert_false(recalls(connect("7"), connect(id)));
    }
}

void recall_when_id_stands_last_then_found_there(void** /*state*/) {
    const auto body = [](std::string_view id) {
        return R"([{"channel":"/meta/connect","connectionType":"x","clientId":"a","id":")" +
               std::string(id) + R"("}])";
    };
    assert_true(recalls(body("1"), body("22")));
}

void keep_when_it_would_not_come_again_then_nothing_is_kept(void** /*state*/) {
    for (const std::string& body : {
             connect("7", R"(,"ext":{"ack":1})"),
             connect("7", R"(,"advice":{"timeout":0})"),
             connect("7", R"(,"data":1)"),
             connect("7", R"(,"subscription":"/a")"),
             connect("7", R"(,"id":"8")"),  // a problem of its own
             connect("7", ",\"long\":\"" + std::string(600, 'x') + "\""),
             R"([{"channel":"/meta/connect","clientId":"a"}])"s,  // no id
             R"([{"id":7,"channel":"/meta/connect","clientId":"a"}])"s,
             R"([{"id":"7","channel":"/meta/disconnect","clientId":"a"}])"s,
             R"([{"id":"7","channel":"/a","clientId":"a"}])"s,
             "[" + connect("7").substr(1, connect("7").size() - 2) + "," + connect("8").substr(1),
         }) {
        assert_false(recalls(body, body));
    }
}

void keep_when_another_comes_then_the_last_one_counts(void** /*state*/) {
    RepeatedConnect repeated;
    keep(repeated, connect("7"));
    keep(repeated, connect("8", R"(,"x":1)"));
    assert_null(repeated.recall(connect("9")));
    const std::string next = connect("9", R"(,"x":1)");
    assert_non_null(repeated.recall(next));
    keep(repeated, R"([{"channel":"/a","data":1,"clientId":"abc"}])");
    assert_non_null(repeated.recall(next));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(recall_when_only_the_id_differs_then_the_same_message_with_the_new_id),
        cmocka_unit_test(recall_when_anything_else_differs_then_nothing),
        cmocka_unit_test(recall_when_the_id_is_not_letters_and_digits_then_nothing),
        cmocka_unit_test(recall_when_id_stands_last_then_found_there),
        cmocka_unit_test(keep_when_it_would_not_come_again_then_nothing_is_kept),
        cmocka_unit_test(keep_when_another_comes_then_the_last_one_counts),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
