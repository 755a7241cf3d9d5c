#!/usr/bin/env python3
"""Peers that vanish without a word: no packet comes from them, and none arrives. They are given up in time (S15)."""
# slow

import contextlib
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from event_source import EventSource  # noqa: E402
from harness import PATIENCE, wait_until  # noqa: E402
from procs import file_count  # noqa: E402
from streams import on_one_connection  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402
from websocket import ws_connected  # noqa: E402
from wire import connected, counter, number, serves, session, succeeded  # noqa: E402
from wires import OnWire, cuttable_wire  # noqa: E402

PING, TIMEOUT, INTERVAL, HTTPD = 1, 4, 3, 3  # seconds

CONF = f"""
Timeout {HTTPD}
KeepAliveTimeout {HTTPD}
SendBufferSize 8192
<Location /bayeux>
    BayeuxPing {PING}s
    BayeuxTimeout {TIMEOUT}s
    BayeuxMaxInterval {INTERVAL}s
    BayeuxMaxQueue 10000 16M
</Location>
<Location /patient>
    SetHandler bayeux
    BayeuxDomain patient
    BayeuxPing 1h
    BayeuxTimeout 1h
    BayeuxMaxInterval 1h
    BayeuxMaxQueue 10000 16M
</Location>
"""
EACH = 8


def long_poll(server, path):
    client = connected(server.far, path, ["/gone"])
    client.held = client.start_connect()
    return client


def web_socket(server, path):
    client = ws_connected(server.far, path, ["/gone"])
    client.start_connect()
    return client


def event_source(server, path):
    client = on_one_connection(server.far, path)
    succeeded(client.subscribe("/gone").reply)
    client.source = EventSource(client).begin()
    return client


KINDS = {"a held connect": long_poll, "a WebSocket": web_socket, "an event source": event_source}


class Figures:
    """What the server spends; all of it is to be as before."""

    def __init__(self, server):
        status = server.status(verify=True)
        equal(status["BayeuxVerify"], "ok")
        self.now = {name: int(status[f"Bayeux{name}"]) for name in ("Sessions", "Connections", "Parked", "Streams")}
        # A child may have opened a log or the like since: that is once, not for each peer.
        self.files = sum(map(file_count, server.children()))

    def like(self, before):
        return self.now == before.now and self.files <= before.files + 3


def gone_within(server, before, seconds):
    begun = time.monotonic()
    wait_until(lambda: Figures(server).like(before), f"all is as before: {vars(before)}", seconds, 0.1)
    diag(f"sessions, connections and files were given back after {time.monotonic() - begun:.1f} s")


def quiet(server):
    """The figures when nobody is there."""
    counter(server, "BayeuxSessions", 0)
    counter(server, "BayeuxConnections", 0)
    return Figures(server)


@contextlib.contextmanager
def cut_off(server, path="/bayeux", kinds=KINDS):
    """So many of each kind, whose wire is cut as long as the block lasts."""
    many = [KINDS[kind](server, path) for kind in kinds for _ in range(EACH)]
    wait_until(lambda: number(server, "BayeuxParked") + number(server, "BayeuxStreams") == len(many), "all are held")
    server.wire.cut()
    try:
        yield many
    finally:
        server.wire.mend()
        for client in many:
            client.close()


@test("S15 held connects, WebSockets and event sources whose peers vanish: all that they had is given back in time")
def _(server):
    serves(server)
    before = quiet(server)
    with cut_off(server):
        # Nothing is longer than a connect, its answer to an idle connection, and the session's last interval.
        gone_within(server, before, TIMEOUT + HTTPD + INTERVAL + 3)


@test("S15 the same while megabytes are on their way to them; who is beside them does not wait")
def _(server):
    before = quiet(server)
    slowest = 0.0
    with cut_off(server):
        with session(server) as bob, ws_connected(server, subscriptions=["/beside"]) as alice:
            alice.start_connect()
            for n in range(60):
                succeeded(bob.publish("/gone", "x" * 50000).reply)
                start = time.monotonic()
                succeeded(bob.publish("/beside", n).reply)
                equal(alice.data(), [n])
                slowest = max(slowest, time.monotonic() - start)
        diag(f"slowest delivery beside them: {slowest * 1e3:.0f} ms")
        check(slowest < 1 * PATIENCE, "others had to wait")
        gone_within(server, before, TIMEOUT + 2 * HTTPD + INTERVAL + 3)


@test("S15 streams without pings, of lasting sessions: what is not acknowledged ends them after httpd's Timeout")
def _(server):
    quiet(server)
    with cut_off(server, "/patient", ("a WebSocket", "an event source")) as many:
        with session(server, "/patient") as bob:
            succeeded(bob.publish("/gone", "small").reply)  # the kernel has room for it: nobody waits to write
        begun = time.monotonic()
        wait_until(lambda: number(server, "BayeuxStreams") == 0, "the streams are given up", 2 * HTTPD + 3)
        diag(f"given up after {time.monotonic() - begun:.1f} s")
        check(time.monotonic() - begun > HTTPD - 1, "too early")
    for client in many:
        client.server = server
        client.disconnect()
        client.close()


@test("a wire that is cut for a moment: nobody is given up, nothing is lost")
def _(server):
    many = {kind: make(server, "/bayeux") for kind, make in KINDS.items()}
    wait_until(lambda: number(server, "BayeuxParked") + number(server, "BayeuxStreams") == 3, "all are held")
    server.wire.cut()
    with session(server) as bob:
        for n in range(3):
            succeeded(bob.publish("/gone", n).reply)
    server.wire.mend()
    poll, socket, source = many.values()
    got = poll.held.wait().data
    while len(got) < 3:
        got += poll.connect(0).data
    equal([got, socket.data(3), source.source.data(3)], [[0, 1, 2]] * 3)
    source.source.close()
    for client in many.values():
        client.close()
        client.disconnect()
        client.close()


@test("nobody is left, and the server serves")
def _(server):
    counter(server, "BayeuxSessions", 0)
    serves(server)


def fixture():
    wire = cuttable_wire()
    diag(wire.how)
    server = OnWire(wire, CONF)
    server.expect("BX0016")  # queues are filled to their end
    return server


run(fixture)
