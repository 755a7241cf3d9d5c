#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/survey.hpp"

namespace bayeux::test {
namespace {

using store::Survey;

Survey survey_of(StoreWorld& world) {
    return store::survey(world.store().segment(), world.clock.now());
}

void survey_when_empty_then_nobody(void** state) {
    const Survey found = survey_of(world_of(state));
    assert_true(found.complete);
    assert_int_equal(found.cells, 0);
    assert_int_equal(found.crowded.size() + found.busy.size() + found.slow.size(), 0);
}

void survey_when_many_then_the_largest_in_order(void** state) {
    StoreWorld& world = world_of(state);
    constexpr std::uint32_t kMany = 40;
    for (std::uint32_t number = 0; number < kMany; ++number) {
        const SessionHandle session = world.session(number);
        for (std::uint32_t room = number; room < kMany; ++room) {
            world.subscribe(session, {"/room/" + std::to_string(room)});
        }
    }
    // Room n has n + 1 subscribers; the first rooms get most messages.
    for (std::uint32_t room = 0; room < 12; ++room) {
        for (std::uint32_t message = room; message < 12; ++message) {
            world.publish("/room/" + std::to_string(room), "x");
        }
    }
    const Survey found = survey_of(world);
    assert_true(found.complete);
    assert_int_equal(found.cells, 2 * kMany);
    assert_int_equal(found.crowded.size(), 10);
    assert_int_equal(found.crowded.begin()->subscribers, kMany);
    assert_true(found.crowded.begin()->text() == "/room/39");
    assert_int_equal((found.crowded.end() - 1)->subscribers, kMany - 9);
    assert_true(found.busy.begin()->text() == "/room/0");
    assert_int_equal(found.busy.begin()->published, 12);
    assert_int_equal((found.busy.end() - 1)->published, 3);
    // The first session hears all rooms: 12 + 11 + ... + 1 events.
    assert_int_equal(found.slow.begin()->events, 78);
    assert_true(found.slow.begin()->short_id() == client(0).short_form());
    assert_false(found.slow.begin()->waiting);
}

void survey_when_session_has_ended_then_it_is_not_slow(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    world.subscribe(one, {"/a"});
    world.publish("/a", "x");
    assert_int_equal(survey_of(world).slow.size(), 1);
    world.store().end_session(one);
    assert_int_equal(survey_of(world).slow.size(), 0);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(survey_when_empty_then_nobody),
        WORLD_TEST(survey_when_many_then_the_largest_in_order),
        WORLD_TEST(survey_when_session_has_ended_then_it_is_not_slow),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
