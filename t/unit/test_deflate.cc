#include <chrono>
#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/deflate.hpp"

namespace {

using bayeux::protocol::deflate_message;
using bayeux::protocol::Inflater;

using namespace std::string_view_literals;

constexpr std::string_view kHello = "\xf2\x48\xcd\xc9\xc9\x07\x00"sv;  // RFC 7692 7.2.3.1

// What is inflated, behind what was there before; or why it is not.
std::string inflated(std::string_view compressed, std::size_t limit = 100000) {
    Inflater inflater;
    std::string out = "=";
    switch (inflater.inflate(compressed, limit, out)) {
        case Inflater::Result::kDone:
            return out;
        case Inflater::Result::kTooLarge:
            return out == "=" ? "too large" : "too large, and out changed";
        case Inflater::Result::kInvalid:
            return out == "=" ? "invalid" : "invalid, and out changed";
        case Inflater::Result::kNoMemory:
            return "no memory";
    }
    return "?";
}

std::string deflated(std::string_view text) {
    std::string out = "=";
    return deflate_message(text, out) && out.front() == '=' ? out.substr(1) : "?";
}

// --- inflating: the examples of RFC 7692 7.2.3 ---

void inflate_when_given_the_rfcs_examples_then_hello(void** /*state*/) {
    assert_string_equal(inflated(kHello).c_str(), "=Hello");
    // A block without compression.
    assert_string_equal(inflated("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"sv).c_str(),
                        "=Hello");
    // A final block, and the byte behind it.
    assert_string_equal(inflated("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"sv).c_str(), "=Hello");
    // Two blocks.
    assert_string_equal(inflated("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"sv).c_str(),
                        "=Hello");
    // An empty message.
    assert_string_equal(inflated("\x00"sv).c_str(), "=");
    // A final block without compression, whose length is in the tail.
    assert_string_equal(inflated("\x01"sv).c_str(), "=");
}

void inflate_when_data_refers_to_an_earlier_message_then_invalid(void** /*state*/) {
    // RFC 7692 7.2.3.2, the second message: possible only with the first one's window.
    assert_string_equal(inflated("\xf2\x00\x11\x00\x00"sv).c_str(), "invalid");
}

int count_truncations_taken(std::string_view compressed, const std::string& whole) {
    int count = 0;
    for (std::size_t length = 0; length < compressed.size(); ++length) {
        count += inflated(compressed.substr(0, length)) == whole ? 1 : 0;
    }
    return count;
}

void inflate_when_truncated_then_never_the_message(void** /*state*/) {
    assert_int_equal(count_truncations_taken(kHello, "=Hello"), 0);
    assert_string_equal(inflated(kHello.substr(0, 3)).c_str(), "invalid");
    assert_string_equal(inflated("").c_str(), "invalid");
    // A block without compression that is shorter than it says.
    assert_string_equal(inflated("\x00\x09\x00\xf6\xff\x48"sv).c_str(), "invalid");
}

void inflate_when_broken_then_invalid(void** /*state*/) {
    assert_string_equal(inflated("\xff\xff\xff\xff").c_str(), "invalid");
    // Lengths that contradict each other.
    assert_string_equal(inflated("\x00\x05\x00\x05\x00\x48\x65\x6c\x6c\x6f\x00"sv).c_str(),
                        "invalid");
    // With zlib's head, and with gzip's.
    assert_string_equal(inflated("\x78\x9c\xf2\x48\xcd\xc9\xc9\x07\x00"sv).c_str(), "invalid");
    assert_string_equal(inflated("\x1f\x8b\x08\x00\x00\x00\x00\x00"sv).c_str(), "invalid");
    // Something behind the final block.
    assert_string_equal(inflated("\xf3\x48\xcd\xc9\xc9\x07\x00\x00\x00"sv).c_str(), "invalid");
    assert_string_equal(inflated("\xf3\x48\xcd\xc9\xc9\x07\x00\x61"sv).c_str(), "invalid");
}

// --- S11 ---

// Inflates to 1032 times its size, less a little: the most that deflate can do.
std::string bomb(std::size_t size) {
    return deflated(std::string(size, '\0'));
}

void inflate_when_at_the_limit_then_done_and_one_more_byte_too_large(void** /*state*/) {
    assert_string_equal(inflated(kHello, 5).c_str(), "=Hello");
    assert_string_equal(inflated(kHello, 4).c_str(), "too large");
    assert_string_equal(inflated(kHello, 0).c_str(), "too large");
    assert_string_equal(inflated("\x00"sv, 0).c_str(), "=");
    for (const std::size_t limit : {511U, 512U, 513U, 1024U, 65535U, 65536U}) {
        const std::string text(limit, 'x');
        assert_string_equal(inflated(deflated(text), limit).c_str(), ("=" + text).c_str());
        assert_string_equal(inflated(deflated(text + "x"), limit).c_str(), "too large");
    }
}

struct Bomb {
    bool too_large = false;
    std::size_t memory = 0;
    std::chrono::steady_clock::duration time{};
};

Bomb explode(std::string_view compressed, std::size_t limit) {
    Inflater inflater;
    std::string out;
    const auto start = std::chrono::steady_clock::now();
    Bomb result;
    result.too_large = inflater.inflate(compressed, limit, out) == Inflater::Result::kTooLarge;
    result.time = std::chrono::steady_clock::now() - start;
    result.memory = out.capacity();
    return result;
}

// From 1 KB to 1 GB: what it costs depends on the limit, not on the bomb.
void inflate_when_a_bomb_then_stops_early(void** /*state*/) {
    // The largest is made of one of 64 MB, sixteen times: without its tail a message goes on.
    const std::string part = bomb(std::size_t{64} << 20U) + std::string("\x00\x00\xff\xff", 4);
    std::string largest;
    for (int i = 0; i < 16; ++i) {
        largest += part;
    }
    largest.resize(largest.size() - 4);
    for (const std::string& compressed :
         {bomb(1U << 20U), part.substr(0, part.size() - 4), largest}) {
        const Bomb result = explode(compressed, 65536);
        assert_true(result.too_large);
        assert_true(result.memory <= std::size_t{4} * 65536);
        assert_true(result.time < std::chrono::seconds(1));
    }
}

// --- deflating ---

// Text of which some repeats.
std::string text_of(std::size_t length) {
    std::string out;
    for (unsigned i = 0; out.size() < length; ++i) {
        out += "{\"n\":" + std::to_string(i * 2654435761U) + "},";
    }
    out.resize(length);
    return out;
}

int count_that_do_not_come_back() {
    int count = 0;
    for (const std::size_t length : {0U, 1U, 2U, 255U, 256U, 257U, 511U, 512U, 513U, 1000U, 32767U,
                                     32768U, 32769U, 65536U, 1000000U}) {
        const std::string text = text_of(length);
        count += inflated(deflated(text), length) == "=" + text ? 0 : 1;
    }
    return count;
}

void deflate_when_inflated_again_then_the_same(void** /*state*/) {
    assert_int_equal(count_that_do_not_come_back(), 0);
}

void deflate_when_incompressible_then_the_same_again_and_not_much_longer(void** /*state*/) {
    std::string noise;
    std::uint64_t state = 1;
    for (int i = 0; i < 20000; ++i) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        noise += static_cast<char>(state >> 56U);
    }
    assert_true(inflated(deflated(noise)) == "=" + noise);
    assert_true(deflated(noise).size() < noise.size() + noise.size() / 64 + 64);
}

void deflate_when_done_then_without_the_tail(void** /*state*/) {
    assert_false(deflated("abc").ends_with(std::string_view("\x00\x00\xff\xff", 4)));
    assert_true(deflated("") == "\x00"sv);
    assert_true(deflated(std::string(10000, 'a')).size() < 100);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(inflate_when_given_the_rfcs_examples_then_hello),
        cmocka_unit_test(inflate_when_data_refers_to_an_earlier_message_then_invalid),
        cmocka_unit_test(inflate_when_truncated_then_never_the_message),
        cmocka_unit_test(inflate_when_broken_then_invalid),
        cmocka_unit_test(inflate_when_at_the_limit_then_done_and_one_more_byte_too_large),
        cmocka_unit_test(inflate_when_a_bomb_then_stops_early),
        cmocka_unit_test(deflate_when_inflated_again_then_the_same),
        cmocka_unit_test(deflate_when_incompressible_then_the_same_again_and_not_much_longer),
        cmocka_unit_test(deflate_when_done_then_without_the_tail),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
