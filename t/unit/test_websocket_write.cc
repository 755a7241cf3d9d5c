#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/websocket_frame.hpp"

namespace {

using bayeux::protocol::append_close_frame;
using bayeux::protocol::append_frame_head;
using bayeux::protocol::CloseCode;
using bayeux::protocol::Opcode;

std::string hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned>(static_cast<unsigned char>(c));
        out += {kDigits[byte >> 4U], kDigits[byte & 0xfU]};
    }
    return out;
}

std::string head(Opcode opcode, std::size_t length, bool compressed = false) {
    std::string out = "=";
    append_frame_head(out, opcode, length, compressed);
    return hex(out.substr(1));
}

void head_when_of_any_length_then_in_its_shortest_form(void** /*state*/) {
    assert_string_equal(head(Opcode::kText, 0).c_str(), "8100");
    assert_string_equal(head(Opcode::kText, 125).c_str(), "817d");
    assert_string_equal(head(Opcode::kText, 126).c_str(), "817e007e");
    assert_string_equal(head(Opcode::kText, 0x1234).c_str(), "817e1234");
    assert_string_equal(head(Opcode::kText, 0xffff).c_str(), "817effff");
    assert_string_equal(head(Opcode::kText, 0x10000).c_str(), "817f0000000000010000");
    assert_string_equal(head(Opcode::kText, 0x123456789a).c_str(), "817f000000123456789a");
}

void head_when_of_any_kind_then_its_opcode_and_flags(void** /*state*/) {
    assert_string_equal(head(Opcode::kPing, 3).c_str(), "8903");
    assert_string_equal(head(Opcode::kPong, 3).c_str(), "8a03");
    assert_string_equal(head(Opcode::kClose, 2).c_str(), "8802");
    assert_string_equal(head(Opcode::kText, 3, true).c_str(), "c103");
}

std::string close(CloseCode code, std::string_view reason) {
    std::string out;
    append_close_frame(out, code, reason);
    return out;
}

void close_when_with_code_and_reason_then_both_in_one_frame(void** /*state*/) {
    assert_string_equal(hex(close(CloseCode::kNormal, "")).c_str(), "880203e8");
    assert_string_equal(hex(close(CloseCode::kServiceRestart, "abc")).c_str(), "880503f4616263");
}

void close_when_without_code_then_empty(void** /*state*/) {
    assert_string_equal(hex(close(CloseCode::kNone, "nobody reads this")).c_str(), "8800");
}

void close_when_the_reason_is_too_long_then_cut_at_a_character(void** /*state*/) {
    const std::string letters(200, 'a');
    assert_int_equal(close(CloseCode::kNormal, letters).size(), 2 + 125);
    assert_int_equal(close(CloseCode::kNormal, letters.substr(0, 123)).size(), 2 + 125);
    // Three bytes each: 41 of them fit.
    std::string euros;
    for (int i = 0; i < 60; ++i) {
        euros += "\xe2\x82\xac";
    }
    assert_string_equal(close(CloseCode::kNormal, euros).substr(4).c_str(),
                        euros.substr(0, std::size_t{41} * 3).c_str());
    assert_string_equal(close(CloseCode::kNormal, "ab" + euros).substr(4).c_str(),
                        ("ab" + euros.substr(0, std::size_t{40} * 3)).c_str());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(head_when_of_any_length_then_in_its_shortest_form),
        cmocka_unit_test(head_when_of_any_kind_then_its_opcode_and_flags),
        cmocka_unit_test(close_when_with_code_and_reason_then_both_in_one_frame),
        cmocka_unit_test(close_when_without_code_then_empty),
        cmocka_unit_test(close_when_the_reason_is_too_long_then_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
