// FrameReader but for UTF-8, which is in test_websocket_text.cc. The sections are those of the
// Autobahn list.
#include <string>
#include <string_view>

#include "client_frames.hpp"
#include "cmocka.hpp"
#include "frame_transcript.hpp"
#include "protocol/websocket_frame.hpp"

namespace {

using bayeux::client_claim;
using bayeux::client_frame;
using bayeux::client_text;
using bayeux::close_payload;
using bayeux::transcript;
using bayeux::protocol::FrameReader;
using bayeux::protocol::Received;

std::string fragment(unsigned opcode, std::string_view payload, bool final) {
    return client_frame({.opcode = opcode, .payload = payload, .final = final});
}

std::string ping(std::string_view payload) {
    return client_frame({.opcode = 9, .payload = payload});
}

std::string pong(std::string_view payload) {
    return client_frame({.opcode = 10, .payload = payload});
}

std::string close(std::string_view payload) {
    return client_frame({.opcode = 8, .payload = payload});
}

// Letters that are not the same at any two places near each other.
std::string letters(std::size_t length) {
    std::string out;
    for (std::size_t i = 0; i < length; ++i) {
        out += static_cast<char>('a' + i * i % 23);
    }
    return out;
}

// --- 1: framing ---

// The lengths on both sides of each form of the head, and of the word that is unmasked at once.
int count_lengths_that_fail() {
    int count = 0;
    for (const std::size_t length : {0U, 1U, 3U, 4U, 5U, 7U, 8U, 9U, 15U, 16U, 17U, 124U, 125U,
                                     126U, 127U, 128U, 4095U, 65535U, 65536U}) {
        const std::string text = letters(length);
        count += transcript(client_text(text) + client_text("x")) == "<" + text + "><x>" ? 0 : 1;
    }
    return count;
}

void frame_when_of_any_length_then_its_message(void** /*state*/) {
    assert_int_equal(count_lengths_that_fail(), 0);
}

void frame_when_incomplete_then_nothing_yet(void** /*state*/) {
    const std::string whole = client_text("hello");
    assert_string_equal(transcript("").c_str(), "");
    assert_string_equal(transcript(whole.substr(0, 1)).c_str(), "...");
    assert_string_equal(transcript(whole.substr(0, 5)).c_str(), "...");
    assert_string_equal(transcript(whole.substr(0, whole.size() - 1)).c_str(), "...");
}

void frame_when_not_masked_then_1002(void** /*state*/) {
    for (const unsigned opcode : {1U, 8U, 9U, 10U}) {
        const std::string bytes = client_frame({.opcode = opcode, .masked = false});
        assert_string_equal(transcript(bytes).c_str(), "error 1002");
    }
}

void frame_when_binary_then_1003(void** /*state*/) {
    assert_string_equal(transcript(fragment(2, "x", true)).c_str(), "error 1003");
    assert_string_equal(transcript(fragment(2, "x", false)).c_str(), "error 1003");
}

// --- 2: pings and pongs ---

void control_when_alone_then_reported_with_its_payload(void** /*state*/) {
    const std::string longest = letters(125);
    assert_string_equal(transcript(ping("") + ping("here") + pong("there")).c_str(),
                        "ping()ping(here)pong(there)");
    assert_string_equal(transcript(ping(longest)).c_str(), ("ping(" + longest + ")").c_str());
    assert_string_equal(transcript(ping("\x01\xff")).c_str(), "ping(\x01\xff)");
}

void control_when_longer_than_125_then_1002(void** /*state*/) {
    assert_string_equal(transcript(ping(letters(126))).c_str(), "error 1002");
    assert_string_equal(transcript(pong(letters(126))).c_str(), "error 1002");
    assert_string_equal(transcript(close(close_payload(1000, letters(124)))).c_str(), "error 1002");
    // Known after two bytes (S12).
    assert_string_equal(transcript("\x89\xfe").c_str(), "error 1002");
    assert_string_equal(transcript("\x89\xff").c_str(), "error 1002");
}

void control_when_fragmented_then_1002(void** /*state*/) {
    for (const unsigned opcode : {8U, 9U, 10U}) {
        assert_string_equal(transcript(fragment(opcode, "", false)).c_str(), "error 1002");
    }
}

// --- 3: reserved bits ---

std::string with_reserved(unsigned opcode, unsigned reserved) {
    return client_frame({.opcode = opcode, .reserved = reserved});
}

int count_reserved_that_pass() {
    int count = 0;
    for (const unsigned opcode : {1U, 2U, 8U, 9U, 10U}) {
        for (unsigned reserved = 1; reserved < 8; ++reserved) {
            const std::string bytes = with_reserved(opcode, reserved);
            count += transcript(bytes) == "error 1002" ? 0 : 1;
            const bool allowed = reserved == 4 && opcode <= 2;
            count += allowed || transcript(bytes, 65536, true) == "error 1002" ? 0 : 1;
        }
    }
    return count;
}

void reserved_bit_when_not_agreed_on_then_1002(void** /*state*/) {
    assert_int_equal(count_reserved_that_pass(), 0);
}

void reserved_bit_when_on_a_continuation_then_1002_even_with_deflate(void** /*state*/) {
    const std::string bytes =
        fragment(1, "a", false) + client_frame({.opcode = 0, .payload = "b", .reserved = 4});
    assert_string_equal(transcript(bytes, 65536, true).c_str(), "error 1002");
}

// --- 4: opcodes ---

void opcode_when_reserved_then_1002(void** /*state*/) {
    for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
        assert_string_equal(transcript(client_text("a") + fragment(opcode, "b", true)).c_str(),
                            "<a>error 1002");
    }
}

