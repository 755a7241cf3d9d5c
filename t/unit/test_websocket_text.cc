// FrameReader and UTF-8 (section 6 of the Autobahn list), and what it does with permessage-deflate
// (sections 12 and 13) and with memory.
#include <malloc.h>
#include <string>
#include <string_view>

#include "client_frames.hpp"
#include "cmocka.hpp"
#include "frame_transcript.hpp"
#include "protocol/deflate.hpp"
#include "protocol/websocket_frame.hpp"

namespace {

using bayeux::client_frame;
using bayeux::client_text;
using bayeux::transcript;
using bayeux::protocol::FrameReader;
using bayeux::protocol::Received;

using namespace std::string_view_literals;

// One, two, three and four bytes, on both sides of what surrogates leave out.
constexpr std::string_view kValid[] = {
    "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"sv,
    "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!"sv,
    "\0"sv,
    "\xc2\x80"sv,
    "\xe0\xa0\x80"sv,
    "\xed\x9f\xbf"sv,
    "\xee\x80\x80"sv,
    "\xef\xbf\xbd"sv,
    "\xef\xbf\xbf"sv,
    "\xf0\x90\x80\x80"sv,
    "\xf4\x8f\xbf\xbf"sv,
    "a long run of letters, then \xf0\x9f\x98\x80\xf0\x9f\x98\x80 and letters again"sv,
};

constexpr std::string_view kInvalid[] = {
    "\x80"sv,
    "\xbf"sv,
    "\xc0\xaf"sv,
    "\xc1\xbf"sv,
    "\xe0\x80\xaf"sv,
    "\xe0\x9f\xbf"sv,
    "\xf0\x80\x80\xaf"sv,
    "\xf0\x8f\xbf\xbf"sv,
    "\xed\xa0\x80"sv,
    "\xed\xbf\xbf"sv,
    "\xed\xa0\x80\xed\xb0\x80"sv,
    "\xf4\x90\x80\x80"sv,
    "\xf5\x80\x80\x80"sv,
    "\xf8\x88\x80\x80\x80"sv,
    "\xfe"sv,
    "\xff"sv,
    "letters \xce\xba\xe1\xbd\xb9\xcf\x83 and then \xed\xa0\x80 edited"sv,
    "\xc2"sv,
    "\xe2\x82"sv,
    "\xf0\x9f\x98"sv,
    "\xce\xba\xe1\xbd"sv,
};

// `text` in two fragments, cut at each place in turn, says `expected`.
bool says_in_fragments(std::string_view text, const std::string& expected) {
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        const std::string bytes =
            client_frame({.payload = text.substr(0, cut), .final = false}) +
            client_frame({.opcode = 0, .payload = text.substr(cut), .final = true});
        if (transcript(bytes) != expected) {
            return false;
        }
    }
    return transcript(client_text(text)) == expected;
}

int count_judged_wrongly() {
    int count = 0;
    for (const std::string_view text : kValid) {
        count += says_in_fragments(text, "<" + std::string(text) + ">") ? 0 : 1;
    }
    for (const std::string_view text : kInvalid) {
        count += says_in_fragments(text, "error 1007") ? 0 : 1;
    }
    return count;
}

void text_when_cut_anywhere_then_judged_as_a_whole(void** /*state*/) {
    assert_int_equal(count_judged_wrongly(), 0);
}

// How many bytes of payload it takes until a message of `text`, whose end never comes, fails.
std::size_t fails_after(std::string_view text) {
    std::string padded(text);
    padded.append(100, '\x80');
    const std::string bytes = client_frame({.payload = padded, .final = false});
    const std::size_t head = bytes.size() - padded.size();
    FrameReader reader(1000);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        std::string_view byte = std::string_view(bytes).substr(at, 1);
        if (reader.next(byte).kind == Received::Kind::kError) {
            return at + 1 - head;
        }
    }
    return 0;
}

// Autobahn 6.4: as soon as no continuation can make it valid.
void text_when_it_cannot_become_valid_then_fails_at_that_byte(void** /*state*/) {
    assert_int_equal(fails_after("abc\xff"), 4);
    assert_int_equal(fails_after("\xc1"), 1);
    assert_int_equal(fails_after("\xc2\x41"), 2);
    assert_int_equal(fails_after("\xe0\x9f"), 2);
    assert_int_equal(fails_after("\xed\xa0"), 2);
    assert_int_equal(fails_after("\xe2\x82\x41"), 3);
    assert_int_equal(fails_after("\xf0\x8f"), 2);
    assert_int_equal(fails_after("\xf4\x90"), 2);
    assert_int_equal(fails_after("\xf0\x9f\x98\x41"), 4);
    // A whole character first; what follows is none.
    assert_int_equal(fails_after("\xce\xba"), 3);
}

