#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/shared_store.hpp"

namespace bayeux::test {
namespace {

using broker::ParkState;

// --- sessions ---

void create_when_done_then_found_by_id_and_domain(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    const auto found = world.store().find_session(kDomain, client(1));
    assert_true(found.has_value());
    assert_true(found->handle == one);
    assert_false(found->connected);
    assert_false(found->cookie_seen);
    assert_false(found->browser.has_value());
    assert_false(world.store().find_session(kDomain, client(2)).has_value());
    assert_false(world.store().find_session(DomainId{78}, client(1)).has_value());
}

// S4.
void create_when_bound_to_a_browser_then_info_tells(void** state) {
    StoreWorld& world = world_of(state);
    broker::NewSession wanted;
    wanted.domain = kDomain;
    wanted.client_id = client(1);
    wanted.browser = protocol::BrowserId::from_bytes({1, 2, 3});
    wanted.expires_at = world.after(10);
    const SessionHandle one = world.store().create_session(wanted).value();
    assert_true(world.store().find_session(kDomain, client(1))->browser == wanted.browser);
    world.touch(one, 1, true);
    assert_true(world.store().find_session(kDomain, client(1))->cookie_seen);
    world.touch(one, 1, false);
    assert_true(world.store().find_session(kDomain, client(1))->cookie_seen);
}

void create_when_id_is_taken_then_refused(void** state) {
    StoreWorld& world = world_of(state);
    world.session(1);
    assert_false(world.try_session(1).has_value());
}

void create_when_domain_is_at_its_cap_then_full(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    world.session(2);
    const auto refused = world.try_session(3, {}, 2);
    assert_false(refused.has_value());
    assert_true(refused.error().code == ErrorCode::kFull);
    world.store().end_session(one);
    assert_true(world.try_session(3, {}, 2).has_value());
    assert_int_equal(world.store().stats().counters.refused_full, 1);
}

// S16: full is an ordinary result, and ends. Those who are there hear each other meanwhile.
void create_when_memory_is_full_then_refused_until_others_end(void** state) {
    StoreWorld& world = world_of(state);
    std::uint32_t count = 0;
    while (world.try_session(count).has_value()) {
        if (count++ == 0) {
            world.subscribe(world.store().find_session(kDomain, client(0))->handle, {"/there"});
        }
    }
    assert_true(count > 15000);
    assert_int_equal(world.publish("/there", std::string(5000, 'x')), 1);
    std::vector<std::string> names;  // more than the page of the first has room for
    for (int i = 0; i < 20; ++i) {
        names.push_back("/new/" + std::to_string(i));
    }
    assert_false(world.subscribe(world.store().find_session(kDomain, client(7))->handle, names));
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(world.used_after_all(), 0);
    assert_true(world.try_session(1).has_value());
}

void handle_when_session_ended_then_stale(void** state) {
    StoreWorld& world = world_of(state);
    world.session(3);  // keeps the page
    const SessionHandle old = world.session(1);
    assert_true(world.store().end_session(old));
    assert_false(world.store().end_session(old));
    const SessionHandle fresh = world.session(2);
    assert_int_equal(fresh.index, old.index);
    assert_false(world.store().end_session(old));
    assert_false(world.subscribe(old, {"/a"}));
    assert_false(world.store().start_connect(old, {}).has_value());
    assert_int_equal(static_cast<int>(world.park(old, ConnectCycle{1}, ChildIndex{0})),
                     static_cast<int>(ParkState::kEnded));
    assert_false(world.store().has_events(old));
    assert_true(world.store().end_session(fresh));
}

// X-ACT.
void touch_when_active_then_info_tells_the_latest(void** state) {
    StoreWorld& world = world_of(state);
    broker::NewSession wanted;
    wanted.active_at = world.after(1);
    const SessionHandle one = world.session_as(1, wanted);
    const auto active_at = [&] {
        return world.store().find_session(kDomain, client(1))->active_at;
    };
    assert_true(active_at() == world.after(1));
    world.touch(one, 1);
    assert_true(active_at() == world.after(1));
    broker::Touch touch;
    touch.active_at = world.after(5);
    world.store().touch(one, touch);
    touch.active_at = world.after(4);
    world.store().touch(one, touch);
    assert_true(active_at() == world.after(5));
}

// S4: a handshake over a WebSocket may bring the cookie already.
void create_when_cookie_was_seen_then_info_tells(void** state) {
    StoreWorld& world = world_of(state);
    broker::NewSession wanted;
    wanted.cookie_seen = true;
    world.session_as(1, wanted);
    world.ack_session(2);
    const auto first = world.store().find_session(kDomain, client(1));
    const auto second = world.store().find_session(kDomain, client(2));
    assert_true(first->cookie_seen);
    assert_false(first->ack);
    assert_false(second->cookie_seen);
    assert_true(second->ack);
}

// A WebSocket sends each event, or a few, in a frame of their own (WS-8).
void drain_when_lengths_are_wanted_then_they_add_up(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    for (const std::size_t length : {1U, 300U, 2U}) {
        world.publish("/a", std::string(length, 'x'));
    }
    std::string text = "[";
    std::vector<std::uint32_t> lengths{7};
    assert_int_equal(world.store().drain(one, kNoChild, text, &lengths).events, 3);
    assert_true(lengths == (std::vector<std::uint32_t>{7, 1, 300, 2}));
    assert_int_equal(text.size(), 1 + 303 + 2);
}

// A handle that a client could not have, and a store that is not one.
void store_when_handle_is_garbage_then_nothing_happens(void** state) {
    StoreWorld& world = world_of(state);
    for (const std::uint32_t index : {0U, 1U, 255U, 0xffffU, 0xfffffffeU, 0xffffffffU}) {
        const SessionHandle wild{index, index};
        world.touch(wild, 1, true);
        world.store().finish_connect(wild, ConnectCycle{1}, world.after(1));
        world.store().delivered(wild, true);
        world.store().end_stream(wild, ConnectCycle{1}, world.after(1));
        assert_false(world.store().start_stream(wild, broker::Transport::kWebSocket).has_value());
        assert_false(world.store().end_session(wild));
        assert_string_equal(world.receive(wild).c_str(), "");
    }
    assert_string_equal(world.wrong().c_str(), "");
}

bool opens_nothing() {
    std::vector<std::byte> memory(std::size_t{1} << 20U);
    RecordingRinger ringer;
    const FakeClock clock;
    return store::SharedStore::open(memory, ringer, clock).has_value();
}

void open_when_there_is_no_segment_then_refused(void**) {
    assert_false(opens_nothing());
}

// Design 5: a later generation finds everything as it was.
void open_when_attached_again_then_sessions_are_there(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    world.publish("/a", "{1}");
    auto next = store::SharedStore::open(world.bytes(), world.ringer, world.clock);
    std::string text;
    next.value()->drain(next.value()->find_session(kDomain, client(1))->handle, kNoChild, text);
    assert_string_equal(text.c_str(), "{1}");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(create_when_done_then_found_by_id_and_domain),
        WORLD_TEST(create_when_bound_to_a_browser_then_info_tells),
        WORLD_TEST(create_when_id_is_taken_then_refused),
        WORLD_TEST(create_when_domain_is_at_its_cap_then_full),
        WORLD_TEST(create_when_memory_is_full_then_refused_until_others_end),
        WORLD_TEST(handle_when_session_ended_then_stale),
        WORLD_TEST(touch_when_active_then_info_tells_the_latest),
        WORLD_TEST(create_when_cookie_was_seen_then_info_tells),
        WORLD_TEST(drain_when_lengths_are_wanted_then_they_add_up),
        WORLD_TEST(store_when_handle_is_garbage_then_nothing_happens),
        cmocka_unit_test(open_when_there_is_no_segment_then_refused),
        WORLD_TEST(open_when_attached_again_then_sessions_are_there),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