// --- 5: fragmentation ---

void fragments_when_complete_then_one_message(void** /*state*/) {
    const std::string bytes = fragment(1, "one ", false) + fragment(0, "two ", false) +
                              fragment(0, "three", true) + client_text("four");
    assert_string_equal(transcript(bytes).c_str(), "<one two three><four>");
}

void fragments_when_empty_then_no_matter(void** /*state*/) {
    const std::string bytes = fragment(1, "", false) + fragment(0, "a", false) +
                              fragment(0, "", false) + fragment(0, "", true);
    assert_string_equal(transcript(bytes).c_str(), "<a>");
    assert_string_equal(transcript(fragment(1, "", false) + fragment(0, "", true)).c_str(), "<>");
}

void fragments_when_of_one_byte_then_each_has_its_own_mask(void** /*state*/) {
    const std::string text = letters(300);
    std::string bytes = fragment(1, "", false);
    for (std::size_t i = 0; i < text.size(); ++i) {
        bytes += fragment(0, text.substr(i, 1), i + 1 == text.size());
    }
    assert_string_equal(transcript(bytes).c_str(), ("<" + text + ">").c_str());
}

void fragments_when_control_frames_come_between_then_those_first(void** /*state*/) {
    const std::string bytes = fragment(1, "one ", false) + ping("p") + fragment(0, "two ", false) +
                              pong("q") + ping("") + fragment(0, "three", true);
    assert_string_equal(transcript(bytes).c_str(), "ping(p)pong(q)ping()<one two three>");
}

void fragments_when_closed_between_then_the_close(void** /*state*/) {
    const std::string bytes =
        fragment(1, "one ", false) + close(close_payload(1000)) + fragment(0, "two", true);
    assert_string_equal(transcript(bytes).c_str(), "close(1000)...");
}

void fragments_when_a_new_message_begins_then_1002(void** /*state*/) {
    assert_string_equal(transcript(fragment(1, "a", false) + client_text("b")).c_str(),
                        "error 1002");
    assert_string_equal(transcript(fragment(1, "a", false) + fragment(2, "b", true)).c_str(),
                        "error 1002");
}

void continuation_when_nothing_began_then_1002(void** /*state*/) {
    assert_string_equal(transcript(fragment(0, "a", true)).c_str(), "error 1002");
    assert_string_equal(transcript(fragment(0, "a", false)).c_str(), "error 1002");
    assert_string_equal(
        transcript(fragment(1, "a", false) + fragment(0, "b", true) + fragment(0, "c", true))
            .c_str(),
        "<ab>error 1002");
    assert_string_equal(transcript(ping("") + fragment(0, "a", true)).c_str(), "ping()error 1002");
}

// --- 7: close ---

