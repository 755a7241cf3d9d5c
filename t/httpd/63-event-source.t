#!/usr/bin/env python3
"""EventSource as Faye's client uses it (Faye dialect 8): the stream pushes, everything else comes by POST."""
# slow

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from event_source import Ended, EventSource  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402
from websocket import WebSocketClient  # noqa: E402
from wire import connected, counter, hold, serves, session, succeeded  # noqa: E402

CONF = """
BayeuxMaxInterval 60s
<Location /short>
    SetHandler bayeux
    BayeuxDomain short
    BayeuxTimeout 3s
    BayeuxMaxInterval 500ms
</Location>
<Location /polling>
    SetHandler bayeux
    BayeuxTransports long-polling
</Location>
<Location /listed>
    SetHandler bayeux
    BayeuxAllowOrigin https://a.example
</Location>
"""


def source(client, **options):
    found = EventSource(client, **options)
    check(found.is_stream, f"no event stream: {found.response!r}")
    return found.begin()


def connect(client, timeout=None):
    """A connect as Faye sends it beside its event source."""
    return client.connect(timeout=timeout or 5, connectionType="eventsource")


# --- the stream -------------------------------------------------------------------------------------------------------


@test("dialect 8: GET <endpoint>/<clientId> begins text/event-stream with retry: 5000, not to be cached")
def _(server):
    with session(server) as alice, source(alice) as stream:
        head = stream.response
        check(head.header("Content-Type").lower().startswith("text/event-stream"), head)
        check("no-cache" in head.header("Cache-Control"), head)
        equal(head.header("X-Content-Type-Options"), "nosniff")
        equal((head.header("Content-Length"), head.header("Set-Cookie")), (None, None))
        equal(stream.retry, 5000)


@test("offered by default; what is published is pushed as an array of one event")
def _(server):
    with Client(server) as alice, session(server) as bob:
        check("eventsource" in alice.handshake()["supportedConnectionTypes"], "not offered")
        alice.subscribe("/es/*")
        with source(alice) as stream:
            connect(alice)
            bob.publish("/es/a", {"n": 12345678901234567890, "text": "line\nbreak \u2028 é"})
            equal(stream.read(5), [{"channel": "/es/a", "data": {"n": 12345678901234567890,
                                                                  "text": "line\nbreak \u2028 é"}}])  # fmt: skip
            for number in range(20):
                bob.publish("/es/b", number)
            equal([message["data"] for _ in range(20) for message in stream.read(5)], list(range(20)))


@test("a payload with line breaks between its tokens is one event, with every byte of its data")
def _(server):
    with session(server, subscriptions=["/es/raw"]) as alice, source(alice) as stream, session(server) as bob:
        for space in (b"\n", b"\r\n", b"\r", b"\n\n", b" \n\t"):
            data = b'{"a":%s[1,%s2]}' % (space, space)
            bob.post(b'[{"channel":"/es/raw","clientId":"%s","data":%s}]' % (bob.client_id.encode(), data))
            equal(stream.data(timeout=5), [{"a": [1, 2]}], repr(space))


@test("AD-4 a connect over eventsource is answered at once: advice retry, interval = timeout")
def _(server):
    with session(server) as alice, source(alice):
        for _ in range(3):
            begin = time.monotonic()
            reply = succeeded(connect(alice).reply)
            check(time.monotonic() - begin < 1 * PATIENCE, "it was held")
            equal(reply["advice"], {"reconnect": "retry", "interval": 30000, "timeout": 30000})


@test("events go by the stream or in the answer to a POST, each exactly once, in the order of the publisher")
def _(server):
    with session(server, subscriptions=["/es/self"]) as alice, source(alice) as stream:
        connect(alice)
        got = []
        for number in range(20):
            got += alice.publish("/es/self", number).data
        while len(got) < 20:
            got += stream.data(timeout=5)
        equal(sorted(got), list(range(20)))
        check(stream.idle(0.2), "something came twice")


@test("what was queued before the stream is there when it begins")
def _(server):
    with session(server, subscriptions=["/es/queued"]) as alice, session(server) as bob:
        for number in range(3):
            bob.publish("/es/queued", number)
        with source(alice) as stream:
            equal(stream.data(3, timeout=5), [0, 1, 2])


