#include "lib/cmocka.hpp"
#include "process/presence_world.hpp"
#include "store/repair.hpp"
#include "store/verify.hpp"

namespace bayeux::test {
namespace {

using store::Channel;
using store::Segment;
using store::Session;

// A world in which every kind of record occurs.
struct Scene {
    Scene() : world(std::size_t{1} << 20U, 4) {
        child = world.claim();
        world.store().sweep(child, world.clock.now());  // the wheel learns what time it is
        one = world.tab(1, 1);
        two = world.tab(2, 2);
        acks = world.ack_session(3);
        world.subscribe(one, {"/a", "/b"});
        world.subscribe(two, {"/a"});
        world.publish("/a", std::string(500, 'x'));
        world.publish("/idle", "{}");
        std::string text;
        world.store().drain(one, child, text);
        world.publish("/a", "{2}");
        world.receive(two);
        broker::ConnectTerms terms = world.terms();
        terms.wants_hold = true;
        terms.holds_per_browser = 1;
        world.park(two, world.start(two, terms).cycle, child);
        world.subscribe(acks, {"/acks"});
        world.publish("/acks", "{3}");
        world.publish("/acks", "{4}");
        world.batch_of(acks);
        world.publish_lazily("/acks", "{5}", Millis{2000});
        alice = world.session_of(4, "alice");
        also_alice = world.session_of(5, "alice");
        enter(world, alice, {"/present", "/also"});
        enter(world, also_alice, {"/present"});
    }
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;
    ~Scene() {
        // The world gives its place back, which needs a sound segment.
        world.locked([](const store::Locked& locked) { store::repair(locked); });
    }
    [[nodiscard]] const Segment& segment() { return world.store().segment(); }
    Session& session(SessionHandle handle) {
        return segment().cell(store::SessionIndex(handle.index));
    }
    store::Browser& browser_of(SessionHandle handle) {
        return segment().cell(session(handle).browser_cell);
    }
    store::User& user_of(SessionHandle handle) { return segment().cell(session(handle).user); }
    store::Subscription& subscription_of(SessionHandle handle) {
        return segment().cell(session(handle).subscriptions);
    }
    store::Member& member_of(SessionHandle handle) {
        return segment().cell(subscription_of(handle).member);
    }
    store::QueueEntry& first_of(SessionHandle handle) {
        return segment().cell(session(handle).queue_head);
    }
    Channel& channel_of(SessionHandle handle) {
        return segment().cell(segment().cell(session(handle).subscriptions).channel);
    }