void close_when_well_formed_then_code_and_reason(void** /*state*/) {
    assert_string_equal(transcript(close("")).c_str(), "close(0)");
    assert_string_equal(transcript(close(close_payload(1000))).c_str(), "close(1000)");
    assert_string_equal(transcript(close(close_payload(1001, "bye \xe2\x82\xac"))).c_str(),
                        "close(1001 bye \xe2\x82\xac)");
    const std::string longest = letters(123);
    assert_string_equal(transcript(close(close_payload(4000, longest))).c_str(),
                        ("close(4000 " + longest + ")").c_str());
}

void close_when_there_is_half_a_code_then_1002(void** /*state*/) {
    assert_string_equal(transcript(close("\x03")).c_str(), "error 1002");
    // 3072 would be allowed.
    assert_string_equal(transcript(close("\x0c")).c_str(), "error 1002");
}

// RFC 6455 7.4.
bool is_allowed(unsigned code) {
    return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) ||
           (code >= 3000 && code <= 4999);
}

int count_codes_judged_wrongly() {
    int count = 0;
    for (unsigned code = 0; code < 65536; code += code < 5100 ? 1 : 997) {
        const std::string expected =
            is_allowed(code) ? "close(" + std::to_string(code) + ")" : "error 1002";
        const std::string bytes = close(close_payload(code));
        count += transcript(bytes, 1, false, bytes.size(), false) == expected ? 0 : 1;
    }
    return count;
}

void close_when_its_code_is_not_allowed_then_1002(void** /*state*/) {
    assert_int_equal(count_codes_judged_wrongly(), 0);
}

void close_when_its_reason_is_not_utf8_then_1007(void** /*state*/) {
    assert_string_equal(transcript(close(close_payload(1000, "\xce\xba\xff"))).c_str(),
                        "error 1007");
    // Cut off within a character.
    assert_string_equal(transcript(close(close_payload(1000, "\xe2\x82"))).c_str(), "error 1007");
}

void close_when_more_follows_then_that_is_discarded(void** /*state*/) {
    const std::string bytes = close(close_payload(1000)) + client_text("x") + "\xff\xff garbage";
    assert_string_equal(transcript(bytes).c_str(), "close(1000)");
}

// --- 9: limits (S12) ---

void length_when_its_top_bit_is_set_then_1002(void** /*state*/) {
    assert_string_equal(transcript(client_claim(0x8000000000000000U)).c_str(), "error 1002");
    assert_string_equal(transcript(client_claim(0xffffffffffffffffU)).c_str(), "error 1002");
}

void length_when_not_in_its_shortest_form_then_1002(void** /*state*/) {
    for (const unsigned length : {0U, 5U, 125U}) {
        const std::string text = letters(length);
        for (const unsigned bits : {16U, 64U}) {
            const std::string bytes = client_frame({.payload = text, .length_bits = bits});
            assert_string_equal(transcript(bytes).c_str(), "error 1002");
        }
    }
    const std::string text = letters(65535);
    const std::string bytes = client_frame({.payload = text, .length_bits = 64});
    assert_string_equal(transcript(bytes).c_str(), "error 1002");
}

void message_when_as_long_as_allowed_then_taken_and_one_more_byte_1009(void** /*state*/) {
    assert_string_equal(transcript(client_text(letters(200)), 200).c_str(),
                        ("<" + letters(200) + ">").c_str());
    assert_string_equal(transcript(client_text(letters(201)), 200).c_str(), "error 1009");
    assert_string_equal(transcript(client_text("") + client_text("x"), 0).c_str(), "<>error 1009");
}

// Refused by the head alone.
void message_when_it_claims_to_be_too_long_then_1009_before_its_payload(void** /*state*/) {
    assert_string_equal(transcript(client_claim(65537)).c_str(), "error 1009");
    assert_string_equal(transcript(client_claim(0x7fffffffffffffffU)).c_str(), "error 1009");
    assert_string_equal(transcript(client_claim(0x7fffffffffffffffU), 65536, true).c_str(),
                        "error 1009");
}

void fragments_when_their_sum_is_too_long_then_1009(void** /*state*/) {
    const std::string begun = fragment(1, letters(150), false) + fragment(0, letters(50), false);
    assert_string_equal(transcript(begun + fragment(0, "", true), 200).c_str(),
                        ("<" + letters(150) + letters(50) + ">").c_str());
    assert_string_equal(transcript(begun + fragment(0, "x", true), 200).c_str(), "error 1009");
    assert_string_equal(transcript(begun + client_claim(0x7fffffffffffffffU, 0), 200).c_str(),
                        "error 1009");
}

