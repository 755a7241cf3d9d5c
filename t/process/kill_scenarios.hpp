// What the kill point test kills a process in: a store in which every kind of thing is under way,
// and each kind of change to it.
#ifndef BAYEUX_T_PROCESS_KILL_SCENARIOS_HPP
#define BAYEUX_T_PROCESS_KILL_SCENARIOS_HPP

#include "process/store_world.hpp"

namespace bayeux::test {

inline constexpr ChildIndex kHere{0};
inline constexpr const char* kLong =
    "{\"channel\":\"/a/b\",\"data\":\""
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
    "456"
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
    "456"
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
    "456"
    "\"}";

// Sessions that wait, have events, have some in flight; and one whose queue is full.
struct Stage {
    explicit Stage() : world(std::size_t{1} << 20U, 4) {
        child = world.store().claim_child(1).value();
        a = world.session(1);
        b = world.session(2);
        c = world.session(3);
        small = world.session(4, {2, 1000, broker::Overflow::kDisconnect});
        oldest = world.session(5, {2, 1000, broker::Overflow::kDropOldest});
        world.subscribe(a, {"/a/b", "/a/*", "/x"});
        world.subscribe(b, {"/a/**", "/b"});
        world.subscribe(c, {"/a/b", "/c"});
        world.subscribe(small, {"/small"});
        world.subscribe(oldest, {"/small"});
        world.publish("/small", "{s1}");
        world.publish("/small", "{s2}");
        world.publish("/x", "{x}");
        world.publish("/b", kLong);
        world.publish("/b", "{b2}");
        std::string text;
        world.store().drain(b, child, text);
        world.publish("/b", "{b3}");
        cycle = world.connect(c);
        world.park(c, cycle, child);
        world.publish("/nobody", "{n}");
        set_up_the_rest();
    }

    // One with the ack extension, two tabs of a browser of which one is held, and a stream.
    void set_up_the_rest() {
        acks = world.ack_session(6);
        world.subscribe(acks, {"/acks", "/lazy"});
        world.publish("/acks", "{k1}");
        world.publish("/acks", "{k2}");
        world.batch_of(acks);
        world.publish("/acks", "{k3}");
        tab = world.tab(7, 1);
        tab_cycle = hold(tab, 1).cycle;
        world.park(tab, tab_cycle, child);
        other_tab = world.tab(8, 1);
        streaming = world.session(9);
        world.subscribe(streaming, {"/lazy"});
        stream = world.stream(streaming, broker::Transport::kEventSource);
        world.park(streaming, stream, child);
        alice = world.session_of(10, "alice");
        also_alice = world.session_of(11, "alice");
        bob = world.session_of(12, "bob");
    }
    broker::ConnectStart hold(SessionHandle session, std::uint32_t limit) {
        broker::ConnectTerms terms = world.terms();
        terms.wants_hold = true;
        terms.holds_per_browser = limit;
        return world.start(session, terms);
    }
    void acknowledge(std::int64_t number) {
        broker::ConnectTerms terms = world.terms();
        terms.acknowledged = number;
        world.start(acks, terms);
    }

