#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/channel_table.hpp"

namespace bayeux::test {
namespace {

void sweep_later(StoreWorld& world, Millis later) {
    world.clock.advance(later);
    world.store().sweep(kNoChild, world.clock.now());
}

bool exists(StoreWorld& world, const std::string& name) {
    return world.store().channel_exists(kDomain, channel(name));
}

// CH-15.
void channel_when_published_to_then_exists_until_unused_for_a_while(void** state) {
    StoreWorld& world = world_of(state);
    assert_false(exists(world, "/a"));
    assert_int_equal(world.publish("/a", "{}"), 0);
    assert_true(exists(world, "/a"));
    assert_false(world.store().channel_exists(DomainId{1}, channel("/a")));
    sweep_later(world, Millis{2000});
    world.publish("/a", "{}");
    sweep_later(world, Millis{2900});
    assert_true(exists(world, "/a"));
    sweep_later(world, Millis{200});
    assert_false(exists(world, "/a"));
    assert_int_equal(world.store().stats().used_bytes(), 0);
    assert_string_equal(world.wrong().c_str(), "");
}

void channel_when_subscribed_then_kept(void** state) {
    StoreWorld& world = world_of(state);
    const SessionHandle one = world.session(1);
    world.touch(one, 1000);
    world.subscribe(one, {"/a/*"});
    sweep_later(world, Millis{100000});
    assert_true(exists(world, "/a/*"));
    world.unsubscribe(one, "/a/*");
    sweep_later(world, Millis{2000});
    assert_true(exists(world, "/a/*"));
    sweep_later(world, Millis{2000});
    assert_false(exists(world, "/a/*"));
}

void channel_when_persistent_then_never_swept(void** state) {
    StoreWorld& world = world_of(state);
    const auto name = channel("/p");
    broker::Publication publication;
    publication.domain = kDomain;
    publication.channel = &name;
    publication.event = "{}";
    publication.persistent = true;
    world.publish("/p", "{}");
    assert_true(world.store().publish(publication).has_value());
    sweep_later(world, Millis{100000});
    assert_true(exists(world, "/p"));
    assert_string_equal(world.wrong().c_str(), "");
}

void publish_when_domain_has_too_many_channels_then_full(void** state) {
    StoreWorld& world = world_of(state);
    const auto name = channel("/b");
    broker::Publication publication;
    publication.domain = kDomain;
    publication.channel = &name;
    publication.max_channels = 1;
    world.publish("/a", "{}");
    assert_false(world.store().publish(publication).has_value());
    publication.domain = DomainId{2};
    assert_true(world.store().publish(publication).has_value());
    assert_string_equal(world.wrong().c_str(), "");
}

void channel_when_name_is_as_long_as_can_be_then_works(void** state) {
    StoreWorld& world = world_of(state);
    const std::string name = "/" + std::string(protocol::kMaxChannelName - 1, 'n');
    const std::string other = "/" + std::string(protocol::kMaxChannelName - 2, 'n') + "m";
    const SessionHandle one = world.session(1);
    world.subscribe(one, {name, "/*"});
    assert_int_equal(world.publish(name, "{1}"), 1);
    assert_int_equal(world.publish(other, "{2}"), 1);
    assert_string_equal(world.receive(one).c_str(), "{1},{2}");
}

// S16: very many channels, and none left of them.
void channels_when_many_then_found_and_swept(void** state) {
    StoreWorld& world = world_of(state);
    int made = 0;
    while (world.publish("/many/" + std::to_string(made), "{}") == 0) {
        ++made;
    }
    assert_true(made > 5000);
    assert_true(exists(world, "/many/0"));
    assert_true(exists(world, "/many/" + std::to_string(made - 1)));
    assert_string_equal(world.wrong().c_str(), "");
    sweep_later(world, Millis{3100});
    assert_int_equal(world.store().stats().used_bytes(), 0);
    assert_int_equal(world.store().stats().counters.channels_swept, made);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(channel_when_published_to_then_exists_until_unused_for_a_while),
        WORLD_TEST(channel_when_subscribed_then_kept),
        WORLD_TEST(channel_when_persistent_then_never_swept),
        WORLD_TEST(publish_when_domain_has_too_many_channels_then_full),
        WORLD_TEST(channel_when_name_is_as_long_as_can_be_then_works),
        WORLD_TEST(channels_when_many_then_found_and_swept),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
