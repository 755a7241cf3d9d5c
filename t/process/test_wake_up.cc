// Publishers in one process, a loop that waits for its bell in another: no wake-up is ever lost.
// The loop does not sweep here, so that nothing would make up for a lost one.
#include <cstdio>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>

#include "lib/cmocka.hpp"
#include "process/forked.hpp"
#include "process/store_world.hpp"

namespace bayeux::test {
namespace {

constexpr int kPatience = 10000;  // milliseconds; a lost wake-up would wait for ever
constexpr std::size_t kPlaces = 4;

// One eventfd for each place, as in loop/bell.hpp.
class Bells final : public broker::Ringer {
  public:
    Bells() {
        for (int& fd : fds_) {
            fd = eventfd(0, EFD_NONBLOCK);
        }
    }
    ~Bells() override {
        for (const int fd : fds_) {
            close(fd);
        }
    }
    void ring(const broker::WakeSet& children) noexcept override {
        for (std::size_t i = 0; i < kPlaces; ++i) {
            if (children[i]) {
                const std::uint64_t one = 1;
                static_cast<void>(!write(fds_[i], &one, sizeof(one)));
            }
        }
    }
    // False if it does not ring in time.
    bool wait(ChildIndex child) const {
        pollfd poll_fd{fds_[child.value], POLLIN, 0};
        if (poll(&poll_fd, 1, kPatience) != 1) {
            return false;
        }
        std::uint64_t count = 0;
        static_cast<void>(!read(fds_[child.value], &count, sizeof(count)));
        return true;
    }

  private:
    std::array<int, kPlaces> fds_{};
};

struct Rig {
    Rig() : world(std::size_t{16} << 20U, kPlaces) {
        store = std::move(store::SharedStore::open(world.bytes(), bells, world.clock).value());
    }

    Bells bells;
    StoreWorld world;
    std::unique_ptr<store::SharedStore> store;
};

bool publish(Rig& rig, const protocol::ChannelName& name) {
    broker::Publication publication;
    publication.domain = kDomain;
    publication.channel = &name;
    publication.event = "{}";
    return rig.store->publish(publication).has_value();
}

// One long poll after the other until `wanted` events have come. Returns 0, or what went wrong.
int poll_for(Rig& rig, SessionHandle session, ChildIndex child, std::size_t wanted) {
    std::size_t got = 0;
    std::string text;
    while (got < wanted) {
        const auto start = rig.store->start_connect(session, {});
        if (!start) {
            return 4;
        }
        const auto state =
            rig.store->park(session, start.value().cycle, child, rig.world.after(100));
        std::array<broker::Due, 4> due;
        if (state == broker::ParkState::kParked) {
            if (!rig.bells.wait(child)) {
                return 5;  // lost
            }
            if (rig.store->take_due(child, due) != 1 || due[0].cycle != start.value().cycle) {
                return 6;
            }
        }
        text.clear();
        got += rig.store->drain(session, child, text).events;
        rig.store->delivered(session, true);
        rig.store->finish_connect(session, start.value().cycle, rig.world.after(100));
    }
    return got == wanted ? 0 : 7;
}

// The same by one stream, which parks again after each share.
int stream_for(Rig& rig, SessionHandle session, ChildIndex child, std::size_t wanted) {
    std::size_t got = 0;
    std::string text;
    std::vector<std::uint32_t> lengths;
    const auto cycle = rig.store->start_stream(session, broker::Transport::kWebSocket);
    while (cycle && got < wanted) {
        std::array<broker::Due, 4> due;
        if (rig.store->park(session, cycle.value(), child, {}) == broker::ParkState::kParked) {
            if (!rig.bells.wait(child)) {
                return 5;  // lost
            }
            if (rig.store->take_due(child, due) != 1 || due[0].cycle != cycle.value()) {
                return 6;
            }
        }
        text.clear();
        lengths.clear();
        got += rig.store->drain(session, child, text, &lengths).events;
        rig.store->delivered(session, true);
    }
    return got == wanted ? 0 : 7;
}

using Receive = int (*)(Rig&, SessionHandle, ChildIndex, std::size_t);

int run_flood(std::size_t messages, Receive receive) {
    Rig rig;
    const SessionHandle session = rig.world.session(1, {1000000, 1U << 30U});
    rig.world.subscribe(session, {"/flood"});
    const pid_t loop = in_child(
        [&] { return receive(rig, session, rig.store->claim_child(1).value(), 2 * messages); });
    std::array<pid_t, 2> publishers{};
    for (pid_t& pid : publishers) {
        pid = in_child([&] {
            const auto name = channel("/flood");
            for (std::size_t i = 0; i < messages; ++i) {
                while (!publish(rig, name)) {
                    sched_yield();  // the store is full: the loop makes room
                }
            }
            return 0;
        });
    }
    int outcome = outcome_of(publishers[0]) + outcome_of(publishers[1]);
    outcome += outcome_of(loop);
    return outcome != 0 || !rig.world.wrong().empty() ? outcome + 10000 : 0;
}

void park_when_publishers_flood_then_no_wake_up_is_lost(void**) {
    assert_int_equal(run_flood(20000, poll_for), 0);
}

void stream_when_publishers_flood_then_no_wake_up_is_lost(void**) {
    assert_int_equal(run_flood(20000, stream_for), 0);
}

// Each side publishes only after it was woken: each round crosses a park with a publish.
int run_ping_pong(int rounds, Receive receive) {
    Rig rig;
    const SessionHandle ping = rig.world.session(1);
    const SessionHandle pong = rig.world.session(2);
    rig.world.subscribe(ping, {"/ping"});
    rig.world.subscribe(pong, {"/pong"});
    const auto play = [&](SessionHandle mine, const char* other, bool serves) {
        const ChildIndex child = rig.store->claim_child(1).value();
        const auto name = channel(other);
        int wrong = serves && !publish(rig, name) ? 8 : 0;
        for (int i = 0; i < rounds && wrong == 0; ++i) {
            wrong = receive(rig, mine, child, 1);
            if (!publish(rig, name)) {
                wrong = 9;
            }
        }
        return wrong;
    };
    const pid_t left = in_child([&] { return play(ping, "/pong", true); });
    const pid_t right = in_child([&] { return play(pong, "/ping", false); });
    return outcome_of(left) + outcome_of(right);
}

void park_when_woken_for_each_message_then_no_wake_up_is_lost(void**) {
    assert_int_equal(run_ping_pong(5000, poll_for), 0);
}

void stream_when_woken_for_each_message_then_no_wake_up_is_lost(void**) {
    assert_int_equal(run_ping_pong(5000, stream_for), 0);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(park_when_publishers_flood_then_no_wake_up_is_lost),
        cmocka_unit_test(park_when_woken_for_each_message_then_no_wake_up_is_lost),
        cmocka_unit_test(stream_when_publishers_flood_then_no_wake_up_is_lost),
        cmocka_unit_test(stream_when_woken_for_each_message_then_no_wake_up_is_lost),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
