#include <cstdint>
#include <optional>
#include <string>

#include "cmocka.hpp"
#include "protocol/json_text.hpp"
#include "protocol/pending_reply.hpp"

namespace {

using bayeux::Millis;
using bayeux::WallTime;
using bayeux::protocol::is_json;
using bayeux::protocol::PendingReply;
using bayeux::protocol::TimesyncReply;

constexpr WallTime kNow{Millis{1700000000000}};

PendingReply plain() {
    PendingReply reply;
    reply.text = R"({"successful":true)";
    return reply;
}

std::string written(const PendingReply& reply, std::optional<std::uint32_t> batch = std::nullopt) {
    std::string out = "[";
    reply.append_to(out, {.now = kNow, .batch = batch});
    return is_json(out + "]") ? out : "no JSON: " + out;
}

// X-ACK 9: a reply to which no extension adds anything has no ext.
void reply_when_plain_then_closed_and_nothing_else(void** /*state*/) {
    assert_string_equal(written(plain()).c_str(), R"([{"successful":true})");
    assert_string_equal(written(plain(), 5).c_str(), R"([{"successful":true})");
}

// X-ACK 2.
void reply_when_ack_is_known_then_written(void** /*state*/) {
    PendingReply reply = plain();
    reply.ack = "true";
    assert_string_equal(written(reply).c_str(), R"([{"successful":true,"ext":{"ack":true}})");
}

// X-ACK 4: a reply that brings no batch, because its session has none, acknowledges nothing.
void reply_when_it_wants_a_batch_then_written_if_there_is_one(void** /*state*/) {
    PendingReply reply = plain();
    reply.wants_batch = true;
    assert_string_equal(written(reply, 4294967295).c_str(),
                        R"([{"successful":true,"ext":{"ack":4294967295}})");
    assert_string_equal(written(reply).c_str(), R"([{"successful":true})");
}

// X-TSYNC 3, X-TS: with the time of writing.
void reply_when_everything_is_on_then_in_one_ext(void** /*state*/) {
    PendingReply reply = plain();
    reply.timesync =
        TimesyncReply{.client_time = 3, .arrived = kNow - Millis{40}, .accuracy = std::nullopt};
    assert_string_equal(
        written(reply).c_str(),
        R"([{"successful":true,"ext":{"timesync":{"tc":3,"ts":1699999999960,"p":40}}})");
    reply.wants_batch = true;
    reply.timestamp = true;
    assert_string_equal(
        written(reply, 1).c_str(),
        R"([{"successful":true,"ext":{"ack":1,"timesync":{"tc":3,"ts":1699999999960,"p":40}},)"
        R"("timestamp":"Tue Nov 14 22:13:20 GMT 2023"})");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(reply_when_plain_then_closed_and_nothing_else),
        cmocka_unit_test(reply_when_ack_is_known_then_written),
        cmocka_unit_test(reply_when_it_wants_a_batch_then_written_if_there_is_one),
        cmocka_unit_test(reply_when_everything_is_on_then_in_one_ext),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
