#!/usr/bin/env python3
"""Sessions on WebSockets of three children: resuming (WS-6), whose they are (S4), moving between transports."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import PATIENCE, Httpd  # noqa: E402
from http_client import connect_to  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402
from websocket import PING, PONG, WebSocketClient, ws_connected, ws_session  # noqa: E402
from wire import connected, hold, poll, refused, session, succeeded  # noqa: E402

CONF = """
<Location /short>
    SetHandler bayeux
    BayeuxTimeout 500ms
</Location>
<Location /trusting>
    SetHandler bayeux
    BayeuxTrustClientId On
</Location>
"""


def handshaken(server, path="/bayeux"):
    """A browser that has shaken hands over HTTP and never showed its cookie since: the response set it."""
    client = Client(server, path)
    succeeded(client.handshake())
    return client


def taken_over(client, **options):
    """The reply to a connect for the client's session on a WebSocket of its own."""
    socket = WebSocketClient.resume(client, **options)
    try:
        return socket.connect(0, timeout=5)
    finally:
        socket.close()


def is_unknown(reply):
    refused(reply, "402::session_unknown")
    equal(reply["advice"], {"reconnect": "handshake", "interval": 0})


# --- WS-6: resuming ---------------------------------------------------------------------------------------------------


@test("WS-6 a new socket in each child resumes the session by its clientId, without a handshake")
def _(server):
    first, second, third = server.children()
    with ws_connected(server, subscriptions=["/six"], child=first) as alice, session(server) as bob:
        for number, child in enumerate((second, third, first)):
            alice.reopen(child)
            bob.publish("/six", number)
            succeeded(alice.connect(0, timeout=5))
            equal(alice.data(), [number])
            equal(server.child_of(alice.socket.connection), child)
            bob.publish("/six", "pushed")
            equal(alice.data(), ["pushed"])


@test("WS-6 any message resumes: a subscribe, a publish, a disconnect")
def _(server):
    with ws_connected(server, subscriptions=["/six/any"]) as alice, session(server) as bob:
        for resume in (lambda: alice.subscribe("/six/other"), lambda: alice.publish("/six/else", 1)):
            alice.reopen()
            succeeded(resume())
            bob.publish("/six/any", 1)
            equal(alice.data(timeout=5), [1], "WS-5: pushed behind the first message")
        alice.reopen()
        succeeded(alice.disconnect())


@test("WS-6 the old socket need not be closed: the newer one gets the events, the old one nothing")
def _(server):
    first, second, _ = server.children()
    with ws_connected(server, "/short", ["/six/open"], child=first) as alice, session(server) as bob:
        older = alice.start_connect(1500)
        alice.sync()
        alice.frames.clear()
        newer = WebSocketClient.resume(alice, child=second)
        pending = newer.start_connect(20000)
        newer.sync()
        for number in range(10):
            bob.publish("/six/open", number)
        equal(newer.data(10), list(range(10)))
        check(alice.idle(1.7), f"CN-13: the older connect was answered: {alice.frames}")
        alice.socket.send_frame(PING, b"open?")
        equal(alice.socket.read_frame(5), (PONG, b"open?"), "the older socket")
        # Its next message binds it again.
        succeeded(alice.connect(0, timeout=5))
        bob.publish("/six/open", "again")
        equal(alice.data(), ["again"])
        check(newer.idle(0.3), f"{newer.frames} {pending} {older}")
        newer.close()


@test("CN-13 an older connect over long-polling, a newer one over WebSocket: 408 for the older")
def _(server):
    first, second, _ = server.children()
    with connected(server, subscriptions=["/six/poll"], connect_child=first) as alice:
        held = hold(alice)
        socket = WebSocketClient.resume(alice, child=second)
        pending = socket.start_connect()
        equal(held.wait_response(5).status, 408)
        alice.publish("/six/poll", 1)
        # In the publish response or pushed, but once.
        socket.sync()
        older = alice.connect_connection
        alice.forget(older)
        succeeded(alice.connect(0, timeout=5).replies[-1])
        check(pending not in [m.get("id") for f in socket.frames for m in f], "CN-13 dropped silently")
        socket.close()


