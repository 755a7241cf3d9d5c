#include "lib/cmocka.hpp"
#include "process/presence_world.hpp"
#include "store/announcement.hpp"
#include "store/member_table.hpp"
#include "store/repair.hpp"

namespace bayeux::test {
namespace {

std::string data(const char* inner) {
    return std::string(R"({"channel":"/presence/room","data":{)") + inner + "}}";
}

std::uint32_t members(StoreWorld& world) {
    return world.store().stats().count(store::Kind::kMember);
}

void user_when_several_sessions_then_joins_with_first_and_leaves_with_last(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle watcher = world.session(1);
    const SessionHandle tab = world.session_of(2, "alice");
    const SessionHandle other_tab = world.session_of(3, "alice");
    const SessionHandle bob = world.session_of(4, "bob");
    assert_true(watch(world, watcher, "/presence/room"));
    assert_string_equal(world.receive(watcher).c_str(), data(R"("here":[],"count":0)").c_str());
    assert_true(enter(world, tab, {"/room"}));
    assert_string_equal(world.receive(watcher).c_str(),
                        data(R"("join":["alice"],"count":1)").c_str());
    assert_true(enter(world, other_tab, {"/room"}));
    assert_true(enter(world, other_tab, {"/room"}));
    assert_string_equal(world.receive(watcher).c_str(), "");
    assert_true(enter(world, bob, {"/room", "/room/*", "/other"}));
    assert_string_equal(world.receive(watcher).c_str(),
                        data(R"("join":["bob"],"count":2)").c_str());
    assert_string_equal(world.wrong().c_str(), "");
    world.unsubscribe(tab, "/room");
    assert_string_equal(world.receive(watcher).c_str(), "");
    world.store().end_session(other_tab);
    assert_string_equal(world.receive(watcher).c_str(),
                        data(R"("leave":["alice"],"count":1)").c_str());
    world.unsubscribe(bob, "/room");
    assert_string_equal(world.receive(watcher).c_str(),
                        data(R"("leave":["bob"],"count":0)").c_str());
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(members(world), 2);  // bob, in two other places
    assert_int_equal(world.used_after_all(), 0);
}

void watch_when_people_are_there_then_snapshot_to_this_session_only(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle watcher = world.session(1);
    const SessionHandle late = world.session(2);
    assert_true(enter(world, world.session_of(3, "alice"), {"/room"}));
    assert_true(watch(world, watcher, "/presence/room"));
    assert_true(enter(world, world.session_of(4, "bob"), {"/room"}));
    world.receive(watcher);
    assert_true(watch(world, late, "/presence/room"));
    assert_string_equal(world.receive(late).c_str(),
                        data(R"("here":["bob","alice"],"count":2)").c_str());
    assert_string_equal(world.receive(watcher).c_str(), "");
    // Again: a way to ask.
    assert_true(watch(world, watcher, "/presence/room"));
    assert_string_equal(world.receive(watcher).c_str(),
                        data(R"("here":["bob","alice"],"count":2)").c_str());
    assert_int_equal(world.used_after_all(), 0);
}

// S5: not by a client id; nobody can take such a name.
void session_when_without_user_then_counts_as_itself(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle watcher = world.session(1);
    assert_true(watch(world, watcher, "/presence/room"));
    world.receive(watcher);
    assert_true(enter(world, world.session(2), {"/room"}));
    const std::string first = world.receive(watcher);
    assert_true(enter(world, world.session(3), {"/room"}));
    const std::string second = world.receive(watcher);
    const std::string before = R"({"channel":"/presence/room","data":{"join":[":)";
    assert_true(first.starts_with(before));
    assert_true(second.starts_with(before));
    assert_true(first.substr(before.size(), 16) != second.substr(before.size(), 16));
    assert_true(first.find(client(2).text()) == std::string::npos);
    const std::string taken = ":" + first.substr(before.size(), 16);
    assert_true(enter(world, world.session_of(4, taken), {"/room"}));
    const std::string third = world.receive(watcher);
    assert_true(third.starts_with(before));
    assert_true(third.find(taken) == std::string::npos);
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(world.used_after_all(), 0);
}

void session_when_it_expires_then_leaves(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle watcher = world.session(1);
    assert_true(watch(world, watcher, "/presence/room"));
    assert_true(enter(world, world.session_of(2, "alice"), {"/room"}));
    world.receive(watcher);
    world.touch(watcher, 10000);
    world.clock.advance(std::chrono::seconds(400));
    world.store().sweep(kNoChild, world.clock.now());
    assert_string_equal(world.receive(watcher).c_str(),
                        data(R"("leave":["alice"],"count":0)").c_str());
    assert_string_equal(world.wrong().c_str(), "");
}

void session_when_it_changes_hands_then_presence_too(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle watcher = world.session(1);
    const SessionHandle one = world.session_of(2, "alice");
    assert_true(watch(world, watcher, "/presence/room"));
    assert_true(enter(world, one, {"/room", "/other"}));
    world.receive(watcher);
    assert_true(world.change_user(one, "carol"));
    const std::string got = world.receive(watcher);
    assert_true(got.find("\"join\":[\"carol\"]") != std::string::npos);
    assert_true(got.find("\"leave\":[\"alice\"]") != std::string::npos);
    assert_true(got.find("\"count\":1}}") != std::string::npos);
    assert_string_equal(world.wrong().c_str(), "");
    // Too many for one hold of the lock: it ends.
    std::vector<std::string> many;
    for (std::uint32_t i = 0; i < store::kMaxRenamed; ++i) {
        many.push_back("/many/" + std::to_string(i));
    }
    assert_true(enter(world, one, many));
    assert_false(world.change_user(one, "dave"));
    assert_string_equal(world.receive(watcher).c_str(),
                        data(R"("leave":["carol"],"count":0)").c_str());
    assert_int_equal(world.used_after_all(), 0);
}

void subscription_when_older_than_presence_then_counts_when_repeated(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle watcher = world.session(1);
    const SessionHandle alice = world.session_of(2, "alice");
    assert_true(watch(world, watcher, "/presence/room"));
    world.receive(watcher);
    assert_true(world.subscribe(alice, {"/room"}));
    assert_string_equal(world.receive(watcher).c_str(), "");
    assert_true(enter(world, alice, {"/room"}));
    assert_string_equal(world.receive(watcher).c_str(),
                        data(R"("join":["alice"],"count":1)").c_str());
    assert_int_equal(world.used_after_all(), 0);
}

// All or none (SB-5): nobody was present.
void subscribe_when_refused_then_nobody_joins(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle watcher = world.session(1);
    assert_true(watch(world, watcher, "/presence/room"));
    world.receive(watcher);
    const SessionHandle alice = world.session_of(2, "alice");
    assert_false(enter(world, alice, {"/room", "/two"}, 1));
    assert_string_equal(world.receive(watcher).c_str(), "");
    assert_int_equal(members(world), 0);
    assert_string_equal(world.wrong().c_str(), "");
}

// It is not made for nothing, and what becomes of the session is what its policy says.
void watch_when_the_queue_is_full_then_by_its_policy_without_a_snapshot(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle strict = world.session(1, {1, 1000, broker::Overflow::kDisconnect});
    const SessionHandle newest = world.session(2, {1, 1000, broker::Overflow::kDropNewest});
    const SessionHandle oldest = world.session(3, {1, 1000, broker::Overflow::kDropOldest});
    const SessionHandle filled = world.session(4, {9, 3, broker::Overflow::kDropNewest});
    for (const SessionHandle session : {strict, newest, oldest, filled}) {
        assert_int_equal(world.deliver(session, "{1}"), 1);
    }
    const store::Counters before = world.store().stats().counters;
    watch(world, strict, "/presence/room");
    assert_true(watch(world, newest, "/presence/room"));
    assert_true(watch(world, filled, "/presence/room"));
    store::Counters after = world.store().stats().counters;
    assert_int_equal(after.published, before.published);
    assert_int_equal(after.dropped_newest, before.dropped_newest + 2);
    assert_int_equal(after.overflow_disconnects, before.overflow_disconnects + 1);
    assert_false(world.store().find_session(kDomain, client(1)).has_value());
    assert_true(watch(world, oldest, "/presence/room"));
    after = world.store().stats().counters;
    assert_int_equal(after.published, before.published + 1);
    assert_int_equal(after.dropped_oldest, before.dropped_oldest + 1);
    assert_string_equal(world.receive(newest).c_str(), "{1}");
    assert_string_equal(world.receive(filled).c_str(), "{1}");
    assert_string_equal(world.receive(oldest).c_str(), data(R"("here":[],"count":0)").c_str());
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(world.used_after_all(), 0);
}

// A thousand: none lost, none twice, in events of bounded length; a larger room's snapshot is cut.
void room_when_large_then_told_in_parts(void**) {
    StoreWorld world(std::size_t{8} << 20U);
    Watcher watcher(world, 1, "/presence/room");
    std::vector<SessionHandle> all;
    const auto fill = [&](std::uint32_t until) {
        while (all.size() < until) {
            const auto number = static_cast<std::uint32_t>(all.size());
            all.push_back(world.session_of(number + 10, "user" + std::to_string(number)));
            assert_true(enter(world, all.back(), {"/room"}));
            watcher.read();
        }
    };
    fill(1000);
    assert_string_equal(watcher.wrong.c_str(), "");
    assert_int_equal(watcher.here.size(), 1000);
    const SessionHandle late = world.session(5);
    assert_true(watch(world, late, "/presence/room"));
    const std::string snapshot = world.receive(late);
    assert_true(snapshot.find("\"count\":1000}}") != std::string::npos);
    fill(1100);
    assert_true(watch(world, late, "/presence/room"));
    assert_true(world.receive(late).find("\"count\":1100,\"partial\":true}}") != std::string::npos);
    // All at once: they expire.
    world.touch(watcher.session, 100000);
    world.clock.advance(std::chrono::seconds(400));
    world.store().sweep(kNoChild, world.clock.now());
    watcher.read();
    assert_string_equal(watcher.wrong.c_str(), "");
    assert_int_equal(watcher.here.size(), 0);
    assert_true(watcher.events < 1200);  // the leaves came together
    assert_string_equal(world.wrong().c_str(), "");
    world.store().end_session(watcher.session);
    assert_int_equal(world.used_after_all(), 0);
}

// Names are httpd's, whatever bytes they have.
void name_when_odd_then_json(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle watcher = world.session(1);
    assert_true(watch(world, watcher, "/presence/room"));
    world.receive(watcher);
    assert_true(enter(world, world.session_of(2, "a\"b\\c\x01\xff\xc3\xa9"), {"/room"}));
    assert_string_equal(
        world.receive(watcher).c_str(),
        data("\"join\":[\"a\\\"b\\\\c\\u0001\xef\xbf\xbd\xc3\xa9\"],\"count\":1").c_str());
}

// The longest names there may be, and more of them than one event has room for.
void names_when_long_then_all_announced(void**) {
    StoreWorld world(std::size_t{8} << 20U);
    Watcher watcher(world, 1, "/presence/room");
    std::vector<SessionHandle> all;
    for (std::uint32_t i = 0; i < 200; ++i) {
        std::string name(255, i % 2 == 0 ? '\x02' : '"');
        name.replace(0, 6, "user" + std::to_string(i % 90 + 10));
        all.push_back(world.session_of(10 + i, name));
        assert_true(enter(world, all.back(), {"/room"}));
        watcher.read();
    }
    world.touch(watcher.session, 100000);
    world.clock.advance(std::chrono::seconds(400));
    world.store().sweep(kNoChild, world.clock.now());
    watcher.read();
    assert_string_equal(watcher.wrong.c_str(), "");
    assert_int_equal(watcher.here.size(), 0);
    world.store().end_session(watcher.session);
    assert_int_equal(world.used_after_all(), 0);
}

// Without memory the change stays to be announced; nobody watches: nothing is published.
void change_when_no_memory_then_announced_later(void**) {
    StoreWorld world(std::size_t{1} << 20U);
    const SessionHandle watcher = world.session(1);
    assert_true(watch(world, watcher, "/presence/room"));
    world.receive(watcher);
    const SessionHandle alice = world.session_of(2, "alice");
    assert_true(enter(world, alice, {"/room"}));
    world.receive(watcher);
    const SessionHandle full = world.session(3, {100000, 100U << 20U, {}});
    world.subscribe(full, {"/fill"});
    while (world.publish("/fill", std::string(200, 'x')) > 0) {
    }
    world.unsubscribe(alice, "/room");
    // Whether it fitted in or not, in the end it is told, once.
    std::string told = world.receive(watcher);
    world.receive(full);
    world.store().sweep(kNoChild, world.clock.now());
    told += world.receive(watcher);
    assert_string_equal(told.c_str(), data(R"("leave":["alice"],"count":0)").c_str());
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(world.used_after_all(), 0);
}

void repair_when_people_are_there_then_they_stay(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle watcher = world.session(1);
    assert_true(watch(world, watcher, "/presence/room"));
    const SessionHandle alice = world.session_of(2, "alice");
    const SessionHandle nobody = world.session(3);
    assert_true(enter(world, alice, {"/room"}));
    assert_true(enter(world, nobody, {"/room"}));
    world.receive(watcher);
    world.locked([](const store::Locked& locked) { store::repair(locked); });
    assert_string_equal(world.wrong().c_str(), "");
    world.store().sweep(kNoChild, world.clock.now());
    assert_string_equal(world.receive(watcher).c_str(), "");
    world.unsubscribe(alice, "/room");
    assert_string_equal(world.receive(watcher).c_str(),
                        data(R"("leave":["alice"],"count":1)").c_str());
    assert_int_equal(world.used_after_all(), 0);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(user_when_several_sessions_then_joins_with_first_and_leaves_with_last),
        WORLD_TEST(watch_when_people_are_there_then_snapshot_to_this_session_only),
        WORLD_TEST(watch_when_the_queue_is_full_then_by_its_policy_without_a_snapshot),
        WORLD_TEST(session_when_without_user_then_counts_as_itself),
        WORLD_TEST(session_when_it_expires_then_leaves),
        WORLD_TEST(session_when_it_changes_hands_then_presence_too),
        WORLD_TEST(subscription_when_older_than_presence_then_counts_when_repeated),
        WORLD_TEST(subscribe_when_refused_then_nobody_joins),
        cmocka_unit_test(room_when_large_then_told_in_parts),
        WORLD_TEST(name_when_odd_then_json),
        cmocka_unit_test(names_when_long_then_all_announced),
        cmocka_unit_test(change_when_no_memory_then_announced_later),
        WORLD_TEST(repair_when_people_are_there_then_they_stay),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
