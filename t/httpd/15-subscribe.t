#!/usr/bin/env python3
"""/meta/subscribe and /meta/unsubscribe (SB)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import connected, counter, hold, number, poll, refused, session, succeeded  # noqa: E402

META = ("/meta/handshake", "/meta/connect", "/meta/subscribe", "/meta/unsubscribe", "/meta/disconnect")


@test("SB-2 the reply has channel, id, successful, subscription and nothing else")
def _(server):
    with session(server) as alice:
        for kind in ("subscribe", "unsubscribe"):
            request = alice.message(f"/meta/{kind}", subscription="/sb/one", id=f"{kind}1")
            equal(
                list(alice.call([request])),
                [{"channel": f"/meta/{kind}", "id": f"{kind}1", "successful": True, "subscription": "/sb/one"}],
            )


@test("SB-1 SB-2 an array in, one reply with the same array out; all are subscribed to")
def _(server):
    with session(server) as alice, session(server) as bob:
        names = ["/sb/a", "/sb/b/*", "/sb/c/**"]
        replies = alice.subscribe(names)
        equal(len(replies), 1)
        equal(succeeded(replies.reply)["subscription"], names)
        for name in ("/sb/a", "/sb/b/x", "/sb/c/x/y", "/sb/d"):
            bob.publish(name, name)
        equal(poll(alice).data, ["/sb/a", "/sb/b/x", "/sb/c/x/y"])
        replies = alice.unsubscribe(names[:2])
        equal(succeeded(replies.reply)["subscription"], names[:2])
        for name in ("/sb/a", "/sb/b/x", "/sb/c/x/y", "/sb/d"):
            bob.publish(name, name)
        equal(poll(alice).data, ["/sb/c/x/y"])


@test("SB-2 an array of one comes back as an array")
def _(server):
    with session(server) as alice:
        equal(alice.subscribe(["/sb/one"]).reply["subscription"], ["/sb/one"])
        equal(alice.unsubscribe(["/sb/one"]).reply["subscription"], ["/sb/one"])


for kind in ("subscribe", "unsubscribe"):

    @test(f"SB-3 SB-4 {kind} without subscription: 403::subscription_missing")
    def _(server, kind=kind):
        with session(server) as alice:
            reply = refused(alice.call([alice.message(f"/meta/{kind}")]).reply, "403::subscription_missing")
            check("advice" not in reply, reply)

    @test(f"SB-6 {kind} with an empty array: 403::subscription_missing")
    def _(server, kind=kind):
        with session(server) as alice:
            request = alice.message(f"/meta/{kind}", subscription=[])
            refused(alice.call([request]).reply, "403::subscription_missing")

    @test(f"SB-3 SB-4 {kind} to what is no string and no array of strings: 403::subscription_invalid")
    def _(server, kind=kind):
        with session(server) as alice:
            before = number(server, "BayeuxSubscriptions")
            for wrong in (7, True, {}, {"a": "/b"}, [7], ["/sb/ok", 7], ["/sb/ok", None], [["/sb/ok"]], [{}]):
                request = alice.message(f"/meta/{kind}", subscription=wrong)
                reply = refused(alice.call([request]).reply, "403::subscription_invalid")
                equal(reply["subscription"], wrong)
            equal(number(server, "BayeuxSubscriptions"), before)

    @test(f"SB-3 {kind} to null: missing or invalid")
    def _(server, kind=kind):
        with session(server) as alice:
            request = {**alice.message(f"/meta/{kind}"), "subscription": None}
            refused(alice.call([request]).reply, "403::subscription_missing", "403::subscription_invalid")

    @test(f"CID-7 {kind} with an unknown session or none: 402 without advice")
    def _(server, kind=kind):
        nobody = Client(server)
        for client_id in (None, "unknown", ""):
            nobody.client_id = client_id
            reply = refused(
                nobody.call([nobody.message(f"/meta/{kind}", subscription="/sb/x")]).reply, "402::session_unknown"
            )
            check("advice" not in reply, reply)


@test("SB-4 unsubscribe from a channel that does not exist: 400::channel_missing")
def _(server):
    with session(server) as alice:
        refused(alice.unsubscribe("/sb/never/heard/of").reply, "400::channel_missing")
        refused(alice.unsubscribe("/sb/never/**").reply, "400::channel_missing")


@test("SB-4 unsubscribe from an existing channel that one has not subscribed to succeeds")
def _(server):
    with session(server, subscriptions=["/sb/exists", "/sb/exists/*"]) as alice, session(server) as bob:
        succeeded(bob.unsubscribe("/sb/exists").reply)
        succeeded(bob.unsubscribe("/sb/exists/*").reply)
        bob.publish("/sb/exists", 1)
        equal(poll(alice).data, [1])


@test("SB-4 unsubscribe from a meta channel: 403::unsubscribe_failed")
def _(server):
    with session(server) as alice:
        for name in META:
            refused(alice.unsubscribe(name).reply, "403::unsubscribe_failed")
        refused(alice.unsubscribe("/meta/x").reply, "403::unsubscribe_failed", "400::channel_missing")


@test("SB-5 an array with an invalid or a forbidden name: nothing of it is subscribed to")
def _(server):
    with session(server) as alice, session(server) as bob:
        refused(alice.subscribe(["/sb/all", "/sb//none"]).reply, "403::subscription_invalid")
        refused(alice.subscribe(["/sb/all", "/meta/connect"]).reply, "403")
        refused(alice.subscribe(["/meta/*", "/sb/all"]).reply, "403")
        bob.publish("/sb/all", 1)
        equal(poll(alice).data, [])


@test("SB-7 SB-11 subscribing twice succeeds and brings one copy; one unsubscribe ends it")
def _(server):
    with session(server, subscriptions=["/sb/twice"]) as alice:
        succeeded(alice.subscribe("/sb/twice").reply)
        succeeded(alice.subscribe(["/sb/twice", "/sb/twice"]).reply)
        equal(alice.publish("/sb/twice", 1).data, [1])
        succeeded(alice.unsubscribe("/sb/twice").reply)
        equal(alice.publish("/sb/twice", 2).data, [])


@test("SB-8 the five meta channels: subscribe_denied")
def _(server):
    with session(server) as alice:
        for name in META:
            refused(alice.subscribe(name).reply, "403:denied_by_security_policy:subscribe_denied")


@test("SB-8 other meta names and patterns: create_denied")
def _(server):
    with session(server) as alice:
        for name in ("/meta/*", "/meta/**", "/meta/x", "/meta/connect/x", "/meta/connect/*"):
            refused(alice.subscribe(name).reply, "403:denied_by_security_policy:create_denied")


@test("SB-9 service channels: subscribe and unsubscribe succeed and record nothing")
def _(server):
    with session(server) as alice, session(server) as bob:
        before = number(server, "BayeuxSubscriptions")
        names = ["/service/a", "/service/*", "/service/a/**"]
        equal(succeeded(alice.subscribe("/service/a").reply)["subscription"], "/service/a")
        succeeded(alice.subscribe(names).reply)
        equal(number(server, "BayeuxSubscriptions"), before)
        succeeded(bob.publish("/service/a", 1).reply)
        equal(poll(alice).data, [])
        succeeded(alice.unsubscribe("/service/a").reply)
        succeeded(alice.unsubscribe(names).reply)
        succeeded(alice.unsubscribe("/service/never").reply)


@test("SB-10 PB-7 what is queued comes with the response to subscribe and to unsubscribe, before the reply")
def _(server):
    with connected(server, subscriptions=["/sb/ride"]) as alice, session(server) as bob:
        for n, call in enumerate((alice.subscribe, alice.unsubscribe, alice.subscribe)):
            bob.publish("/sb/ride", n)
            replies = call("/sb/other")
            equal([message["channel"] for message in replies][:1], ["/sb/ride"])
            equal(len(replies), 2)
            equal(replies.data, [n])
        equal(poll(alice).data, [])


@test("SB-10 what was queued before an unsubscribe is still delivered")
def _(server):
    with session(server, subscriptions=["/sb/before"]) as alice, session(server) as bob:
        bob.publish("/sb/before", 1)
        replies = alice.unsubscribe("/sb/before")
        events = replies.data + poll(alice).data
        equal(events, [1])
        bob.publish("/sb/before", 2)
        equal(poll(alice).data, [])


@test("SB-11 a match through several patterns is one copy")
def _(server):
    patterns = ["/sb/x/y", "/sb/x/*", "/sb/x/**", "/sb/**", "/**"]
    with session(server, subscriptions=patterns) as alice, session(server) as bob:
        bob.publish("/sb/x/y", 1)
        equal(poll(alice).data, [1])
        # Taken away one by one, each of them is enough.
        for left in range(len(patterns), 0, -1):
            bob.publish("/sb/x/y", left)
            equal(poll(alice).data, [left])
            succeeded(alice.unsubscribe(patterns[left - 1]).reply)
        bob.publish("/sb/x/y", 0)
        equal(poll(alice).data, [])


@test("SB-12 subscriptions belong to the session: a new one of the same browser has none")
def _(server):
    with session(server, subscriptions=["/sb/old"]) as alice, session(server) as bob:
        succeeded(alice.disconnect().reply)
        alice.handshake()
        bob.publish("/sb/old", 1)
        equal(alice.connect().data, [])


@test("DC-2 DC-6 subscriptions are counted, and gone with their session")
def _(server):
    counter(server, "BayeuxSubscriptions", 0)
    with session(server, subscriptions=["/sb/n1", "/sb/n2", "/sb/n1"]) as alice:
        equal(number(server, "BayeuxSubscriptions"), 2)
        succeeded(alice.unsubscribe("/sb/n1").reply)
        equal(number(server, "BayeuxSubscriptions"), 1)
    equal(number(server, "BayeuxSubscriptions"), 0)


@test("subscribing while a connect is held takes effect for that connect")
def _(server):
    with connected(server) as alice, session(server) as bob:
        held = hold(alice)
        succeeded(alice.subscribe("/sb/late").reply)
        bob.publish("/sb/late", 1)
        equal(held.wait(5).data, [1])


@test("unsubscribing while a connect is held takes effect for that connect")
def _(server):
    with connected(server, subscriptions=["/sb/gone", "/sb/stays"]) as alice, session(server) as bob:
        held = hold(alice)
        succeeded(alice.unsubscribe("/sb/gone").reply)
        bob.publish("/sb/gone", 1)
        bob.publish("/sb/stays", 2)
        equal(held.wait(5).data, [2])


run(Httpd)
