#include "base/log.hpp"
#include "lib/cmocka.hpp"
#include "process/store_world.hpp"

namespace bayeux::test {
namespace {

using broker::Exceeded;
using broker::Limits;

constexpr RateLimit kThreeASecond{3, Millis{1000}, 3};
constexpr RateLimit kHundredBytes{100, Millis{1000}, 100};
constexpr ClientAddress kHere{0xffff0000c0000201};
constexpr ClientAddress kThere{0xffff0000c0000202};

Exceeded count(StoreWorld& world, std::optional<SessionHandle> session, const Limits& limits,
               std::size_t size = 10, ClientAddress from = kHere) {
    return world.store().count_message(
        {.domain = kDomain, .session = session, .from = from, .size = size, .limits = limits},
        world.clock.now());
}

int count_all(StoreWorld& world, std::optional<SessionHandle> session, const Limits& limits,
              ClientAddress from = kHere) {
    int counted = 0;
    while (counted < 1000 && count(world, session, limits, 10, from) == Exceeded::kNothing) {
        ++counted;
    }
    return counted;
}

void messages_when_too_many_then_of_this_session_only(void** state) {
    StoreWorld& world = world_of(state);
    const Limits limits{.messages = &kThreeASecond};
    const SessionHandle one = world.session(1);
    const SessionHandle two = world.session(2);
    assert_int_equal(count_all(world, one, limits), 3);
    assert_int_equal(count(world, one, limits), Exceeded::kMessages);
    assert_int_equal(count_all(world, two, limits), 3);
    world.clock.advance(Millis{334});
    assert_int_equal(count_all(world, one, limits), 1);
    assert_int_equal(world.store().stats().limited.messages, 4);
    assert_int_equal(world.store().stats().limited.bytes, 0);
    assert_string_equal(world.wrong().c_str(), "");
}

void bytes_when_too_many_then_refused_but_counted_as_message(void** state) {
    StoreWorld& world = world_of(state);
    const Limits limits{.messages = &kThreeASecond, .bytes = &kHundredBytes};
    const SessionHandle one = world.session(1);
    assert_int_equal(count(world, one, limits, 60), Exceeded::kNothing);
    for (int i = 0; i < 2; ++i) {
        assert_int_equal(count(world, one, limits, 60), Exceeded::kBytes);
    }
    for (int i = 0; i < 3; ++i) {
        assert_int_equal(count(world, one, limits, 60), Exceeded::kMessages);
    }
    assert_int_equal(world.store().stats().limited.bytes, 2);
    assert_int_equal(world.store().stats().limited.messages, 3);
    world.clock.advance(Millis{1000});
    assert_int_equal(count(world, one, limits, 60), Exceeded::kNothing);
    assert_int_equal(count(world, one, limits, 20), Exceeded::kNothing);
    assert_int_equal(count(world, one, limits, 20), Exceeded::kNothing);
    assert_int_equal(count(world, one, limits, 20), Exceeded::kMessages);
}

void messages_when_cell_is_used_again_then_whole_allowance(void** state) {
    StoreWorld& world = world_of(state);
    const Limits limits{.messages = &kThreeASecond};
    static_cast<void>(world.session(3));  // keeps the page
    const SessionHandle one = world.session(1);
    assert_int_equal(count_all(world, one, limits), 3);
    world.store().end_session(one);
    const SessionHandle two = world.session(2);
    assert_int_equal(two.index, one.index);
    assert_int_equal(count_all(world, two, limits), 3);
}

void messages_when_without_session_then_of_this_address_only(void** state) {
    StoreWorld& world = world_of(state);
    const Limits limits{.messages = &kThreeASecond, .bytes = &kHundredBytes};
    assert_int_equal(count_all(world, std::nullopt, limits), 3);
    assert_int_equal(count_all(world, std::nullopt, limits, kThere), 3);
    world.clock.advance(Millis{5000});
    assert_int_equal(count(world, std::nullopt, limits, 90), Exceeded::kNothing);
    assert_int_equal(count(world, std::nullopt, limits, 90), Exceeded::kBytes);
}

Millis shake(StoreWorld& world, ClientAddress from) {
    return world.store().count_handshake({.domain = kDomain, .from = from, .limit = kThreeASecond},
                                         world.clock.now());
}

// What the log was told.
struct Lines {
    int count = 0;
    char last[512] = {};
};

int sweep(StoreWorld& world, Lines& lines) {
    const log::Sink sink{
        [](void*, log::Level) noexcept { return true; },
        [](void* baton, log::Level, const char* id, std::string_view text) noexcept {
            if (std::string_view(id) == "BX0060") {
                auto& into = *static_cast<Lines*>(baton);
                ++into.count;
                into.last[text.copy(into.last, sizeof(into.last) - 1)] = '\0';
            }
        },
        &lines};
    log::set_sink(&sink);
    world.store().sweep(ChildIndex{0}, world.clock.now());
    log::set_sink(nullptr);
    return lines.count;
}

void handshakes_when_too_many_then_counted_and_told_now_and_then(void** state) {
    StoreWorld& world = world_of(state);
    Lines lines;
    assert_int_equal(sweep(world, lines), 0);
    for (int i = 0; i < 3; ++i) {
        assert_int_equal(shake(world, kHere).count(), 0);
    }
    assert_int_equal(shake(world, kHere).count(), 334);
    assert_int_equal(shake(world, kThere).count(), 0);
    assert_int_equal(world.store().stats().limited.handshakes, 1);
    assert_int_equal(sweep(world, lines), 1);
    assert_non_null(std::strstr(lines.last, "1 handshakes or messages"));
    assert_non_null(std::strstr(lines.last, "from 192.0.2.1,"));
    static_cast<void>(shake(world, kHere));
    static_cast<void>(shake(world, kHere));
    assert_int_equal(sweep(world, lines), 1);
    world.clock.advance(Millis{10001});
    assert_int_equal(sweep(world, lines), 2);
    assert_non_null(std::strstr(lines.last, "2 handshakes or messages"));
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(messages_when_too_many_then_of_this_session_only),
        WORLD_TEST(bytes_when_too_many_then_refused_but_counted_as_message),
        WORLD_TEST(messages_when_cell_is_used_again_then_whole_allowance),
        WORLD_TEST(messages_when_without_session_then_of_this_address_only),
        WORLD_TEST(handshakes_when_too_many_then_counted_and_told_now_and_then),
    };
    return cmocka_run_group_tests_name("shared_store_limits", tests, nullptr, nullptr);
}