// A control frame is not a message: the limit is not for it.
void control_when_the_limit_is_small_then_still_taken(void** /*state*/) {
    assert_string_equal(transcript(fragment(1, "ab", false) + ping("0123456789"), 2).c_str(),
                        "ping(0123456789)...");
}

// --- the reader itself ---

struct Twice {
    Received first;
    Received second;
    bool consumed = false;
};

Twice fail_and_go_on() {
    FrameReader reader(100);
    const std::string bytes = fragment(3, "", true) + client_text("x");
    std::string_view rest = bytes;
    Twice twice;
    twice.first = reader.next(rest);
    twice.second = reader.next(rest);
    twice.consumed = rest.empty();
    return twice;
}

void reader_when_it_has_failed_then_says_so_again_and_reads_nothing(void** /*state*/) {
    const Twice twice = fail_and_go_on();
    assert_int_equal(twice.first.kind, Received::Kind::kError);
    assert_int_equal(twice.second.kind, Received::Kind::kError);
    assert_int_equal(twice.second.code, twice.first.code);
    assert_true(!twice.second.payload.empty());
    assert_true(twice.second.payload == twice.first.payload);
    assert_true(twice.consumed);
}

bool in_message_after(std::string_view bytes) {
    FrameReader reader(100);
    while (reader.next(bytes).kind != Received::Kind::kNothing) {
    }
    return reader.in_message();
}

void reader_when_within_a_frame_or_message_then_knows(void** /*state*/) {
    assert_false(in_message_after(""));
    assert_true(in_message_after("\x81"));
    assert_true(in_message_after(client_text("abc").substr(0, 8)));
    assert_false(in_message_after(client_text("abc")));
    assert_true(in_message_after(fragment(1, "a", false)));
    assert_true(in_message_after(fragment(1, "a", false) + ping("")));
    assert_false(in_message_after(fragment(1, "a", false) + fragment(0, "", true)));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(frame_when_of_any_length_then_its_message),
        cmocka_unit_test(frame_when_incomplete_then_nothing_yet),
        cmocka_unit_test(frame_when_not_masked_then_1002),
        cmocka_unit_test(frame_when_binary_then_1003),
        cmocka_unit_test(control_when_alone_then_reported_with_its_payload),
        cmocka_unit_test(control_when_longer_than_125_then_1002),
        cmocka_unit_test(control_when_fragmented_then_1002),
        cmocka_unit_test(reserved_bit_when_not_agreed_on_then_1002),
        cmocka_unit_test(reserved_bit_when_on_a_continuation_then_1002_even_with_deflate),
        cmocka_unit_test(opcode_when_reserved_then_1002),
        cmocka_unit_test(fragments_when_complete_then_one_message),
        cmocka_unit_test(fragments_when_empty_then_no_matter),
        cmocka_unit_test(fragments_when_of_one_byte_then_each_has_its_own_mask),
        cmocka_unit_test(fragments_when_control_frames_come_between_then_those_first),
        cmocka_unit_test(fragments_when_closed_between_then_the_close),
        cmocka_unit_test(fragments_when_a_new_message_begins_then_1002),
        cmocka_unit_test(continuation_when_nothing_began_then_1002),
        cmocka_unit_test(close_when_well_formed_then_code_and_reason),
        cmocka_unit_test(close_when_there_is_half_a_code_then_1002),
        cmocka_unit_test(close_when_its_code_is_not_allowed_then_1002),
        cmocka_unit_test(close_when_its_reason_is_not_utf8_then_1007),
        cmocka_unit_test(close_when_more_follows_then_that_is_discarded),
        cmocka_unit_test(length_when_its_top_bit_is_set_then_1002),
        cmocka_unit_test(length_when_not_in_its_shortest_form_then_1002),
        cmocka_unit_test(message_when_as_long_as_allowed_then_taken_and_one_more_byte_1009),
        cmocka_unit_test(message_when_it_claims_to_be_too_long_then_1009_before_its_payload),
        cmocka_unit_test(fragments_when_their_sum_is_too_long_then_1009),
        cmocka_unit_test(control_when_the_limit_is_small_then_still_taken),
        cmocka_unit_test(reader_when_it_has_failed_then_says_so_again_and_reads_nothing),
        cmocka_unit_test(reader_when_within_a_frame_or_message_then_knows),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
