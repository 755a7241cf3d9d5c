#include <string>

#include "lib/cmocka.hpp"
#include "loop/accepted_head.hpp"

namespace bayeux::loop {
namespace {

using Verdict = AcceptedHead::Verdict;

const std::string kPlain =
    "POST /b?x=1 HTTP/1.1\r\nHost: h\r\nContent-Type: application/json;charset=UTF-8\r\n"
    "Content-Length: 5\r\nCookie: a=b\r\n\r\n";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const std::size_t at = text.find(what);
    return at == std::string::npos ? "?" : text.replace(at, what.size(), by);
}

std::string with_line(const std::string& line) {
    return replaced(kPlain, "Cookie: a=b\r\n", "Cookie: a=b\r\n" + line);
}

struct Row {
    const char* what;
    std::string head;
    bool eligible;
};

void head_when_of_an_ordinary_post_then_eligible(void** /*state*/) {
    const Row rows[] = {
        {"plain", kPlain, true},
        {"text/json", replaced(kPlain, "application/json;charset=UTF-8", "text/json"), true},
        {"kept alive", with_line("Connection: Keep-Alive\r\n"), true},
        {"a field of any name", with_line("X-Any: thing, else\r\n"), true},
        {"upper case", replaced(kPlain, "Content-Length", "CONTENT-LENGTH"), true},
        {"any bytes in a value", with_line("X: \xc3\xa4\tb\r\n"), true},

        {"GET", replaced(kPlain, "POST", "GET"), false},
        {"HTTP/1.0", replaced(kPlain, "HTTP/1.1", "HTTP/1.0"), false},
        {"two blanks", replaced(kPlain, " HTTP/1.1", "  HTTP/1.1"), false},
        {"an absolute target", replaced(kPlain, "/b", "http://h/b"), false},
        {"a control character in the target", replaced(kPlain, "x=1", "x=\x01"), false},
        {"no length", replaced(kPlain, "Content-Length: 5\r\n", ""), false},
        {"two lengths", with_line("Content-Length: 5\r\n"), false},
        {"two different lengths", with_line("content-length: 6\r\n"), false},
        {"a sign", replaced(kPlain, "Length: 5", "Length: +5"), false},
        {"a list", replaced(kPlain, "Length: 5", "Length: 5, 5"), false},
        {"a leading zero", replaced(kPlain, "Length: 5", "Length: 05"), false},
        {"ten digits", replaced(kPlain, "Length: 5", "Length: 1000000005"), false},
        {"no Host", replaced(kPlain, "Host: h\r\n", ""), false},
        {"two Hosts", with_line("host: h\r\n"), false},
        {"two types", with_line("Content-Type: text/json\r\n"), false},
        {"two cookies", with_line("Cookie: c=d\r\n"), false},
        {"two of any field", with_line("X: 1\r\nx: 1\r\n"), false},
        {"two origins", with_line("Origin: a\r\nOrigin: a\r\n"), false},
        {"two logins", with_line("Authorization: a\r\nAuthorization: a\r\n"), false},
        {"no type", replaced(kPlain, "Content-Type: application/json;charset=UTF-8\r\n", ""),
         false},
        {"a form", replaced(kPlain, "application/json", "application/x-www-form-urlencoded"),
         false},
        {"another charset", replaced(kPlain, "UTF-8", "utf-16"), false},
        {"chunks", with_line("Transfer-Encoding: chunked\r\n"), false},
        {"chunks in disguise", with_line("Transfer-encoding: identity\r\n"), false},
        {"Expect", with_line("Expect: 100-continue\r\n"), false},
        {"Upgrade", with_line("Upgrade: h2c\r\n"), false},
        {"TE", with_line("TE: trailers\r\n"), false},
        {"Trailer", with_line("Trailer: x\r\n"), false},
        {"an encoding", with_line("Content-Encoding: gzip\r\n"), false},
        {"Connection: close", with_line("Connection: close\r\n"), false},
        {"Connection: keep-alive, close", with_line("Connection: keep-alive, close\r\n"), false},
        {"a folded line", with_line("X: a\r\n b\r\n"), false},
        {"a bare line feed", with_line("X: a\nY: b\r\n"), false},
        {"a bare carriage return", with_line("X: a\rb\r\n"), false},
        {"line feeds only", "POST /b HTTP/1.1\nHost: h\nContent-Length: 5\n\n", false},
        {"NUL", with_line(std::string("X: a\0b\r\n", 8)), false},
        {"a blank before the colon", with_line("X : a\r\n"), false},
        {"no colon", with_line("X\r\n"), false},
        {"no name", with_line(": x\r\n"), false},
        {"no end", replaced(kPlain, "\r\n\r\n", "\r\n"), false},
        {"too long", with_line("X: " + std::string(AcceptedHead::kMaxSize, 'a') + "\r\n"), false},
    };
    for (const Row& row : rows) {
        const bool eligible = AcceptedHead::of_request(row.head + "12345").has_value();
        if (eligible != row.eligible) {
            print_error("%s\n", row.what);
        }
        assert_int_equal(eligible, row.eligible);
    }
}

void request_when_not_alone_or_not_whole_then_not_eligible(void** /*state*/) {
    assert_false(AcceptedHead::of_request(kPlain + "1234").has_value());
    assert_false(AcceptedHead::of_request(kPlain + "123456").has_value());
    assert_false(AcceptedHead::of_request(kPlain + "12345" + kPlain + "12345").has_value());
    assert_false(AcceptedHead::of_request("\r\n" + kPlain + "12345").has_value());
}

AcceptedHead::Match matched(const std::string& bytes) {
    const auto head = AcceptedHead::of_request(kPlain + "12345");
    return head ? head->match(bytes) : AcceptedHead::Match{};
}

void head_when_the_same_then_matches_with_any_length(void** /*state*/) {
    for (const std::size_t length : {0U, 5U, 17U, 999999999U}) {
        const std::string digits = std::to_string(length);
        const std::string head = replaced(kPlain, "Length: 5", "Length: " + digits);
        const AcceptedHead::Match match = matched(head + "body and more");
        assert_true(match.verdict == Verdict::kYes);
        assert_int_equal(match.head, head.size());
        assert_int_equal(match.body, length);
    }
}

void head_when_its_length_is_written_otherwise_then_no_match(void** /*state*/) {
    for (const char* digits : {"", "05", "+5", "-5", " 5", "5 ", "0x5", "5a", "1000000000", "00"}) {
        const std::string head = replaced(kPlain, "Length: 5", std::string("Length: ") + digits);
        assert_true(matched(head).verdict == Verdict::kNo);
    }
}

void head_when_one_byte_differs_then_no_match(void** /*state*/) {
    const std::size_t digit = kPlain.find("5\r\n");
    for (std::size_t at = 0; at < kPlain.size(); ++at) {
        if (at == digit) {
            continue;
        }
        for (const int by : {1, 32, 128}) {
            std::string other = kPlain;
            other[at] = static_cast<char>(other[at] ^ by);
            assert_true(matched(other + "12345").verdict == Verdict::kNo);
        }
        std::string shorter = kPlain;
        shorter.erase(at, 1);
        assert_true(matched(shorter + "12345").verdict == Verdict::kNo);
    }
}

void head_when_cut_at_any_byte_then_more_is_waited_for(void** /*state*/) {
    for (std::size_t size = 0; size < kPlain.size(); ++size) {
        assert_true(matched(kPlain.substr(0, size)).verdict == Verdict::kMore);
    }
    assert_true(matched(kPlain).verdict == Verdict::kYes);
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(head_when_of_an_ordinary_post_then_eligible),
        cmocka_unit_test(request_when_not_alone_or_not_whole_then_not_eligible),
        cmocka_unit_test(head_when_the_same_then_matches_with_any_length),
        cmocka_unit_test(head_when_its_length_is_written_otherwise_then_no_match),
        cmocka_unit_test(head_when_one_byte_differs_then_no_match),
        cmocka_unit_test(head_when_cut_at_any_byte_then_more_is_waited_for),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
