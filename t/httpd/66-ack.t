#!/usr/bin/env python3
"""The ack extension (X-ACK): events stay until the client has said that it got them."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from ack_client import acker  # noqa: E402
from bayeux import Client  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from http_client import connect_to  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from websocket import WebSocketClient  # noqa: E402
from wire import hold, number, refused, session, succeeded  # noqa: E402

CONF = """
BayeuxMaxInterval 60s
<Location /short>
    SetHandler bayeux
    BayeuxTimeout 500ms
</Location>
<Location /off>
    SetHandler bayeux
    BayeuxExtensions timesync
</Location>
<Location /lazy>
    SetHandler bayeux
    BayeuxDomain lazy
    BayeuxTimeout 8s
    <BayeuxChannel "/ack/lazy">
        BayeuxLazy 700ms
    </BayeuxChannel>
</Location>
<Location /brief>
    SetHandler bayeux
    BayeuxDomain brief
    BayeuxMaxInterval 2s
</Location>
"""


# --- X-ACK 1, 2: agreeing on it ---------------------------------------------------------------------------------------


@test("X-ACK 1 2 asked for with the JSON value true: confirmed in the handshake's reply")
def _(server):
    with acker(server) as alice:
        equal(alice.polled(), ([], 1))


for wanted in (False, 1, "true", None, {}, [], {"enabled": True}):

    @test(f"X-ACK 1 ext.ack {wanted!r} is no request for it: not confirmed, no batch in any reply")
    def _(server, wanted=wanted):
        with Client(server) as alice:
            reply = succeeded(alice.handshake(ext={"ack": wanted}))
            check("ack" not in reply.get("ext", {}), reply)
            reply = succeeded(alice.connect(0, ext={"ack": 0}).reply)
            check("ack" not in reply.get("ext", {}), reply)
            alice.subscribe("/ack/none")
            equal(alice.publish("/ack/none", 1).data, [1], "PB-6")
            equal(alice.connect(0).events, [], "twice")


@test("BayeuxExtensions without ack: not confirmed, and nothing is kept")
def _(server):
    with Client(server, "/off") as alice:
        reply = succeeded(alice.handshake(ext={"ack": True}))
        check("ack" not in reply.get("ext", {}), reply)
        alice.subscribe("/ack/off")
        equal(alice.publish("/ack/off", 1).data, [1])
        reply = alice.connect(0, ext={"ack": 0})
        equal((reply.events, "ack" in reply.reply.get("ext", {})), ([], False))


# --- X-ACK 3, 4, 9, 10 ------------------------------------------------------------------------------------------------


@test("X-ACK 3 9 events leave with connects only: not with the answer to a publish or a subscribe")
def _(server):
    with acker(server, subscriptions=["/ack/only"]) as alice:
        equal(alice.polled(), ([], 1))
        for n in range(2):
            equal(alice.publish("/ack/only", n).events, [])
        equal(alice.subscribe("/ack/more").events, [])
        equal(alice.polled(), ([0, 1], 2))


@test("X-ACK 3 its own publish wakes its held connect")
def _(server):
    with acker(server, subscriptions=["/ack/wake"]) as alice:
        alice.polled()
        held = hold(alice)
        alice.publish("/ack/wake", 1)
        got = held.wait(5)
        equal((got.data, got.reply["ext"]["ack"]), ([1], 2))


@test("X-ACK 4 each connect's reply has the batch's number, from 1, one more each time, events or not")
def _(server):
    with acker(server, "/short", ["/ack/count"]) as alice, session(server, "/short") as bob:
        for batch in range(1, 4):
            equal(alice.polled(), ([], batch))
        equal(alice.polled(None), ([], 4), "after a timeout")
        bob.publish("/ack/count", 1)
        equal(alice.polled(None), ([1], 5))
        equal(alice.polled(), ([], 6))


@test("X-ACK 10 events queued before the first connect are in its batch")
def _(server):
    with acker(server, subscriptions=["/ack/early"]) as alice, session(server) as bob:
        bob.publish("/ack/early", 1)
        equal(alice.polled(None), ([1], 1))


# --- X-ACK 5 to 8: what is kept and replayed --------------------------------------------------------------------------


@test("X-ACK 5 6 an answer that was lost comes again with the next connect, under a new number, old ones first")
def _(server):
    with acker(server, subscriptions=["/ack/lost"]) as alice, session(server) as bob:
        alice.polled()
        bob.publish("/ack/lost", 1)
        equal(alice.polled(), ([1], 2))
        alice.acked = 1  # the answer never came
        bob.publish("/ack/lost", 2)
        equal(alice.polled(), ([1, 2], 3))
        alice.acked = 1
        equal(alice.polled(), ([1, 2], 4))
        equal(alice.polled(), ([], 5), "acknowledged")
        alice.acked = 1
        equal(alice.polled(), ([], 6), "what was acknowledged is gone for good")


@test("X-ACK 5 an older batch acknowledged: only what came in later ones is replayed")
def _(server):
    with acker(server, subscriptions=["/ack/part"]) as alice, session(server) as bob:
        alice.polled()
        for n in range(3):
            bob.publish("/ack/part", n)
            got, batch = alice.polled(ext={"ack": 1})
            equal((got, batch), (list(range(n + 1)), n + 2))
        # Batch 2 brought 0 first, batch 3 brought 1 first.
        got, _batch = alice.polled(ext={"ack": 2})
        equal(got, [1, 2])
        got, _batch = alice.polled(ext={"ack": 3})
        equal(got, [2])


@test("X-ACK 6 a connection that breaks while the answer is on its way: replayed, in another child")
def _(server):
    first, second, _ = server.children()
    with acker(server, subscriptions=["/ack/break"], connect_child=first) as alice, session(server) as bob:
        alice.polled()
        held = hold(alice)
        bob.publish("/ack/break", {"n": 12345678901234567890})
        check(held.answered(5), "answered")
        held.connection.reset()
        alice.connect_connection = connect_to(server, second)
        got, batch = alice.polled(None)
        equal((got, batch > 2), ([{"n": 12345678901234567890}], True))


@test("X-ACK 7 something to replay and nothing new: replayed at once, not after the hold")
def _(server):
    with acker(server, subscriptions=["/ack/replay"]) as alice, session(server) as bob:
        alice.polled()
        bob.publish("/ack/replay", 1)
        equal(alice.polled(), ([1], 2))
        alice.acked = 1
        begin = time.monotonic()
        equal(alice.polled(None), ([1], 3))
        check(time.monotonic() - begin < 2 * PATIENCE, "it was held")
        held = hold(alice)
        check(not held.answered(0.3), "acknowledged: held again")


@test("X-ACK 7 a queued lazy event alone is no reason to answer at once")
def _(server):
    with acker(server, "/lazy", ["/ack/lazy"]) as alice, session(server, "/lazy") as bob:
        alice.polled()
        begin = time.monotonic()
        bob.publish("/ack/lazy", 1)
        equal(alice.polled(None), ([1], 2))
        check(0.3 < time.monotonic() - begin < 5 * PATIENCE, f"it took {time.monotonic() - begin:.2f} s")


@test("X-ACK 8 a connect without ext.ack: nothing is forgotten, everything is replayed")
def _(server):
    with acker(server, subscriptions=["/ack/without"]) as alice, session(server) as bob:
        alice.polled()
        bob.publish("/ack/without", 1)
        equal(alice.polled(), ([1], 2))
        alice.says = False
        equal(alice.polled(), ([1], 3))
        equal(alice.polled(None), ([1], 4))
        alice.says = True
        equal(alice.polled(), ([], 5))


@test("X-ACK 11 the backlog goes with the session: a new one has nothing of it")
def _(server):
    with acker(server, "/brief", ["/ack/gone"]) as alice, session(server, "/brief") as bob:
        alice.polled()
        bob.publish("/ack/gone", 1)
        alice.polled()
        bob.client_id = None
        alice.close()
        wait_until(lambda: number(server, "BayeuxSessions") == 0, "it expires", 10)
        refused(alice.connect(0).reply, "402::session_unknown")
        succeeded(alice.handshake(ext={"ack": True}))
        alice.acked = 0
        alice.subscribe("/ack/gone")
        equal(alice.polled(), ([], 1))


@test("order is kept over hundreds of batches of which some are lost")
def _(server):
    with acker(server, subscriptions=["/ack/many"]) as alice, session(server) as bob:
        got = []
        alice.polled()
        for n in range(120):
            bob.publish("/ack/many", n)
            before = alice.acked
            data, _batch = alice.polled()
            if n % 3 == 0:
                alice.acked = before  # lost
            else:
                got += data
        got += alice.polled()[0]
        equal(got, list(range(120)))


# --- X-ACK 12: over WebSocket -----------------------------------------------------------------------------------------


def ws_acker(server, path="/bayeux", subscriptions=()):
    client = WebSocketClient(server, path)
    equal(succeeded(client.handshake(ext={"ack": True}))["ext"]["ack"], True)
    for name in subscriptions:
        succeeded(client.subscribe(name))
    return client


@test("X-ACK 12 over WebSocket: events leave with a connect's reply, which has the batch's number and comes behind them")
def _(server):
    with ws_acker(server, subscriptions=["/ack/ws"]) as alice, session(server) as bob:
        equal(alice.connect(ext={"ack": 0})["ext"]["ack"], 1)
        bob.publish("/ack/ws", 1)
        equal(alice.drain()[0], [], "ORD-3: pushed without a connect")
        pending = alice.start_connect(ext={"ack": 1})
        equal(alice.reply(pending)["ext"]["ack"], 2)
        equal(alice.data(), [1])
        pending = alice.start_connect(ext={"ack": 2})
        alice.sync()
        bob.publish("/ack/ws", 2)
        equal(alice.reply(pending)["ext"]["ack"], 3, "ORD-3: the held connect is answered")
        equal(alice.data(), [2])
        told = [m.get("data", m["channel"]) for frame in alice.frames for m in frame if m["channel"] != "/service/sync"]
        equal(told[-4:], [1, "/meta/connect", 2, "/meta/connect"])


@test("X-ACK 12 a socket that breaks: the next one, in another child, brings again what was not acknowledged")
def _(server):
    with ws_acker(server, subscriptions=["/ack/ws/break"]) as alice, session(server) as bob:
        alice.connect(ext={"ack": 0})
        for turn, child in enumerate(server.children()):
            bob.publish("/ack/ws/break", turn)
            alice.connect(ext={"ack": 1})
            equal(alice.data(turn + 1), list(range(turn + 1)))
            alice.socket.reset()
            alice._socket = None
            alice.child = child
        last = alice.connect(ext={"ack": 1})["ext"]["ack"]
        equal(alice.data(3), [0, 1, 2])
        equal(alice.connect(0, ext={"ack": last})["successful"], True)
        equal(alice.drain()[0], [])


@test("X-ACK 12 from WebSocket to long-polling and back, acknowledging on the other")
def _(server):
    with acker(server, subscriptions=["/ack/moves"]) as alice, session(server) as bob:
        alice.polled()
        bob.publish("/ack/moves", 1)
        equal(alice.polled(), ([1], 2))
        socket = WebSocketClient.resume(alice)
        reply = socket.connect(ext={"ack": 1}, timeout=5)
        equal((reply["ext"]["ack"], socket.data()), (3, [1]))
        alice.acked = 3
        bob.publish("/ack/moves", 2)
        equal(alice.polled(), ([2], 4))
        reply = socket.connect(ext={"ack": 4}, advice_timeout=0, timeout=5)
        equal((reply["ext"]["ack"], socket.drain()[0]), (5, []))
        socket.close()
        alice.acked = 5


run(lambda: Httpd(CONF))