bool fails_before_the_last_fragment(std::string_view text) {
    const std::string bytes = client_frame({.payload = text, .final = false});
    FrameReader reader(1000);
    std::string_view rest = bytes;
    return reader.next(rest).kind == Received::Kind::kError;
}

void text_when_a_whole_fragment_cannot_become_valid_then_fails_with_it(void** /*state*/) {
    assert_true(fails_before_the_last_fragment("abc\xff"));
    assert_true(fails_before_the_last_fragment("\xed\xa0"));
    assert_false(fails_before_the_last_fragment("abc\xe2\x82"));
}

// --- permessage-deflate ---

std::string deflated(std::string_view text) {
    std::string out;
    return bayeux::protocol::deflate_message(text, out) ? out : "?";
}

std::string compressed_frame(std::string_view payload) {
    return client_frame({.payload = payload, .reserved = 4});
}

void compressed_when_agreed_on_then_inflated(void** /*state*/) {
    const std::string text = R"([{"channel":"/meta/connect","connectionType":"websocket"}])";
    const std::string bytes =
        compressed_frame(deflated(text)) + client_text("plain") + compressed_frame(deflated(""));
    assert_string_equal(transcript(bytes, 65536, true).c_str(),
                        ("<" + text + "><plain><>").c_str());
}

void compressed_when_fragmented_then_inflated_as_a_whole(void** /*state*/) {
    const std::string payload = deflated("once, and once more, and once more");
    const std::string_view all = payload;
    const std::string bytes =
        client_frame({.payload = all.substr(0, 3), .final = false, .reserved = 4}) +
        client_frame({.opcode = 9, .payload = "\xff"}) +
        client_frame({.opcode = 0, .payload = all.substr(3), .final = true}) + client_text("x");
    assert_string_equal(transcript(bytes, 65536, true).c_str(),
                        "ping(\xff)<once, and once more, and once more><x>");
}

void compressed_when_broken_or_not_utf8_then_1007(void** /*state*/) {
    assert_string_equal(transcript(compressed_frame("\xff\xff\xff"), 65536, true).c_str(),
                        "error 1007");
    assert_string_equal(transcript(compressed_frame(""), 65536, true).c_str(), "error 1007");
    assert_string_equal(transcript(compressed_frame(deflated("ab\xff")), 65536, true).c_str(),
                        "error 1007");
    assert_string_equal(transcript(compressed_frame(deflated("\xe2\x82")), 65536, true).c_str(),
                        "error 1007");
}

// S11.
void compressed_when_it_inflates_beyond_the_limit_then_1009(void** /*state*/) {
    const std::string text(1001, 'a');
    assert_string_equal(transcript(compressed_frame(deflated(text.substr(1))), 1000, true).c_str(),
                        ("<" + text.substr(1) + ">").c_str());
    assert_string_equal(transcript(compressed_frame(deflated(text)), 1000, true).c_str(),
                        "error 1009");
}

// --- memory ---

// What the heap has given out and not got back, before, during and after a message.
struct Use {
    std::size_t during = 0;
    std::size_t after = 0;
};

std::size_t heap_in_use() {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

Use heap_of_message(std::size_t length) {
    const std::string bytes = client_text(std::string(length, 'x'));
    FrameReader reader(1000000);
    std::string_view rest = bytes;
    const std::size_t before = heap_in_use();
    Use use;
    static_cast<void>(reader.next(rest));
    use.during = heap_in_use() - before;
    static_cast<void>(reader.next(rest));
    use.after = heap_in_use() - before;
    return use;
}

void memory_when_a_message_was_large_then_given_back(void** /*state*/) {
    const Use large = heap_of_message(500000);
    if (large.during == 0) {
        return;  // a sanitizer's heap does not tell
    }
    assert_true(large.during >= 500000);
    assert_int_equal(large.after, 0);
}

void memory_when_a_message_was_small_then_kept_for_the_next(void** /*state*/) {
    const Use small = heap_of_message(10000);
    assert_int_equal(small.after, small.during);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(text_when_cut_anywhere_then_judged_as_a_whole),
        cmocka_unit_test(text_when_it_cannot_become_valid_then_fails_at_that_byte),
        cmocka_unit_test(text_when_a_whole_fragment_cannot_become_valid_then_fails_with_it),
        cmocka_unit_test(compressed_when_agreed_on_then_inflated),
        cmocka_unit_test(compressed_when_fragmented_then_inflated_as_a_whole),
        cmocka_unit_test(compressed_when_broken_or_not_utf8_then_1007),
        cmocka_unit_test(compressed_when_it_inflates_beyond_the_limit_then_1009),
        cmocka_unit_test(memory_when_a_message_was_large_then_given_back),
        cmocka_unit_test(memory_when_a_message_was_small_then_kept_for_the_next),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
