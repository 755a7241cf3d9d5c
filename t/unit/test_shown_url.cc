#include <string>

#include "cmocka.hpp"
#include "protocol/shown_url.hpp"

namespace {

using bayeux::protocol::shown_path;
using bayeux::protocol::shown_query;

const std::string kId = "0123456789abcdef0123456789abcdef01234567";

void expect_path(const std::string& path, const std::string& shown) {
    assert_string_equal(shown_path(path).c_str(), shown.c_str());
}

void expect_query(const std::string& query, const std::string& shown) {
    assert_string_equal(shown_query(query).c_str(), shown.c_str());
}

// S19.
void path_when_it_has_ids_then_their_beginnings_only(void** /*state*/) {
    expect_path("/bayeux/" + kId, "/bayeux/012345...");
    expect_path(kId + "/" + kId + "/x", "012345.../012345.../x");
    expect_path("GET /b/" + kId + " HTTP/1.1", "GET /b/012345... HTTP/1.1");
}

void path_when_an_id_is_escaped_or_not_quite_one_then_hidden_all_the_same(void** /*state*/) {
    expect_path("/%30%31" + kId.substr(2), "/%30%312345...");
    expect_path("/" + kId.substr(0, 38) + "%36%37", "/012345...");
    expect_path("/x%2f" + kId, "/x%2f012345...");
    expect_path("/" + kId + "a", "/012345...");
    expect_path("/" + kId.substr(1), "/123456...");
    expect_path("/ABCDEF" + kId, "/ABCDEF...");
    expect_path("/%61%zz" + kId + "%6", "/%61%zz012345...%6");
}

void path_when_it_has_no_id_then_as_it_is(void** /*state*/) {
    for (const char* path : {"", "/", "/bayeux", "/chat/room-1700000000000", "/0123456789abcdef",
                             "/%E2%82%AC%E2%82%AC%E2%82%AC%E2%82%AC%E2%82%AC", "%", "%4", "/a%",
                             "/0123456789-abcdefabcdef"}) {
        expect_path(path, path);
    }
    expect_path(shown_path("/" + kId), shown_path("/" + kId));
}

void query_when_it_has_ids_then_their_beginnings_only_whatever_they_are_called(void** /*state*/) {
    expect_query("session=" + kId, "session=012345...");
    expect_query("a=1&session=" + kId + "&session=" + kId + "&b",
                 "a=1&session=012345...&session=012345...&b");
    expect_query("sessio%6e=" + kId + "&" + kId, "sessio%6e=012345...&012345...");
    expect_query("a=1;session=" + kId + "=&&", "a=1;session=012345...=&&");
}

void query_when_it_has_messages_then_nothing_of_them(void** /*state*/) {
    expect_query("message=%5B%7B%22a%22%3A1%7D%5D&jsonp=f&message=x",
                 "message=...&jsonp=f&message=...");
    expect_query("m%65ssage=1&messages=2&message&x=message",
                 "m%65ssage=...&messages=2&message&"
                 "x=message");
    expect_query("message=", "message=...");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(path_when_it_has_ids_then_their_beginnings_only),
        cmocka_unit_test(path_when_an_id_is_escaped_or_not_quite_one_then_hidden_all_the_same),
        cmocka_unit_test(path_when_it_has_no_id_then_as_it_is),
        cmocka_unit_test(query_when_it_has_ids_then_their_beginnings_only_whatever_they_are_called),
        cmocka_unit_test(query_when_it_has_messages_then_nothing_of_them),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
