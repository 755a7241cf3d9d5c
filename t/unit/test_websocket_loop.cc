// WebSockets on a loop, over sockets, in real time.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/client_frames.hpp"
#include "lib/cmocka.hpp"
#include "lib/loop_bench.hpp"
#include "lib/websocket_bench.hpp"
#include "loop/event_loop.hpp"
#include "loop/socket_stream.hpp"
#include "loop/websocket.hpp"

namespace bayeux::loop {
namespace {

struct Server : Bench {
    test::FakeEntropy entropy;
    broker::Engine engine{store, clock, entropy};
    StreamContext context{engine, store, clock, kChild};
};

// One connection; its session is the n-th of the server.
struct Client {
    Client(Server& server, char n) : Client(server, n, 0) {}
    Client(Server& server, char n, int send_buffer)
        : n_(n),
          fd(Bench::pair(ours_)),
          bytes_(ours_),
          socket_(server.context, host, bytes_),
          connection(ours_, server.loop) {
        if (send_buffer != 0) {
            ::setsockopt(ours_, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
        }
        connection.next.kind = Next::Kind::kStream;
        connection.next.stream = &socket_;
        server.loop.give_back(connection);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() {
        ::close(fd);
        eventually([&] { return connection.destroyed.load(); });
    }

    void say(std::string_view json) const {
        std::string text(json);
        std::replace(text.begin(), text.end(), '1', n_);
        send_text(fd, client_text(test::with_client_ids(text)));
    }
    // What comes until `count` frames have, or none comes for a while; "end" where the server ends.
    std::string hear(std::size_t count) {
        std::string out = test::take_frames(heard_);
        const auto frames = [&] {
            return static_cast<std::size_t>(std::count(out.begin(), out.end(), '\n'));
        };
        pollfd watched{fd, POLLIN, 0};
        while (frames() < count && ::poll(&watched, 1, 5000) > 0) {
            std::array<char, 65536> buffer;
            const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (got <= 0) {
                return out + "end";
            }
            heard_.append(buffer.data(), static_cast<std::size_t>(got));
            out += test::take_frames(heard_);
        }
        return out;
    }
    void ready() {
        say(test::kHandshake);
        hear(1);
        say(test::kConnect);
        hear(1);
        say(test::kSubscribe);
        hear(1);
    }

  private:
    const char n_;
    int ours_ = -1;
    std::string heard_;

  public:
    const int fd;
    test::FakeHost host;

  private:
    SocketStream bytes_;
    WebSocket socket_;

  public:
    Scripted connection;
};

void publish(Server& server, std::string_view data) {
    const auto channel = *protocol::ChannelName::parse("/a");
    const std::string event = "{\"channel\":\"/a\",\"data\":" + std::string(data) + "}";
    broker::Publication publication;
    publication.channel = &channel;
    publication.event = event;
    [[maybe_unused]] const auto reached = server.store.publish(publication);
}

std::string pushed() {
    Server server;
    Client client(server, '1');
    client.ready();
    publish(server, "1");
    std::string seen = client.hear(1);
    publish(server, "2");
    return seen + client.hear(1);
}

void event_when_published_then_pushed(void** /*state*/) {
    EXPECT_TEXT("[1]\n[2]\n", pushed());
}

std::string one_slow_client() {
    constexpr int kEvents = 200;
    Server server;
    Client slow(server, '1', 4096);
    slow.ready();
    Client fast(server, '2');
    fast.ready();
    const std::string filler(4000, 'x');
    for (int i = 0; i < kEvents; ++i) {
        publish(server, "{\"n\":" + std::to_string(i) + ",\"filler\":\"" + filler + "\"}");
        if (fast.hear(1).find("{\"n\":" + std::to_string(i) + ",") == std::string::npos) {
            return "the fast one lacks " + std::to_string(i);
        }
    }
    const auto backlog = server.store.view({0, test::kFakeGeneration})->queued;
    int next = 0;
    while (next < kEvents) {
        const std::string heard = slow.hear(1);
        std::size_t at = 0;
        while (heard.find("{\"n\":" + std::to_string(next) + ",", at) == at + 1) {
            at = heard.find('\n', at) + 1;
            ++next;
        }
        if (at == 0 || at != heard.size()) {
            break;
        }
    }
    const bool empty = eventually([&] {
        return server.store.view({0, test::kFakeGeneration})->queued == 0;
    });
    return std::string(backlog > 100 ? "backlog " : "none ") + std::to_string(next) +
           (empty ? " empty" : " left");
}

// S15: it delays nobody, and gets all in order when it reads.
void client_when_it_does_not_read_then_others_are_served(void** /*state*/) {
    EXPECT_TEXT("backlog 200 empty", one_slow_client());
}

std::string many_at_once() {
    constexpr std::size_t kMessages = 2000;
    Server server;
    Client client(server, '1');
    client.ready();
    const std::string one = client_text(test::with_client_ids(test::kPublish));
    std::string all;
    for (std::size_t i = 0; i < kMessages; ++i) {
        all += one;
    }
    std::size_t sent = 0;
    std::size_t replies = 0;
    while (replies < kMessages) {
        const ssize_t n =
            ::send(client.fd, all.data() + sent, all.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += n > 0 ? static_cast<std::size_t>(n) : 0;
        const std::string heard = client.hear(1);
        const auto now = static_cast<std::size_t>(std::count(heard.begin(), heard.end(), '\n'));
        if (now == 0) {
            break;
        }
        replies += now;
    }
    return std::to_string(replies);
}

void messages_when_many_come_at_once_then_all_answered(void** /*state*/) {
    EXPECT_TEXT("2000", many_at_once());
}

std::string at_workers() {
    Server server;
    Client client(server, '1');
    client.host.policy.blocks = true;
    client.ready();
    std::string all;
    for (int i = 0; i < 5; ++i) {
        all += client_text(test::with_client_ids(
            i % 2 == 0 ? test::kPublish
                       : R"([{"channel":"/a","clientId":"$1","data":)" + std::to_string(i) + "}]"));
    }
    send_text(client.fd, all);
    std::string seen = client.hear(7);
    ::shutdown(client.fd, SHUT_RDWR);
    eventually([&] { return client.connection.destroyed.load(); });
    return seen + client.connection.tasks;
}

// The subscribe too was done by a worker.
void messages_when_the_policy_may_block_then_handled_in_order_by_workers(void** /*state*/) {
    EXPECT_TEXT("[/b+]\n[1]\n[/a+]\n[/b+]\n[3]\n[/a+]\n[/b+]\nWWWWWWC", at_workers());
}

std::string stopped() {
    Server server;
    Client client(server, '1');
    client.ready();
    client.say(test::kConnect);
    eventually([&] { return server.store.view({0, test::kFakeGeneration})->open; });
    server.loop.stop(StopMode::kGraceful);
    const std::string seen = client.hear(1);
    const auto echo = close_payload(1012);
    send_text(client.fd, client_frame({.opcode = 8, .payload = echo}));
    const std::string end = client.hear(1);
    ::shutdown(client.fd, SHUT_RDWR);
    eventually([&] { return client.connection.destroyed.load(); });
    return seen + end + (server.store.view({0, test::kFakeGeneration})->open ? " open" : "");
}

void child_when_it_stops_then_1012_and_the_connection_ends(void** /*state*/) {
    EXPECT_TEXT("close 1012\nend", stopped());
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(event_when_published_then_pushed),
        cmocka_unit_test(client_when_it_does_not_read_then_others_are_served),
        cmocka_unit_test(messages_when_many_come_at_once_then_all_answered),
        cmocka_unit_test(messages_when_the_policy_may_block_then_handled_in_order_by_workers),
        cmocka_unit_test(child_when_it_stops_then_1012_and_the_connection_ends),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
