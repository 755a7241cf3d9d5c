#include <string>

#include "lib/cmocka.hpp"
#include "loop/request_head.hpp"

namespace bayeux::loop {
namespace {

struct Row {
    const char* what;
    std::string peeked;
    bool come;
};

void request_when_looked_at_then_come_only_if_head_and_small_body_are_there(void** /*state*/) {
    const std::string post = "POST /b HTTP/1.1\r\nHost: h\r\ncontent-LENGTH: 5\r\n\r\n";
    const Row rows[] = {
        {"nothing but a blank line", "\r\n", false},
        {"half a request line", "POST /b HT", false},
        {"a head without its end", "GET / HTTP/1.1\r\nHost: h\r\n", false},
        {"a whole head", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", true},
        {"a head that ends in bare line feeds", "GET / HTTP/1.1\nHost: h\n\n", true},
        {"a head whose body is missing", post, false},
        {"a head with a part of its body", post + "1234", false},
        {"a head with its body", post + "12345", true},
        {"a head with its body and more", post + "12345POST", true},
        {"a body that fits into no peek",
         "POST /b HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\n", true},
        {"a length that is none", "POST /b HTTP/1.1\r\nContent-Length: -7x\r\n\r\n", false},
        {"a full buffer without an end", std::string(kPeekSize, 'a'), true},
    };
    for (const Row& row : rows) {
        if (request_has_come(row.peeked) != row.come) {
            print_error("%s\n", row.what);
        }
        assert_int_equal(request_has_come(row.peeked), row.come);
    }
}

void request_when_cut_at_any_byte_then_come_only_when_whole(void** /*state*/) {
    const std::string whole = "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
    for (std::size_t n = 0; n <= whole.size(); ++n) {
        assert_int_equal(request_has_come(whole.substr(0, n)), n == whole.size());
    }
}

// S15: what is gathered from the filters may be longer than a peek, and only its begin is looked
// at.
void request_when_gathered_then_come_only_when_all_of_it_is_there(void** /*state*/) {
    const std::string head = "POST /b HTTP/1.1\r\nContent-Length: 50000\r\n\r\n";
    const std::string begin = head + std::string(kPeekSize - head.size(), 'x');
    constexpr std::size_t kLimit = 60000;
    assert_false(request_has_come(begin, begin.size(), kLimit));
    assert_false(request_has_come(begin, head.size() + 49999, kLimit));
    assert_true(request_has_come(begin, head.size() + 50000, kLimit));
    assert_true(request_has_come(begin, begin.size(), 40000));  // too long to be waited for
    assert_false(request_has_come("POST /b", 7, kLimit));
    assert_true(request_has_come(std::string(kPeekSize, 'a'), kPeekSize, kLimit));
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(request_when_looked_at_then_come_only_if_head_and_small_body_are_there),
        cmocka_unit_test(request_when_cut_at_any_byte_then_come_only_when_whole),
        cmocka_unit_test(request_when_gathered_then_come_only_when_all_of_it_is_there),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
