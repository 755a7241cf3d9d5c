#!/usr/bin/env python3
"""A plain restart keeps the store; one that changes its size makes a new one, and says so (design.md 5)."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import procs  # noqa: E402
from bayeux import Client  # noqa: E402
from checker import Load  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from http_client import connect_to  # noqa: E402
from steps import clients, subscriber, wait_connections, wait_parked  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402


def rewrite_conf(server, old, new):
    path = server.root / "httpd.conf"
    text = path.read_text(encoding="utf-8")
    check(old in text, f"no {old} in the configuration")
    path.write_text(text.replace(old, new), encoding="utf-8")


@test("restart keeps sessions, subscriptions and queued messages")
def _(server):
    alice = subscriber(server, "/kept/**")
    bob = subscriber(server, "/kept/two")
    with clients(alice, bob):
        bob.publish("/kept/one", [1, 0.10])
        bob.publish("/kept/two", "two")
        # Both events wait for alice; bob's own one left with his reply, as soon as that is known to be written. The
        # channel to which nobody has subscribed by its name goes with the next sweep.
        wait_until(lambda: server.status()["BayeuxQueuedEvents"] == "2", "two events wait")
        wait_until(lambda: server.status()["BayeuxChannels"] == "2", "two channels are there")
        before = server.status()
        server.restart()
        after = server.status(verify=True)
        for name in ("BayeuxSessions", "BayeuxChannels", "BayeuxSubscriptions", "BayeuxQueuedEvents"):
            equal(after[name], before[name], name)
        equal(after["BayeuxVerify"], "ok")
        for client in (alice, bob):
            client.connection = client.connect_connection = None
        equal(alice.connect(timeout=5).data, [[1, 0.10], "two"])
        held = alice.start_connect()
        wait_parked(server, 1)
        equal(bob.publish("/kept/three", 3).reply["successful"], True)
        equal(held.wait(5).data, [3])


@test("a connect that is held at restart is answered or cleanly ended, and can be sent again at once")
def _(server):
    alice = subscriber(server, "/held")
    with clients(alice):
        held = alice.start_connect()
        wait_parked(server, 1)
        server.restart()
        check(held.connection.has_input(5), "neither an answer nor the end")
        if not held.connection.closed_by_server(0.5):
            response = held.wait_response(5)
            equal((response.status, response.json[0]["successful"]), (200, True))
        alice.connection = alice.connect_connection = None
        start = time.monotonic()
        equal(alice.connect(500, timeout=5).reply["successful"], True)
        check(time.monotonic() - start > 0.4, "it was held")


@test("restart five times under load: no session lost, no message but those in replies on their way")
def _(server):
    with Load(server, subscribers=50, rate=100, channels=10, retry_publishes=False) as load:
        for _ in range(5):
            next_one = time.monotonic() + 0.7
            server.restart()
            wait_until(lambda: time.monotonic() >= next_one or not load.running(), "most of a second", 10)
        check(load.running(), "the load ended")
    report = load.report
    notes = report.pop("notes")
    diag(report)
    for note in notes:
        diag(note)
    for name in ("lost", "doubled", "out_of_order", "sessions_lost", "bad_status", "refused", "unanswered"):
        equal(report[name], 0, name)
    check(report["slowest_publish"] < 5 * PATIENCE, f"a publish took {report['slowest_publish']:.1f} s")


def anew(how, size):
    @test(f"{how} with another BayeuxSharedMemory: a line in the log, 402, handshake advice, life goes on")
    def _(server):
        alice = subscriber(server, "/size")
        held = alice.start_connect()
        wait_parked(server, 1)
        lines = server.error_log().count("BX0004")
        rewrite_conf(server, f"BayeuxSharedMemory {anew.size}\n", f"BayeuxSharedMemory {size}\n")
        anew.size = size
        getattr(server, how)()
        equal(server.error_log().count("BX0004"), lines + 1, "lines in the log")
        # The old children serve the old store as long as they are there.
        check(held.connection.has_input(15), "the held one is answered or ended")
        alice.connection = alice.connect_connection = None
        reply = alice.connect(timeout=5).reply
        equal((reply["successful"], reply["error"], reply["advice"]),
              (False, "402::session_unknown", {"reconnect": "handshake", "interval": 0}))  # fmt: skip
        alice.client_id = None
        alice.cookies.clear()
        equal(alice.handshake()["successful"], True)
        alice.subscribe("/size")
        alice.connect()
        with clients(alice):
            held = alice.start_connect()
            wait_parked(server, 1)
            with Client(server) as bob:
                bob.handshake()
                bob.publish("/size", size)
            equal(held.wait(5).data, [size])
        state = server.status(verify=True)
        equal(state["BayeuxVerify"], "ok")
        check(abs(int(state["BayeuxMemorySize"]) / (int(size[:-1]) << 20) - 1) < 0.01, state["BayeuxMemorySize"])


anew.size = "16M"
anew("restart", "8M")
anew("graceful", "24M")
anew("graceful", "16M")


@test("old children that still work on the old memory take no bell and no figure of the new ones")
def _(server):
    wait_until(lambda: len(server.children()) == 3, "the old children of before have gone", 20)
    old = server.children()
    # A request that each old child has begun to read keeps it for a while.
    busy = []
    for child in old:
        connection = connect_to(server, child)
        connection.send(b"POST /bayeux HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        busy.append(connection)
    rewrite_conf(server, f"BayeuxSharedMemory {anew.size}\n", "BayeuxSharedMemory 12M\n")
    anew.size = "12M"
    server.graceful()
    new = [pid for pid in server.children() if pid not in old]
    check(len(new) == 3 and len(server.children()) > 3, f"old {old}, all {server.children()}")
    latencies = []
    many = [subscriber(server, "/bells", connect_child=child) for child in new]
    bob = Client(server, child=new[0])
    bob.handshake()
    with clients(*many, bob):
        for number in range(60):
            held = [client.start_connect() for client in many]
            wait_parked(server, 3) if number < 2 else None
            start = time.monotonic()
            bob.publish("/bells", number)
            for one in held:
                equal(one.wait(5).data, [number])
            latencies.append(time.monotonic() - start)
        check(any(pid in server.children() for pid in old), "the old ones were gone too early: nothing was tested")
    for connection in busy:
        connection.close()
    diag(f"slowest of 60 wake-ups of three: {max(latencies) * 1e3:.0f} ms")
    check(max(latencies) < 0.5 * PATIENCE, "a sweep found it, not the bell")
    wait_until(lambda: len(server.children()) == 3, "the old children have gone", 20)
    wait_connections(server, 0)


@test("the old memory is given back when the old children have gone")
def _(server):
    wait_until(lambda: len(server.children()) == 3, "the old children have gone", 15)
    sizes = [size >> 20 for pid in [server.pid, *server.children()] for size in procs.shared_sizes(pid)]
    equal(sorted(size for size in sizes if size >= 4), [12] * 4, "MB shared by the parent and three children")


def restarted_often():
    server = Httpd(children=3, server_limit=12, conf="BayeuxSharedMemory 16M")
    server.expect("AH03092")  # the MPM closes sockets of busy workers at once when it is restarted ungracefully
    return server


run(restarted_often)
