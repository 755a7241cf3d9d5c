#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmocka.hpp"
#include "protocol/error_text.hpp"
#include "protocol/message.hpp"

namespace {

namespace error_text = bayeux::protocol::error_text;
using bayeux::Millis;
using bayeux::protocol::decode_message;
using bayeux::protocol::kMaxAdvice;
using bayeux::protocol::Message;
using bayeux::protocol::MessageType;

using namespace std::string_view_literals;

std::string_view problem_of(std::string_view raw) {
    return decode_message(raw).problem.value_or("none");
}

// A message with these members besides its channel.
std::string with(std::string_view members) {
    return R"({"channel":"/a",)" + std::string(members) + "}";
}

// The first member text whose message does not have exactly this problem; empty if all have.
std::string_view first_without_problem(std::string_view problem,
                                       std::initializer_list<std::string_view> members) {
    for (const std::string_view member : members) {
        const std::string raw = with(member);
        if (problem_of(raw) != problem) {
            print_message("%s: not %s\n", raw.c_str(), std::string(problem).c_str());
            return member;
        }
    }
    return {};
}

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) {
        out += "<" + text + ">";
    }
    return out;
}

void message_when_publish_then_fields_are_slices_of_the_body(void** /*state*/) {
    constexpr std::string_view kRaw =
        R"({"channel":"/chat","id":"7","clientId":"abc","data":{"n": 0.10},"ext":{"x":[1]}})";
    const Message message = decode_message(kRaw);
    assert_true(message.raw == kRaw);
    assert_true(message.type == MessageType::kPublish);
    assert_false(message.problem.has_value());
    assert_string_equal(message.channel.c_str(), "/chat");
    assert_string_equal(message.client_id.c_str(), "abc");
    assert_true(message.id == "\"7\"");
    assert_true(message.data == R"({"n": 0.10})");
    assert_true(message.ext == R"({"x":[1]})");
    assert_true(message.data.data() > kRaw.data() &&
                message.data.data() < kRaw.data() + kRaw.size());
}

void message_when_fields_are_absent_then_empty(void** /*state*/) {
    const Message message = decode_message(R"({"channel":"/a"})");
    assert_false(message.problem.has_value());
    assert_true(message.client_id.empty() && message.id.empty() && message.data.empty());
    assert_true(message.ext.empty() && message.subscription.empty());
    assert_true(message.subscriptions.empty() && message.connection_types.empty());
    assert_false(message.subscription_valid || message.has_connection_types || message.has_advice);
    assert_false(message.advice_timeout || message.advice_interval);
    assert_true(message.id_valid());
}

MessageType type_of(std::string_view channel) {
    return decode_message("{\"channel\":\"" + std::string(channel) + "\"}").type;
}

void message_when_channel_is_one_of_the_five_then_type_says_so(void** /*state*/) {
    assert_true(type_of("/meta/handshake") == MessageType::kHandshake);
    assert_true(type_of("/meta/connect") == MessageType::kConnect);
    assert_true(type_of("/meta/subscribe") == MessageType::kSubscribe);
    assert_true(type_of("/meta/unsubscribe") == MessageType::kUnsubscribe);
    assert_true(type_of("/meta/disconnect") == MessageType::kDisconnect);
    assert_true(type_of("\\/meta\\/\\u0063onnect") == MessageType::kConnect);
}

// CH-12, S1.
void message_when_channel_only_resembles_a_meta_channel_then_publish(void** /*state*/) {
    for (const std::string_view channel :
         {"/meta/handshake/"sv, "/meta/subscribe/x"sv, "//meta/subscribe"sv, "/META/handshake"sv,
          "/meta"sv, "/meta/"sv, " /meta/handshake"sv, "/meta/handshake\\u0000"sv,
          "/meta%2fhandshake"sv, "/meta/connect "sv, "/meta/./connect"sv, ""sv, "/service/x"sv}) {
        assert_true(type_of(channel) == MessageType::kPublish);
    }
}

