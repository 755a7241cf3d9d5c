#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/channel_name.hpp"

namespace {

using bayeux::protocol::ChannelKind;
using bayeux::protocol::ChannelName;
using bayeux::protocol::kMaxChannelName;
using bayeux::protocol::kMaxChannelSegments;
using bayeux::protocol::Wildcard;

using namespace std::string_view_literals;

// The normalised name, or "(refused)".
std::string parsed(std::string_view raw) {
    const auto name = ChannelName::parse(raw);
    return name ? name->text() : "(refused)";
}

bool refused(std::string_view raw) {
    return !ChannelName::parse(raw).has_value();
}

bool any_accepted(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        if (!refused(name)) {
            print_message("accepted: %.*s\n", static_cast<int>(name.size()), name.data());
            return true;
        }
    }
    return false;
}

// CH-2.
void parse_when_characters_are_those_of_cometd_then_accepted(void** /*state*/) {
    assert_string_equal(parsed("/a Z9!#$()*+-._@{~}").c_str(), "/a Z9!#$()*+-._@{~}");
    assert_string_equal(parsed("/chat/room").c_str(), "/chat/room");
    assert_string_equal(parsed("/{room}/x.y").c_str(), "/{room}/x.y");
}

int count_characters_judged_wrongly() {
    constexpr std::string_view kSigns = " !#$()*+-._@{~}";
    int wrong = 0;
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '/' ||
                             kSigns.find(c) != std::string_view::npos;
        wrong += refused(std::string("/a") + c + "b") == allowed ? 1 : 0;
    }
    return wrong;
}

void parse_when_any_other_byte_occurs_then_refused(void** /*state*/) {
    assert_int_equal(count_characters_judged_wrongly(), 0);
}

void parse_when_shape_is_wrong_then_refused(void** /*state*/) {
    assert_false(any_accepted({"", " ", "/", "//", "a", "a/b", "/a//b", "//a", "/a//", "/ /",
                               "/a /", "/ ", "  a", "/a/ /", "*", "**"}));
}

// CH-4.
void parse_when_blanks_or_a_slash_surround_the_name_then_dropped(void** /*state*/) {
    assert_string_equal(parsed("  /foo ").c_str(), "/foo");
    assert_string_equal(parsed("/foo/").c_str(), "/foo");
    assert_string_equal(parsed(" /foo/bar/ ").c_str(), "/foo/bar");
    assert_string_equal(parsed("/foo bar/b").c_str(), "/foo bar/b");
    assert_string_equal(parsed("/foo/**/").c_str(), "/foo/**");
    assert_string_equal(parsed("/service/x/").c_str(), "/service/x");
}

// CH-5, CH-9.
void parse_when_wildcard_is_not_last_then_refused(void** /*state*/) {
    assert_false(any_accepted({"/*/a", "/**/a", "/a/*/b", "/a/**/*", "/*/*", "/**/**"}));
    assert_string_equal(parsed("/a/b*").c_str(), "/a/b*");
    assert_string_equal(parsed("/a*/***/b").c_str(), "/a*/***/b");
}

Wildcard wildcard_of(std::string_view raw) {
    return ChannelName::parse(raw)->wildcard();
}

void parse_when_wildcard_is_last_then_told(void** /*state*/) {
    assert_true(wildcard_of("/a/b") == Wildcard::kNone);
    assert_true(wildcard_of("/a/b*") == Wildcard::kNone);
    assert_true(wildcard_of("/a/***") == Wildcard::kNone);
    assert_true(wildcard_of("/a/*") == Wildcard::kOneLevel);
    assert_true(wildcard_of("/*") == Wildcard::kOneLevel);
    assert_true(wildcard_of("/a/**") == Wildcard::kDeep);
    assert_true(wildcard_of("/**") == Wildcard::kDeep);
    assert_true(ChannelName::parse("/**")->is_pattern());
    assert_false(ChannelName::parse("/a")->is_pattern());
}

