#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/session_table.hpp"

namespace bayeux::test {
namespace {

bool is_found(StoreWorld& world, std::uint32_t number) {
    return world.store().find_session(kDomain, client(number)).has_value();
}

// More than there are buckets, so that chains have middles.
void sessions_when_many_then_each_is_found_until_it_ends(void** state) {
    StoreWorld& world = world_of(state);
    std::vector<SessionHandle> all;
    for (std::uint32_t i = 0; i < 10000; ++i) {
        all.push_back(world.session(i));
    }
    for (std::uint32_t i = 0; i < 10000; i += 3) {
        world.store().end_session(all[i]);
    }
    std::uint32_t wrong = 0;
    for (std::uint32_t i = 0; i < 10000; ++i) {
        wrong += is_found(world, i) == (i % 3 == 0) ? 1U : 0U;
    }
    assert_int_equal(wrong, 0);
    assert_string_equal(world.wrong().c_str(), "");
}

// Ids that differ in their last bit only, and the same id in two domains.
void find_when_ids_are_alike_then_told_apart(void** state) {
    StoreWorld& world = world_of(state);
    std::array<std::uint8_t, protocol::ClientId::kBytes> bytes{};
    broker::NewSession wanted;
    wanted.domain = kDomain;
    wanted.client_id = protocol::ClientId::from_bytes(bytes);
    const SessionHandle zero = world.store().create_session(wanted).value();
    bytes.back() = 1;
    wanted.client_id = protocol::ClientId::from_bytes(bytes);
    const SessionHandle one = world.store().create_session(wanted).value();
    wanted.domain = DomainId{kDomain.value + 1};
    const SessionHandle other = world.store().create_session(wanted).value();
    assert_true(world.store().find_session(kDomain, wanted.client_id)->handle == one);
    assert_true(world.store().find_session(wanted.domain, wanted.client_id)->handle == other);
    bytes.back() = 0;
    const auto first = protocol::ClientId::from_bytes(bytes);
    assert_true(world.store().find_session(kDomain, first)->handle == zero);
    assert_false(world.store().find_session(wanted.domain, first).has_value());
}

// A cell that was given to another session, also after its page was something else meanwhile.
void resolve_when_generation_is_old_then_nothing(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle old = world.session(1);
    world.store().end_session(old);
    world.used_after_all();
    for (std::uint32_t i = 0; i < 100; ++i) {
        world.publish("/" + std::to_string(i), "{}");
        world.session(i);
    }
    world.locked([&](const store::Locked& locked) {
        assert_null(store::resolve(locked, old));
        assert_null(store::resolve_alive(locked, old));
    });
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(sessions_when_many_then_each_is_found_until_it_ends),
        WORLD_TEST(find_when_ids_are_alike_then_told_apart),
        WORLD_TEST(resolve_when_generation_is_old_then_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