# --- S4: whose session ------------------------------------------------------------------------------------------------


@test("S4 without a cookie, as Faye does: while the session's cookie was never shown after its handshake")
def _(server):
    with handshaken(server) as alice:
        for _ in range(2):
            succeeded(taken_over(alice, cookies=False))


@test("S4 without a cookie, after it was shown over HTTP: 402, the session is untouched")
def _(server):
    with connected(server, subscriptions=["/s4/shown"]) as alice, session(server) as bob:
        bob.publish("/s4/shown", "queued")
        is_unknown(taken_over(alice, cookies=False))
        equal(poll(alice).data, ["queued"])
        held = hold(alice)
        is_unknown(taken_over(alice, cookies=False))
        check(not held.answered(0.2), "the held connect ended")
        bob.publish("/s4/shown", "right")
        equal(held.wait(5).data, ["right"])


@test("S4 without a cookie, then shown: the next socket without it gets 402")
def _(server):
    with handshaken(server) as alice:
        succeeded(taken_over(alice, cookies=False))
        succeeded(alice.publish("/s4", 1).reply)
        is_unknown(taken_over(alice, cookies=False))
        succeeded(taken_over(alice))


@test("S4 shown on an upgrade counts as shown")
def _(server):
    with handshaken(server) as alice:
        succeeded(taken_over(alice))
        is_unknown(taken_over(alice, cookies=False))
        succeeded(taken_over(alice))


@test("S4 with the own cookie: always")
def _(server):
    with handshaken(server) as alice:
        for _ in range(3):
            succeeded(taken_over(alice))
            succeeded(alice.publish("/s4", 1).reply)


@test("S4 with another browser's cookie: never, shown or not, for any message")
def _(server):
    with handshaken(server) as alice, connected(server, subscriptions=["/s4/mine"]) as bob, session(server) as mallory:
        for victim in (alice, bob):
            thief = WebSocketClient(server, cookies=mallory.cookies)
            thief.client_id = victim.client_id
            is_unknown(thief.connect(timeout=5))
            for request in (
                thief.message("/meta/subscribe", subscription="/s4/stolen"),
                thief.message("/meta/unsubscribe", subscription="/s4/mine"),
                {**thief.message("/s4/mine"), "data": "forged"},
                thief.message("/meta/disconnect"),
            ):
                refused(thief.call([request])[0], "402::session_unknown")
            check(thief.idle(0.2), f"{thief.frames}")
            thief.close()
        succeeded(mallory.publish("/s4/mine", "right").reply)
        equal(poll(bob).data, ["right"])
        succeeded(alice.connect().reply)


@test("S4 with a cookie that no browser has: 402, as with another browser's")
def _(server):
    with handshaken(server) as alice:
        own = alice.cookies["BAYEUX_BROWSER"]
        for value in (own[:-1], own + "a", "a" * len(own)):
            alice.cookies["BAYEUX_BROWSER"] = value
            is_unknown(taken_over(alice))
        alice.cookies["BAYEUX_BROWSER"] = own


@test("S4 a session of a WebSocket whose upgrade had a cookie belongs to that browser")
def _(server):
    with session(server) as browser, ws_session(server, cookies=browser.cookies) as alice, session(server) as other:
        is_unknown(taken_over(alice, cookies=False))
        stranger = WebSocketClient.resume(alice, cookies=False)
        stranger.cookies = other.cookies
        is_unknown(stranger.connect(timeout=5))
        stranger.close()
        succeeded(taken_over(alice))
        with Client(server) as polling:
            polling.cookies, polling.client_id = dict(browser.cookies), alice.client_id
            succeeded(polling.connect(0).reply)
            polling.client_id = None


