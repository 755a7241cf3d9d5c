// Deliveries to users with more sessions than one hold serves, while these come, go and change
// hands.
#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/delivery.hpp"
#include "store/repair.hpp"

namespace bayeux::test {
namespace {

constexpr std::uint32_t kStep = store::kDeliveryStep;

// A delivery to all of alice's sessions, step by step.
class Round {
  public:
    explicit Round(StoreWorld& world) : world_(world), tag_(world.store().user_tag("alice")) {}

    // True when it is over.
    bool step() {
        bool over = false;
        world_.locked([&](const store::Locked& locked) {
            over = store::deliver_round(locked, {kDomain, "alice", "{1}"}, tag_, state);
        });
        return over;
    }
    // The number of steps that were left.
    int finish() {
        int steps = 1;
        while (!step() && steps < 100) {
            ++steps;
        }
        return steps;
    }

    store::UserRound state;

  private:
    StoreWorld& world_;
    const std::uint64_t tag_;
};

std::vector<SessionHandle> sessions_of_alice(StoreWorld& world, std::uint32_t count) {
    std::vector<SessionHandle> all;
    for (std::uint32_t i = 0; i < count; ++i) {
        all.push_back(world.session_of(i, "alice"));
    }
    return all;
}

// How many of them did not get it exactly once.
std::uint32_t missed_or_doubled(StoreWorld& world, const std::vector<SessionHandle>& sessions) {
    std::uint32_t wrong = 0;
    for (const SessionHandle session : sessions) {
        wrong += world.receive(session) == "{1}" ? 0U : 1U;
    }
    return wrong;
}

// The order in which they joined is not that in which they were made.
void round_when_sessions_have_changed_hands_before_then_each_once(void** state) {
    StoreWorld& world = world_of(state);
    const auto all = sessions_of_alice(world, 3 * kStep);
    for (std::uint32_t i = 3 * kStep; i > 0; i -= 2) {
        world.change_user(all[i - 2], "bob");
        world.change_user(all[i - 2], "alice");
    }
    Round round(world);
    assert_false(round.step());
    world.store().end_session(round.state.next);
    round.finish();
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(missed_or_doubled(world, all), 1);
    assert_int_equal(round.state.reached, 3 * kStep - 1);
}

// Who leaves and comes back while it is under way has it, or gets it no more; nobody gets it twice.
void round_when_sessions_change_hands_meanwhile_then_the_others_get_it_once(void** state) {
    StoreWorld& world = world_of(state);
    const auto all = sessions_of_alice(world, 3 * kStep);
    Round round(world);
    assert_false(round.step());
    const SessionHandle stood_on = round.state.next;
    assert_true(world.change_user(stood_on, "bob"));
    assert_true(world.change_user(stood_on, "alice"));
    const SessionHandle late = world.session_of(9999, "alice");
    assert_string_equal(world.receive(all.back()).c_str(), "{1}");
    assert_true(world.change_user(all.back(), "bob"));
    assert_true(world.change_user(all.back(), "alice"));
    round.finish();
    assert_string_equal(world.wrong().c_str(), "");
    assert_string_equal(world.receive(all.back()).c_str(), "");
    assert_string_equal(world.receive(late).c_str(), "");
    assert_string_equal(world.receive(stood_on).c_str(), "");
    std::vector<SessionHandle> others(all.begin(), all.end() - 1);
    std::erase(others, stood_on);
    assert_int_equal(missed_or_doubled(world, others), 0);
}

// Also after the lists were built again, from cells that lie in another order.
void round_when_the_store_is_repaired_meanwhile_then_each_once(void** state) {
    StoreWorld& world = world_of(state);
    auto all = sessions_of_alice(world, 3 * kStep);
    for (std::uint32_t i = 0; i < 100; ++i) {
        world.store().end_session(all[7 * i % 500]);
        all[7 * i % 500] = world.session_of(1000 + i, "alice");
    }
    Round round(world);
    assert_false(round.step());
    world.locked([](const store::Locked& locked) { store::repair(locked); });
    assert_string_equal(world.wrong().c_str(), "");
    assert_false(round.step());
    world.locked([](const store::Locked& locked) { store::repair(locked); });
    round.finish();
    assert_int_equal(missed_or_doubled(world, all), 0);
    assert_int_equal(round.state.reached, 3 * kStep);
}

// The way back to where it was is as bounded as what it does there.
void round_when_its_place_is_gone_then_looks_for_it_in_steps(void** state) {
    StoreWorld& world = world_of(state);
    const auto all = sessions_of_alice(world, 4 * kStep);
    Round round(world);
    for (int i = 0; i < 3; ++i) {
        assert_false(round.step());
    }
    world.store().end_session(round.state.next);
    for (int i = 0; i < 2; ++i) {
        assert_false(round.step());
        assert_int_equal(round.state.reached, 3 * kStep);
    }
    // Where it stands while it looks may go, too.
    world.store().end_session(round.state.next);
    assert_int_equal(round.finish(), 4);
    assert_int_equal(round.state.reached, 4 * kStep - 1);
    assert_string_equal(world.wrong().c_str(), "");
    assert_int_equal(missed_or_doubled(world, all), 2);
}

void round_when_the_user_goes_meanwhile_then_over(void** state) {
    StoreWorld& world = world_of(state);
    const auto all = sessions_of_alice(world, kStep + 1);
    Round round(world);
    assert_false(round.step());
    for (const SessionHandle session : all) {
        world.store().end_session(session);
    }
    assert_int_equal(round.finish(), 1);
    assert_int_equal(world.used_after_all(), 0);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(round_when_sessions_have_changed_hands_before_then_each_once),
        WORLD_TEST(round_when_sessions_change_hands_meanwhile_then_the_others_get_it_once),
        WORLD_TEST(round_when_the_store_is_repaired_meanwhile_then_each_once),
        WORLD_TEST(round_when_its_place_is_gone_then_looks_for_it_in_steps),
        WORLD_TEST(round_when_the_user_goes_meanwhile_then_over),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