// S1.
void parse_when_name_only_looks_like_meta_then_refused(void** /*state*/) {
    assert_false(any_accepted({"/meta/handshake/",
                               " /meta/handshake",
                               "/meta/handshake ",
                               "/meta/subscribe/x/",
                               "//meta/subscribe",
                               "/META/handshake",
                               "/Meta/x",
                               "/meta",
                               "/meta/",
                               "/MeTa",
                               "/meta//subscribe",
                               "/./meta/subscribe",
                               "/x/../meta/subscribe",
                               "/meta/./subscribe",
                               "/meta%2fsubscribe",
                               "/meta/subscribe%00",
                               "/meta/subscribe\0"sv,
                               "/meta\0/subscribe"sv,
                               "\0/meta/subscribe"sv,
                               "/meta/subscribe\n",
                               "\t/meta/subscribe",
                               "\\meta\\subscribe",
                               "/met\xc3\xa4/subscribe"}));
}

void parse_when_name_only_looks_like_service_then_refused(void** /*state*/) {
    assert_false(any_accepted({"/service", "/service/", "/SERVICE/x", "/Service", "/sERVICE/x"}));
}

void parse_when_a_segment_is_dots_then_refused(void** /*state*/) {
    assert_false(any_accepted({"/.", "/..", "/a/.", "/a/..", "/a/../b", "/./a", "/../a", "/a/./"}));
    assert_string_equal(parsed("/.../.a/a.").c_str(), "/.../.a/a.");
}

ChannelKind kind_of(std::string_view raw) {
    return ChannelName::parse(raw)->kind();
}

// CH-11, CH-14.
void parse_when_first_segment_is_reserved_then_kind_says_so(void** /*state*/) {
    assert_true(kind_of("/meta/handshake") == ChannelKind::kMeta);
    assert_true(kind_of("/meta/subscribe/x") == ChannelKind::kMeta);
    assert_true(kind_of("/meta/*") == ChannelKind::kMeta);
    assert_true(kind_of("/service/echo") == ChannelKind::kService);
    assert_true(kind_of("/service/**") == ChannelKind::kService);
    assert_true(kind_of("/metal/x") == ChannelKind::kBroadcast);
    assert_true(kind_of("/services/x") == ChannelKind::kBroadcast);
    assert_true(kind_of("/a/meta/handshake") == ChannelKind::kBroadcast);
    assert_true(kind_of("/**") == ChannelKind::kBroadcast);
}

std::string deep_name(std::size_t segments) {
    std::string name;
    for (std::size_t i = 0; i < segments; ++i) {
        name += "/a";
    }
    return name;
}

// S16.
void parse_when_name_is_too_long_or_too_deep_then_refused(void** /*state*/) {
    const std::string longest = "/" + std::string(kMaxChannelName - 1, 'x');
    assert_string_equal(parsed(longest).c_str(), longest.c_str());
    assert_true(refused(longest + "x"));
    assert_string_equal(parsed("  " + longest + "/ ").c_str(), longest.c_str());
    assert_true(parsed(deep_name(kMaxChannelSegments)) == deep_name(kMaxChannelSegments));
    assert_true(refused(deep_name(kMaxChannelSegments + 1)));
    assert_true(refused(deep_name(kMaxChannelSegments) + "/**"));
    assert_true(refused(deep_name(100000)));
}

void segments_when_parsed_then_counted_with_the_wildcard(void** /*state*/) {
    assert_int_equal(ChannelName::parse("/a")->segments(), 1);
    assert_int_equal(ChannelName::parse("/a/b/**")->segments(), 3);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(parse_when_characters_are_those_of_cometd_then_accepted),
        cmocka_unit_test(parse_when_any_other_byte_occurs_then_refused),
        cmocka_unit_test(parse_when_shape_is_wrong_then_refused),
        cmocka_unit_test(parse_when_blanks_or_a_slash_surround_the_name_then_dropped),
        cmocka_unit_test(parse_when_wildcard_is_not_last_then_refused),
        cmocka_unit_test(parse_when_wildcard_is_last_then_told),
        cmocka_unit_test(parse_when_name_only_looks_like_meta_then_refused),
        cmocka_unit_test(parse_when_name_only_looks_like_service_then_refused),
        cmocka_unit_test(parse_when_a_segment_is_dots_then_refused),
        cmocka_unit_test(parse_when_first_segment_is_reserved_then_kind_says_so),
        cmocka_unit_test(parse_when_name_is_too_long_or_too_deep_then_refused),
        cmocka_unit_test(segments_when_parsed_then_counted_with_the_wildcard),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
