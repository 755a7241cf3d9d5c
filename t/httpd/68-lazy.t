#!/usr/bin/env python3
"""Lazy channels (ORD-8), and delivery with connects only (ORD-3)."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from event_source import EventSource  # noqa: E402
from harness import PATIENCE, Httpd  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from websocket import ws_connected  # noqa: E402
from wire import connected, counter, hold, session, succeeded  # noqa: E402

LAZY = 0.7
CONF = """
BayeuxTimeout 20s
BayeuxMaxInterval 60s
<Location /bayeux>
    <BayeuxChannel "/lazy/**">
        BayeuxLazy 700ms
    </BayeuxChannel>
    <BayeuxChannel "/lazy/very/**">
        BayeuxLazy 10s
    </BayeuxChannel>
    <BayeuxChannel "/lazy/not/**">
        BayeuxLazy 0
    </BayeuxChannel>
</Location>
<Location /short>
    SetHandler bayeux
    BayeuxTimeout 600ms
</Location>
<Location /connects>
    SetHandler bayeux
    BayeuxMetaConnectDeliverOnly On
</Location>
"""


def elapsed(begin):
    return time.monotonic() - begin


# --- ORD-8: lazy ------------------------------------------------------------------------------------------------------


@test("ORD-8 lazy events do not wake a held connect; they leave together when the first has waited BayeuxLazy")
def _(server):
    with connected(server, subscriptions=["/lazy/a"]) as alice, session(server) as bob:
        held = hold(alice)
        begin = time.monotonic()
        for number in range(3):
            bob.publish("/lazy/a", number)
        got = held.wait(10)
        check(LAZY - 0.1 <= elapsed(begin) < LAZY + 3 * PATIENCE, f"{elapsed(begin):.2f} s")
        equal(got.data, [0, 1, 2])


@test("ORD-8 lazy events leave with the next one that is not lazy, in their order")
def _(server):
    with connected(server, subscriptions=["/lazy/very/b", "/prompt"]) as alice, session(server) as bob:
        held = hold(alice)
        bob.publish("/lazy/very/b", 1)
        bob.publish("/lazy/very/b", 2)
        check(not held.answered(0.2), "woken")
        bob.publish("/prompt", 3)
        equal(held.wait(5).data, [1, 2, 3])


@test("ORD-8 CN-5 a connect that finds lazy events only is held; one that finds others too is answered at once")
def _(server):
    with connected(server, subscriptions=["/lazy/very/c", "/prompt"]) as alice, session(server) as bob:
        bob.publish("/lazy/very/c", 1)
        held = hold(alice)
        check(not held.answered(0.2), "answered at once")
        bob.publish("/prompt", 2)
        equal(held.wait(5).data, [1, 2])
        bob.publish("/lazy/very/c", 3)
        bob.publish("/prompt", 4)
        begin = time.monotonic()
        equal(alice.connect(timeout=10).data, [3, 4])
        check(elapsed(begin) < 2 * PATIENCE, "held")


@test("ORD-8 the connect's timeout takes them along")
def _(server):
    with connected(server, "/short", ["/lazy/very/d"]) as alice, session(server) as bob:
        bob.publish("/lazy/very/d", 1)
        begin = time.monotonic()
        equal(alice.connect(timeout=5).data, [1])
        check(0.55 <= elapsed(begin) < 4 * PATIENCE, f"neither held nor in time: {elapsed(begin):.2f} s")


@test("ORD-8 PB-7 any answer to the session takes them along: a publish, a subscribe, a connect that is not held")
def _(server):
    with connected(server, subscriptions=["/lazy/very/e"]) as alice, session(server) as bob:
        asking = (lambda: alice.publish("/x", 1), lambda: alice.subscribe("/y"), lambda: alice.connect(0))
        for number, ask in enumerate(asking):
            bob.publish("/lazy/very/e", number)
            equal(ask().data, [number])
            counter(server, "BayeuxQueuedEvents", 0)  # the next one asks on another connection


@test("ORD-8 over WebSocket: pushed after BayeuxLazy, or with the next one that is not lazy")
def _(server):
    with ws_connected(server, subscriptions=["/lazy/**", "/prompt"]) as alice, session(server) as bob:
        alice.start_connect()
        alice.sync()  # whatever is queued when the connect comes leaves with it
        begin = time.monotonic()
        bob.publish("/lazy/f", 1)
        equal(alice.data(), [1])
        check(LAZY - 0.1 <= elapsed(begin) < LAZY + 3 * PATIENCE, f"{elapsed(begin):.2f} s")
        alice.sync()  # until then what comes may go along with what is on its way
        bob.publish("/lazy/very/f", 2)
        check(alice.idle(0.3), "pushed at once")
        bob.publish("/prompt", 3)
        equal(alice.data(2), [2, 3])


@test("ORD-8 over an event source: the same")
def _(server):
    with session(server, subscriptions=["/lazy/g", "/prompt"]) as alice, session(server) as bob:
        with EventSource(alice) as stream:
            stream.begin()
            begin = time.monotonic()
            bob.publish("/lazy/g", 1)
            equal(stream.data(timeout=10), [1])
            check(LAZY - 0.1 <= elapsed(begin) < LAZY + 3 * PATIENCE, f"{elapsed(begin):.2f} s")


@test("BayeuxLazy 0 in a deeper section: not lazy")
def _(server):
    with connected(server, subscriptions=["/lazy/not/h"]) as alice, session(server) as bob:
        held = hold(alice)
        begin = time.monotonic()
        bob.publish("/lazy/not/h", 1)
        equal(held.wait(5).data, [1])
        check(elapsed(begin) < 0.5 * PATIENCE, "lazy")


@test("ORD-8 in three children: the publisher's child is not the holder's")
def _(server):
    first, second, _ = server.children()
    with connected(server, subscriptions=["/lazy/far"], connect_child=first) as alice, \
            session(server, child=second) as bob:  # fmt: skip
        for number in range(3):
            held = hold(alice)
            begin = time.monotonic()
            bob.publish("/lazy/far", number)
            equal(held.wait(10).data, [number])
            check(LAZY - 0.1 <= elapsed(begin) < LAZY + 3 * PATIENCE, f"{elapsed(begin):.2f} s")


# --- ORD-3 ------------------------------------------------------------------------------------------------------------


@test("ORD-3 BayeuxMetaConnectDeliverOnly over WebSocket: events, the connect's reply, then nothing until the next one")
def _(server):
    with ws_connected(server, "/connects", ["/only"]) as alice, session(server) as bob:
        for number in range(3):
            pending = alice.start_connect()
            alice.sync()
            bob.publish("/only", number)
            succeeded(alice.reply(pending, 5))
            equal(alice.data(), [number])
            bob.publish("/only", "between")
            equal(alice.drain(), ([], []), "pushed without a connect")
            succeeded(alice.connect(timeout=5))
            equal(alice.data(), ["between"])


@test("ORD-3 its own publish over WebSocket comes with the connect, not before the reply to the publish")
def _(server):
    with ws_connected(server, "/connects", ["/only/own"]) as alice:
        alice.frames.clear()
        succeeded(alice.publish("/only/own", 1))
        equal(len(alice.frames), 1, "frames")
        succeeded(alice.connect(timeout=5))
        equal(alice.data(), [1])


@test("ORD-3 over long-polling: answers to others have no events; the held connect is woken by its own publish")
def _(server):
    with connected(server, "/connects", ["/only/poll"]) as alice:
        held = hold(alice)
        equal(alice.publish("/only/poll", 1).events, [])
        equal(held.wait(5).data, [1])


run(lambda: Httpd(CONF))