@test("a keep-alive comment every 10 s")
def _(server):
    with session(server) as alice, source(alice) as stream:
        connect(alice)
        begin = time.monotonic()
        while stream.comments == 0 and time.monotonic() - begin < 20:
            check(stream.idle(0.2), "an event")
        check(stream.comments == 1 and time.monotonic() - begin > 9, "no comment, or too many")
        diag(f"{stream.comments} in {time.monotonic() - begin:.1f} s")


# --- life and death ---------------------------------------------------------------------------------------------------


@test("the connects keep the session, though each is answered at once: BayeuxTimeout + BayeuxMaxInterval from one on")
def _(server):
    with session(server, "/short", ["/es/kept"]) as alice, source(alice) as stream:
        succeeded(connect(alice).reply)
        # Of BayeuxMaxInterval alone it would be over, and swept; of both there is a second and a half left.
        end = time.monotonic() + 2
        wait_until(lambda: time.monotonic() > end, "most of the interval that it was told")
        succeeded(alice.publish("/es/kept", 1).replies[-1])
        succeeded(connect(alice).replies[-1])
        check(stream.response.status == 200, "the stream")


@test("a session that sends no connects any more expires, and its stream ends")
def _(server):
    with session(server, "/short") as alice, source(alice) as stream:
        succeeded(connect(alice).reply)
        stream.ends(8)
        alice.client_id = None


@test("a disconnect ends the stream")
def _(server):
    with session(server) as alice, source(alice) as stream:
        connect(alice)
        succeeded(alice.disconnect().reply)
        stream.ends(5)


@test("a stream that breaks loses nothing that was published since: the next one brings it, in another child")
def _(server):
    with session(server, subscriptions=["/es/break"]) as alice, session(server) as bob:
        connect(alice)
        for number, child in enumerate(server.children()):
            stream = source(alice, child=child)
            bob.publish("/es/break", number)
            equal(stream.data(timeout=5), [number])
            stream.connection.reset()
            counter(server, "BayeuxStreams", 0)
            bob.publish("/es/break", "meanwhile")
            with source(alice) as again:
                equal(again.data(timeout=5), ["meanwhile"])


@test("a second stream of the session replaces the first one, which ends")
def _(server):
    first, second, _ = server.children()
    with session(server, subscriptions=["/es/second"]) as alice, session(server) as bob:
        with source(alice, child=first) as older, source(alice, child=second) as newer:
            equal(older.ends(5), [])
            bob.publish("/es/second", 1)
            equal(newer.data(timeout=5), [1])


@test("to long-polling and back, to WebSocket and back: nothing lost, nothing twice")
def _(server):
    with session(server, subscriptions=["/es/move"]) as alice, session(server) as bob:
        got = []
        for number in range(2):
            with source(alice) as stream:
                connect(alice)
                bob.publish("/es/move", ["stream", number])
                got += stream.data(timeout=5)
            counter(server, "BayeuxStreams", 0)
            alice.connect(0)
            held = hold(alice)
            bob.publish("/es/move", ["held", number])
            got += held.wait(5).data
            socket = WebSocketClient.resume(alice)
            succeeded(socket.connect(0, timeout=5))
            bob.publish("/es/move", ["socket", number])
            got += socket.data()
            socket.close()
        equal(got, [[how, n] for n in range(2) for how in ("stream", "held", "socket")])


@test("graceful: the stream ends, and its client comes back to all that was published since")
def _(server):
    with session(server, subscriptions=["/es/graceful"]) as alice, session(server) as bob:
        with source(alice) as stream:
            connect(alice)
            server.graceful()
            stream.ends(8)
        alice.close()
        bob.close()
        bob.publish("/es/graceful", 1)
        with source(alice) as stream:
            equal(stream.data(timeout=5), [1])


