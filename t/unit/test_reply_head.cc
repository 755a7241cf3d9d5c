#include <string>

#include "lib/cmocka.hpp"
#include "lib/stream_bench.hpp"
#include "loop/http_date.hpp"
#include "loop/reply_head.hpp"

namespace bayeux::loop {
namespace {

const std::string kPlain =
    "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: Apache\r\n"
    "Content-Length: 12\r\nKeep-Alive: timeout=5, max=99\r\nConnection: Keep-Alive\r\n"
    "Content-Type: application/json;charset=UTF-8\r\n\r\n";

std::string with_line(const std::string& line) {
    std::string head = kPlain;
    return head.insert(head.find("Server"), line);
}

std::string without(const std::string& name) {
    const std::size_t at = kPlain.find(name);
    return kPlain.substr(0, at) + kPlain.substr(kPlain.find("\r\n", at) + 2);
}

std::string renewed(const std::string& head, bool last) {
    const auto reply = ReplyHead::of(head);
    std::string out;
    if (!reply) {
        return "refused";
    }
    const ReplyHead::Renewed with{.date = "NOW", .length = 7, .requests = 42};
    if (last) {
        reply->append_last(out, "200 OK", with);
    } else {
        reply->append_to(out, with);
    }
    return out;
}

void head_when_sent_again_then_date_length_and_requests_are_renewed(void** /*state*/) {
    EXPECT_TEXT(
        "HTTP/1.1 200 OK\r\nDate: NOW\r\nServer: Apache\r\nContent-Length: 7\r\n"
        "Keep-Alive: timeout=5, max=42\r\nConnection: Keep-Alive\r\n"
        "Content-Type: application/json;charset=UTF-8\r\n\r\n",
        renewed(kPlain, false));
    EXPECT_TEXT("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
                renewed("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", false));
    EXPECT_TEXT(
        "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 7\r\n\r\n",
        renewed("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 1\r\n\r\n", false));
}

void head_when_of_the_last_response_then_the_connection_ends(void** /*state*/) {
    EXPECT_TEXT(
        "HTTP/1.1 200 OK\r\nDate: NOW\r\nServer: Apache\r\nContent-Length: 7\r\n"
        "Content-Type: application/json;charset=UTF-8\r\nConnection: close\r\n\r\n",
        renewed(kPlain, true));
}

std::string duplicate() {
    std::string out;
    ReplyHead::of(kPlain)->append_last(out, "408 Request Timeout", {.date = "NOW"});
    return out;
}

void head_when_there_is_no_body_then_no_type_either(void** /*state*/) {
    EXPECT_TEXT(
        "HTTP/1.1 408 Request Timeout\r\nDate: NOW\r\nServer: Apache\r\nContent-Length: 0\r\n"
        "Connection: close\r\n\r\n",
        duplicate());
}

void head_when_it_is_of_one_response_only_then_refused(void** /*state*/) {
    for (const char* line :
         {"Set-Cookie: a=b\r\n", "set-cookie2: a=b\r\n", "Content-Encoding: gzip\r\n",
          "Transfer-Encoding: chunked\r\n", "Upgrade: h2c\r\n", "Trailer: a\r\n", "ETag: \"1\"\r\n",
          "Authentication-Info: nextnonce=1\r\n", "Content-Length: 12\r\n",
          "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "Keep-Alive: timeout=5, max=98\r\n",
          "Connection: close\r\n", "Connection: Upgrade\r\n", "X: a\r\n folded\r\n", "X: a\n\r\n",
          "no field\r\n"}) {
        EXPECT_TEXT("refused", renewed(with_line(line), false));
    }
    EXPECT_TEXT("refused", renewed(without("Content-Length"), false));
    for (const char* status : {"HTTP/1.0 200", "HTTP/1.1 408", "HTTP/1.1 100", "HTTP/1.1 401"}) {
        EXPECT_TEXT("refused", renewed(status + kPlain.substr(12), false));
    }
    EXPECT_TEXT("refused", renewed(kPlain + "x", false));
    EXPECT_TEXT("refused", renewed(kPlain.substr(0, kPlain.size() - 2), false));
}

std::string date_at(std::int64_t seconds) {
    static HttpDate date;
    return std::string(date.text(WallTime{std::chrono::seconds{seconds} + Millis{999}}));
}

void date_when_written_then_as_http_wants_it(void** /*state*/) {
    EXPECT_TEXT("Sun, 06 Nov 1994 08:49:37 GMT", date_at(784111777));
    EXPECT_TEXT("Sun, 06 Nov 1994 08:49:38 GMT", date_at(784111778));
    EXPECT_TEXT("Thu, 01 Jan 1970 00:00:00 GMT", date_at(0));
    EXPECT_TEXT("Tue, 29 Feb 2028 23:59:59 GMT", date_at(1835481599));
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(head_when_sent_again_then_date_length_and_requests_are_renewed),
        cmocka_unit_test(head_when_of_the_last_response_then_the_connection_ends),
        cmocka_unit_test(head_when_there_is_no_body_then_no_type_either),
        cmocka_unit_test(head_when_it_is_of_one_response_only_then_refused),
        cmocka_unit_test(date_when_written_then_as_http_wants_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
