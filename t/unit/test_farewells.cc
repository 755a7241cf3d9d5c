#include <array>
#include <string>
#include <vector>

#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/farewells.hpp"

namespace bayeux::test {
namespace {

// The numbers of the sessions that ended, in order. Asks the store something each time, as others
// may: nothing is told under its lock.
class Recorder final : public store::EndListener {
  public:
    explicit Recorder(StoreWorld& world) noexcept : world_(world) {}
    void ended(DomainId domain, const protocol::ClientId& session) noexcept override {
        std::uint32_t number = 0;
        std::memcpy(&number, session.bytes().data(), sizeof number);
        log += std::to_string(number) + (domain == kDomain ? " " : "? ");
        static_cast<void>(world_.store().stats());
        static_cast<void>(world_.store().find_session(domain, session));
    }
    std::string log;

  private:
    StoreWorld& world_;
};

struct Told {
    StoreWorld world;
    Recorder recorder{world};
    Told() { world.store().listen(recorder); }
    std::string take() { return std::exchange(recorder.log, {}); }
};

Told& told_of(void** state) {
    return *static_cast<Told*>(*state);
}
int new_told(void** state) {
    *state = new Told;
    return 0;
}
int delete_told(void** state) {
    delete static_cast<Told*>(*state);
    return 0;
}

void farewell_when_sessions_end_then_each_once(void** state) {
    Told& told = told_of(state);
    StoreWorld& world = told.world;
    const SessionHandle one = world.session(1);
    const SessionHandle two = world.session(2);
    world.subscribe(two, {"/a"});
    world.publish("/a", "{}");
    assert_string_equal(told.take().c_str(), "");
    assert_true(world.store().end_session(one));
    assert_string_equal(told.take().c_str(), "1 ");
    assert_false(world.store().end_session(one));
    assert_true(world.store().end_session(two));
    assert_string_equal(told.take().c_str(), "2 ");
}

void farewell_when_time_is_over_then_told_by_the_sweep(void** state) {
    Told& told = told_of(state);
    StoreWorld& world = told.world;
    for (std::uint32_t i = 1; i <= 300; ++i) {
        static_cast<void>(world.session(i));
    }
    world.clock.advance(std::chrono::hours(24));
    world.store().sweep(kNoChild, world.clock.now());
    std::string log = told.take();
    std::size_t count = 0;
    for (const char c : log) {
        count += c == ' ' ? 1U : 0U;
    }
    assert_int_equal(count, 300);
    assert_true(log.find("300 ") != std::string::npos);
    assert_true(log.find('?') == std::string::npos);
    world.store().sweep(kNoChild, world.clock.now());
    assert_string_equal(told.take().c_str(), "");
}

void farewell_when_a_queue_is_full_then_told(void** state) {
    Told& told = told_of(state);
    StoreWorld& world = told.world;
    broker::QueueLimits small;
    small.messages = 1;
    const SessionHandle one = world.session(1, small);
    world.subscribe(one, {"/a"});
    world.publish("/a", "{}");
    assert_string_equal(told.take().c_str(), "");
    world.publish("/a", "{}");
    assert_string_equal(told.take().c_str(), "1 ");
    const SessionHandle two = world.session(2, small);
    world.deliver(two, "{}");
    world.deliver(two, "{}");
    assert_string_equal(told.take().c_str(), "2 ");
}

void look_when_session_varies_then_as_it_is(void** state) {
    StoreWorld& world = told_of(state).world;
    assert_false(world.store().look_at(kDomain, client(1)).has_value());
    const SessionHandle one = world.session(1);
    auto sight = world.store().look_at(kDomain, client(1));
    assert_true(sight.has_value());
    assert_true(sight->handle == one);
    assert_false(sight->connected);
    assert_false(sight->waiting);
    assert_int_equal(sight->subscriptions, 0);
    world.subscribe(one, {"/a", "/b/*"});
    world.publish("/a", "{\"x\":1}");
    sight = world.store().look_at(kDomain, client(1));
    assert_int_equal(sight->subscriptions, 2);
    assert_int_equal(sight->queued_messages, 1);
    assert_true(sight->queued_bytes >= 7);
    world.receive(one);
    const ChildIndex child = world.store().claim_child(1).value();
    const ConnectCycle cycle = world.connect(one);
    assert_true(world.park(one, cycle, child) == broker::ParkState::kParked);
    sight = world.store().look_at(kDomain, client(1));
    assert_true(sight->connected);
    assert_true(sight->waiting);
    assert_true(sight->transport == broker::Transport::kLongPolling);
    world.stream(one, broker::Transport::kWebSocket);
    sight = world.store().look_at(kDomain, client(1));
    assert_true(sight->waiting && sight->transport == broker::Transport::kWebSocket);
    assert_false(world.store().look_at(DomainId{1}, client(1)).has_value());
    world.store().end_session(one);
    assert_false(world.store().look_at(kDomain, client(1)).has_value());
    world.store().release_child(child);
}

}  // namespace
}  // namespace bayeux::test

#define TOLD_TEST(function) \
    cmocka_unit_test_setup_teardown(function, bayeux::test::new_told, bayeux::test::delete_told)

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        TOLD_TEST(farewell_when_sessions_end_then_each_once),
        TOLD_TEST(farewell_when_time_is_over_then_told_by_the_sweep),
        TOLD_TEST(farewell_when_a_queue_is_full_then_told),
        TOLD_TEST(look_when_session_varies_then_as_it_is),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
