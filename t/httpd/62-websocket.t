#!/usr/bin/env python3
"""Bayeux over WebSocket (WS): binding, pushed events, framing, connects."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from websocket import PING, PONG, WebSocket, WebSocketClient, ws_connected, ws_session  # noqa: E402
from wire import connected, counter, refused, session, succeeded  # noqa: E402

CONF = """
<Location /short>
    SetHandler bayeux
    BayeuxTimeout 400ms
</Location>
<Location /brief>
    SetHandler bayeux
    BayeuxDomain brief
    BayeuxTimeout 1s
    BayeuxMaxInterval 400ms
</Location>
<Location /pinged>
    SetHandler bayeux
    BayeuxPing 1s
</Location>
<Location /unpinged>
    SetHandler bayeux
    BayeuxPing Off
</Location>
"""

FULL = {"reconnect": "retry", "interval": 0, "timeout": 30000}


def speaker(server, path="/bayeux"):
    """Somebody else, who publishes over long-polling."""
    return session(server, path)


# --- WS-3, WS-7: what a socket is bound to ----------------------------------------------------------------------------


@test("WS-3 a handshake may be the first message: no cookie, the connection is the identity")
def _(server):
    with WebSocketClient(server) as alice:
        reply = succeeded(alice.handshake(id="h1"))
        equal((reply["id"], reply["version"], reply["advice"]), ("h1", "1.0", FULL))
        equal(alice.socket.response.header("Set-Cookie"), None)
        succeeded(alice.subscribe("/ws/three"))
        equal(succeeded(alice.connect(timeout=5)).get("advice"), None, "CN-7: it was told before")


@test("WS-3 CID-6 a later handshake on the socket makes a new session and unbinds the old one, which lives on")
def _(server):
    with ws_connected(server, subscriptions=["/ws/old"]) as alice, speaker(server) as bob:
        old = alice.client_id
        new = succeeded(alice.handshake())["clientId"]
        check(new != old, "the same session")
        bob.publish("/ws/old", "for the old one")
        succeeded(alice.subscribe("/ws/new"))
        bob.publish("/ws/new", "for the new one")
        equal(alice.data(), ["for the new one"])
        alice.client_id = old
        refused(alice.publish("/ws/x", 1), "402::session_unknown")
        with WebSocketClient(server) as other:
            other.client_id = old
            succeeded(other.connect(0))
            equal(other.data(), ["for the old one"])
        alice.client_id = new


@test("CID-6 another session's clientId on a bound socket: 402, and that session is untouched")
def _(server):
    with ws_connected(server, subscriptions=["/ws/own"]) as alice, ws_connected(server) as thief:
        own, thief.client_id = thief.client_id, alice.client_id
        for request in (
            thief.message("/meta/subscribe", subscription="/ws/stolen"),
            thief.message("/ws/own", data="forged"),
            thief.message("/meta/disconnect"),
            thief.connect_message(),
        ):
            (reply,) = thief.call([request])
            refused(reply, "402::session_unknown")
            equal("advice" in reply, request["channel"] == "/meta/connect", "CID-7")
        thief.client_id = own
        succeeded(thief.publish("/ws/own", "right"))
        equal(alice.data(), ["right"])


@test("WS-7 the bound session has gone: 402 for what comes next, and a handshake on that socket begins anew")
def _(server):
    with session(server) as alice:
        socket = WebSocketClient.resume(alice)
        succeeded(socket.connect(timeout=5))
        alice.disconnect()
        reply = refused(socket.connect(timeout=5), "402::session_unknown")
        equal(reply["advice"], {"reconnect": "handshake", "interval": 0})
        refused(socket.publish("/ws/x", 1), "402::session_unknown")
        with socket:
            succeeded(socket.handshake())
            succeeded(socket.subscribe("/ws/seven"))
            succeeded(socket.publish("/ws/seven", 7))
            equal(socket.data(), [7])


@test("WS-7 the same when it has expired")
def _(server):
    with ws_session(server, "/brief") as alice:
        succeeded(alice.connect(timeout=5))
        # No connect is held, so nothing keeps it.
        wait_until(lambda: not alive(server, alice), "it expires", 10, 0.3)
        refused(alice.publish("/ws/x", 1), "402::session_unknown")
        alice.client_id = None


def alive(server, alice):
    return int(server.status()["BayeuxSessions"]) > 0


@test("CID-2 messages without clientId on a bound socket: 402, but a publish may do without")
def _(server):
    with ws_connected(server) as alice:
        for channel in ("/meta/connect", "/meta/subscribe", "/meta/disconnect"):
            (reply,) = alice.call([alice.message(channel, clientId=None, subscription="/ws/x")])
            refused(reply, "402::session_unknown")
        succeeded(alice.publish("/ws/x", 1))


# --- WS-4, WS-5: connects and pushed events ---------------------------------------------------------------------------


@test("WS-4 CN-4 the first connect is answered at once, though it asks to be held")
def _(server):
    with ws_session(server) as alice:
        equal(succeeded(alice.connect(20000, timeout=5))["advice"], FULL)


@test("WS-4 CN-9 later ones are held for BayeuxTimeout and then a plain success")
def _(server):
    with ws_connected(server, "/short") as alice:
        for _ in range(2):
            begin = time.monotonic()
            pending = alice.start_connect()
            reply = alice.reply(pending, 5)
            check(0.38 <= time.monotonic() - begin < 4 * PATIENCE, "not held for 400 ms")
            equal(reply, {"channel": "/meta/connect", "id": pending, "successful": True})


@test("WS-4 while it is held, events are pushed straight away and the connect stays pending")
def _(server):
    with ws_connected(server, subscriptions=["/ws/push"]) as alice, speaker(server) as bob:
        pending = alice.start_connect()
        alice.sync()
        for number in range(5):
            begin = time.monotonic()
            bob.publish("/ws/push", number)
            equal(alice.data(), [number])
            check(time.monotonic() - begin < 0.8 * PATIENCE, "not woken, but found by a sweep")
        equal(alice.drain(), ([], []))
        check(alice.disconnect()["successful"], "disconnect")
        succeeded(alice.reply(pending, 5))


@test("WS-5 events are pushed before any connect, but never before the handshake's reply")
def _(server):
    with ws_session(server, subscriptions=["/ws/early"]) as alice, speaker(server) as bob:
        bob.publish("/ws/early", 1)
        equal(alice.data(timeout=5), [1])
        equal(alice.frames[0][0]["channel"], "/meta/handshake")


@test("WS-5 events are pushed between connects, and while none is there")
def _(server):
    with ws_connected(server, "/short", ["/ws/between"]) as alice, speaker(server) as bob:
        for number in range(4):
            bob.publish("/ws/between", number)
            equal(alice.data(timeout=5), [number])
            if number % 2:
                succeeded(alice.connect(timeout=5))


@test("PB-5 PB-6 WS-8 its own event comes before the reply to the publish, while its connect stays pending")
def _(server):
    with ws_connected(server, subscriptions=["/ws/self"]) as alice:
        pending = alice.start_connect()
        alice.sync()
        alice.frames.clear()
        succeeded(alice.publish("/ws/self", "mine"))
        equal([[message.get("data", "reply") for message in frame] for frame in alice.frames], [["mine"], ["reply"]])
        equal(alice.data(), ["mine"])
        equal(alice.drain(), ([], []))
        alice.disconnect()
        succeeded(alice.reply(pending, 5))


@test("CN-6 CN-7 CN-8 advice.timeout of a connect holds for it alone, and brings full advice")
def _(server):
    with ws_connected(server, "/short") as alice:
        check(succeeded(alice.connect(0, timeout=5))["advice"]["timeout"] == 400, "the normal timeout")
        begin = time.monotonic()
        succeeded(alice.connect(900, timeout=5))
        check(time.monotonic() - begin >= 0.88, "held for 900 ms")
        check("advice" not in alice.connect(timeout=5), "advice unasked for")


# --- WS-8: framing ----------------------------------------------------------------------------------------------------


@test("WS-8 the handshake's reply alone, then queued events one in a frame, then all replies in one frame")
def _(server):
    with session(server, subscriptions=["/ws/frames"]) as alice, speaker(server) as bob:
        for number in range(4):
            bob.publish("/ws/frames", number)
        socket = WebSocketClient.resume(alice)
        batch = [socket.message("/meta/subscribe", subscription="/ws/more", id="r1"),
                 {**socket.message("/ws/elsewhere", id="r2"), "data": 1},
                 socket.connect_message(id="r3")]  # fmt: skip
        socket.call(batch)
        told = [[message.get("data", message.get("id")) for message in frame] for frame in socket.frames]
        equal(told, [[0], [1], [2], [3], ["r1", "r2", "r3"]])
        socket.close()


@test("WS-8 HS-8 a handshake with others behind it: it is processed, the rest is dropped")
def _(server):
    with WebSocketClient(server) as alice:
        alice.send([{"channel": "/meta/handshake", "id": "1", "version": "1.0"},
                    {"channel": "/meta/subscribe", "id": "2", "subscription": "/ws/x"}])  # fmt: skip
        alice.client_id = succeeded(alice.reply("1"))["clientId"]
        alice.sync()
        equal([[message["id"] for message in frame] for frame in alice.frames][0], ["1"])
        equal(len(alice.frames), 2, "frames")


@test("CN-5 ORD-5 over WebSocket a connect is held even with others in its frame; their replies do not wait")
def _(server):
    with ws_connected(server) as alice:
        alice.send([alice.connect_message(id="held"), {**alice.message("/ws/x", id="quick"), "data": 1}])
        succeeded(alice.reply("quick", 5))
        check(alice.idle(0.4), "the connect was not held")
        alice.disconnect()
        succeeded(alice.reply("held", 5))


@test("ORD-1 WS-15 two hundred messages sent at once: replies and events in the order of the messages")
def _(server):
    with ws_connected(server, subscriptions=["/ws/order"]) as alice:
        for start in range(0, 200, 4):
            alice.send([{**alice.message("/ws/order", id=f"n{n}"), "data": n} for n in range(start, start + 4)])
        equal(alice.data(200), list(range(200)))
        alice.sync()
        ids = [message["id"] for frame in alice.frames for message in frame if message.get("id", "").startswith("n")]
        equal(ids, [f"n{n}" for n in range(200)])
        alice._replies.clear()


@test("pushes keep the order in which they were published, from several publishers to several sockets")
def _(server):
    with ws_connected(server, subscriptions=["/ws/many/*"]) as alice, ws_session(server, subscriptions=["/ws/many/a"]) \
            as carol, speaker(server) as bob, ws_session(server) as dave:  # fmt: skip
        alice.start_connect()
        for number in range(40):
            bob.publish("/ws/many/a", ["bob", number])
            dave.send([{**dave.message("/ws/many/a"), "data": ["dave", number]}])
        for client in (alice, carol):
            got = client.data(80)
            for name in ("bob", "dave"):
                equal([n for who, n in got if who == name], list(range(40)), name)
        equal([e["data"] for f in alice.frames for e in f if "data" in e],
              [e["data"] for f in carol.frames for e in f if "data" in e], "both see one order")  # fmt: skip


# --- CN-13, DC-5, WS-9, WS-11 -----------------------------------------------------------------------------------------


@test("CN-13 a second connect while one is held: the older is dropped without a reply, the newer is held")
def _(server):
    with ws_connected(server, "/short", ["/ws/newer"]) as alice, speaker(server) as bob:
        older = alice.start_connect(2000)
        newer = alice.start_connect(700)
        bob.publish("/ws/newer", 1)
        equal(alice.data(timeout=5), [1])
        succeeded(alice.reply(newer, 5))
        last = alice.start_connect(2500)
        succeeded(alice.reply(last, 6))
        check(older not in [m.get("id") for frame in alice.frames for m in frame], "the older one was answered")


@test("DC-5 a disconnect ends the session and the held connect, not the socket")
def _(server):
    with ws_connected(server, subscriptions=["/ws/bye"]) as alice:
        pending = alice.start_connect()
        succeeded(alice.disconnect())
        reply = succeeded(alice.reply(pending, 5))
        equal(reply["advice"]["reconnect"], "none", "CN-17")
        alice.socket.send_frame(PING, b"still there?")
        equal(alice.socket.read_frame(5), (PONG, b"still there?"))
        succeeded(alice.handshake())
        refused(alice.call([alice.message("/meta/disconnect", clientId="unknown")])[0], "402::session_unknown")


@test("WS-9 a socket that closes or breaks does not end the session: it is resumed with all that was queued")
def _(server):
    with ws_connected(server, subscriptions=["/ws/nine"]) as alice, speaker(server) as bob:
        for number, leave in enumerate((alice.socket.close, lambda: alice.socket.say_goodbye(1001),
                                        lambda: alice.socket.reset())):  # fmt: skip
            alice.start_connect()
            alice.sync()
            leave()
            alice._socket = None
            counter(server, "BayeuxStreams", 0)
            bob.publish("/ws/nine", number)
            succeeded(alice.connect(0, timeout=5))
            equal(alice.data(), [number])


@test("WS-9 EX-1 one that nobody resumes expires BayeuxMaxInterval after its socket has gone")
def _(server):
    before = int(server.status()["BayeuxSessions"])
    alice = ws_connected(server, "/brief")
    alice.start_connect()
    alice.sync()
    equal(int(server.status()["BayeuxSessions"]), before + 1)
    alice.close()
    counter(server, "BayeuxSessions", before, 8)


@test("EX-2 a held connect keeps the session, however long BayeuxMaxInterval is over")
def _(server):
    with ws_connected(server, "/brief", ["/ws/kept"]) as alice, speaker(server, "/brief") as bob:
        for _ in range(2):
            succeeded(alice.connect(timeout=5))
        pending = alice.start_connect(2500)
        succeeded(alice.reply(pending, 6))
        bob.client_id = None
        succeeded(alice.publish("/ws/kept", 1))
        equal(alice.data(), [1])


@test("WS-11 BayeuxPing: a client that answers stays, one that does not is closed and its session can be resumed")
def _(server):
    with ws_connected(server, "/pinged") as alice, ws_connected(server, "/pinged", ["/ws/silent"]) as silent:
        alice.start_connect()
        silent.socket.answers_pings = False
        begin = time.monotonic()
        while alice.socket.pings < 4 and time.monotonic() - begin < 10 * PATIENCE:
            alice.idle(0.5)
        check(alice.socket.pings >= 4, f"{alice.socket.pings} pings, and then no more")
        check(time.monotonic() - begin > 2.5, "more often than once a second")
        silent.socket.closes(2)
        succeeded(alice.publish("/ws/silent", "hello"))
        silent.reopen()
        succeeded(silent.connect(0))
        equal(silent.data(), ["hello"])


@test("WS-11 BayeuxPing Off: no pings")
def _(server):
    with ws_connected(server, "/unpinged") as alice:
        check(alice.idle(1.5), f"{alice.frames}")
        equal(alice.socket.pings, 0)


@test("a client's own ping is answered, also while its connect is held, and counts as no message")
def _(server):
    with ws_connected(server) as alice:
        alice.start_connect()
        alice.sync()
        alice.socket.send_frame(PING, b"x" * 125)
        equal(alice.socket.read_frame(5), (PONG, b"x" * 125))


@test("sockets are no sessions: hundreds that come and go leave nothing")
def _(server):
    for _ in range(3):
        sockets = [WebSocket(server) for _ in range(60)]
        for socket in sockets:
            socket.close()
    counter(server, "BayeuxConnections", 0)
    with connected(server) as alice:
        succeeded(alice.publish("/ws/x", 1).reply)


run(lambda: Httpd(CONF, server_limit=6))
