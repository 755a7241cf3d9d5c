#!/usr/bin/env python3
"""S15: a WebSocket that is not read costs what its queue may cost, is closed, and delays nobody."""
# slow

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from harness import PATIENCE, SANITIZE, Httpd, wait_until  # noqa: E402
from procs import memory_of  # noqa: E402
from steps import children_figures  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402
from websocket import PING, PONG, SocketClosed, WebSocketClient, ws_connected, ws_session  # noqa: E402
from wire import refused, session, succeeded  # noqa: E402

# A small send buffer, so that what is not read is stuck in httpd and not in the kernel.
CONF = """
SendBufferSize 8192
BayeuxSharedMemory 128M
BayeuxMaxInterval 60s
<Location /large>
    SetHandler bayeux
    BayeuxMaxQueue 1000 8M
</Location>
<Location /small>
    SetHandler bayeux
    BayeuxMaxQueue 50 4M
</Location>
"""
CHUNK = "0123456789abcdef" * 2048  # 32 KB
EVENTS = 150  # 4.8 MB: more than sockets buffer


def fill(bob, channel, count=EVENTS):
    for number in range(count):
        succeeded(bob.publish(channel, f"{number} {CHUNK}").replies[-1])


def beside(server, channel, rounds=10):
    """How long the slowest of some deliveries took, over WebSocket, in each child."""
    slowest = 0.0
    for child in server.children():
        with ws_connected(server, subscriptions=[channel], child=child) as alice, ws_session(server, child=child) as bob:
            alice.start_connect()
            for number in range(rounds):
                begin = time.monotonic()
                bob.publish(channel, number)
                equal(alice.data(), [number])
                slowest = max(slowest, time.monotonic() - begin)
    return slowest


def closed_by_then(server, connections, timeout):
    wait_until(lambda: sum(figure["connections"] for figure in children_figures(server).values()) <= connections,
               "the slow ones are closed", timeout)  # fmt: skip


@test("S15 megabytes for one that sleeps for a while: others are served at once, and later it gets everything in order")
def _(server):
    with ws_connected(server, "/large", ["/slow/one"]) as slow, session(server, "/large") as bob:
        fill(bob, "/slow/one")
        slowest = beside(server, "/quick/one", 4)
        diag(f"slowest delivery beside it: {slowest * 1e3:.0f} ms")
        check(slowest < 1 * PATIENCE, "others had to wait")
        numbers = [int(text.split()[0]) for text in slow.data(EVENTS, timeout=30)]
        equal(numbers, list(range(EVENTS)))


@test("S15 one that never reads is closed after Timeout; its session keeps what was not written")
def _(_server):
    with small_buffers("Timeout 3") as server, ws_connected(server, "/large", ["/slow/never"]) as slow, \
            session(server, "/large") as bob:  # fmt: skip
        slow.start_connect()
        fill(bob, "/slow/never")
        bob.close()
        closed_by_then(server, 0, 25)
        got = []
        try:
            while True:
                slow.read(5)
        except (SocketClosed, TimeoutError):
            got += [int(event["data"].split()[0]) for event in slow._events]
        equal(got, list(range(len(got))))
        check(len(got) < EVENTS, "it took everything though it did not read")
        slow._events.clear()
        slow.reopen()
        succeeded(slow.connect(0))
        rest = [int(text.split()[0]) for text in slow.data(1)]
        # Without ack what the kernel had taken may be lost, and of a piece that was not written to its end the
        # beginning may come twice. The rest is there, once, in order.
        while rest[-1] < EVENTS - 1:
            rest += [int(text.split()[0]) for text in slow.data(1, timeout=10)]
        equal(rest, list(range(rest[0], EVENTS)))
        diag(f"{len(got)} came before, {len(rest)} after, from {rest[0]} on")
        check(len(got) - 64 <= rest[0] <= len(got) + 2, f"{len(got)} came, and from {rest[0]} on")


@test("S15 its queue is bounded: BayeuxMaxQueue ends the session of one that never reads, memory does not grow")
def _(server):
    child = server.children()[0]
    with session(server, "/small") as bob:
        slow = [ws_connected(server, "/small", ["/slow/small"], child=child) for _ in range(10)]
        fill(bob, "/slow/small", 20)
        before = memory_of(child)["RssAnon"]
        fill(bob, "/slow/small", 250)
        grown = memory_of(child)["RssAnon"] - before
        diag(f"grown by {grown >> 10} KB")
        if not SANITIZE:
            check(grown < 16 << 20, "memory grows with what is not read")
        bob.close()
        wait_until(lambda: int(server.status()["BayeuxSessions"]) <= 1, "the sessions have ended", 15)
        for client in slow:
            client.reopen()
            refused(client.publish("/x", 1), "402::session_unknown")
            client.close()


@test("S15 as many that do not read as a child has workers, and more: pages and other sockets go on")
def _(server):
    child = server.children()[0]
    with session(server, "/large") as bob:
        slow = [ws_connected(server, "/large", ["/slow/many"], child=child) for _ in range(server.threads + 4)]
        fill(bob, "/slow/many", 60)
        begin = time.monotonic()
        equal(server.get("/static.txt")[0], 200)
        check(time.monotonic() - begin < 1 * PATIENCE, "a page had to wait")
        check(beside(server, "/quick/many", 4) < 1 * PATIENCE, "others had to wait")
        for client in slow:
            client.reopen()
            client.disconnect()
            client.close()


@test("S15 one that sends without reading: it is not read further while its replies are stuck")
def _(server):
    with WebSocketClient(server) as flood:
        succeeded(flood.handshake())
        flood.socket.connection._socket.settimeout(2 * PATIENCE)
        frame = flood.socket.frame(1, (b"[" + b'{"channel":"/service/x","data":1,"id":"%s"}' % (b"i" * 400) + b"]"))
        sent = 0
        try:
            while sent < 64 << 20:
                flood.socket.connection._socket.sendall(frame * 100)
                sent += len(frame) * 100
        except OSError:
            pass
        diag(f"{sent >> 10} KB were taken")
        check(sent < 48 << 20, "it takes whatever comes")
        flood.reopen()
    check(beside(server, "/quick/flood", 4) < 1 * PATIENCE, "others had to wait")


@test("a client whose replies wait is not forgotten: when it reads on, it goes on")
def _(server):
    with ws_session(server, "/large") as alice:
        alice.subscribe("/slow/own")
        for number in range(40):
            alice.send([{**alice.message("/slow/own"), "data": f"{number} {CHUNK}"}])
        equal([int(text.split()[0]) for text in alice.data(40, timeout=20)], list(range(40)))
        alice.sync()
        alice._replies.clear()
        alice.socket.send_frame(PING, b"p")
        equal(alice.socket.read_frame(5), (PONG, b"p"))


def small_buffers(more=""):
    server = Httpd(CONF + more, server_limit=6)
    server.expect("BX")  # a queue that is full is told
    return server


run(small_buffers)
