#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/error_text.hpp"
#include "protocol/message.hpp"

namespace {

namespace error_text = bayeux::protocol::error_text;
using bayeux::Millis;
using bayeux::protocol::Advice;
using bayeux::protocol::decode_message;
using bayeux::protocol::Reconnect;
using bayeux::protocol::Reply;

using namespace std::string_view_literals;

std::string success_of(std::string_view raw) {
    return Reply(decode_message(raw)).succeed().text();
}

std::string failure_of(std::string_view raw, std::string_view error) {
    return Reply(decode_message(raw)).fail(error).text();
}

// ENV-10, ENV-12.
void reply_when_successful_then_echoes_channel_and_id_without_error(void** /*state*/) {
    assert_string_equal(success_of(R"({"channel":"/a","id":"1","data":{}})").c_str(),
                        R"({"channel":"/a","id":"1","successful":true})");
}

// ENV-4, ENV-5.
void reply_when_id_is_a_string_or_number_then_the_same_token(void** /*state*/) {
    assert_string_equal(success_of(R"({"id":1.50E1,"channel":"/a"})").c_str(),
                        R"({"channel":"/a","id":1.50E1,"successful":true})");
    assert_string_equal(success_of(R"({"id":"\u0061\/","channel":"/a"})").c_str(),
                        R"({"channel":"/a","id":"\u0061\/","successful":true})");
}

void reply_when_id_is_neither_or_too_long_then_left_out(void** /*state*/) {
    constexpr const char* kBare = R"({"channel":"/a","successful":true})";
    assert_string_equal(success_of(R"({"channel":"/a"})").c_str(), kBare);
    for (const std::string_view id : {"null"sv, "true"sv, "{}"sv, "[1]"sv}) {
        const std::string raw = R"({"channel":"/a","id":)" + std::string(id) + "}";
        assert_string_equal(success_of(raw).c_str(), kBare);
    }
    const std::string longest = R"({"channel":"/a","id":")" + std::string(254, 'x') + "\"}";
    assert_true(success_of(longest).find("xxx") != std::string::npos);
    const std::string longer = R"({"channel":"/a","id":")" + std::string(255, 'x') + "\"}";
    assert_string_equal(success_of(longer).c_str(), kBare);
}

// ENV-10, SB-2.
void reply_when_there_is_a_subscription_then_echoed_in_the_same_shape(void** /*state*/) {
    assert_string_equal(
        success_of(R"({"channel":"/meta/subscribe","subscription":["/a" ,"\/b"]})").c_str(),
        R"({"channel":"/meta/subscribe","subscription":["/a" ,"\/b"],"successful":true})");
    assert_string_equal(success_of(R"({"channel":"/a","subscription":"/b"})").c_str(),
                        R"({"channel":"/a","subscription":"/b","successful":true})");
}

void reply_when_the_subscription_is_too_long_then_left_out(void** /*state*/) {
    const std::string raw = R"({"channel":"/a","subscription":")" + std::string(8192, 'x') + "\"}";
    assert_string_equal(success_of(raw).c_str(), R"({"channel":"/a","successful":true})");
}

void reply_when_the_request_has_no_channel_then_neither_has_it(void** /*state*/) {
    assert_string_equal(failure_of("{}", error_text::kChannelMissing).c_str(),
                        R"({"successful":false,"error":"400::channel_missing"})");
    assert_string_equal(failure_of(R"({"channel":1,"id":2})", error_text::kChannelInvalid).c_str(),
                        R"({"id":2,"successful":false,"error":"405::channel_invalid"})");
    assert_string_equal(failure_of("null", error_text::kMessageInvalid).c_str(),
                        R"({"successful":false,"error":"400::message_invalid"})");
}

// S22.
void reply_when_the_channel_is_hostile_then_quoted(void** /*state*/) {
    assert_string_equal(success_of(R"({"channel":"/a\"</script>\u0000\u2028"})").c_str(),
                        R"({"channel":"/a\"\u003c/script>\u0000\u2028","successful":true})");
}

std::string whole_reply() {
    const Advice advice{Reconnect::kRetry, Millis(0), Millis(30000), std::nullopt};
    return Reply(decode_message(R"({"channel":"/meta/handshake","id":"1"})"))
        .advise(advice)
        .with("version", "\"1.0\"")
        .with("clientId", "\"abc\"")
        .with("ext", R"({"ack":true})")
        .succeed()
        .text();
}

// HS-2.
void reply_when_it_has_further_members_then_in_the_order_given(void** /*state*/) {
    assert_string_equal(
        whole_reply().c_str(),
        R"({"channel":"/meta/handshake","id":"1","successful":true,"version":"1.0",)"
        R"("clientId":"abc","ext":{"ack":true},)"
        R"("advice":{"reconnect":"retry","interval":0,"timeout":30000}})");
}

// HS-3, HS-6.
void reply_when_failed_with_advice_then_error_and_advice(void** /*state*/) {
    const std::string text =
        Reply(decode_message(R"({"channel":"/meta/handshake"})"))
            .fail(error_text::kHandshakeDenied)
            .advise({Reconnect::kNone, std::nullopt, std::nullopt, std::nullopt})
            .text();
    assert_string_equal(text.c_str(),
                        R"({"channel":"/meta/handshake","successful":false,)"
                        R"("error":"403::handshake_denied","advice":{"reconnect":"none"}})");
}

void reply_when_the_error_is_taken_back_then_gone(void** /*state*/) {
    Reply reply(decode_message(R"({"channel":"/a"})"));
    assert_false(reply.successful());
    assert_string_equal(reply.fail("x").succeed().text().c_str(),
                        R"({"channel":"/a","successful":true})");
    assert_true(reply.successful());
}

void reply_when_pending_then_open_for_extensions(void** /*state*/) {
    const auto pending = Reply(decode_message("{}")).pending();
    assert_string_equal(pending.text.c_str(), R"({"successful":false)");
    assert_false(pending.ack || pending.wants_batch || pending.timesync || pending.timestamp);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(reply_when_successful_then_echoes_channel_and_id_without_error),
        cmocka_unit_test(reply_when_id_is_a_string_or_number_then_the_same_token),
        cmocka_unit_test(reply_when_id_is_neither_or_too_long_then_left_out),
        cmocka_unit_test(reply_when_there_is_a_subscription_then_echoed_in_the_same_shape),
        cmocka_unit_test(reply_when_the_subscription_is_too_long_then_left_out),
        cmocka_unit_test(reply_when_the_request_has_no_channel_then_neither_has_it),
        cmocka_unit_test(reply_when_the_channel_is_hostile_then_quoted),
        cmocka_unit_test(reply_when_it_has_further_members_then_in_the_order_given),
        cmocka_unit_test(reply_when_failed_with_advice_then_error_and_advice),
        cmocka_unit_test(reply_when_the_error_is_taken_back_then_gone),
        cmocka_unit_test(reply_when_pending_then_open_for_extensions),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
