#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/browser_table.hpp"

namespace bayeux::test {
namespace {

using broker::ConnectStart;

constexpr std::uint8_t kFirefox = 1;
constexpr std::uint8_t kOther = 2;

ConnectStart hold(StoreWorld& world, SessionHandle tab, std::uint32_t limit = 1) {
    broker::ConnectTerms terms = world.terms();
    terms.wants_hold = true;
    terms.holds_per_browser = limit;
    return world.start(tab, terms);
}

std::uint32_t browsers(StoreWorld& world) {
    return world.store().stats().count(store::Kind::kBrowser);
}

// BR-4, BR-5: held connects count, not sessions.
void connect_when_another_tab_is_held_then_not_this_one(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.tab(1, kFirefox);
    const SessionHandle two = world.tab(2, kFirefox);
    world.connect(two);
    assert_int_equal(browsers(world), 0);
    assert_true(hold(world, one).may_hold);
    assert_false(hold(world, two).may_hold);
    assert_int_equal(browsers(world), 1);
    assert_string_equal(world.wrong().c_str(), "");
}

void connect_when_limit_is_higher_then_so_many(void** state) {
    StoreWorld& world = world_of(state);
    int held = 0;
    for (std::uint32_t i = 0; i < 7; ++i) {
        held += hold(world, world.tab(i, kFirefox), 5).may_hold ? 1 : 0;
    }
    assert_int_equal(held, 5);
    assert_true(hold(world, world.tab(9, kOther), 5).may_hold);
    assert_int_equal(browsers(world), 2);
    assert_string_equal(world.wrong().c_str(), "");
}

void connect_when_of_the_same_session_then_its_own_place_is_free(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.tab(1, kFirefox);
    assert_true(hold(world, one).may_hold);
    assert_true(hold(world, one).may_hold);
    assert_int_equal(browsers(world), 1);
    // One that is not to be held gives the place back.
    world.connect(one);
    assert_int_equal(browsers(world), 0);
}

// The same browser id in two domains is two browsers; sessions without one are nobody's tabs.
void connect_when_domain_differs_or_no_browser_then_counted_apart(void** state) {
    StoreWorld& world = world_of(state);
    broker::NewSession elsewhere;
    elsewhere.domain = DomainId{kDomain.value + 1};
    elsewhere.client_id = client(1);
    elsewhere.browser = protocol::BrowserId::from_bytes({kFirefox});
    elsewhere.expires_at = world.after(10);
    assert_true(hold(world, world.tab(1, kFirefox)).may_hold);
    assert_true(hold(world, world.store().create_session(elsewhere).value()).may_hold);
    assert_true(hold(world, world.session(2)).may_hold);
    assert_true(hold(world, world.session(3)).may_hold);
    assert_int_equal(browsers(world), 2);
}

void connect_when_nobody_may_hold_or_all_then_no_place_is_taken(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.tab(1, kFirefox);
    const SessionHandle two = world.tab(2, kFirefox);
    assert_false(hold(world, one, 0).may_hold);
    assert_false(hold(world, world.session(3), 0).may_hold);
    assert_true(hold(world, one, broker::kUnlimited).may_hold);
    assert_true(hold(world, two, broker::kUnlimited).may_hold);
    assert_int_equal(browsers(world), 0);
}

// BR-7: released when the held connect ends, for any reason.
void place_when_connect_ends_in_any_way_then_given_back(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.tab(1, kFirefox);
    world.store().finish_connect(one, hold(world, one).cycle, world.after(10));
    assert_int_equal(browsers(world), 0);
    assert_string_equal(world.wrong().c_str(), "");

    hold(world, one);
    const ConnectCycle stream = world.stream(one, broker::Transport::kWebSocket);
    assert_int_equal(browsers(world), 0);

    broker::ConnectTerms terms = world.terms();
    terms.transport = broker::Transport::kWebSocket;
    terms.stream = stream;
    terms.wants_hold = true;
    terms.holds_per_browser = 1;
    assert_true(world.start(one, terms).may_hold);
    assert_int_equal(browsers(world), 1);
    world.store().finish_connect(one, stream, world.after(10));
    assert_int_equal(browsers(world), 0);
    world.start(one, terms);
    world.store().end_stream(one, stream, std::nullopt);
    assert_int_equal(browsers(world), 0);

    hold(world, one);
    world.store().end_session(one);
    assert_int_equal(browsers(world), 0);
    assert_string_equal(world.wrong().c_str(), "");
}

// The older connect's end is not the newer one's.
void finish_when_newer_connect_began_then_its_place_is_kept(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.tab(1, kFirefox);
    const ConnectCycle old = hold(world, one).cycle;
    hold(world, one);
    world.store().finish_connect(one, old, world.after(10));
    assert_int_equal(browsers(world), 1);
    assert_false(hold(world, world.tab(2, kFirefox)).may_hold);
}

void place_when_session_expires_or_child_leaves_then_given_back(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.store().claim_child(1).value();
    const SessionHandle one = world.tab(1, kFirefox);
    world.park(one, hold(world, one).cycle, child);
    world.store().release_child(child);
    assert_int_equal(browsers(world), 0);
    hold(world, one);
    world.clock.advance(Millis{60000});
    world.store().sweep(kNoChild, world.clock.now());
    assert_int_equal(browsers(world), 0);
}

// AD-5: told once when the extra tab has left.
void connect_when_room_again_then_advice_is_due_once(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.tab(1, kFirefox);
    const SessionHandle two = world.tab(2, kFirefox);
    const ConnectCycle first = hold(world, one).cycle;
    hold(world, two);
    assert_false(hold(world, two).advice_due);
    world.store().finish_connect(one, first, world.after(10));
    world.connect(two);  // not to be held: it learns nothing
    const ConnectStart start = hold(world, two);
    assert_true(start.may_hold);
    assert_true(start.advice_due);
    assert_false(hold(world, two).advice_due);
}

// S16: without memory for the count nobody is turned away.
void connect_when_memory_is_full_then_held_uncounted(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.tab(1, kFirefox);
    std::uint32_t count = 2;
    while (world.try_session(count).has_value()) {
        ++count;
    }
    assert_true(hold(world, one).may_hold);
    assert_int_equal(browsers(world), 0);
    assert_int_equal(world.used_after_all(), 0);
}

// More than there are buckets, so that chains have middles.
void browsers_when_many_then_each_counts_its_own(void** state) {
    StoreWorld& world = world_of(state);
    std::vector<SessionHandle> all;
    std::uint32_t wrong = 0;
    for (std::uint32_t i = 0; i < 6000; ++i) {
        broker::NewSession wanted;
        wanted.browser = protocol::BrowserId::from_bytes(
            {static_cast<std::uint8_t>(i / 2), static_cast<std::uint8_t>(i / 2 / 256)});
        all.push_back(world.session_as(i, wanted));
        wrong += hold(world, all.back()).may_hold == (i % 2 == 0) ? 0U : 1U;
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(browsers(world), 3000);
    for (std::uint32_t i = 0; i < 6000; i += 6) {
        world.store().end_session(all[i]);
    }
    assert_int_equal(browsers(world), 2000);
    assert_string_equal(world.wrong().c_str(), "");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(connect_when_another_tab_is_held_then_not_this_one),
        WORLD_TEST(connect_when_limit_is_higher_then_so_many),
        WORLD_TEST(connect_when_of_the_same_session_then_its_own_place_is_free),
        WORLD_TEST(connect_when_domain_differs_or_no_browser_then_counted_apart),
        WORLD_TEST(connect_when_nobody_may_hold_or_all_then_no_place_is_taken),
        WORLD_TEST(place_when_connect_ends_in_any_way_then_given_back),
        WORLD_TEST(finish_when_newer_connect_began_then_its_place_is_kept),
        WORLD_TEST(place_when_session_expires_or_child_leaves_then_given_back),
        WORLD_TEST(connect_when_room_again_then_advice_is_due_once),
        WORLD_TEST(connect_when_memory_is_full_then_held_uncounted),
        WORLD_TEST(browsers_when_many_then_each_counts_its_own),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
