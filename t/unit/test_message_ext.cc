// What decode_message() makes of `ext`.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/message.hpp"

namespace {

using bayeux::protocol::decode_message;
using bayeux::protocol::Message;

using namespace std::string_view_literals;

// A Message borrows from its text, so that is kept.
class Decoded {
  public:
    explicit Decoded(std::string_view ext, std::string_view channel = "/meta/connect")
        : raw_(R"({"ext":)" + std::string(ext) + R"(,"channel":")" + std::string(channel) + "\"}"),
          message_(decode_message(raw_)) {}
    const Message* operator->() const { return &message_; }

  private:
    std::string raw_;
    Message message_;
};

std::optional<std::int64_t> acknowledged(std::string_view value) {
    return Decoded("{\"ack\":" + std::string(value) + "}")->acknowledged;
}

bool wants_ack(std::string_view value) {
    return Decoded("{\"ack\":" + std::string(value) + "}")->wants_ack;
}

// X-ACK 1: `true` and nothing like it.
void ack_when_true_then_wanted(void** /*state*/) {
    assert_true(wants_ack("true"));
    for (const auto value : {"false"sv, "1"sv, "\"true\""sv, "null"sv, "{}"sv, "[true]"sv}) {
        assert_false(wants_ack(value));
        assert_false(Decoded("{\"ack\":" + std::string(value) + "}")->problem.has_value());
    }
    assert_false(acknowledged("true").has_value());
}

// X-ACK 5.
void ack_when_an_integer_then_acknowledged(void** /*state*/) {
    assert_true(acknowledged("0") == 0);
    assert_true(acknowledged("-1") == -1);
    assert_true(acknowledged("17") == 17);
    assert_true(acknowledged("3.0") == 3);
    assert_true(acknowledged("9223372036854775807") == INT64_MAX);
}

// S3: nothing that is no number, or none that can be one of ours, stands for one.
void ack_when_hostile_then_absent(void** /*state*/) {
    for (const auto value : {"99999999999999999999"sv, "1e400"sv, "0.5"sv, "\"1\""sv, "null"sv,
                             "[1]"sv, "{\"batch\":1}"sv, "-9223372036854775809"sv}) {
        assert_false(acknowledged(value).has_value());
    }
}

void ext_when_names_are_escaped_then_recognised(void** /*state*/) {
    assert_true(Decoded(R"({"\u0061ck":4})")->acknowledged == 4);
    assert_false(Decoded(R"({"ACK":4,"ack ":5,"x":{"ack":6}})")->acknowledged.has_value());
}

// X-TSYNC 1.
void timesync_when_given_then_decoded(void** /*state*/) {
    const Decoded whole(R"({"timesync":{"tc":1700000000000,"l":12,"o":-7}})");
    assert_true(whole->timesync.has_value());
    assert_true(whole->timesync->client_time == 1700000000000);
    assert_true(whole->timesync->lag == 12);
    assert_true(whole->timesync->offset == -7);
    const Decoded bare(R"({"timesync":{"tc":1}})");
    assert_true(bare->timesync.has_value());
    assert_false(bare->timesync->lag.has_value());
    assert_true(bare->timesync->offset == 0);
}

// S6.
void timesync_when_hostile_then_absent(void** /*state*/) {
    for (const auto value :
         {"{}"sv, "5"sv, "null"sv, "[]"sv, "true"sv, R"({"l":0,"o":0})"sv, R"({"tc":"1"})"sv,
          R"({"tc":9007199254740993})"sv, R"({"tc":-9007199254740993})"sv, R"({"tc":1e300})"sv}) {
        const Decoded message("{\"timesync\":" + std::string(value) + "}");
        assert_false(message->timesync.has_value());
        assert_false(message->problem.has_value());
    }
    const Decoded odd(R"({"timesync":{"tc":1,"l":"x","o":1e18}})");
    assert_false(odd->timesync->lag.has_value());
    assert_true(odd->timesync->offset == 0);
}

// PB-12: the ext of a publish is for its subscribers; meta messages only (X-TSYNC 1).
void ext_when_of_a_publish_then_not_looked_at(void** /*state*/) {
    for (const auto channel : {"/a"sv, "/service/a"sv, "/meta/other"sv}) {
        const Decoded message(R"({"ack":true,"timesync":{"tc":1}})", channel);
        assert_false(message->wants_ack);
        assert_false(message->timesync.has_value());
        assert_false(message->ext.empty());
    }
    for (const auto channel : {"/meta/handshake"sv, "/meta/subscribe"sv, "/meta/unsubscribe"sv,
                               "/meta/disconnect"sv, "/meta/connect"sv}) {
        assert_true(Decoded(R"({"timesync":{"tc":1}})", channel)->timesync.has_value());
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(ack_when_true_then_wanted),
        cmocka_unit_test(ack_when_an_integer_then_acknowledged),
        cmocka_unit_test(ack_when_hostile_then_absent),
        cmocka_unit_test(ext_when_names_are_escaped_then_recognised),
        cmocka_unit_test(timesync_when_given_then_decoded),
        cmocka_unit_test(timesync_when_hostile_then_absent),
        cmocka_unit_test(ext_when_of_a_publish_then_not_looked_at),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
