#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/event_stream.hpp"

namespace {

using bayeux::protocol::append_chunk;
using bayeux::protocol::append_last_chunk;
using bayeux::protocol::append_stream_comment;
using bayeux::protocol::append_stream_event;
using bayeux::protocol::append_stream_start;

std::string event(std::string_view message) {
    std::string out = "=";
    append_stream_event(out, message);
    return out.substr(1);
}

std::string chunk(std::string_view data) {
    std::string out = "=";
    append_chunk(out, data);
    return out.substr(1);
}

void stream_when_it_begins_then_a_retry(void** /*state*/) {
    std::string out;
    append_stream_start(out);
    assert_string_equal(out.c_str(), "retry: 5000\r\n\r\n");
}

void event_when_on_one_line_then_one_field(void** /*state*/) {
    assert_string_equal(event(R"({"channel":"/a","data":1})").c_str(),
                        "data: [{\"channel\":\"/a\",\"data\":1}]\r\n\r\n");
}

// Whatever ends a line for the client: the rest must not look like a field of its own.
void event_when_json_has_line_breaks_then_a_field_for_each_line(void** /*state*/) {
    const char* expected = "data: [{\r\ndata: \"data\":1\r\ndata: }]\r\n\r\n";
    assert_string_equal(event("{\n\"data\":1\n}").c_str(), expected);
    assert_string_equal(event("{\r\"data\":1\r}").c_str(), expected);
    assert_string_equal(event("{\r\n\"data\":1\r\n}").c_str(), expected);
    assert_string_equal(event("{\n\r\n\r\"data\":1}\n").c_str(),
                        "data: [{\r\ndata: \r\ndata: \r\ndata: \"data\":1}\r\ndata: ]\r\n\r\n");
}

// Escaped, they are two characters each.
void event_when_json_has_escaped_line_breaks_then_one_field(void** /*state*/) {
    assert_string_equal(event(R"({"data":"a\r\nb"})").c_str(),
                        "data: [{\"data\":\"a\\r\\nb\"}]\r\n\r\n");
}

void comment_when_written_then_no_event(void** /*state*/) {
    std::string out;
    append_stream_comment(out);
    assert_string_equal(out.c_str(), ":\r\n\r\n");
}

void chunk_when_of_any_length_then_its_size_in_hex(void** /*state*/) {
    assert_string_equal(chunk("a").c_str(), "1\r\na\r\n");
    assert_string_equal(chunk("0123456789abcdef").c_str(), "10\r\n0123456789abcdef\r\n");
    const std::string large(0xabcde, 'x');
    assert_true(chunk(large) == "abcde\r\n" + large + "\r\n");
}

void chunk_when_empty_then_not_written(void** /*state*/) {
    assert_string_equal(chunk("").c_str(), "");
}

void chunk_when_the_last_then_no_trailers(void** /*state*/) {
    std::string out = "1\r\na\r\n";
    append_last_chunk(out);
    assert_string_equal(out.c_str(), "1\r\na\r\n0\r\n\r\n");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(stream_when_it_begins_then_a_retry),
        cmocka_unit_test(event_when_on_one_line_then_one_field),
        cmocka_unit_test(event_when_json_has_line_breaks_then_a_field_for_each_line),
        cmocka_unit_test(event_when_json_has_escaped_line_breaks_then_one_field),
        cmocka_unit_test(comment_when_written_then_no_event),
        cmocka_unit_test(chunk_when_of_any_length_then_its_size_in_hex),
        cmocka_unit_test(chunk_when_empty_then_not_written),
        cmocka_unit_test(chunk_when_the_last_then_no_trailers),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
