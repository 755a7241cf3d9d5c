#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/fanout.hpp"

namespace bayeux::test {
namespace {

// CH-8, SB-11.
void publish_when_matched_by_several_patterns_then_once(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/**", "/a/b/c", "/a/b/*", "/a/**", "/a/b/**"});
    assert_int_equal(world.publish("/a/b/c", "{1}"), 1);
    assert_int_equal(world.publish("/a/b/d", "{2}"), 1);
    assert_int_equal(world.publish("/z", "{3}"), 1);
    assert_string_equal(world.receive(one).c_str(), "{1},{2},{3}");
}

void publish_when_patterns_differ_then_each_matching_one(void** state) {
    StoreWorld& world = world_of(state);
    const char* const kPatterns[] = {"/a/b", "/a/*", "/a/**", "/**", "/*", "/a/b/*", "/b/**"};
    for (std::uint32_t i = 0; i < 7; ++i) {
        world.subscribe(world.session(i), {kPatterns[i]});
    }
    assert_int_equal(world.publish("/a/b", "{}"), 4);
    assert_int_equal(world.publish("/a", "{}"), 2);
    assert_int_equal(world.publish("/a/b/c", "{}"), 3);
}

// PB-5.
void publish_when_except_then_not_to_it(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    const SessionHandle two = world.session(2);
    world.subscribe(one, {"/a"});
    world.subscribe(two, {"/a", "/*"});
    assert_int_equal(world.publish("/a", "{1}", two), 1);
    assert_string_equal(world.receive(two).c_str(), "");
    assert_string_equal(world.receive(one).c_str(), "{1}");
}

// PB-6: what rides in the publisher's own response does not wake its held connect.
void publish_when_without_wake_then_queued_but_not_due(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    world.park(one, world.connect(one), child);
    assert_int_equal(world.publish("/a", "{1}", {}, one), 1);
    assert_string_equal(world.due(child).c_str(), "");
    assert_true(world.store().has_events(one));
    std::string text;
    world.store().drain(one, child, text);
    // Not written after all: now the held connect is the way.
    world.store().delivered(one, false);
    assert_string_equal(world.due(child).c_str(), "events:1");
}

void publish_when_other_domain_then_not_reached(void** state) {
    StoreWorld& world = world_of(state);
    world.subscribe(world.session(1), {"/**"});
    const auto name = channel("/a");
    broker::Publication publication;
    publication.domain = DomainId{1};
    publication.channel = &name;
    assert_int_equal(world.store().publish(publication).value(), 0);
}

// The body is stored once, and gone with the last queue.
void publish_when_many_subscribers_then_body_is_shared(void** state) {
    StoreWorld& world = world_of(state);
    std::vector<SessionHandle> all;
    for (std::uint32_t i = 0; i < 50; ++i) {
        all.push_back(world.session(i));
        world.subscribe(all.back(), {"/a"});
    }
    world.publish("/a", std::string(1000, 'x'));
    assert_int_equal(world.store().stats().count(store::Kind::kBlock), 5);
    for (const SessionHandle one : all) {
        assert_int_equal(world.receive(one).size(), 1000);
    }
    assert_int_equal(world.store().stats().count(store::Kind::kBlock), 0);
    assert_string_equal(world.wrong().c_str(), "");
}

// All or nobody, as far as can be foreseen: no subscriber misses what another got.
void publish_when_memory_is_full_then_refused_for_all(void** state) {
    StoreWorld& world = world_of(state);
    std::vector<SessionHandle> all;
    for (std::uint32_t i = 0; i < 40; ++i) {
        all.push_back(world.session(i, {1U << 30U, 1U << 30U}));
        world.subscribe(all.back(), {"/a"});
    }
    int published = 0;
    while (world.publish("/a", std::string(5000, 'x')) == 40) {
        ++published;
    }
    assert_true(published > 100);
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(world.publish("/a", std::string(5000, 'x')), -1);
    assert_int_equal(world.store().stats().counters.refused_full, 2);
    for (const SessionHandle one : all) {
        assert_int_equal(world.receive(one).size(), published * 5001 - 1);
    }
    assert_int_equal(world.publish("/a", "{}"), 40);
}

// A fan-out of several holds, with the world changing in between.
struct SlowFanout {
    explicit SlowFanout(StoreWorld& w) : world(w) {
        for (std::uint32_t i = 0; i < 3 * store::kFanoutStep; ++i) {
            all.push_back(world.session(i));
            world.subscribe(all.back(), {"/a/b"});
        }
    }
    void begin(const char* event) {
        name = channel("/a/b");
        hashes = store::ExpansionHashes(world.store().segment(), name.text());
        broker::Publication publication;
        publication.domain = kDomain;
        publication.channel = &name;
        publication.event = event;
        world.locked([&](const store::Locked& locked) {
            begun = store::begin_fanout(locked, publication, hashes, ticket);
        });
    }
    bool step() {
        bool done = false;
        world.locked([&](const store::Locked& locked) {
            done = store::drive_fanout(locked, hashes, ticket);
        });
        return done;
    }

    StoreWorld& world;
    std::vector<SessionHandle> all;
    protocol::ChannelName name = channel("/a/b");
    store::ExpansionHashes hashes{world.store().segment(), "/a/b"};
    store::Ticket ticket;
    store::Begun begun = store::Begun::kRefused;
};

void fanout_when_large_then_in_bounded_steps(void** state) {
    SlowFanout slow(world_of(state));
    slow.begin("{1}");
    assert_false(slow.step());
    assert_int_equal(slow.ticket.reached, store::kFanoutStep);
    assert_string_equal(slow.world.wrong().c_str(), "");
    assert_false(slow.step());
    assert_int_equal(slow.ticket.reached, 2 * store::kFanoutStep);
    assert_true(slow.step());
    assert_int_equal(slow.ticket.reached, 3 * store::kFanoutStep);
    assert_string_equal(slow.world.wrong().c_str(), "");
}

// The newest subscriber is the first: the cursor stands on the one at kFanoutStep from the end.
void fanout_when_subscriber_under_the_cursor_goes_then_others_get_it(void** state) {
    SlowFanout slow(world_of(state));
    slow.begin("{1}");
    slow.step();
    const std::size_t under = slow.all.size() - 1 - store::kFanoutStep;
    slow.world.unsubscribe(slow.all[under], "/a/b");
    slow.world.store().end_session(slow.all[under - 1]);
    assert_string_equal(slow.world.wrong().c_str(), "");
    while (!slow.step()) {
    }
    assert_int_equal(slow.ticket.reached, slow.all.size() - 2);
    assert_string_equal(slow.world.receive(slow.all[under - 2]).c_str(), "{1}");
    assert_string_equal(slow.world.receive(slow.all[under]).c_str(), "");
}

// Who comes in the middle of it gets only what is published later, and who was there gets it once
// although he comes again by another pattern.
void fanout_when_subscribed_in_the_middle_then_later_ones_only(void** state) {
    SlowFanout slow(world_of(state));
    slow.begin("{1}");
    slow.step();
    const SessionHandle late = slow.world.session(9999);
    slow.world.subscribe(late, {"/a/b", "/a/*", "/**"});
    slow.world.subscribe(slow.all.front(), {"/a/*"});
    slow.world.subscribe(slow.all.back(), {"/a/*"});
    slow.world.unsubscribe(slow.all.back(), "/a/b");
    slow.world.publish("/a/b", "{2}");
    assert_true(slow.step());
    assert_string_equal(slow.world.receive(late).c_str(), "{2}");
    assert_string_equal(slow.world.receive(slow.all.front()).c_str(), "{1},{2}");
    assert_string_equal(slow.world.receive(slow.all.back()).c_str(), "{1},{2}");
    assert_string_equal(slow.world.receive(slow.all[300]).c_str(), "{1},{2}");
    assert_string_equal(slow.world.wrong().c_str(), "");
}

// He had it by a pattern whose turn comes later, and subscribes by one whose turn is over.
void fanout_when_subscribed_to_a_passed_pattern_then_still_got(void** state) {
    SlowFanout slow(world_of(state));
    const SessionHandle one = slow.world.session(9999);
    slow.world.subscribe(one, {"/a/*"});
    slow.begin("{1}");
    slow.step();
    slow.world.subscribe(one, {"/a/b"});
    while (!slow.step()) {
    }
    assert_string_equal(slow.world.receive(one).c_str(), "{1}");
}

void fanout_when_its_driver_is_gone_then_sweep_ends_it(void** state) {
    SlowFanout slow(world_of(state));
    slow.begin("{1}");
    slow.step();
    slow.world.store().sweep(kNoChild, slow.world.clock.now());
    assert_int_equal(slow.world.store().stats().count(store::Kind::kJob), 0);
    assert_string_equal(slow.world.receive(slow.all.front()).c_str(), "{1}");
    assert_true(slow.step());
    assert_int_equal(slow.ticket.reached, slow.all.size());
}

void fanout_when_another_publishes_then_the_first_comes_first(void** state) {
    SlowFanout slow(world_of(state));
    slow.begin("{1}");
    slow.step();
    assert_int_equal(slow.world.publish("/a/b", "{2}"), slow.all.size());
    assert_string_equal(slow.world.receive(slow.all.front()).c_str(), "{1},{2}");
    assert_string_equal(slow.world.receive(slow.all.back()).c_str(), "{1},{2}");
}

void channel_when_fanout_is_under_way_then_not_swept(void** state) {
    SlowFanout slow(world_of(state));
    slow.begin("{1}");
    slow.step();
    for (const SessionHandle one : slow.all) {
        slow.world.store().end_session(one);
    }
    slow.world.clock.advance(Millis{10000});
    assert_string_equal(slow.world.wrong().c_str(), "");
    slow.world.store().sweep(kNoChild, slow.world.clock.now());
    assert_string_equal(slow.world.wrong().c_str(), "");
    assert_int_equal(slow.world.used_after_all(), 0);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(publish_when_matched_by_several_patterns_then_once),
        WORLD_TEST(publish_when_patterns_differ_then_each_matching_one),
        WORLD_TEST(publish_when_except_then_not_to_it),
        WORLD_TEST(publish_when_without_wake_then_queued_but_not_due),
        WORLD_TEST(publish_when_other_domain_then_not_reached),
        WORLD_TEST(publish_when_many_subscribers_then_body_is_shared),
        WORLD_TEST(publish_when_memory_is_full_then_refused_for_all),
        WORLD_TEST(fanout_when_large_then_in_bounded_steps),
        WORLD_TEST(fanout_when_subscriber_under_the_cursor_goes_then_others_get_it),
        WORLD_TEST(fanout_when_subscribed_in_the_middle_then_later_ones_only),
        WORLD_TEST(fanout_when_subscribed_to_a_passed_pattern_then_still_got),
        WORLD_TEST(fanout_when_its_driver_is_gone_then_sweep_ends_it),
        WORLD_TEST(fanout_when_another_publishes_then_the_first_comes_first),
        WORLD_TEST(channel_when_fanout_is_under_way_then_not_swept),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
