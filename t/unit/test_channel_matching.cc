// What patterns match, overlap and expand to, each against a second opinion. The names themselves
// are test_channel_name.cc's.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cmocka.hpp"
#include "protocol/channel_name.hpp"

namespace {

using bayeux::protocol::ChannelExpansion;
using bayeux::protocol::ChannelName;
using bayeux::protocol::kMaxChannelName;

// --- matching once more, from the words of CH-6 and CH-7 ---

using Segments = std::vector<std::string>;

Segments split(const std::string& name) {
    Segments segments;
    for (std::size_t at = 0; at < name.size();) {
        const std::size_t slash = std::min(name.find('/', at + 1), name.size());
        segments.push_back(name.substr(at + 1, slash - at - 1));
        at = slash;
    }
    return segments;
}

bool naive_matches(const std::string& pattern, const std::string& name) {
    const Segments p = split(pattern);
    const Segments n = split(name);
    for (std::size_t i = 0; i < p.size(); ++i) {
        if (i >= n.size()) {
            return false;
        }
        if (i + 1 == p.size() && p[i] == "**") {
            return true;
        }
        if (p[i] != "*" && p[i] != n[i]) {
            return false;
        }
    }
    return p.size() == n.size();
}

// Each parent with each segment behind it.
std::vector<std::string> children_of(const std::vector<std::string>& parents,
                                     const Segments& segments) {
    std::vector<std::string> names;
    for (const std::string& parent : parents) {
        for (const std::string& segment : segments) {
            names.push_back(parent + "/");
            names.back() += segment;
        }
    }
    return names;
}

// All names of 1 to `depth` of the given segments.
std::vector<std::string> all_names(const Segments& segments, std::size_t depth) {
    std::vector<std::string> names;
    std::vector<std::string> level = {""};
    for (std::size_t i = 0; i < depth; ++i) {
        level = children_of(level, segments);
        names.insert(names.end(), level.begin(), level.end());
    }
    return names;
}

// The names themselves, and all patterns one segment longer than one of them or than nothing.
std::vector<std::string> names_and_patterns(const Segments& segments, std::size_t depth) {
    std::vector<std::string> all = all_names(segments, depth);
    for (const std::string& name : all_names(segments, depth)) {
        all.push_back(name + "/*");
        all.push_back(name + "/**");
    }
    all.emplace_back("/*");
    all.emplace_back("/**");
    return all;
}

std::vector<ChannelName> parse_all(const std::vector<std::string>& texts) {
    std::vector<ChannelName> names;
    for (const std::string& text : texts) {
        if (const auto name = ChannelName::parse(text)) {
            names.push_back(*name);
        }
    }
    return names;
}

std::vector<std::string> expansion_of(std::string_view name) {
    std::vector<std::string> patterns;
    ChannelExpansion expansion(name);
    for (std::string_view pattern; expansion.next(pattern);) {
        patterns.emplace_back(pattern);
    }
    return patterns;
}

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) {
        out += (out.empty() ? "" : " ") + text;
    }
    return out;
}

Segments odd_segments() {
    return {"a", "b", "aa", "a*", "***"};
}

std::size_t count_wrong_matches() {
    const auto names = parse_all(all_names(odd_segments(), 3));
    const auto patterns = parse_all(names_and_patterns(odd_segments(), 2));
    if (names.size() != 155 || patterns.size() != 92) {
        return SIZE_MAX;
    }
    std::size_t wrong = 0;
    for (const ChannelName& pattern : patterns) {
        for (const ChannelName& name : names) {
            wrong += pattern.matches(name) == naive_matches(pattern.text(), name.text()) ? 0U : 1U;
        }
    }
    return wrong;
}

bool contains(const std::vector<std::string>& texts, const std::string& text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

std::size_t count_expansions_unlike_matches() {
    const auto names = parse_all(all_names(odd_segments(), 3));
    const auto patterns = parse_all(names_and_patterns(odd_segments(), 3));
    std::size_t wrong = 0;
    for (const ChannelName& name : names) {
        const std::vector<std::string> expansion = expansion_of(name.text());
        for (const ChannelName& pattern : patterns) {
            wrong += pattern.matches(name) == contains(expansion, pattern.text()) ? 0U : 1U;
        }
    }
    return wrong;
}

bool naive_overlaps(const std::string& a, const std::string& b,
                    const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (naive_matches(a, name) && naive_matches(b, name)) {
            return true;
        }
    }
    return false;
}

std::size_t count_wrong_overlaps() {
    const std::vector<std::string> names = all_names({"a", "b", "c"}, 5);
    const auto patterns = parse_all(names_and_patterns({"a", "b"}, 3));
    std::size_t wrong = 0;
    for (const ChannelName& a : patterns) {
        for (const ChannelName& b : patterns) {
            const bool expected = naive_overlaps(a.text(), b.text(), names);
            wrong += a.overlaps(b) == expected ? 0U : 1U;
        }
    }
    return patterns.size() == 44 ? wrong : SIZE_MAX;
}