// ENV-13.
void message_when_not_an_object_then_invalid(void** /*state*/) {
    for (const std::string_view raw : {"null"sv, "1"sv, "\"a\""sv, "[]"sv, "true"sv}) {
        assert_true(problem_of(raw) == error_text::kMessageInvalid);
        assert_true(decode_message(raw).raw == raw);
    }
}

// ENV-8.
void message_when_channel_is_missing_then_says_so(void** /*state*/) {
    assert_true(problem_of("{}") == error_text::kChannelMissing);
    assert_true(problem_of(R"({"Channel":"/a","data":1})") == error_text::kChannelMissing);
}

// ENV-13.
void message_when_channel_is_not_a_string_then_channel_invalid(void** /*state*/) {
    for (const std::string_view value : {"1"sv, "null"sv, "[\"/a\"]"sv, "{}"sv, R"("\ud800")"sv}) {
        const std::string raw = "{\"channel\":" + std::string(value) + "}";
        assert_true(problem_of(raw) == error_text::kChannelInvalid);
        assert_true(decode_message(raw).channel.empty());
    }
}

// ENV-13.
void message_when_a_field_has_the_wrong_type_then_invalid(void** /*state*/) {
    assert_true(
        first_without_problem(error_text::kMessageInvalid,
                              {R"("clientId":1)", R"("clientId":null)", R"("clientId":["a"])",
                               R"("clientId":"\ud800")", R"("ext":1)", R"("ext":[])",
                               R"("ext":"{}")", R"("ext":null)", R"("advice":[])",
                               R"("advice":"x")", R"("advice":30)", R"("advice":{"timeout":"30"})",
                               R"("advice":{"timeout":null})", R"("advice":{"interval":true})",
                               R"("advice":{"interval":[0]})", R"("advice":{"\u0074imeout":"0"})"})
            .empty());
}

// Old and foreign clients send many a thing there; nothing depends on it.
void message_when_an_unused_field_has_the_wrong_type_then_tolerated(void** /*state*/) {
    assert_true(first_without_problem(
                    "none", {R"("version":1)", R"("version":null)", R"("minimumVersion":[])",
                             R"("supportedConnectionTypes":"long-polling")", R"("successful":"x")",
                             R"("connectionType":5)", R"("id":{})", R"("subscription":5)",
                             R"("data":null)", R"("\ud800":1)", R"("advice":{"hosts":"x"})"})
                    .empty());
}

// S6: of two readers each may believe another one.
void message_when_an_envelope_field_is_there_twice_then_invalid(void** /*state*/) {
    assert_true(
        first_without_problem(
            error_text::kMessageInvalid,
            {R"("channel":"/b")", R"("clientId":"a","clientId":"a")", R"("id":1,"id":1)",
             R"("data":1,"data":2)", R"("ext":{},"ext":{})",
             R"("subscription":"/a","subscription":"/b")", R"("advice":{},"advice":{})",
             R"("version":"1.0","version":"1.0")", R"("connectionType":"x","connectionType":"x")",
             R"("supportedConnectionTypes":[],"supportedConnectionTypes":[])",
             R"("successful":true,"successful":false)", R"("data":1,"d\u0061ta":2)",
             R"("\u0063hannel":"/meta/connect")"})
            .empty());
}

void message_when_a_field_is_there_twice_then_the_first_is_kept(void** /*state*/) {
    const Message message = decode_message(R"({"channel":"/a","channel":"/meta/connect"})");
    assert_string_equal(message.channel.c_str(), "/a");
    assert_true(message.type == MessageType::kPublish);
}

void message_when_an_unknown_field_is_there_twice_then_tolerated(void** /*state*/) {
    assert_true(problem_of(with(R"("x":1,"x":2)")) == "none");
}

// S6: "\u0063hannel" is channel to every subscriber.
void message_when_names_are_escaped_then_recognised(void** /*state*/) {
    const Message message = decode_message(
        R"({"\u0063hannel":"/a","client\u0049d":"me","d\u0061ta":1,"e\u0078t":{},"\u0069d":"x"})");
    assert_string_equal(message.channel.c_str(), "/a");
    assert_string_equal(message.client_id.c_str(), "me");
    assert_true(message.data == "1");
    assert_true(message.ext == "{}");
    assert_true(message.id == "\"x\"");
}

