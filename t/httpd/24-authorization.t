#!/usr/bin/env python3
"""Who may do what on which channel: <BayeuxChannel>, BayeuxRequire (design 7, PB-8, SB-3)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from guarded import denied, expect, run, session, user_header  # noqa: E402
from tap import check, equal, test  # noqa: E402
from wire import poll, succeeded  # noqa: E402


# --- one section --------------------------------------------------------------------------------------------------

@test("httpd's own Require guards the Location: no Bayeux without a user")
def _(server):
    nobody = Client(server, "/guarded")
    equal(nobody.post([nobody.message("/meta/handshake")]).status, 401)
    liar = Client(server, "/guarded", headers=[user_header("alice", "wrong")])
    equal(liar.post([liar.message("/meta/handshake")]).status, 401)


@test("PB-8 SB-3 all denied: create, with the two texts of subscribe and publish")
def _(server):
    with session(server, "alice") as alice:
        denied(alice.subscribe("/sealed/x").reply, "create_denied")
        denied(alice.publish("/sealed/x", 1).reply, "channel_create_denied")
        denied(alice.subscribe("/sealed/**").reply, "(create|subscribe)_denied")
        denied(alice.subscribe(["/open/x", "/sealed/x"]).reply, "create_denied")
        denied(alice.publish("/sealed/deep/er", 1).reply, "channel_create_denied")


@test("no rule at all: allowed; and the section's own name is not below its **")
def _(server):
    for channel in ("/free", "/sealed", "/open/x", "/userx", "/user"):
        expect(server, "publish", channel, ["alice", "bob", "carol"])
        expect(server, "subscribe", channel, ["alice", "bob", "carol"])


@test("user: each operation on its own")
def _(server):
    expect(server, "subscribe", "/user/alice", ["alice"])
    expect(server, "publish", "/user/alice", ["alice", "bob"])


@test("group and valid-user")
def _(server):
    expect(server, "subscribe", "/members/x", ["alice", "bob", "carol"])
    expect(server, "publish", "/members/x", ["alice"])
    expect(server, "publish", "/members/x/deeper", ["alice", "bob", "carol"])


@test("several rules for one operation are alternatives")
def _(server):
    expect(server, "publish", "/either", ["alice", "bob"])


@test("ip")
def _(server):
    expect(server, "subscribe", "/here", ["alice", "bob", "carol"])
    expect(server, "publish", "/here", [])


@test("expr with BAYEUX_CHANNEL, REMOTE_USER and BAYEUX_OPERATION")
def _(server):
    expect(server, "subscribe", "/own/alice", ["alice"])
    expect(server, "subscribe", "/own/bob", ["bob"])
    expect(server, "subscribe", "/own/dave", [])
    expect(server, "subscribe", "/own/**", [])
    expect(server, "publish", "/own/dave", ["alice", "bob", "carol"])
    expect(server, "publish", "/operation", ["alice", "bob", "carol"])
    expect(server, "subscribe", "/operation", [])


@test("expr: several channels in one request are judged one by one")
def _(server):
    with session(server, "bob") as bob:
        denied(bob.subscribe(["/own/bob", "/own/alice"]).reply, "subscribe_denied")
        replies = bob.call([
            bob.message("/meta/subscribe", subscription="/own/bob"),
            bob.message("/meta/subscribe", subscription="/own/alice"),
            bob.message("/meta/subscribe", subscription="/own/bob"),
        ])  # fmt: skip
        equal([reply["successful"] for reply in replies], [True, False, True])


@test("create: only alice may; once the channel is there, others may use it")
def _(server):
    with session(server, "alice") as alice, session(server, "bob") as bob:
        denied(bob.publish("/fixed/room", 1).reply, "channel_create_denied")
        denied(bob.subscribe("/fixed/room").reply, "create_denied")
        succeeded(alice.subscribe("/fixed/room").reply)
        succeeded(bob.subscribe("/fixed/room").reply)
        equal(bob.publish("/fixed/room", "x").data, ["x"])
        equal(poll(alice).data, ["x"])
        denied(bob.publish("/fixed/other", 1).reply, "channel_create_denied")


@test("a denied publish reaches nobody, a denied subscription brings nothing")
def _(server):
    with session(server, "alice") as alice, session(server, "carol") as carol:
        succeeded(alice.subscribe("/user/alice").reply)
        denied(carol.subscribe("/user/alice").reply, "subscribe_denied")
        denied(carol.publish("/user/alice", "forged").reply, "publish_denied")
        alice.publish("/user/alice", "own")
        equal(poll(alice).data, [])
        equal(poll(carol).data, [])


@test("a denied message in a batch: the others are processed")
def _(server):
    with session(server, "carol") as carol:
        replies = carol.call([
            {**carol.message("/open/a"), "data": 1},
            {**carol.message("/user/alice"), "data": 1},
            {**carol.message("/open/b"), "data": 1},
        ])  # fmt: skip
        equal([reply["successful"] for reply in replies], [True, False, True])


@test("service channels are guarded as well")
def _(server):
    expect(server, "publish", "/service/x", ["alice"])
    expect(server, "publish", "/service/all", ["alice", "bob", "carol"])


@test("CH-4 S1 other spellings of a guarded name do not get around its rule")
def _(server):
    with session(server, "carol") as carol, session(server, "alice") as alice:
        succeeded(alice.subscribe("/user/alice").reply)
        for name in ("/user/alice/", "/user/alice ", "/user/alice/ ", "/user/alice  ", "//user/alice", "/user//alice",
                     "/user/alice\u0000", "/user/./alice", "/x/../user/alice", "/USER/alice"):  # fmt: skip
            carol.publish(name, "forged")
            carol.subscribe(name)
        alice.publish("/user/alice", "secret")
        equal(poll(carol).data, [])
        check("forged" not in poll(alice).data, "forged")
        denied(carol.publish("/user/alice/", 1).reply, "publish_denied")
        denied(carol.subscribe("/user/alice/").reply, "subscribe_denied")


@test("unsubscribing needs no right")
def _(server):
    with session(server, "alice") as alice, session(server, "carol") as carol:
        succeeded(alice.subscribe("/user/alice").reply)
        succeeded(carol.unsubscribe("/user/alice").reply)


# --- which section decides ----------------------------------------------------------------------------------------

@test("the most specific section with a rule decides: exact name, then *, then the deepest **")
def _(server):
    expect(server, "publish", "/spec/x", [])
    expect(server, "publish", "/spec/x/y/z", [])
    expect(server, "publish", "/spec/a/x", ["alice"])
    expect(server, "publish", "/spec/a/x/y", ["alice"])
    expect(server, "publish", "/spec/a/b/x", ["bob"])
    expect(server, "publish", "/spec/a/b/x/y", ["alice"])
    expect(server, "publish", "/spec/a/b/c", ["carol"])
    expect(server, "publish", "/spec/a/b/c/d", ["alice"])
    expect(server, "publish", "/spec/star/x", ["alice", "bob", "carol"])


@test("a section without a rule for the operation is skipped: a broader one decides")
def _(server):
    expect(server, "subscribe", "/spec/a/x", [])
    expect(server, "subscribe", "/spec/a/b/x", [])
    expect(server, "subscribe", "/spec/star/x", [])
    expect(server, "subscribe", "/spec/a/b/c", ["alice", "bob", "carol"])


@test("a rule for everything, and exceptions from it")
def _(server):
    expect(server, "publish", "/exact", ["alice", "bob", "carol"], "/everything")
    expect(server, "subscribe", "/exact", ["alice", "bob", "carol"], "/everything")
    expect(server, "publish", "/a/x", ["alice"], "/everything")
    expect(server, "subscribe", "/a/x", ["alice"], "/everything")
    with session(server, "alice", "/everything") as alice:
        denied(alice.publish("/anything", 1).reply, "channel_create_denied")
        denied(alice.subscribe("/anything").reply, "create_denied")
        denied(alice.publish("/service/x", 1).reply, "(channel_create|publish)_denied")


# --- subscribing to patterns --------------------------------------------------------------------------------------

for pattern in ("/**", "/private/**", "/private/*"):

    @test(f"nobody but alice reads /private by subscribing to {pattern}")
    def _(server, pattern=pattern):
        with session(server, "alice") as alice, session(server, "bob") as bob:
            denied(bob.subscribe(pattern).reply, "(create|subscribe)_denied")
            denied(bob.subscribe(["/free", pattern]).reply, "(create|subscribe)_denied")
            alice.publish("/private/x", "secret")
            equal(poll(bob).data, [])


@test("alice may subscribe to /private/** and /private/*, and gets it")
def _(server):
    with session(server, "alice") as alice:
        succeeded(alice.subscribe("/private/**").reply)
        equal(alice.publish("/private/x", 1).data, [1])
        succeeded(alice.unsubscribe("/private/**").reply)
        succeeded(alice.subscribe("/private/*").reply)
        equal(alice.publish("/private/x", 2).data, [2])


@test("a pattern that is wholly covered by a more specific section is decided by that one")
def _(server):
    for pattern in ("/private/public/**", "/private/public/*", "/private/public/a/**", "/private/public/a/*",
                    "/private/public/x"):  # fmt: skip
        expect(server, "subscribe", pattern, ["alice", "bob", "carol"])
    expect(server, "subscribe", "/a/b/**", ["alice", "bob", "carol"], "/everything")
    expect(server, "subscribe", "/a/b/c/*", ["alice", "bob", "carol"], "/everything")
    expect(server, "subscribe", "/a/**", ["alice"], "/everything")
    expect(server, "subscribe", "/a/*", ["alice"], "/everything")


@test("a pattern that overlaps a section of one exact name needs its grant")
def _(server):
    expect(server, "subscribe", "/mixed/*", ["alice"])
    expect(server, "subscribe", "/mixed/**", ["alice"])
    expect(server, "subscribe", "/mixed/other", ["alice", "bob", "carol"])
    expect(server, "subscribe", "/mixed/secret/**", ["alice", "bob", "carol"])


@test("a * pattern one level above or below does not overlap")
def _(server):
    # /* matches /either and /here (ip grants all of us), but none of the deeper ones; /operation denies everybody.
    expect(server, "subscribe", "/*", [])
    expect(server, "subscribe", "/user/alice/*", ["alice", "bob", "carol"])


@test("/** needs the grant of each section: alice has not all of them")
def _(server):
    for user in ("alice", "bob", "carol"):
        with session(server, user) as client:
            denied(client.subscribe("/**").reply, "(create|subscribe)_denied")


@test("no subscription to a pattern of another domain's rules: /apart has none for subscribe")
def _(server):
    expect(server, "subscribe", "/**", ["alice", "bob", "carol"], "/apart")


run()
