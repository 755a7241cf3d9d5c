#include <array>
#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/json_text.hpp"
#include "protocol/message.hpp"

namespace {

using bayeux::Millis;
using bayeux::WallTime;
using bayeux::protocol::decode_message;
using bayeux::protocol::is_json;
using bayeux::protocol::make_event;

using namespace std::string_view_literals;

std::string event_of(std::string_view raw) {
    return make_event(decode_message(raw), "/a");
}

// The event of a publish with these members besides channel and data.
std::string event_with(std::string_view members) {
    return event_of(R"({"channel":"/a","data":1,)" + std::string(members) + "}");
}

constexpr const char* kBare = R"({"channel":"/a","data":1})";

// PB-1, PB-3: byte for byte.
void event_when_published_then_data_is_verbatim(void** /*state*/) {
    assert_string_equal(
        event_of(R"({"channel":"/a","data":{"z" : 1.10, "a":12345678901234567890,"e":"\u00e4\/"}})")
            .c_str(),
        R"({"channel":"/a","data":{"z" : 1.10, "a":12345678901234567890,"e":"\u00e4\/"}})");
    assert_string_equal(event_of(R"({"data":null,"channel":"/a"})").c_str(),
                        R"({"channel":"/a","data":null})");
    assert_string_equal(event_of(R"({"data":"\ud800","channel":"/a"})").c_str(),
                        R"({"channel":"/a","data":"\ud800"})");
}

// CH-4: subscribers see one spelling of a name.
void event_when_channel_was_normalised_then_that_name_is_used(void** /*state*/) {
    assert_string_equal(make_event(decode_message(R"({"channel":"/a/","data":1})"), "/a").c_str(),
                        kBare);
}

// CID-3, S5.
void event_when_the_publisher_names_itself_then_not_passed_on(void** /*state*/) {
    assert_string_equal(event_with(R"("clientId":"secret","id":"5")").c_str(), kBare);
    assert_string_equal(event_with(R"("client\u0049d":"secret","\u0069d":"5")").c_str(), kBare);
}

std::string escaped(std::string_view name) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out;
    for (const char c : name) {
        out += std::string("\\u00") + kHex[static_cast<unsigned char>(c) >> 4U] +
               kHex[static_cast<unsigned char>(c) & 0xfU];
    }
    return out;
}

// S6, PB-3.
constexpr std::array<std::string_view, 19> kSteering = {"id",
                                                        "clientId",
                                                        "successful",
                                                        "error",
                                                        "advice",
                                                        "version",
                                                        "minimumVersion",
                                                        "supportedConnectionTypes",
                                                        "connectionType",
                                                        "authSuccessful",
                                                        "connectionId",
                                                        "reestablish",
                                                        "x-messages",
                                                        "__proto__",
                                                        "constructor",
                                                        "prototype",
                                                        "subscription",
                                                        "channel",
                                                        "data"};

std::size_t count_names_passed_on(bool escapes) {
    std::size_t count = 0;
    for (const std::string_view name : kSteering) {
        const std::string key = escapes ? escaped(name) : std::string(name);
        const std::string raw = "{\"x\":0,\"" + key + "\":{}}";
        auto publish = decode_message(raw);
        publish.data = "1";
        count += make_event(publish, "/a") == R"({"channel":"/a","data":1,"x":0})" ? 0U : 1U;
    }
    return count;
}

void event_when_members_would_steer_clients_then_not_passed_on(void** /*state*/) {
    assert_int_equal(count_names_passed_on(false), 0);
}

void event_when_their_names_are_escaped_then_not_passed_on_either(void** /*state*/) {
    assert_int_equal(count_names_passed_on(true), 0);
}

void event_when_a_name_cannot_be_decoded_then_not_passed_on(void** /*state*/) {
    assert_string_equal(event_with(R"("\ud800":1)").c_str(), kBare);
}

// ENV-9.
void event_when_members_are_unknown_then_passed_on_verbatim(void** /*state*/) {
    assert_string_equal(
        event_with(R"("foo" : [1, 2] ,"timestamp":"now","b\u0061r":{"clientId":"x"})").c_str(),
        R"({"channel":"/a","data":1,"foo":[1, 2],"timestamp":"now","b\u0061r":{"clientId":"x"}})");
}

// PB-12, X-BIN.
void event_when_there_is_ext_then_passed_on_verbatim(void** /*state*/) {
    assert_string_equal(event_with(R"("ext":{ "binary" : {} })").c_str(),
                        R"({"channel":"/a","data":1,"ext":{ "binary" : {} }})");
    assert_string_equal(event_with(R"("ext":{})").c_str(), R"({"channel":"/a","data":1,"ext":{}})");
}

// S5.
void event_when_ext_holds_authentication_then_the_rest_of_ext(void** /*state*/) {
    assert_string_equal(
        event_with(
            R"("ext":{"a":[1, 2],"authentication":{"token":"t"},"b" : {"authentication":1}})")
            .c_str(),
        R"({"channel":"/a","data":1,"ext":{"a":[1, 2],"b":{"authentication":1}}})");
    assert_string_equal(event_with(R"("ext":{"auth\u0065ntication":"t","\ud800":1})").c_str(),
                        R"({"channel":"/a","data":1,"ext":{"\ud800":1}})");
    assert_string_equal(
        event_with(R"("ext":{"authentication":1,"x":2,"authentication":3})").c_str(),
        R"({"channel":"/a","data":1,"ext":{"x":2}})");
}

void event_when_ext_holds_nothing_but_authentication_then_no_ext(void** /*state*/) {
    assert_string_equal(event_with(R"("ext":{"authentication":"t"})").c_str(), kBare);
}

void event_when_the_name_needs_quoting_then_still_json(void** /*state*/) {
    const std::string event = make_event(decode_message(R"({"data":1})"), "/\"\xff");
    assert_true(is_json(event));
}

// X-TS: a publisher's own time travels on, but not beside the server's.
void event_when_stamped_then_with_the_servers_time_only(void** /*state*/) {
    constexpr std::string_view kRaw =
        R"({"channel":"/a","data":1,"time\u0073tamp":"mine","x":2,"ext":{"y":3}})";
    assert_string_equal(make_event(decode_message(kRaw), "/a").c_str(),
                        R"({"channel":"/a","data":1,"time\u0073tamp":"mine","x":2,"ext":{"y":3}})");
    assert_string_equal(
        make_event(decode_message(kRaw), "/a", WallTime{Millis{0}}).c_str(),
        R"({"channel":"/a","data":1,"x":2,"ext":{"y":3},"timestamp":"Thu Jan 01 00:00:00 GMT 1970"})");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(event_when_published_then_data_is_verbatim),
        cmocka_unit_test(event_when_channel_was_normalised_then_that_name_is_used),
        cmocka_unit_test(event_when_the_publisher_names_itself_then_not_passed_on),
        cmocka_unit_test(event_when_members_would_steer_clients_then_not_passed_on),
        cmocka_unit_test(event_when_their_names_are_escaped_then_not_passed_on_either),
        cmocka_unit_test(event_when_a_name_cannot_be_decoded_then_not_passed_on),
        cmocka_unit_test(event_when_members_are_unknown_then_passed_on_verbatim),
        cmocka_unit_test(event_when_there_is_ext_then_passed_on_verbatim),
        cmocka_unit_test(event_when_ext_holds_authentication_then_the_rest_of_ext),
        cmocka_unit_test(event_when_ext_holds_nothing_but_authentication_then_no_ext),
        cmocka_unit_test(event_when_the_name_needs_quoting_then_still_json),
        cmocka_unit_test(event_when_stamped_then_with_the_servers_time_only),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