@test("CID-4 a session of a WebSocket without cookie is out of reach over HTTP, with and without one")
def _(server):
    with ws_session(server) as alice, session(server) as other:
        with Client(server) as polling:
            polling.client_id = alice.client_id
            refused(polling.connect(0).reply, "402::session_unknown")
            polling.cookies = dict(other.cookies)
            refused(polling.publish("/s4", 1).reply, "402::session_unknown")
            polling.client_id = None
        succeeded(alice.connect(timeout=5))


@test("BayeuxTrustClientId On: the clientId is enough, without a cookie")
def _(server):
    with connected(server, "/trusting") as alice:
        succeeded(taken_over(alice, cookies=False))


# --- moving -----------------------------------------------------------------------------------------------------------


@test("a session moves WebSocket, long-polling, WebSocket, each time in another child: nothing lost, nothing twice")
def _(server):
    first, second, third = server.children()
    with connected(server, subscriptions=["/move"], child=first) as alice, session(server) as bob:
        total = []
        for number, child in enumerate((first, second, third)):
            socket = WebSocketClient.resume(alice, child=child)
            bob.publish("/move", ["before", number])
            pending = socket.start_connect()
            total += socket.data()
            bob.publish("/move", ["pushed", number])
            total += socket.data()
            alice.connect_connection = connect_to(server, (second, third, first)[number])
            bob.publish("/move", ["left", number])
            total += socket.data()
            reply = alice.connect(0)
            equal(reply.events, [])
            check("advice" in reply.reply, "CN-7: the transport has changed")
            held = alice.start_connect()
            check(not held.answered(0.1), "AD-4: it is held")
            bob.publish("/move", ["polled", number])
            total += held.wait(5).data
            check(pending not in [m.get("id") for f in socket.frames for m in f], "CN-13 dropped silently")
            socket.close()
        equal(total, [[word, n] for n in range(3) for word in ("before", "pushed", "left", "polled")])


@test("CN-7 the first connect on another transport brings advice, further ones do not")
def _(server):
    with connected(server, "/short") as alice:
        socket = WebSocketClient.resume(alice)
        check("advice" in socket.connect(timeout=5), "on the WebSocket")
        check("advice" not in socket.connect(timeout=5), "on the WebSocket again")
        check("advice" in alice.connect(timeout=5).reply, "back")
        check("advice" not in alice.connect(timeout=5).reply, "back again")
        socket.close()


# --- three children ---------------------------------------------------------------------------------------------------


@test("a publish in one child reaches WebSockets in the two others, within milliseconds")
def _(server):
    children = server.children()
    latencies = []
    for speaking in children:
        listening = [child for child in children if child != speaking]
        with ws_connected(server, subscriptions=["/far"], child=listening[0]) as alice, \
                ws_connected(server, subscriptions=["/far"], child=listening[1]) as bob, \
                ws_session(server, child=speaking) as carol:  # fmt: skip
            alice.start_connect()
            bob.start_connect()
            for number in range(10):
                begin = time.monotonic()
                carol.publish("/far", number)
                for client in (alice, bob):
                    equal(client.data(), [number])
                latencies.append(time.monotonic() - begin)
            for client in (alice, bob, carol):
                check(server.child_of(client.socket.connection) in children, "its child")
    latencies.sort()
    median = latencies[len(latencies) // 2]
    diag(f"publish to delivery: median {median * 1e3:.1f} ms, worst {latencies[-1] * 1e3:.1f} ms")
    check(median < 0.05 * PATIENCE, "the median")
    check(latencies[-1] < 0.8 * PATIENCE, "the worst: a sweep found it, not the bell")


@test("one publish over long-polling reaches sixty WebSockets, each exactly once")
def _(server):
    many = [ws_connected(server, subscriptions=["/wide/*"]) for _ in range(60)]
    with session(server) as bob:
        for client in many:
            client.start_connect()
        for number in range(3):
            bob.publish("/wide/open", number)
            for client in many:
                equal(client.data(), [number])
        for client in many:
            equal(client.drain()[0], [], "nothing twice")
            client.disconnect()
            client.close()


# Sessions do not end while a test looks for a connection to some other child.
run(lambda: Httpd(CONF + "BayeuxMaxInterval 60s", server_limit=6))
