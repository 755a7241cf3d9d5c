#include <string>
#include <string_view>

#include "base/log.hpp"
#include "cmocka.hpp"

namespace {

namespace log = bayeux::log;
using log::Level;

struct Lines {
    Level limit = Level::kTrace;
    int count = 0;
    Level level = Level::kTrace;
    std::string id;
    std::string text;
};

bool keeps(void* baton, Level level) noexcept {
    return level <= static_cast<const Lines*>(baton)->limit;
}

void keep(void* baton, Level level, const char* id, std::string_view text) noexcept {
    auto* lines = static_cast<Lines*>(baton);
    ++lines->count;
    lines->level = level;
    lines->id = id;
    lines->text = text;
}

// Writes one line to a sink that keeps what is not above `limit`.
Lines lines_after_write(Level limit, Level level) {
    Lines lines;
    lines.limit = limit;
    const log::Sink sink{keeps, keep, &lines};
    log::set_sink(&sink);
    log::write(level, "BX0001", "the store is full");
    log::set_sink(nullptr);
    return lines;
}

bool enabled_with_sink(Level limit, Level level) {
    Lines lines;
    lines.limit = limit;
    const log::Sink sink{keeps, keep, &lines};
    log::set_sink(&sink);
    const bool result = log::enabled(level);
    log::set_sink(nullptr);
    return result;
}

void write_when_level_is_kept_then_sink_gets_the_line(void** /*state*/) {
    const Lines lines = lines_after_write(Level::kInfo, Level::kWarning);
    assert_int_equal(lines.count, 1);
    assert_true(lines.level == Level::kWarning);
    assert_string_equal(lines.id.c_str(), "BX0001");
    assert_string_equal(lines.text.c_str(), "the store is full");
}

void write_when_level_is_not_kept_then_sink_gets_nothing(void** /*state*/) {
    assert_int_equal(lines_after_write(Level::kWarning, Level::kInfo).count, 0);
}

void enabled_when_sink_keeps_the_level_then_true(void** /*state*/) {
    assert_true(enabled_with_sink(Level::kInfo, Level::kInfo));
    assert_false(enabled_with_sink(Level::kInfo, Level::kDebug));
}

void write_when_there_is_no_sink_then_nothing_happens(void** /*state*/) {
    log::set_sink(nullptr);
    assert_false(log::enabled(Level::kEmerg));
    log::write(Level::kEmerg, "", "nobody listens");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(write_when_level_is_kept_then_sink_gets_the_line),
        cmocka_unit_test(write_when_level_is_not_kept_then_sink_gets_nothing),
        cmocka_unit_test(enabled_when_sink_keeps_the_level_then_true),
        cmocka_unit_test(write_when_there_is_no_sink_then_nothing_happens),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