    StoreWorld world;
    ChildIndex child;
    SessionHandle a, b, c, small, oldest, acks, tab, other_tab, streaming, alice, also_alice, bob;
    ConnectCycle cycle, tab_cycle, stream;
};
inline constexpr std::uint32_t kClients = 12;

struct Scenario {
    const char* name;
    void (*act)(Stage& stage);
    std::uint32_t lost;      // sessions that may be gone afterwards, because the act ends them
    std::int64_t later = 0;  // milliseconds that pass before
    bool acknowledges = false;
};

inline void sweep(Stage& stage) {
    stage.world.store().sweep(stage.child, stage.world.clock.now());
}

inline const Scenario kScenarios[] = {
    {"create", [](Stage& s) { s.world.session(90); }, 0},
    {"create in a new domain",
     [](Stage& s) {
         broker::NewSession wanted;
         wanted.domain = DomainId{5};
         wanted.client_id = client(90);
         wanted.expires_at = s.world.after(10);
         static_cast<void>(s.world.store().create_session(wanted));
     },
     0},
    {"end with events", [](Stage& s) { s.world.store().end_session(s.b); }, 1},
    {"end of a waiter",
     [](Stage& s) {
         s.world.store().end_session(s.c);
         s.world.due(kHere);
     },
     1},
    {"touch", [](Stage& s) { s.world.touch(s.a, 99, true); }, 0},
    {"connect again",
     [](Stage& s) {
         s.world.park(s.c, s.world.connect(s.c), s.child);
         s.world.park(s.c, s.world.connect(s.c), s.child);
     },
     0},
    {"finish", [](Stage& s) { s.world.store().finish_connect(s.c, s.cycle, s.world.after(1)); }, 0},
    {"subscribe",
     [](Stage& s) {
         s.world.subscribe(s.c, {"/n/1", "/n/2", "/a/**"});
     },
     0},
    {"unsubscribe",
     [](Stage& s) {
         s.world.unsubscribe(s.a, "/a/b");
         s.world.unsubscribe(s.a, "/x");
     },
     0},
    {"refused subscribe",
     [](Stage& s) {
         s.world.subscribe(s.a, {"/q", "/r"}, {4, 99, {}});
     },
     0},
    {"publish",
     [](Stage& s) {
         s.world.publish("/a/b", kLong);
         s.world.due(kHere);
     },
     0},
    {"publish to nobody", [](Stage& s) { s.world.publish("/nobody/else", "{}"); }, 0},
    {"overflow", [](Stage& s) { s.world.publish("/small", "{s3}"); }, 1},
    {"deliver",
     [](Stage& s) {
         s.world.deliver(s.c, kLong);
         s.world.deliver(s.oldest, "{d}");
         s.world.due(kHere);
     },
     0},
    {"overflow by a delivery", [](Stage& s) { s.world.deliver(s.small, kLong); }, 1},
    {"deliver to a user",
     [](Stage& s) {
         static_cast<void>(s.world.store().deliver_to_user({kDomain, "alice", kLong}));
     },
     0},
    {"change users",
     [](Stage& s) {
         s.world.change_user(s.alice, "bob");
         s.world.change_user(s.bob, "carol");
         s.world.change_user(s.also_alice, "");
     },
     0},
    {"change of a user for whom something waits",
     [](Stage& s) {
         static_cast<void>(s.world.store().deliver_to_user({kDomain, "bob", "{bob}"}));
         s.world.change_user(s.bob, "alice");
     },
     1},
    {"create for users",
     [](Stage& s) {
         s.world.session_of(90, "alice");
         s.world.session_of(91, "carol");
     },
     0},
    {"end of a user", [](Stage& s) { s.world.store().end_session(s.bob); }, 1},
    {"drain",
     [](Stage& s) {
         std::string text;
         s.world.store().drain(s.a, s.child, text);
     },
     0},
    {"delivered", [](Stage& s) { s.world.store().delivered(s.b, true); }, 0},
    {"not delivered", [](Stage& s) { s.world.store().delivered(s.b, false); }, 0},
    {"settled",
     [](Stage& s) {
         s.world.store().settle({s.b, false, {{s.b, s.world.connect(s.b), s.world.after(1)}}});
         s.world.store().settle({s.b, true, {{s.c, s.cycle, s.world.after(1)}}});
     },
     0},
    {"expire", sweep, kClients, 600000},
    {"sweep channels", sweep, 0, 4000},
    {"come and go",
     [](Stage& s) {
         const ChildIndex mine = s.world.store().claim_child(2).value();
         s.world.park(s.a, s.world.connect(s.a), mine);
         std::string text;
         s.world.store().drain(s.oldest, mine, text);
         s.world.store().release_child(mine);
     },
     0},
    {"stream in place of a connect",
     [](Stage& s) {
         const ConnectCycle fresh = s.world.stream(s.c, broker::Transport::kWebSocket);
         s.world.park(s.c, fresh, s.child);
         s.world.due(kHere);
     },
     0},
    {"connect over a stream",
     [](Stage& s) {
         broker::ConnectTerms terms = s.world.terms();
         terms.transport = broker::Transport::kEventSource;
         s.world.start(s.streaming, terms);
         s.world.publish("/lazy", "{now}");
         s.world.park(s.streaming, s.stream, s.child);
         s.world.store().finish_connect(s.streaming, s.stream, s.world.after(9));
     },
     0},
    {"connect in place of a stream",
     [](Stage& s) {
         s.world.park(s.streaming, s.world.connect(s.streaming), s.child);
         s.world.store().finish_connect(s.streaming, s.stream, s.world.after(9));
         s.world.store().end_stream(s.streaming, s.stream, s.world.after(9));
     },
     0},
    {"end of a stream",
     [](Stage& s) { s.world.store().end_stream(s.streaming, s.stream, s.world.after(9)); }, 0},
    {"end of a streaming session",
     [](Stage& s) {
         s.world.store().end_session(s.streaming);
         s.world.store().end_stream(s.streaming, s.stream, std::nullopt);
     },
     1},
    {"batch", [](Stage& s) { s.world.batch_of(s.acks); }, 0},
    {"acknowledge", [](Stage& s) { s.acknowledge(1); }, 0, 0, true},
    {"lazy",
     [](Stage& s) {
         s.world.publish_lazily("/lazy", kLong, Millis{1000});
         s.world.publish_lazily("/lazy", "{l2}", Millis{500});
         s.world.clock.advance(Millis{2000});
         sweep(s);
         s.world.due(kHere);
     },
     0},
    {"take places",
     [](Stage& s) {
         s.hold(s.other_tab, 1);
         s.hold(s.other_tab, 2);
         s.hold(s.world.tab(90, 2), 1);
     },
     0},
    {"leave a place",
     [](Stage& s) {
         s.world.store().finish_connect(s.tab, s.tab_cycle, s.world.after(9));
         s.hold(s.other_tab, 1);
     },
     0},
    {"end of a tab", [](Stage& s) { s.world.store().end_session(s.tab); }, 1},
    {"come and go with streams and places",
     [](Stage& s) {
         const ChildIndex mine = s.world.store().claim_child(2).value();
         s.world.park(s.streaming, s.world.stream(s.streaming, broker::Transport::kWebSocket),
                      mine);
         s.world.park(s.tab, s.hold(s.tab, 1).cycle, mine);
         s.world.store().release_child(mine);
     },
     0},
};

}  // namespace bayeux::test

#endif
