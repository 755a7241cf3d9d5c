#include <array>
#include <csignal>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cmocka.hpp"
#include "loop/socket_stream.hpp"

namespace bayeux::loop {
namespace {

struct Pair {
    Pair() { [[maybe_unused]] const int rv = ::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data()); }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    ~Pair() {
        ::close(fds[0]);
        if (fds[1] >= 0) {
            ::close(fds[1]);
        }
    }
    void hang_up() {
        ::close(fds[1]);
        fds[1] = -1;
    }
    std::array<int, 2> fds{};
};

std::string status_of(const ByteStream::Result& result) {
    switch (result.status) {
        case ByteStream::Status::kDone:
            return "done " + std::to_string(result.bytes) + " ";
        case ByteStream::Status::kLater:
            return "later ";
        case ByteStream::Status::kEnd:
            break;
    }
    return "end ";
}

std::string reads() {
    Pair pair;
    SocketStream stream(pair.fds[0]);
    std::array<char, 4> into{};
    std::string seen = status_of(stream.read(into));
    [[maybe_unused]] const ssize_t n = ::send(pair.fds[1], "abcde", 5, MSG_NOSIGNAL);
    seen += status_of(stream.read(into));
    seen += status_of(stream.read(into));
    pair.hang_up();
    return seen + status_of(stream.read(into));
}

void read_when_asked_then_what_is_there_and_never_waits(void** /*state*/) {
    const std::string seen = reads();
    assert_string_equal(seen.c_str(), "later done 4 done 1 end ");
}

std::string writes() {
    Pair pair;
    SocketStream stream(pair.fds[0]);
    const std::string much(std::size_t{8} << 20U, 'x');
    const auto first = stream.write(much);
    std::string seen =
        first.status == ByteStream::Status::kDone && first.bytes > 0 && first.bytes < much.size()
            ? "some "
            : "else ";
    ByteStream::Result last = first;
    while (last.status == ByteStream::Status::kDone) {
        last = stream.write(much);
    }
    seen += status_of(last) + status_of(stream.write({}));
    pair.hang_up();
    return seen + status_of(stream.write(much));
}

// A broken connection is no signal either.
void write_when_the_peer_does_not_read_then_what_it_takes_and_never_waits(void** /*state*/) {
    const std::string seen = writes();
    assert_string_equal(seen.c_str(), "some later done 0 end ");
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(read_when_asked_then_what_is_there_and_never_waits),
        cmocka_unit_test(write_when_the_peer_does_not_read_then_what_it_takes_and_never_waits),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
