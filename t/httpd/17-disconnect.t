#!/usr/bin/env python3
"""/meta/disconnect (DC)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import connected, hold, number, parked, poll, refused, session, succeeded  # noqa: E402

UNKNOWN = {"reconnect": "handshake", "interval": 0}


@test("DC-1 the reply has channel, id, successful and nothing else")
def _(server):
    alice = session(server)
    equal(list(alice.disconnect(id="d1")), [{"channel": "/meta/disconnect", "id": "d1", "successful": True}])


@test("DC-2 the session, its subscriptions and its queue are gone at once")
def _(server):
    equal(number(server, "BayeuxSessions"), 0)
    with session(server) as bob:
        alice = connected(server, subscriptions=["/dc/a", "/dc/b/*"])
        bob.publish("/dc/a", "waits")
        equal(number(server, "BayeuxQueuedEvents"), 1)
        alice.disconnect()
        equal(number(server, "BayeuxSessions"), 1)
        equal(number(server, "BayeuxSubscriptions"), 0)
        equal(number(server, "BayeuxQueuedEvents"), 0)
        succeeded(bob.publish("/dc/a", "nobody").reply)
        equal(number(server, "BayeuxQueuedEvents"), 0)


@test("DC-2 a held connect is released with success and reconnect none, without events")
def _(server):
    with session(server) as bob:
        alice = connected(server, subscriptions=["/dc/held"])
        held = hold(alice)
        succeeded(alice.disconnect().reply)
        replies = held.wait(5)
        equal(len(replies), 1)
        equal(replies.reply["channel"], "/meta/connect")
        equal(succeeded(replies.reply)["advice"]["reconnect"], "none")
        parked(server, 0)
        succeeded(bob.publish("/dc/held", 1).reply)


@test("DC-2 the same when the disconnect comes to another child")
def _(server):
    first, second, *_ = server.children()
    alice = connected(server, child=second, connect_child=first)
    held = hold(alice)
    succeeded(alice.disconnect().reply)
    equal(succeeded(held.wait(5).reply)["advice"]["reconnect"], "none")


@test("DC-3 twice is once too often: 402 without advice")
def _(server):
    alice = session(server)
    client_id = alice.client_id
    succeeded(alice.disconnect().reply)
    alice.client_id = client_id
    reply = refused(alice.call([alice.message("/meta/disconnect", id="d2")]).reply, "402::session_unknown")
    equal(reply["id"], "d2")
    check("advice" not in reply, reply)


@test("DC-3 CID-7 an unknown session, or none: 402 without advice")
def _(server):
    nobody = Client(server)
    for client_id in (None, "", "unknown"):
        nobody.client_id = client_id
        reply = refused(nobody.call([nobody.message("/meta/disconnect")]).reply, "402::session_unknown")
        check("advice" not in reply, reply)


@test("CID-7 after a disconnect everything gets 402, with advice on connect only")
def _(server):
    with session(server, subscriptions=["/dc/after"]) as bob:
        alice = connected(server)
        client_id = alice.client_id
        alice.disconnect()
        alice.client_id = client_id
        for request in (
            alice.message("/meta/subscribe", subscription="/dc/after"),
            alice.message("/meta/unsubscribe", subscription="/dc/after"),
            alice.message("/dc/after", data=1),
            alice.message("/service/after", data=1),
        ):
            check("advice" not in refused(alice.call([request]).reply, "402::session_unknown"), request)
        equal(refused(alice.connect(timeout=5).reply, "402::session_unknown")["advice"], UNKNOWN)
        equal(poll(bob).data, [])


@test("a new handshake after the disconnect, on the same connections and with the same cookie")
def _(server):
    with connected(server) as alice:
        first = alice.client_id
        alice.disconnect()
        alice.handshake()
        check(alice.client_id != first, "the id was used again")
        succeeded(alice.connect(timeout=5).reply)
        succeeded(alice.subscribe("/dc/new").reply)
        equal(alice.publish("/dc/new", 1).data, [1])


@test("DC-2 one session of a browser ends, the other goes on")
def _(server):
    with connected(server) as alice:
        old = alice.client_id
        alice.handshake()
        held = None
        other, alice.client_id = alice.client_id, old
        held = hold(alice)
        alice.client_id = other
        alice.disconnect()
        check(not held.answered(), "the other session's connect ended")
        alice.client_id = old
        succeeded(alice.subscribe("/dc/on").reply)
        alice.disconnect()
        held.wait(5)


run(Httpd)