    StoreWorld world;
    ChildIndex child;
    SessionHandle one;
    SessionHandle two;
    SessionHandle acks;
    SessionHandle alice;
    SessionHandle also_alice;
};

// The number of the violation that is seen after `harm`, e.g. "V6"; empty if none is seen.
std::string seen_after(void (*harm)(Scene& scene)) {
    Scene scene;
    if (!scene.world.wrong().empty()) {
        return "not whole before";
    }
    harm(scene);
    const std::string wrong = scene.world.wrong();
    return wrong.substr(0, wrong.find(' '));
}

struct Harm {
    const char* seen_as;
    void (*harm)(Scene& scene);
};

const Harm kHarms[] = {
    {"", [](Scene&) {}},
    {"V1", [](Scene& s) { ++s.segment().header().layout_version; }},
    {"V2", [](Scene& s) { --s.segment().pages()[s.one.index >> 8U].used; }},
    {"V2", [](Scene& s) { s.segment().pages()[s.one.index >> 8U].free_head = 0; }},
    {"V2", [](Scene& s) { s.session(s.one).live = store::kCellFree; }},
    {"V3", [](Scene& s) { ++s.segment().header().free_pages; }},
    {"V3", [](Scene& s) { ++s.segment().header().kinds[2].used; }},
    {"V3", [](Scene& s) { s.segment().header().kinds[1].partial_head = store::kNone; }},
    {"V4", [](Scene& s) { ++s.session(s.one).client_id[0]; }},
    {"V4", [](Scene& s) { s.session(s.one).state = store::SessionState::kEnded; }},
    {"V5", [](Scene& s) { ++s.channel_of(s.one).name[1]; }},
    {"V6", [](Scene& s) { ++s.session(s.one).subscription_count; }},
    {"V6", [](Scene& s) { ++s.channel_of(s.one).subscriber_count; }},
    {"V6", [](Scene& s) { ++s.session(s.one).generation; }},
    {"V6", [](Scene& s) { s.session(s.one).subscriptions = store::SubscriptionIndex(); }},
    {"V7", [](Scene& s) { ++s.session(s.one).queue_count; }},
    {"V7", [](Scene& s) { ++s.session(s.one).queue_bytes; }},
    {"V7", [](Scene& s) { s.session(s.one).queue_tail = s.session(s.one).queue_head; }},
    {"V7", [](Scene& s) { s.session(s.one).queue_head = store::QueueIndex(); }},
    {"V7", [](Scene& s) { s.session(s.one).in_flight_last = s.session(s.two).queue_head; }},
    {"V7", [](Scene& s) { s.session(s.one).in_flight_last = store::QueueIndex(); }},
    {"V8",
     [](Scene& s) {
         ++s.segment().cell(s.segment().cell(s.session(s.one).queue_head).message).references;
     }},
    {"V8",
     [](Scene& s) {
         auto& first = s.segment().cell(s.segment().cell(s.session(s.one).queue_head).message);
         s.segment().cell(first.next).next = store::BlockIndex();
     }},
    {"V9", [](Scene& s) { ++s.segment().cell(s.session(s.one).domain_cell).sessions; }},
    {"V9", [](Scene& s) { s.session(s.one).domain_cell = store::DomainIndex(); }},
    {"V10", [](Scene& s) { s.session(s.one).expires_at -= 5000; }},
    {"V10", [](Scene& s) { s.segment().header().wheel.fill(store::SessionIndex()); }},
    {"V11", [](Scene& s) { s.session(s.two).waiter_state = store::WaiterState::kDue; }},
    {"V11", [](Scene& s) { s.session(s.one).notice_child = 0; }},
    {"V11", [](Scene& s) { ++s.segment().children()[0].due_count; }},
    {"V11", [](Scene& s) { s.session(s.two).cycle_child = 3; }},
    {"V11", [](Scene& s) { ++s.segment().header().left_children; }},
    {"V12", [](Scene& s) { s.segment().header().idle_head = store::ChannelIndex(); }},
    {"V12", [](Scene& s) { s.channel_of(s.one).idle = 1; }},
    {"V13", [](Scene& s) { s.segment().header().dying_head = store::SessionIndex(s.one.index); }},
    {"V14", [](Scene& s) { ++s.channel_of(s.one).cursors; }},
    {"V14", [](Scene& s) { ++s.segment().header().job_count; }},
    {"V10", [](Scene& s) { s.session(s.acks).lazy_at -= 5000; }},
    {"V11", [](Scene& s) { s.session(s.one).cycle_child = 3; }},
    {"V15", [](Scene& s) { ++s.browser_of(s.two).holds; }},
    {"V15", [](Scene& s) { ++s.browser_of(s.two).id[0]; }},
    {"V15", [](Scene& s) { s.browser_of(s.two).hash_next = s.session(s.two).browser_cell; }},
    {"V15", [](Scene& s) { s.session(s.two).holds_place = 0; }},
    {"V15", [](Scene& s) { s.session(s.one).holds_place = 1; }},
    {"V15", [](Scene& s) { s.session(s.two).browser_cell = store::BrowserIndex(); }},
    {"V15", [](Scene& s) { ++s.session(s.one).browser_hash; }},
    {"V16", [](Scene& s) { ++s.session(s.acks).sent_count; }},
    {"V16", [](Scene& s) { s.session(s.acks).batch = 0; }},
    {"V16", [](Scene& s) { s.first_of(s.acks).batch = 0; }},
    {"V16", [](Scene& s) { s.first_of(s.acks).batch = 2; }},
    {"V16", [](Scene& s) { s.first_of(s.one).batch = 1; }},
    {"V16", [](Scene& s) { s.session(s.acks).ack = 0; }},
    {"V16", [](Scene& s) { s.session(s.one).ack = 1; }},
    {"V17", [](Scene& s) { s.session(s.acks).lazy_at = store::kNever; }},
    {"V17", [](Scene& s) { s.session(s.acks).urgent = 1; }},
    {"V17", [](Scene& s) { s.session(s.one).urgent = 0; }},
    {"V17", [](Scene& s) { s.session(s.two).urgent = 1; }},
    {"V18", [](Scene& s) { ++s.user_of(s.alice).sessions; }},
    {"V18", [](Scene& s) { ++s.user_of(s.alice).name[0]; }},
    {"V18", [](Scene& s) { ++s.user_of(s.alice).tag; }},
    {"V18", [](Scene& s) { ++s.user_of(s.alice).domain; }},
    {"V18", [](Scene& s) { s.user_of(s.alice).hash_next = s.session(s.alice).user; }},
    {"V18", [](Scene& s) { s.user_of(s.alice).first = store::SessionIndex(s.alice.index); }},
    {"V18", [](Scene& s) { ++s.session(s.alice).user_tag; }},
    {"V18", [](Scene& s) { s.session(s.alice).user = store::UserIndex(); }},
    {"V18", [](Scene& s) { s.session(s.alice).peer_prev = store::SessionIndex(); }},
    {"V18", [](Scene& s) { s.session(s.alice).joined = 99; }},
    {"V18", [](Scene& s) { s.session(s.also_alice).joined = 0; }},
    {"V18", [](Scene& s) { s.session(s.one).user = s.session(s.alice).user; }},
    {"V19", [](Scene& s) { ++s.member_of(s.alice).count; }},
    {"V19", [](Scene& s) { ++s.member_of(s.alice).name[0]; }},
    {"V19", [](Scene& s) { ++s.member_of(s.alice).tag; }},
    {"V19", [](Scene& s) { s.member_of(s.alice).channel = s.member_of(s.also_alice).channel; }},
    {"V19", [](Scene& s) { s.member_of(s.alice).announced = 0; }},
    {"V19", [](Scene& s) { s.member_of(s.alice).announces = 7; }},
    {"V19", [](Scene& s) { s.member_of(s.alice).changed = 1; }},
    {"V19",
     [](Scene& s) { s.segment().header().changed_tail = s.subscription_of(s.alice).member; }},
    {"V19", [](Scene& s) { s.member_of(s.alice).hash_next = s.subscription_of(s.alice).member; }},
    {"V19", [](Scene& s) { s.subscription_of(s.alice).member = store::MemberIndex(); }},
    {"V19", [](Scene& s) { s.session(s.alice).counted = 0; }},
    {"V19", [](Scene& s) { ++s.channel_of(s.alice).present; }},
    {"V19", [](Scene& s) { s.channel_of(s.alice).members = store::MemberIndex(); }},
};

// Every check is able to fail.
void verify_when_something_is_wrong_then_it_is_seen(void**) {
    for (const Harm& harm : kHarms) {
        char seen[64] = {};
        const std::string text = seen_after(harm.harm);
        text.copy(seen, sizeof(seen) - 1);
        if (text != harm.seen_as) {
            print_message("# harm %d\n", static_cast<int>(&harm - kHarms));
        }
        assert_string_equal(seen, harm.seen_as);
    }
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(verify_when_something_is_wrong_then_it_is_seen),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
