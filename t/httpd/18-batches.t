#!/usr/bin/env python3
"""Several messages in one request, and several requests at once (ORD, CID-5)."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from harness import Httpd  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import connected, hold, parked, poll, refused, session, succeeded  # noqa: E402


@test("ORD-1 replies come in the order of the messages")
def _(server):
    with session(server) as alice:
        messages = [
            alice.message("/meta/subscribe", subscription="/ord/a"),
            alice.message("/ord/b", data=1),
            alice.message("/meta/unsubscribe", subscription="/ord/a"),
            alice.message("/service/x", data=1),
            alice.message("/meta/connect", connectionType="long-polling"),
            alice.message("/ord//c", data=1),
            alice.message("/ord/d", data=1),
        ]
        replies = alice.call(messages, timeout=5)
        equal([reply["channel"] for reply in replies], [message["channel"] for message in messages])
        equal([reply["id"] for reply in replies], [message["id"] for message in messages])
        equal([reply["successful"] for reply in replies], [True] * 5 + [False, True])


@test("ORD-1 messages are processed in order: each sees what those before it did")
def _(server):
    with session(server) as alice:
        replies = alice.call([
            {**alice.message("/ord/seen"), "data": "before"},
            alice.message("/meta/subscribe", subscription="/ord/seen"),
            {**alice.message("/ord/seen"), "data": "between"},
            alice.message("/meta/unsubscribe", subscription="/ord/seen"),
            {**alice.message("/ord/seen"), "data": "after"},
        ])  # fmt: skip
        equal(replies.data + poll(alice).data, ["between"])
        equal(len(replies.replies), 5)


@test("ORD-1 a hundred publishes arrive in their order, at the publisher and at others")
def _(server):
    with session(server, subscriptions=["/ord/many"]) as alice, session(server, subscriptions=["/ord/**"]) as bob:
        replies = alice.call([{**alice.message("/ord/many"), "data": n} for n in range(100)])
        equal(replies.data, list(range(100)))
        equal(len(replies.replies), 100)
        equal(poll(bob).data, list(range(100)))


@test("PB-6 in a batch the events come before all replies")
def _(server):
    with session(server, subscriptions=["/ord/ev"]) as alice:
        replies = alice.call([{**alice.message("/ord/ev"), "data": n} for n in range(3)])
        equal(["successful" in message for message in replies], [False] * 3 + [True] * 3)


@test("ORD-1 the order of one publisher's messages holds across requests and channels")
def _(server):
    with session(server, subscriptions=["/ord/c/*"]) as alice, session(server) as bob:
        for n in range(30):
            bob.publish(f"/ord/c/{n % 3}", n)
        equal(poll(alice).data, list(range(30)))


for position in ("first", "in the middle", "last"):

    @test(f"ORD-5 a connect that is {position} of several messages is not held")
    def _(server, position=position):
        with connected(server) as alice:
            connect = alice.message("/meta/connect", connectionType="long-polling")
            others = [alice.message("/meta/subscribe", subscription=f"/ord/{n}") for n in range(2)]
            index = {"first": 0, "in the middle": 1, "last": 2}[position]
            messages = [*others[:index], connect, *others[index:]]
            replies = alice.call(messages, timeout=5)
            equal([reply["id"] for reply in replies], [message["id"] for message in messages])
            for reply in replies:
                succeeded(reply)
            # The session is as before: a connect of its own is held.
            held = hold(alice)
            alice.disconnect()
            held.wait(5)


@test("ORD-5 Faye dialect 5: connect with advice timeout 0 first, then subscribe and publish")
def _(server):
    with session(server) as alice:
        replies = alice.call([
            alice.connect_message(0),
            alice.message("/meta/subscribe", subscription="/ord/faye"),
            alice.message("/ord/faye", data="x"),
        ], timeout=5)  # fmt: skip
        equal(len(replies.replies), 3)
        equal(replies.data, ["x"])
        equal(succeeded(replies.replies[0])["advice"]["reconnect"], "retry")


@test("ORD-5 a connect in a batch counts as the first connect")
def _(server):
    with session(server) as alice:
        alice.call([alice.connect_message(), alice.message("/ord/x", data=1)], timeout=5)
        held = hold(alice)
        alice.disconnect()
        held.wait(5)


@test("ORD-5 CN-12 a connect in a batch ends the held one, too")
def _(server):
    with connected(server) as alice:
        held = hold(alice)
        replies = alice.call([alice.message("/ord/x", data=1), alice.connect_message()], timeout=5)
        equal(len(replies), 2)
        response = held.wait_response(5)
        equal((response.status, response.body), (408, b""))
        parked(server, 0)


@test("two connects in one request: both are answered at once")
def _(server):
    with connected(server) as alice:
        replies = alice.call([alice.connect_message(), alice.connect_message()], timeout=5)
        equal([reply["channel"] for reply in replies], ["/meta/connect"] * 2)


@test("CID-5 S4 later messages with another clientId than the first get 402, and touch nobody")
def _(server):
    with connected(server, subscriptions=["/ord/hijack"]) as victim, session(server) as thief:
        held = hold(victim)
        stolen = {"clientId": victim.client_id}
        replies = thief.call([
            {**thief.message("/ord/fine"), "data": 1},
            {**thief.message("/ord/hijack"), "data": "forged", **stolen},
            {**thief.message("/meta/subscribe", subscription="/ord/all"), **stolen},
            {**thief.message("/meta/unsubscribe", subscription="/ord/hijack"), **stolen},
            {**thief.message("/meta/connect", connectionType="long-polling"), **stolen},
            {**thief.message("/meta/disconnect"), **stolen},
            {**thief.message("/ord/fine"), "data": 2},
        ])  # fmt: skip
        equal([reply["successful"] for reply in replies], [True] + [False] * 5 + [True])
        for reply in replies[1:6]:
            refused(reply, "402::session_unknown")
        check(not held.answered(), "the victim's connect ended")
        succeeded(thief.publish("/ord/hijack", "right").reply)
        equal(held.wait(5).data, ["right"])


@test("CID-5 two sessions of one browser may not mix in one request either")
def _(server):
    with session(server) as alice:
        first = alice.client_id
        alice.handshake()
        replies = alice.call([
            alice.message("/ord/x", data=1),
            {**alice.message("/ord/x", data=1), "clientId": first},
        ])  # fmt: skip
        succeeded(replies[0])
        refused(replies[1], "402::session_unknown")
        alice.disconnect()
        alice.client_id = first


@test("CID-5 the first message has no session: those after it have none either")
def _(server):
    with session(server, subscriptions=["/ord/none"]) as alice:
        replies = alice.call([
            {"channel": "/ord/none", "data": "a", "clientId": "unknown"},
            {**alice.message("/ord/none"), "data": "b"},
        ])  # fmt: skip
        for reply in replies.replies:
            refused(reply, "402::session_unknown")
        equal(poll(alice).data, [])


@test("design 8: bad messages among good ones get an error reply each, the others are processed")
def _(server):
    with session(server, subscriptions=["/ord/good"]) as alice:
        replies = alice.call([
            {**alice.message("/ord/good"), "data": 1},
            alice.message("/ord/good"),
            {**alice.message("/ord//bad"), "data": 2},
            {**alice.message("/ord/good", id="no-good"), "data": 3},
            alice.message("/meta/subscribe"),
            {**alice.message("/meta/nothing"), "data": 4},
            {"clientId": alice.client_id, "id": "5"},
            {**alice.message("/ord/good"), "data": 6},
        ])  # fmt: skip
        equal([reply["successful"] for reply in replies.replies], [True] + [False] * 6 + [True])
        equal(replies.data, [1, 6])


@test("a disconnect in a batch: what comes after it gets 402")
def _(server):
    alice = session(server)
    replies = alice.call([
        alice.message("/ord/x", data=1),
        alice.message("/meta/disconnect"),
        alice.message("/ord/x", data=1),
        alice.connect_message(),
    ], timeout=5)  # fmt: skip
    equal([reply["successful"] for reply in replies], [True, True, False, False])
    refused(replies[2], "402::session_unknown")
    refused(replies[3], "402::session_unknown")


@test("ORD-2 each event comes once, whichever response brings it")
def _(server):
    with connected(server, subscriptions=["/ord/once"]) as alice, session(server) as bob:
        seen = []
        held = None
        for n in range(60):
            if held is None:
                held = alice.start_connect()
            bob.publish("/ord/once", n)
            if n % 3 == 0:
                seen += alice.publish("/ord/other", 0).data
            if held.answered():
                seen += held.wait(5).data
                held = None
        if held is not None:
            # Ends the connect. If it is answered already, what came later is in one of these replies.
            seen += alice.publish("/ord/once", "last").data
            bob.publish("/ord/once", "very last")
            seen += held.wait(5).data
        # What is queued while a response is still on its way comes with the one after it.
        deadline = time.monotonic() + 5
        while len([n for n in seen if isinstance(n, int)]) < 60 and time.monotonic() < deadline:
            seen += poll(alice).data
        seen += poll(alice).data
        equal(sorted(n for n in seen if isinstance(n, int)), list(range(60)))


@test("ORD-6 pipelined requests on one connection are answered in order")
def _(server):
    with session(server) as alice:
        helds = [alice.send([alice.message("/ord/pipe", data=n, id=f"p{n}")]) for n in range(20)]
        equal([held.wait(5).reply["id"] for held in helds], [f"p{n}" for n in range(20)])


@test("ORD-6 a request behind a held connect on the same connection does not wait for it")
def _(server):
    with connected(server) as alice:
        held = hold(alice)
        # Pipelined: its answer must come second, so the hold cannot go on.
        after = alice.send([alice.message("/ord/pipe", data=1, id="behind")], connection=held.connection)
        succeeded(held.wait(5).reply)
        equal(after.wait(5).reply["id"], "behind")
        parked(server, 0)


run(Httpd)