// A pattern covers another if it matches whatever that matches.
bool naive_covers(const std::string& a, const std::string& b,
                  const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (naive_matches(b, name) && !naive_matches(a, name)) {
            return false;
        }
    }
    return true;
}

std::size_t count_wrong_covers() {
    const std::vector<std::string> names = all_names({"a", "b", "c"}, 5);
    const auto patterns = parse_all(names_and_patterns({"a", "b"}, 2));
    std::size_t wrong = 0;
    for (const ChannelName& a : patterns) {
        for (const ChannelName& b : patterns) {
            wrong += a.matches(b) == naive_covers(a.text(), b.text(), names) ? 0U : 1U;
        }
    }
    return patterns.size() == 20 ? wrong : SIZE_MAX;
}

// --- tests ---

bool covers(std::string_view pattern, std::string_view name) {
    return ChannelName::parse(pattern)->matches(*ChannelName::parse(name));
}

// CH-6, CH-7, CH-14.
void matches_when_given_the_examples_of_the_rules_then_as_they_say(void** /*state*/) {
    assert_true(covers("/foo/*", "/foo/bar"));
    assert_false(covers("/foo/*", "/foo"));
    assert_false(covers("/foo/*", "/foobar"));
    assert_false(covers("/foo/*", "/foo/bar/baz"));
    assert_true(covers("/foo/**", "/foo/bar"));
    assert_true(covers("/foo/**", "/foo/bar/baz"));
    assert_false(covers("/foo/**", "/foo"));
    assert_true(covers("/**", "/service/x"));
}

void matches_when_compared_with_a_naive_matcher_then_agrees(void** /*state*/) {
    assert_int_equal(count_wrong_matches(), 0);
}

void matches_when_given_a_pattern_then_tells_whether_all_of_it_is_covered(void** /*state*/) {
    assert_int_equal(count_wrong_covers(), 0);
}

void overlaps_when_compared_with_brute_force_then_agrees(void** /*state*/) {
    assert_int_equal(count_wrong_overlaps(), 0);
}

// CH-8.
void expansion_when_name_has_several_segments_then_in_the_order_of_the_rule(void** /*state*/) {
    assert_string_equal(joined(expansion_of("/a/b/c")).c_str(), "/a/b/c /a/b/* /a/b/** /a/** /**");
    assert_string_equal(joined(expansion_of("/foo/b")).c_str(), "/foo/b /foo/* /foo/** /**");
    assert_string_equal(joined(expansion_of("/a")).c_str(), "/a /* /**");
}

void expansion_when_compared_with_matches_then_names_the_same_patterns(void** /*state*/) {
    assert_int_equal(count_expansions_unlike_matches(), 0);
}

void expansion_when_name_is_as_long_as_can_be_then_fits(void** /*state*/) {
    const std::string longest = "/" + std::string(kMaxChannelName - 3, 'x') + "/y";
    const auto patterns = expansion_of(longest);
    assert_int_equal(patterns.size(), 4);
    assert_true(patterns[2] == longest.substr(0, kMaxChannelName - 1) + "**");
}

void expansion_when_name_is_none_then_empty(void** /*state*/) {
    assert_int_equal(expansion_of("").size(), 0);
    assert_int_equal(expansion_of("a").size(), 0);
    assert_int_equal(expansion_of("/" + std::string(kMaxChannelName, 'x')).size(), 0);
}

std::string joined_after_skip(std::uint32_t count) {
    ChannelExpansion expansion("/a/b/c");
    expansion.skip(count);
    std::string out = std::to_string(expansion.position()) + ":";
    for (std::string_view pattern; expansion.next(pattern);) {
        out += " " + std::string(pattern);
    }
    return out;
}

void expansion_when_names_are_skipped_then_goes_on_behind_them(void** /*state*/) {
    assert_string_equal(joined_after_skip(0).c_str(), "0: /a/b/c /a/b/* /a/b/** /a/** /**");
    assert_string_equal(joined_after_skip(1).c_str(), "1: /a/b/* /a/b/** /a/** /**");
    assert_string_equal(joined_after_skip(3).c_str(), "3: /a/** /**");
    assert_string_equal(joined_after_skip(5).c_str(), "5:");
    assert_string_equal(joined_after_skip(6).c_str(), "5:");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(matches_when_given_the_examples_of_the_rules_then_as_they_say),
        cmocka_unit_test(matches_when_compared_with_a_naive_matcher_then_agrees),
        cmocka_unit_test(matches_when_given_a_pattern_then_tells_whether_all_of_it_is_covered),
        cmocka_unit_test(overlaps_when_compared_with_brute_force_then_agrees),
        cmocka_unit_test(expansion_when_name_has_several_segments_then_in_the_order_of_the_rule),
        cmocka_unit_test(expansion_when_compared_with_matches_then_names_the_same_patterns),
        cmocka_unit_test(expansion_when_name_is_as_long_as_can_be_then_fits),
        cmocka_unit_test(expansion_when_name_is_none_then_empty),
        cmocka_unit_test(expansion_when_names_are_skipped_then_goes_on_behind_them),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