// ENV-7: the whole message before its channel, whatever the order in which they are written.
void message_when_there_are_several_problems_then_the_message_comes_first(void** /*state*/) {
    assert_true(problem_of(R"({"channel":1,"ext":1})") == error_text::kMessageInvalid);
    assert_true(problem_of(R"({"ext":1,"channel":1})") == error_text::kMessageInvalid);
    assert_true(problem_of(R"({"ext":1})") == error_text::kMessageInvalid);
}

// PB-4.
void message_when_data_is_null_then_present(void** /*state*/) {
    assert_true(decode_message(R"({"channel":"/a","data":null})").data == "null");
}

void message_when_channel_holds_nul_then_kept(void** /*state*/) {
    assert_true(decode_message(R"({"channel":"/a\u0000"})").channel == "/a\0"sv);
}

// ENV-6.
bool id_valid(std::string_view id) {
    return decode_message(with("\"id\":" + std::string(id))).id_valid();
}

void id_when_letters_and_digits_then_valid(void** /*state*/) {
    for (const std::string_view id : {"\"1\""sv, "\"aZ09\""sv, "7"sv, "0"sv,
                                      "123456789012345678901234567890"sv, R"("\u0061b\u0031")"sv}) {
        assert_true(id_valid(id));
    }
}

void id_when_anything_else_then_not_valid_but_no_problem(void** /*state*/) {
    for (const std::string_view id :
         {"\"\""sv, "\"a-b\""sv, "\"a b\""sv, "\"\xc3\xa4\""sv, "-1"sv, "1.5"sv, "1e5"sv, "null"sv,
          "true"sv, "{}"sv, "[1]"sv, R"("a\n")"sv, R"("\u002d")"sv, R"("a\u0000")"sv,
          R"("\u0161")"sv, R"("\\u0061")"sv, R"("\ud800")"sv}) {
        assert_false(id_valid(id));
        assert_true(problem_of(with("\"id\":" + std::string(id))) == "none");
    }
}

