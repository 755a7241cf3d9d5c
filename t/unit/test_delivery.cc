#include "lib/cmocka.hpp"
#include "lib/fake_store.hpp"
#include "process/store_world.hpp"
#include "store/delivery.hpp"

namespace bayeux::test {
namespace {

std::size_t deliver(broker::SessionStore& store, SessionHandle session, std::string_view event,
                    DomainId domain = kDomain) {
    return store.deliver({domain, session, event});
}

void deliver_when_not_subscribed_then_queued_for_it_alone(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    const SessionHandle two = world.session(2);
    world.subscribe(two, {"/**"});
    assert_int_equal(deliver(world.store(), one, "{1}"), 1);
    assert_int_equal(deliver(world.store(), one, "{2}"), 1);
    assert_string_equal(world.wrong().c_str(), "");
    assert_string_equal(world.receive(two).c_str(), "");
    assert_string_equal(world.receive(one).c_str(), "{1},{2}");
    assert_int_equal(world.store().stats().count(store::Kind::kBlock), 0);
    assert_int_equal(world.store().stats().count(store::Kind::kChannel), 1);
}

void deliver_when_parked_then_due_and_its_child_is_rung(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = world.session(1);
    world.park(one, world.connect(one), child);
    world.ringer.rung.reset();
    assert_int_equal(deliver(world.store(), one, "{1}"), 1);
    assert_true(world.ringer.rung.test(child.value));
    assert_string_equal(world.due(child).c_str(), "events:1");
    assert_string_equal(world.wrong().c_str(), "");
}

// Whatever is lazy before it goes out together with it.
void deliver_when_lazy_events_wait_then_all_are_urgent(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    world.park(one, world.connect(one), child);
    world.publish_lazily("/a", "{lazy}", Millis{5000});
    assert_string_equal(world.due(child).c_str(), "");
    assert_int_equal(deliver(world.store(), one, "{1}"), 1);
    assert_string_equal(world.due(child).c_str(), "events:1");
    assert_string_equal(world.receive(one).c_str(), "{lazy},{1}");
}

void deliver_when_session_is_gone_or_elsewhere_then_nobody(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    assert_int_equal(deliver(world.store(), one, "{1}", DomainId{78}), 0);
    assert_false(world.store().has_events(one));
    world.store().end_session(one);
    assert_int_equal(deliver(world.store(), one, "{1}"), 0);
    assert_int_equal(deliver(world.store(), SessionHandle{}, "{1}"), 0);
    assert_int_equal(world.store().stats().counters.published, 0);
    assert_int_equal(world.used_after_all(), 0);
}

// PB-14, as for a publication.
void deliver_when_queue_is_full_then_by_its_policy(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle strict = world.session(1, {2, 1000, broker::Overflow::kDisconnect});
    const SessionHandle newest = world.session(2, {2, 1000, broker::Overflow::kDropNewest});
    const SessionHandle oldest = world.session(3, {2, 1000, broker::Overflow::kDropOldest});
    for (const SessionHandle session : {strict, newest, oldest}) {
        assert_int_equal(deliver(world.store(), session, "{1}"), 1);
        assert_int_equal(deliver(world.store(), session, "{2}"), 1);
    }
    assert_int_equal(deliver(world.store(), strict, "{3}"), 0);
    assert_int_equal(deliver(world.store(), newest, "{3}"), 0);
    assert_int_equal(deliver(world.store(), oldest, "{3}"), 1);
    assert_string_equal(world.wrong().c_str(), "");
    assert_false(world.store().find_session(kDomain, client(1)).has_value());
    assert_string_equal(world.receive(newest).c_str(), "{1},{2}");
    assert_string_equal(world.receive(oldest).c_str(), "{2},{3}");
    assert_int_equal(world.store().stats().counters.overflow_disconnects, 1);
    assert_int_equal(world.used_after_all(), 0);
}

// Nobody suffers from a full store: the session that was meant lives on.
void deliver_when_memory_is_full_then_refused_and_session_unharmed(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1, {1U << 30U, 1U << 30U});
    std::size_t delivered = 0;
    while (deliver(world.store(), one, std::string(5000, 'x')) == 1) {
        ++delivered;
    }
    assert_true(delivered > 100);
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(world.store().stats().counters.refused_full, 1);
    assert_true(world.store().find_session(kDomain, client(1)).has_value());
    assert_int_equal(world.receive(one).size(), delivered * 5001 - 1);
    assert_int_equal(deliver(world.store(), one, "{}"), 1);
}

// S20: what there was cause to send to one user does not go to the next who has the session, and
// what waits for the one is not drained by the other.
template <class Store>
void check_users(Store& store, SessionHandle one, const char* (*drain)(Store&, SessionHandle)) {
    const std::uint64_t alice = store.user_tag("alice");
    const std::uint64_t bob = store.user_tag("bob");
    assert_int_equal(store.deliver({kDomain, one, "{1}", alice}), 1);
    assert_string_equal(drain(store, one), "{1}");
    assert_true(store.change_user(one, {"bob", bob}));
    assert_int_equal(store.deliver({kDomain, one, "{late}", alice}), 0);
    assert_int_equal(store.deliver({kDomain, one, "{2}", bob}), 1);
    assert_string_equal(drain(store, one), "{2}");
    assert_int_equal(store.deliver({kDomain, one, "{anybody}"}), 1);
    assert_true(store.change_user(one, {}));
    assert_int_equal(store.deliver({kDomain, one, "{late}", bob}), 0);
    assert_string_equal(drain(store, one), "{anybody}");
    assert_true(store.change_user(one, {"alice", alice}));
    assert_int_equal(store.deliver({kDomain, one, "{3}", alice}), 1);
    assert_false(store.change_user(one, {"bob", bob}));
    assert_int_equal(store.deliver({kDomain, one, "{4}", alice}), 0);
}

template <class Store>
const char* drain_once(Store& store, SessionHandle session) {
    static std::string text;
    text.clear();
    static_cast<void>(store.drain(session, ChildIndex{0}, text));
    store.delivered(session, true);
    return text.c_str();
}

void deliver_when_session_has_changed_hands_then_not_to_the_next_user(void** state) {
    StoreWorld& world = world_of(state);
    check_users<store::SharedStore>(world.store(), world.session_of(1, "alice"), drain_once);
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(world.used_after_all(), 0);
}

// What its queue had no room for leaves no trace: the session goes on in other hands.
void deliver_when_dropped_then_session_may_change_hands(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session_of(1, "alice", {2, 3, broker::Overflow::kDropNewest});
    assert_int_equal(
        world.store().deliver({kDomain, one, "{long}", world.store().user_tag("alice")}), 0);
    assert_true(world.change_user(one, "bob"));
    assert_int_equal(deliver(world.store(), one, "{1}"), 1);
    assert_true(world.change_user(one, "carol"));
    assert_string_equal(world.receive(one).c_str(), "{1}");
}

// The store that stands in for it in other tests does the same.
void fake_deliver_when_asked_then_as_the_shared_store(void**) {
    RecordingRinger ringer;
    FakeStore store(&ringer);
    broker::NewSession wanted;
    wanted.domain = kDomain;
    wanted.queue = {2, 1000, broker::Overflow::kDisconnect};
    const SessionHandle one = store.create_session(wanted).value();
    broker::ConnectTerms terms;
    const ConnectCycle cycle = store.start_connect(one, terms).value().cycle;
    store.park(one, cycle, ChildIndex{3}, TimePoint{});
    assert_int_equal(deliver(store, one, "{1}", DomainId{78}), 0);
    assert_int_equal(deliver(store, one, "{1}"), 1);
    assert_true(ringer.rung.test(3));
    std::array<broker::Due, 4> due;
    assert_int_equal(store.take_due(ChildIndex{3}, due), 1);
    assert_int_equal(deliver(store, one, "{2}"), 1);
    std::string text;
    static_cast<void>(store.drain(one, ChildIndex{3}, text));
    assert_string_equal(text.c_str(), "{1},{2}");
    store.delivered(one, false);
    assert_int_equal(deliver(store, one, "{3}"), 0);
    assert_int_equal(deliver(store, one, "{3}"), 0);
    assert_false(store.view(one).has_value());
    wanted.user = {"alice", store.user_tag("alice")};
    check_users<FakeStore>(store, store.create_session(wanted).value(), drain_once);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(deliver_when_not_subscribed_then_queued_for_it_alone),
        WORLD_TEST(deliver_when_parked_then_due_and_its_child_is_rung),
        WORLD_TEST(deliver_when_lazy_events_wait_then_all_are_urgent),
        WORLD_TEST(deliver_when_session_is_gone_or_elsewhere_then_nobody),
        WORLD_TEST(deliver_when_queue_is_full_then_by_its_policy),
        WORLD_TEST(deliver_when_memory_is_full_then_refused_and_session_unharmed),
        WORLD_TEST(deliver_when_session_has_changed_hands_then_not_to_the_next_user),
        WORLD_TEST(deliver_when_dropped_then_session_may_change_hands),
        cmocka_unit_test(fake_deliver_when_asked_then_as_the_shared_store),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
