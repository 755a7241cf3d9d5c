#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/delivery.hpp"
#include "store/user_table.hpp"

namespace bayeux::test {
namespace {

int to_user(StoreWorld& world, std::string_view name, std::string_view event,
            DomainId domain = kDomain) {
    const auto reached = world.store().deliver_to_user({domain, name, event});
    return reached ? static_cast<int>(reached.value()) : -1;
}

std::uint32_t users(StoreWorld& world) {
    return world.store().stats().count(store::Kind::kUser);
}

void create_when_of_a_user_then_known_by_tag_and_name(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session_of(1, "alice");
    const SessionHandle two = world.session(2);
    const auto info = world.store().find_session(kDomain, client(1));
    assert_true(info->user_tag == world.store().user_tag("alice"));
    assert_true(info->user_tag != 0);
    assert_true(world.store().user_tag("bob") != info->user_tag);
    assert_true(world.store().find_session(kDomain, client(2))->user_tag == 0);
    assert_string_equal(world.store().user_of(one).c_str(), "alice");
    assert_string_equal(world.store().user_of(two).c_str(), "");
    assert_int_equal(users(world), 1);
    assert_string_equal(world.wrong().c_str(), "");
    world.store().end_session(one);
    assert_string_equal(world.store().user_of(one).c_str(), "");
    assert_int_equal(users(world), 0);
    assert_string_equal(world.wrong().c_str(), "");
}

void deliver_when_user_has_sessions_then_each_and_nobody_else(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle a1 = world.session_of(1, "alice");
    const SessionHandle a2 = world.session_of(2, "alice");
    const SessionHandle bob = world.session_of(3, "bob");
    const SessionHandle nobody = world.session(4);
    world.park(a2, world.connect(a2), child);
    assert_int_equal(to_user(world, "alice", "{1}"), 2);
    assert_string_equal(world.due(child).c_str(), "events:1");
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(to_user(world, "bob", "{2}"), 1);
    assert_int_equal(to_user(world, "carol", "{3}"), 0);
    assert_int_equal(to_user(world, "", "{4}"), 0);
    assert_int_equal(to_user(world, "alice", "{5}", DomainId{78}), 0);
    assert_string_equal(world.receive(a1).c_str(), "{1}");
    assert_string_equal(world.receive(a2).c_str(), "{1}");
    assert_string_equal(world.receive(bob).c_str(), "{2}");
    assert_string_equal(world.receive(nobody).c_str(), "");
    assert_int_equal(world.store().stats().counters.published, 2);
    assert_int_equal(world.used_after_all(), 0);
}

// More than one hold's worth, of which some end over it.
void deliver_when_user_has_many_sessions_then_in_steps_and_each_once(void** state) {
    StoreWorld& world = world_of(state);
    constexpr std::uint32_t kMany = 3 * store::kDeliveryStep + 7;
    std::vector<SessionHandle> all;
    for (std::uint32_t i = 0; i < kMany; ++i) {
        all.push_back(world.session_of(i, "alice", {i % 5 == 0 ? 1U : 9U, 1000, {}}));
    }
    assert_int_equal(to_user(world, "alice", "{1}"), kMany);
    const std::uint32_t ended = (kMany + 4) / 5;
    assert_int_equal(to_user(world, "alice", "{2}"), kMany - ended);
    assert_string_equal(world.wrong().c_str(), "");
    for (std::uint32_t i = 0; i < kMany; ++i) {
        assert_string_equal(world.receive(all[i]).c_str(), i % 5 == 0 ? "" : "{1},{2}");
    }
    assert_int_equal(world.store().stats().counters.published, 2);
    assert_int_equal(world.store().stats().counters.overflow_disconnects, ended);
    assert_int_equal(world.used_after_all(), 0);
}

// A round that stands on a session goes on behind it, also when that one has gone.
void round_when_its_place_is_gone_then_goes_on_with_the_older_ones(void** state) {
    StoreWorld& world = world_of(state);
    constexpr std::uint32_t kMany = 2 * store::kDeliveryStep;
    std::vector<SessionHandle> all;
    for (std::uint32_t i = 0; i < kMany; ++i) {
        all.push_back(world.session_of(i, "alice"));
    }
    const std::uint64_t tag = world.store().user_tag("alice");
    const broker::UserDelivery delivery{kDomain, "alice", "{1}"};
    store::UserRound round;
    bool over = true;
    world.locked([&](const store::Locked& locked) {
        over = store::deliver_round(locked, delivery, tag, round);
    });
    assert_false(over);
    assert_int_equal(round.reached, store::kDeliveryStep);
    assert_string_equal(world.wrong().c_str(), "");
    const SessionHandle gone = round.next;
    world.store().end_session(gone);
    const SessionHandle late = world.session_of(kMany, "alice");
    for (int steps = 0; !over && steps < 2; ++steps) {
        world.locked([&](const store::Locked& locked) {
            over = store::deliver_round(locked, delivery, tag, round);
        });
    }
    assert_true(over);
    assert_int_equal(round.reached, kMany - 1);
    for (const SessionHandle session : all) {
        assert_string_equal(world.receive(session).c_str(), session == gone ? "" : "{1}");
    }
    assert_string_equal(world.receive(late).c_str(), "");
}

void deliver_when_memory_is_full_then_refused(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session_of(1, "alice", {1U << 30U, 1U << 30U});
    int delivered = 0;
    while (to_user(world, "alice", std::string(5000, 'x')) == 1) {
        ++delivered;
    }
    assert_true(delivered > 100);
    assert_int_equal(to_user(world, "alice", std::string(5000, 'x')), -1);
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(world.receive(one).size(), delivered * 5001 - 1);
}

// S20: whose session it is follows the requests; what was meant for one is not for the next.
void change_when_nothing_waits_then_found_by_the_new_name(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session_of(1, "alice");
    world.subscribe(one, {"/a"});
    world.publish("/a", "{all}");
    assert_true(world.change_user(one, "bob"));
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(to_user(world, "alice", "{alice}"), 0);
    assert_int_equal(to_user(world, "bob", "{bob}"), 1);
    assert_string_equal(world.receive(one).c_str(), "{all},{bob}");
    assert_true(world.change_user(one, ""));
    assert_int_equal(to_user(world, "bob", "{bob}"), 0);
    assert_int_equal(users(world), 0);
    assert_string_equal(world.wrong().c_str(), "");
    assert_true(world.change_user(one, "alice"));
    assert_int_equal(to_user(world, "alice", "{alice}"), 1);
}

void change_when_own_events_wait_then_the_session_ends(void** state) {
    StoreWorld& world = world_of(state);
    for (const bool in_flight : {false, true}) {
        const SessionHandle one = world.session_of(1, "alice");
        to_user(world, "alice", "{secret}");
        assert_true(world.change_user(one, "alice"));
        if (in_flight) {
            std::string text;
            static_cast<void>(world.store().drain(one, ChildIndex{0}, text));
        }
        assert_false(world.change_user(one, "bob"));
        assert_false(world.store().find_session(kDomain, client(1)).has_value());
        assert_string_equal(world.wrong().c_str(), "");
    }
    const SessionHandle two = world.session_of(2, "alice");
    to_user(world, "alice", "{secret}");
    assert_string_equal(world.receive(two).c_str(), "{secret}");
    assert_true(world.change_user(two, "bob"));
    assert_int_equal(world.used_after_all(), 0);
}

void user_when_name_is_too_long_then_not_listed_but_told_apart(void** state) {
    StoreWorld& world = world_of(state);
    const std::string most(broker::kMaxUserName, 'x');
    const std::string more(broker::kMaxUserName + 1, 'x');
    const SessionHandle one = world.session_of(1, most);
    const SessionHandle two = world.session_of(2, more);
    assert_int_equal(to_user(world, most, "{1}"), 1);
    assert_int_equal(to_user(world, more, "{2}"), 0);
    assert_string_equal(world.store().user_of(one).c_str(), most.c_str());
    assert_string_equal(world.store().user_of(two).c_str(), "");
    assert_true(world.store().find_session(kDomain, client(2))->user_tag ==
                world.store().user_tag(more));
    assert_string_equal(world.wrong().c_str(), "");
}

void user_when_of_two_domains_then_two_users(void** state) {
    StoreWorld& world = world_of(state);
    broker::NewSession elsewhere;
    elsewhere.domain = DomainId{78};
    elsewhere.client_id = client(1);
    elsewhere.expires_at = world.after(10);
    elsewhere.user = {"alice", world.store().user_tag("alice")};
    static_cast<void>(world.store().create_session(elsewhere));
    world.session_of(1, "alice");
    assert_int_equal(users(world), 2);
    assert_int_equal(to_user(world, "alice", "{1}"), 1);
    assert_int_equal(to_user(world, "alice", "{1}", DomainId{78}), 1);
    assert_string_equal(world.wrong().c_str(), "");
}

void create_when_there_is_no_room_for_the_user_then_nothing_is_left(void** state) {
    StoreWorld& world = world_of(state);
    std::uint32_t count = 0;
    while (world.session_of(count, "user" + std::to_string(count)) != SessionHandle{}) {
        ++count;
    }
    assert_true(count > 5000);
    assert_int_equal(users(world), count);
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(world.used_after_all(), 0);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(create_when_of_a_user_then_known_by_tag_and_name),
        WORLD_TEST(deliver_when_user_has_sessions_then_each_and_nobody_else),
        WORLD_TEST(deliver_when_user_has_many_sessions_then_in_steps_and_each_once),
        WORLD_TEST(round_when_its_place_is_gone_then_goes_on_with_the_older_ones),
        WORLD_TEST(deliver_when_memory_is_full_then_refused),
        WORLD_TEST(change_when_nothing_waits_then_found_by_the_new_name),
        WORLD_TEST(change_when_own_events_wait_then_the_session_ends),
        WORLD_TEST(user_when_name_is_too_long_then_not_listed_but_told_apart),
        WORLD_TEST(user_when_of_two_domains_then_two_users),
        WORLD_TEST(create_when_there_is_no_room_for_the_user_then_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
