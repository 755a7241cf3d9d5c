#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/subscription_index.hpp"

namespace bayeux::test {
namespace {

std::uint32_t subscriptions(StoreWorld& world) {
    return world.store().stats().count(store::Kind::kSubscription);
}

std::vector<std::string> names(int count, const std::string& prefix) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) {
        all.push_back(prefix + std::to_string(i));
    }
    return all;
}

// SB-4.
void subscribe_when_twice_then_once(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    assert_true(world.subscribe(one, {"/a", "/a", "/b"}));
    assert_true(world.subscribe(one, {"/b"}));
    assert_int_equal(subscriptions(world), 2);
    assert_int_equal(world.publish("/b", "{1}"), 1);
    assert_string_equal(world.receive(one).c_str(), "{1}");
    world.unsubscribe(one, "/none");
    world.unsubscribe(one, "/b");
    assert_int_equal(world.publish("/b", "{2}"), 0);
}

// SB-5.
void subscribe_when_above_the_sessions_limit_then_none(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    assert_false(world.subscribe(one, {"/b", "/a", "/c"}, {2, 99, {}}));
    assert_int_equal(subscriptions(world), 1);
    assert_int_equal(world.publish("/a", "{1}"), 1);
    assert_true(world.subscribe(one, {"/b", "/a"}, {2, 99, {}}));
    assert_string_equal(world.wrong().c_str(), "");
}

void subscribe_when_above_the_domains_channels_then_none(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    assert_false(world.subscribe(one, {"/a", "/b", "/c"}, {99, 2, {}}));
    assert_int_equal(subscriptions(world), 0);
    assert_string_equal(world.wrong().c_str(), "");
}

// More names than one hold of the lock takes: all or none all the same.
void subscribe_when_very_many_then_all_or_none(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    assert_true(world.subscribe(one, names(50, "/old/")));
    std::vector<std::string> many = names(300, "/new/");
    many.insert(many.begin() + 70, "/old/3");
    assert_false(world.subscribe(one, many, {349, 9999, {}}));
    assert_int_equal(subscriptions(world), 50);
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(world.publish("/old/3", "{}"), 1);
    assert_true(world.subscribe(one, many, {350, 9999, {}}));
    assert_int_equal(subscriptions(world), 350);
}

void subscribe_when_memory_runs_out_then_none(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    assert_false(world.subscribe(one, names(20000, "/n/")));
    assert_int_equal(subscriptions(world), 0);
    assert_string_equal(world.wrong().c_str(), "");
}

// The end of a session with very many subscriptions, in bounded steps.
void end_when_very_many_subscriptions_then_all_gone(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    const SessionHandle two = world.session(2);
    world.subscribe(one, names(3000, "/n/"));
    world.subscribe(two, {"/n/7"});
    world.store().end_session(one);
    assert_int_equal(subscriptions(world), 1);
    assert_int_equal(world.publish("/n/7", "{}"), 1);
    assert_string_equal(world.wrong().c_str(), "");
}

void unsubscribe_when_in_the_middle_of_a_long_list_then_others_stay(void** state) {
    StoreWorld& world = world_of(state);
    std::vector<SessionHandle> all;
    for (std::uint32_t i = 0; i < 100; ++i) {
        all.push_back(world.session(i));
        world.subscribe(all.back(), {"/a"});
    }
    for (std::uint32_t i = 0; i < 100; i += 3) {
        world.unsubscribe(all[i], "/a");
        assert_string_equal(world.wrong().c_str(), "");
    }
    assert_int_equal(world.publish("/a", "{}"), 66);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(subscribe_when_twice_then_once),
        WORLD_TEST(subscribe_when_above_the_sessions_limit_then_none),
        WORLD_TEST(subscribe_when_above_the_domains_channels_then_none),
        WORLD_TEST(subscribe_when_very_many_then_all_or_none),
        WORLD_TEST(subscribe_when_memory_runs_out_then_none),
        WORLD_TEST(end_when_very_many_subscriptions_then_all_gone),
        WORLD_TEST(unsubscribe_when_in_the_middle_of_a_long_list_then_others_stay),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