// SB-1, SB-2.
void subscription_when_a_string_then_one_name(void** /*state*/) {
    const Message message = decode_message(R"({"channel":"/a","subscription":"\/a\/**"})");
    assert_true(message.subscription_valid);
    assert_true(message.subscription == R"("\/a\/**")");
    assert_string_equal(joined(message.subscriptions).c_str(), "</a/**>");
}

void subscription_when_an_array_of_strings_then_all_names(void** /*state*/) {
    const Message message = decode_message(R"({"channel":"/a","subscription":[ "/a", "/b" ]})");
    assert_true(message.subscription_valid);
    assert_true(message.subscription == R"([ "/a", "/b" ])");
    assert_string_equal(joined(message.subscriptions).c_str(), "</a></b>");
}

// SB-6.
void subscription_when_an_empty_array_then_valid_and_empty(void** /*state*/) {
    const Message message = decode_message(R"({"channel":"/a","subscription":[]})");
    assert_true(message.subscription_valid);
    assert_true(message.subscriptions.empty());
    assert_true(message.subscription == "[]");
}

void subscription_when_anything_else_then_not_valid(void** /*state*/) {
    for (const std::string_view value : {"1"sv, "null"sv, "{}"sv, R"(["/a",1])"sv, R"([["/a"]])"sv,
                                         R"("\ud800")"sv, R"(["\ud800"])"sv}) {
        const std::string raw = with("\"subscription\":" + std::string(value));
        const Message message = decode_message(raw);
        assert_false(message.subscription_valid);
        assert_true(message.subscription == value);
        assert_false(message.problem.has_value());
    }
}

// HS-1, HS-5.
void connection_types_when_an_array_then_its_strings(void** /*state*/) {
    const Message message =
        decode_message(with(R"("supportedConnectionTypes":["websocket",1,"long-polling"])"));
    assert_true(message.has_connection_types);
    assert_string_equal(joined(message.connection_types).c_str(), "<websocket><long-polling>");
}

void connection_types_when_no_array_then_as_if_absent(void** /*state*/) {
    assert_false(decode_message(with(R"("supportedConnectionTypes":{})")).has_connection_types);
}

// CN-1, CN-3.
void connection_type_when_a_string_then_decoded(void** /*state*/) {
    assert_string_equal(decode_message(with(R"("connectionType":"x")")).connection_type.c_str(),
                        "x");
    assert_string_equal(decode_message(with(R"("connectionType":1)")).connection_type.c_str(), "");
}

// CN-6.
std::optional<Millis> timeout_of(std::string_view value) {
    return decode_message(with("\"advice\":{\"timeout\":" + std::string(value) + "}"))
        .advice_timeout;
}

void advice_when_given_then_its_times(void** /*state*/) {
    const Message message = decode_message(with(R"("advice":{"timeout":0,"interval":1500.0})"));
    assert_true(message.has_advice);
    assert_true(message.advice_timeout == Millis(0));
    assert_true(message.advice_interval == Millis(1500));
    assert_true(decode_message(with(R"("advice":{})")).has_advice);
}

void advice_when_negative_or_no_integer_then_ignored(void** /*state*/) {
    assert_false(timeout_of("-1").has_value());
    assert_false(timeout_of("0.5").has_value());
    assert_false(timeout_of("1e400").has_value());
    assert_false(timeout_of("99999999999999999999").has_value());
    assert_true(problem_of(with(R"("advice":{"timeout":-1,"interval":0.5})")) == "none");
}

// S6: huge numbers.
void advice_when_huge_then_cut(void** /*state*/) {
    assert_true(timeout_of("9223372036854775807") == kMaxAdvice);
    assert_true(timeout_of("1e18") == kMaxAdvice);
    assert_true(timeout_of("2147483647") == kMaxAdvice);
    assert_true(timeout_of("2147483646") == kMaxAdvice - Millis(1));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(message_when_publish_then_fields_are_slices_of_the_body),
        cmocka_unit_test(message_when_fields_are_absent_then_empty),
        cmocka_unit_test(message_when_channel_is_one_of_the_five_then_type_says_so),
        cmocka_unit_test(message_when_channel_only_resembles_a_meta_channel_then_publish),
        cmocka_unit_test(message_when_not_an_object_then_invalid),
        cmocka_unit_test(message_when_channel_is_missing_then_says_so),
        cmocka_unit_test(message_when_channel_is_not_a_string_then_channel_invalid),
        cmocka_unit_test(message_when_a_field_has_the_wrong_type_then_invalid),
        cmocka_unit_test(message_when_an_unused_field_has_the_wrong_type_then_tolerated),
        cmocka_unit_test(message_when_an_envelope_field_is_there_twice_then_invalid),
        cmocka_unit_test(message_when_a_field_is_there_twice_then_the_first_is_kept),
        cmocka_unit_test(message_when_an_unknown_field_is_there_twice_then_tolerated),
        cmocka_unit_test(message_when_names_are_escaped_then_recognised),
        cmocka_unit_test(message_when_there_are_several_problems_then_the_message_comes_first),
        cmocka_unit_test(message_when_data_is_null_then_present),
        cmocka_unit_test(message_when_channel_holds_nul_then_kept),
        cmocka_unit_test(id_when_letters_and_digits_then_valid),
        cmocka_unit_test(id_when_anything_else_then_not_valid_but_no_problem),
        cmocka_unit_test(subscription_when_a_string_then_one_name),
        cmocka_unit_test(subscription_when_an_array_of_strings_then_all_names),
        cmocka_unit_test(subscription_when_an_empty_array_then_valid_and_empty),
        cmocka_unit_test(subscription_when_anything_else_then_not_valid),
        cmocka_unit_test(connection_types_when_an_array_then_its_strings),
        cmocka_unit_test(connection_types_when_no_array_then_as_if_absent),
        cmocka_unit_test(connection_type_when_a_string_then_decoded),
        cmocka_unit_test(advice_when_given_then_its_times),
        cmocka_unit_test(advice_when_negative_or_no_integer_then_ignored),
        cmocka_unit_test(advice_when_huge_then_cut),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
