#include <array>
#include <fcntl.h>
#include <poll.h>

#include "lib/cmocka.hpp"
#include "loop/bell.hpp"

namespace bayeux::loop {
namespace {

bool rings(int fd) {
    pollfd watched{fd, POLLIN, 0};
    return ::poll(&watched, 1, 0) == 1;
}

void bell_when_rung_then_heard_until_silenced_and_only_where_rung(void** /*state*/) {
    std::array<int, 4> fds{};
    assert_int_equal(make_bells(fds), 0);
    Bells bells(fds);
    broker::WakeSet wake;
    bells.ring(wake);
    assert_false(rings(fds[1]));
    wake.set(1);
    wake.set(3);
    wake.set(700);  // beyond the table: nobody is there
    bells.ring(wake);
    bells.ring(wake);
    assert_false(rings(fds[0]));
    assert_true(rings(fds[1]));
    assert_true(rings(fds[3]));
    bells.silence(ChildIndex{1});
    assert_false(rings(fds[1]));
    bells.silence(ChildIndex{1});  // does not block
    assert_int_equal(bells.fd(kNoChild), -1);
    close_bells(fds);
}

void bells_when_rung_together_then_heard_at_the_end(void** /*state*/) {
    std::array<int, 2> fds{};
    assert_int_equal(make_bells(fds), 0);
    Bells bells(fds);
    broker::WakeSet first;
    broker::WakeSet second;
    first.set(0);
    second.set(1);
    {
        const Bells::Together together(bells);
        bells.ring(first);
        bells.ring(second);
        assert_false(rings(fds[0]) || rings(fds[1]));
    }
    assert_true(rings(fds[0]) && rings(fds[1]));
    bells.silence(ChildIndex{0});
    bells.ring(first);
    assert_true(rings(fds[0]));
    close_bells(fds);
}

void bells_when_made_then_closed_on_exec(void** /*state*/) {
    std::array<int, 1> fds{};
    assert_int_equal(make_bells(fds), 0);
    assert_true((::fcntl(fds[0], F_GETFD) & FD_CLOEXEC) != 0);
    close_bells(fds);
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(bell_when_rung_then_heard_until_silenced_and_only_where_rung),
        cmocka_unit_test(bells_when_rung_together_then_heard_at_the_end),
        cmocka_unit_test(bells_when_made_then_closed_on_exec),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