@test("TLS: the same, pushed within milliseconds")
def _(server):
    with Client(server, tls=True) as alice, session(server, tls=True) as bob:
        alice.handshake()
        alice.subscribe("/es/tls")
        with source(alice, tls=True) as stream:
            for number in range(20):
                begin = time.monotonic()
                bob.publish("/es/tls", number)
                equal(stream.data(timeout=5), [number])
                check(time.monotonic() - begin < 0.8 * PATIENCE, "a sweep found it, not the bell")


@test("a publish in one child reaches forty event sources in the two others, each exactly once")
def _(server):
    wait_until(lambda: len(server.children()) == 3, "the children of before the reload have gone", 20)
    first, second, third = server.children()
    many, streams = [], []
    for n in range(40):
        many.append(session(server, subscriptions=["/es/wide"]))
        streams.append(source(many[-1], child=(first, second)[n % 2]))
        connect(many[-1])
    with session(server, child=third) as bob:
        for number in range(3):
            succeeded(bob.publish("/es/wide", number).reply)
            for stream in streams:
                equal(stream.data(timeout=5), [number])
    for client, stream in zip(many, streams):
        check(stream.idle(0.01), "nothing twice")
        stream.close()
        client.disconnect()
        client.close()


@test("S15 one that does not read: bounded, others are served")
def _(server):
    chunk = "x" * 32768
    with session(server, subscriptions=["/es/slow"]) as slow, session(server, subscriptions=["/es/quick"]) as quick, \
            session(server) as bob:  # fmt: skip
        server.expect("BX0016")
        with source(slow) as stuck, source(quick) as stream:
            for number in range(400):
                succeeded(bob.publish("/es/slow", chunk).reply)
                if number % 40 == 0:
                    begin = time.monotonic()
                    bob.publish("/es/quick", number)
                    equal(stream.data(timeout=5), [number])
                    check(time.monotonic() - begin < 1 * PATIENCE, "it had to wait")
            wait_until(lambda: int(server.status()["BayeuxDroppedSessions"]) >= 1, "BayeuxMaxQueue holds")
            check(stuck.is_stream, "it was begun")
        slow.client_id = None


# --- who may ----------------------------------------------------------------------------------------------------------


def is_refused(client, **options):
    with EventSource(client, **options) as stream:
        check(not stream.is_stream, f"it was given: {stream.response!r}")
        check(400 <= stream.response.status < 500, stream.response)
        return stream.response.status


@test("CID-4 S4 without the cookie, or with another browser's: refused; the session is untouched")
def _(server):
    with connected(server, subscriptions=["/es/mine"]) as alice, session(server) as mallory:
        held = hold(alice)
        is_refused(alice, cookies=False)
        thief = Client(server)
        thief.client_id, thief.cookies = alice.client_id, mallory.cookies
        is_refused(thief)
        thief.client_id = "0" * 40
        is_refused(thief)
        thief.client_id = "unknown"
        is_refused(thief)
        check(not held.answered(0.2), "the held connect ended")
        mallory.publish("/es/mine", 1)
        equal(held.wait(5).data, [1])


@test("only where it is offered; without a clientId in the URL: refused")
def _(server):
    with session(server, "/polling") as alice:
        is_refused(alice)
    with session(server) as alice:
        for path in ("/bayeux", "/bayeux/", "/bayeux/connect"):
            is_refused(alice, path=path)


@test("S8 a foreign origin: 403; one that is allowed: with credentials, by name")
def _(server):
    with session(server) as alice:
        equal(is_refused(alice, origin="https://evil.example"), 403)
    with session(server, "/listed") as alice:
        equal(is_refused(alice, origin="https://evil.example"), 403)
        with source(alice, origin="https://a.example") as stream:
            equal(stream.response.header("Access-Control-Allow-Origin"), "https://a.example")
            equal(stream.response.header("Access-Control-Allow-Credentials"), "true")
            check("origin" in (stream.response.header("Vary") or "").lower(), stream.response)


@test("streams are no sessions: many that come and go leave nothing")
def _(server):
    with session(server) as alice:
        for _ in range(30):
            EventSource(alice).close()
        try:
            with source(alice) as stream:
                check(stream.idle(0.2), "nothing is queued")
        except Ended:
            check(False, "the last one does not last")
    serves(server)


run(lambda: Httpd(CONF, tls=True, server_limit=6))
