#!/usr/bin/env python3
"""S3: what a client that acknowledges wrongly, or nothing, may cost: BayeuxMaxQueue bounds what is kept for it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from ack_client import acker  # noqa: E402
from harness import Httpd  # noqa: E402
from steps import clients  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from websocket import WebSocketClient  # noqa: E402
from wire import number, refused, session, succeeded  # noqa: E402

CONF = """
<Location /small>
    SetHandler bayeux
    BayeuxDomain small
    BayeuxMaxQueue 20 1M
</Location>
<Location /bytes>
    SetHandler bayeux
    BayeuxDomain bytes
    BayeuxMaxQueue 1000 40K
</Location>
<Location /oldest>
    SetHandler bayeux
    BayeuxDomain oldest
    BayeuxMaxQueue 20 1M
    BayeuxQueueOverflow drop-oldest
</Location>
<Location /newest>
    SetHandler bayeux
    BayeuxDomain newest
    BayeuxMaxQueue 20 1M
    BayeuxQueueOverflow drop-newest
</Location>
"""

# Of two batches that were sent the first is acknowledged; what is said then is none of them, or no number.
ODD = (-1, -(2**63), 3, 4, 1000, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64, 10**40, 1.0, 1.5, 1e300, "1",
       "2", "x", "", True, None, [], [1], {}, {"ack": 1}, {"enabled": True, "batch": 1})  # fmt: skip

for odd in ODD:

    @test(f"S3 ext.ack {str(odd)[:24]!r} where two batches were sent: answered, nothing is forgotten")
    def _(server, odd=odd):
        with acker(server, subscriptions=["/ack/odd"]) as alice, session(server) as bob:
            alice.polled()
            bob.publish("/ack/odd", "sent")
            equal(alice.polled(), (["sent"], 2))
            bob.publish("/ack/odd", "waiting")
            found = alice.connect(0, timeout=5, ext={"ack": odd})
            equal((found.data, succeeded(found.reply)["ext"]["ack"]), (["sent", "waiting"], 3))


@test("S3 an ext that is no object, with a session that is to acknowledge: refused, and nothing is forgotten")
def _(server):
    with acker(server, subscriptions=["/ack/odd"]) as alice, session(server) as bob:
        alice.polled()
        bob.publish("/ack/odd", "kept")
        for odd in (1, "x", [], True):
            refused(alice.connect(0, timeout=5, ext=odd).reply)
        equal(alice.polled()[0], ["kept"])


def flooded(server, path, data, *, turns=200):
    """An ack session that acknowledges nothing while message after message is published for it.

    (turns, most events seen in queues, the last connect's reply, the client)
    """
    alice = acker(server, path, ["/ack/flood"])
    bob = session(server, path)
    worst = 0
    with clients(bob):
        alice.polled()
        for turn in range(turns):
            bob.publish("/ack/flood", data(turn))
            reply = alice.connect(0, timeout=10, ext={"ack": 0}).replies[-1]
            if turn % 10 == 0:
                worst = max(worst, number(server, "BayeuxQueuedEvents"))
            if not reply["successful"]:
                alice.client_id = None
                break
    return turn, worst, reply, alice


def session_ended(reply):
    refused(reply, "402::session_unknown")
    equal(reply["advice"]["reconnect"], "handshake")


@test("S3 CVE-2025-53114 a client that repeats the same ext.ack for ever: its session ends when its queue is full")
def _(server):
    before = number(server, "BayeuxDroppedSessions")
    turns, worst, reply, alice = flooded(server, "/small", lambda turn: turn)
    session_ended(reply)
    check(15 <= turns <= 21, f"{turns} messages were kept where 20 may be")
    check(worst <= 20, f"{worst} events")
    equal(number(server, "BayeuxDroppedSessions"), before + 1)
    alice.close()


@test("S3 the bytes of BayeuxMaxQueue count what is not acknowledged too")
def _(server):
    turns, _worst, reply, alice = flooded(server, "/bytes", lambda _turn: "x" * 4000)
    session_ended(reply)
    check(turns <= 11, f"{turns} times 4 KB where 40 KB may be")
    alice.close()


@test("S3 BayeuxQueueOverflow drop-oldest: the session lives on with the newest")
def _(server):
    turns, worst, reply, alice = flooded(server, "/oldest", lambda turn: turn, turns=60)
    with alice:
        succeeded(reply)
        check(worst <= 20, f"{worst} events")
        got, _batch = alice.polled(ext={"ack": 0})
        equal(got, list(range(turns + 1 - len(got), turns + 1)))
        check(15 <= len(got) <= 20, got)


@test("S3 BayeuxQueueOverflow drop-newest: the session lives on with the oldest")
def _(server):
    _turns, worst, reply, alice = flooded(server, "/newest", lambda turn: turn, turns=60)
    with alice:
        succeeded(reply)
        check(worst <= 20, f"{worst} events")
        got, _batch = alice.polled(ext={"ack": 0})
        equal(got, list(range(len(got))))
        check(15 <= len(got) <= 20, got)
        alice.polled()
        equal(alice.publish("/ack/flood", "again").events, [])
        equal(alice.polled()[0], ["again"], "acknowledged: there is room")


@test("S3 one that acknowledges may get any number through a queue of twenty")
def _(server):
    with acker(server, "/small", ["/ack/flow"]) as alice, session(server, "/small") as bob:
        got = []
        for n in range(100):
            bob.publish("/ack/flow", n)
            got += alice.polled()[0]
        equal(got, list(range(100)))


@test("S3 over WebSocket: without connects nothing leaves, and the queue bounds it; the socket stays usable")
def _(server):
    with WebSocketClient(server, "/small") as alice, session(server, "/small") as bob:
        equal(succeeded(alice.handshake(ext={"ack": True}))["ext"]["ack"], True)
        succeeded(alice.subscribe("/ack/socket"))
        for n in range(30):
            bob.publish("/ack/socket", n)
        refused(alice.publish("/ack/socket", 0), "402::session_unknown")
        succeeded(alice.handshake(ext={"ack": True}))


def overflowing():
    server = Httpd(CONF)
    server.expect("BX0016")  # a queue is filled to its end
    return server


run(overflowing)
