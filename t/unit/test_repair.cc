#include <cstdio>
#include <cstring>

#include "lib/cmocka.hpp"
#include "process/forked.hpp"
#include "process/random_user.hpp"
#include "store/fanout.hpp"
#include "store/repair.hpp"

namespace bayeux::test {
namespace {

void repair(StoreWorld& world) {
    world.locked([](const store::Locked& locked) { store::repair(locked); });
}

// Everything that can be seen from outside.
std::string picture(StoreWorld& world) {
    const store::StoreStats stats = world.store().stats();
    std::string text = std::to_string(stats.free_pages) + " due " + std::to_string(stats.due);
    for (const std::uint32_t count : stats.used) {
        text += " " + std::to_string(count);
    }
    return text;
}

void busy(StoreWorld& world, std::uint64_t seed, int rounds) {
    RandomUser user(world, seed, world.claim());
    for (int i = 0; i < rounds; ++i) {
        user.act();
    }
}

// Where nothing is broken, nothing changes.
void repair_when_all_is_well_then_nothing_changes(void** state) {
    StoreWorld& world = world_of(state);
    busy(world, 5, 3000);
    const std::string before = picture(world);
    repair(world);
    assert_string_equal(picture(world).c_str(), before.c_str());
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(world.used_after_all(), 0);
}

void repair_when_events_wait_and_fly_then_they_stay(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    world.publish("/a", "{1}");
    std::string text;
    world.store().drain(one, kNoChild, text);
    world.publish("/a", "{2}");
    repair(world);
    assert_string_equal(world.wrong().c_str(), "");
    assert_false(world.store().has_events(one));
    world.store().delivered(one, true);
    assert_string_equal(world.receive(one).c_str(), "{2}");
}

// What repair rebuilds of the places that browsers' connects hold, of what was sent, and of lazy
// events: these go out now.
void repair_when_places_batches_and_lazy_events_then_they_stay(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = world.tab(1, 5);
    const SessionHandle two = world.tab(2, 5);
    broker::ConnectTerms terms = world.terms();
    terms.wants_hold = true;
    terms.holds_per_browser = 1;
    const ConnectCycle held = world.start(one, terms).cycle;
    world.park(one, held, child);
    const SessionHandle acks = world.ack_session(3);
    world.subscribe(acks, {"/a"});
    world.subscribe(one, {"/lazy"});
    world.publish("/a", "{1}");
    world.batch_of(acks);
    world.publish("/a", "{2}");
    world.publish_lazily("/lazy", "{3}", Millis{5000});
    repair(world);
    assert_string_equal(world.wrong().c_str(), "");
    assert_false(world.start(two, terms).may_hold);
    assert_string_equal(world.due(child).c_str(), "events:1");
    world.store().finish_connect(one, held, world.after(9));
    assert_true(world.start(two, terms).may_hold);
    broker::ConnectTerms acknowledging = world.terms();
    acknowledging.acknowledged = 1;
    world.start(acks, acknowledging);
    assert_string_equal(world.batch_of(acks).c_str(), "2:{2}");
    assert_int_equal(world.used_after_all(), 0);
}

// All that is derived may be lost at once.
void repair_when_all_lists_are_garbage_then_found_again(void** state) {
    StoreWorld& world = world_of(state);
    busy(world, 6, 3000);
    const std::string before = picture(world);
    const store::Segment& segment = world.store().segment();
    const auto scribble = [](auto buckets) {
        std::memset(static_cast<void*>(buckets.data()), 0x5a, buckets.size_bytes());
    };
    scribble(segment.session_buckets());
    scribble(segment.channel_buckets());
    scribble(segment.subscription_buckets());
    scribble(segment.domain_buckets());
    scribble(segment.browser_buckets());
    scribble(segment.user_buckets());
    scribble(segment.member_buckets());
    store::Header& header = segment.header();
    header.wheel.fill(store::SessionIndex(0x5a5a5a));
    header.idle_head = store::ChannelIndex(3);
    header.dying_head = store::SessionIndex(4);
    header.jobs_head = store::JobIndex(5);
    header.changed_head = header.changed_tail = store::MemberIndex(6);
    header.free_pages = header.free_page_head = 6;
    header.kinds = {};
    for (store::PageInfo& page : segment.pages()) {
        page.used = page.free_head = 7;
        page.next = page.prev = 8;
    }
    repair(world);
    assert_string_equal(world.wrong().c_str(), "");
    assert_string_equal(picture(world).c_str(), before.c_str());
    assert_int_equal(world.used_after_all(), 0);
}

// Flips words anywhere but in what says where everything is.
void damage(StoreWorld& world, Dice& dice, int words) {
    const store::Segment& segment = world.store().segment();
    const auto pages = static_cast<std::uint32_t>(segment.pages().size());
    for (int i = 0; i < words; ++i) {
        const std::uint32_t page = dice.below(pages);
        store::PageInfo& info = segment.pages()[page];
        std::byte* const cells = segment.raw_cell(store::Kind::kFree, page, 0);
        // Small numbers, live words and plausible places do more harm than random ones.
        const std::uint32_t values[] = {dice.below(300),         store::kCellLive,
                                        dice.below(40) << 8U,    0xffffffffU,
                                        dice.below(0x7fffffffU), 0};
        const std::uint32_t value = values[dice.below(6)];
        if (dice.below(10) == 0) {
            std::memcpy(static_cast<void*>(&info), &value, sizeof(value));
        } else {
            std::memcpy(cells + 4 * dice.below(1024), &value, sizeof(value));
        }
    }
}

std::string survive_damage(std::uint64_t seed) {
    StoreWorld world(std::size_t{1} << 20U);
    busy(world, seed, 500);
    Dice dice(seed + 1000);
    damage(world, dice, 1 + static_cast<int>(dice.below(400)));
    repair(world);
    std::string wrong = world.wrong();
    if (wrong.empty()) {
        busy(world, seed + 1, 200);
        wrong = world.wrong();
    }
    return wrong.empty() ? "" : "seed " + std::to_string(seed) + ": " + wrong;
}

// Total, whatever lies in memory: it ends, touches nothing outside, and leaves the segment whole.
void repair_when_memory_is_damaged_then_whole_again(void**) {
    char text[256] = {};
    for (std::uint64_t seed = 0; seed < 300 && text[0] == 0; ++seed) {
        std::snprintf(text, sizeof(text), "%s", survive_damage(seed).c_str());
    }
    assert_string_equal(text, "");
}

// The number after the last one would be below all that were sent.
void repair_when_next_batch_is_the_last_number_then_room_for_more(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.ack_session(1);
    world.locked([&](const store::Locked& held) {
        held.cell(store::SessionIndex(one.index)).batch = 0xffffffff;
    });
    repair(world);
    for (int i = 0; i < 2; ++i) {
        world.deliver(one, "{}");
        static_cast<void>(world.batch_of(one));
        assert_string_equal(world.wrong().c_str(), "");
    }
}

// A waiter whose event was queued, but which was not yet made due.
void repair_when_waiter_missed_its_event_then_due(void** state) {
    StoreWorld& world = world_of(state);
    const ChildIndex child = world.claim();
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    world.park(one, world.connect(one), child);
    world.publish("/a", "{1}", {}, one);
    assert_string_equal(world.due(child).c_str(), "");
    repair(world);
    assert_string_equal(world.due(child).c_str(), "events:1");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(repair_when_all_is_well_then_nothing_changes),
        WORLD_TEST(repair_when_events_wait_and_fly_then_they_stay),
        WORLD_TEST(repair_when_places_batches_and_lazy_events_then_they_stay),
        WORLD_TEST(repair_when_all_lists_are_garbage_then_found_again),
        cmocka_unit_test(repair_when_memory_is_damaged_then_whole_again),
        WORLD_TEST(repair_when_next_batch_is_the_last_number_then_room_for_more),
        WORLD_TEST(repair_when_waiter_missed_its_event_then_due),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
