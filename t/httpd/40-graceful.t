#!/usr/bin/env python3
"""`graceful` loses nothing: no session, no subscription, no message (design.md 1.2, 4.6)."""
# slow

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import procs  # noqa: E402
from bayeux import Client  # noqa: E402
from checker import Load  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from http_client import Closed, Connection  # noqa: E402
from steps import clients, subscriber, wait_parked  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402

SECONDS = 60 if os.environ.get("BAYEUX_SOAK") else 20
PERIOD = 2.0


@test("a connect that is held at graceful gets a plain success with Connection: close; the session goes on")
def _(server):
    alice = subscriber(server, "/held")
    bob = Client(server)
    bob.handshake()
    with clients(alice, bob):
        held = [alice.start_connect()]
        wait_parked(server, 1)
        old = server.children()
        server.graceful()
        response = held[0].wait_response(5)
        equal((response.status, response.header("Connection")), (200, "close"))
        messages = response.json
        equal([(m["channel"], m["successful"]) for m in messages], [("/meta/connect", True)], "a plain success")
        check(messages[0].get("advice", {}).get("reconnect", "retry") == "retry", f"{messages}")
        check(held[0].connection.closed_by_server(5), "closed")
        bob.connection = None
        equal(bob.publish("/held", "while it was away").reply["successful"], True)
        alice.connection = alice.connect_connection = None
        equal(alice.connect(timeout=5).data, ["while it was away"])
        wait_until(lambda: not any(procs.alive(pid) for pid in old), "the old children have gone", 10)


@test("queued messages, subscriptions and the number of sessions survive several graceful restarts")
def _(server):
    alice = subscriber(server, "/queue/**", path="/patient")
    bob = Client(server, path="/patient")
    bob.handshake()
    with clients(alice, bob):
        expected = []
        for number in range(3):
            bob.connection = None
            bob.publish(f"/queue/{number}", {"n": number, "big": 12345678901234567890})
            expected.append({"n": number, "big": 12345678901234567890})
            server.graceful()
            equal(server.status()["BayeuxSessions"], "2")
        alice.connection = alice.connect_connection = None
        equal(alice.connect(timeout=5).data, expected)
        alice.connect_connection = Connection(server)
        held = alice.start_connect()
        wait_parked(server, 1)
        bob.connection = None
        bob.publish("/queue/last", 0)
        equal(held.wait(5).data, [0])


@test("an idle adopted connection is closed by graceful; a request on its way is answered or not begun")
def _(server):
    alice = subscriber(server, "/idle")
    with clients(alice):
        server.graceful()
        for connection in (alice.connection, alice.connect_connection):
            try:
                connection.send_request("GET", "/static.txt")
                equal(connection.read_response(5).status, 200)
            except (Closed, ConnectionError):
                pass
            check(connection.closed_by_server(5), "closed")
        alice.connection = alice.connect_connection = None
        equal(alice.connect(0, timeout=5).reply["successful"], True)


@test("a session of an old child is served by both generations while the old one drains")
def _(server):
    alice = subscriber(server, "/both")
    slow = Connection(server)
    slow.send(b"POST /bayeux HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
    check(server.child_of(slow) in server.children(), "a child of before the reload has it")
    with clients(alice):
        server.graceful()
        message = alice.message("/both", data=1)
        body = json.dumps([message]).encode()
        cookie = "; ".join(f"{name}={value}" for name, value in alice.cookies.items())
        alice.connection = alice.connect_connection = None
        equal(alice.connect(0, timeout=5).reply["successful"], True)
        # The request that an old child has begun to read; httpd lets it finish.
        slow.send(f"Cookie: {cookie}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        equal(alice.take_batch(slow.read_response(10)).data, [1])
        check(slow.closed_by_server(5), "closed")


@test(f"graceful every {PERIOD:g} s for {SECONDS} s under load: no message lost or doubled, no session lost")
def _(server):
    restarts = 0
    with Load(server) as load:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            next_one = time.monotonic() + PERIOD
            server.graceful(at_once=True)
            restarts += 1
            wait_until(lambda: time.monotonic() >= next_one or not load.running(), "two seconds", 10)
        last = time.monotonic()
        current = set()
        generation = server.status()["ParentServerMPMGeneration"]
        check(load.running(), "the load ended")
    report = load.report
    notes = report.pop("notes")
    diag(f"{restarts} restarts: {report}")
    for note in notes:
        diag(note)
    for name in ("lost", "lost_in_flight", "doubled", "out_of_order", "sessions_lost", "bad_status", "refused",
                 "unanswered", "uncertain"):  # fmt: skip
        equal(report[name], 0, name)
    check(report["delivered"] > report["published"], "every message had five subscribers")
    check(report["slowest_publish"] < 5 * PATIENCE, f"a publish took {report['slowest_publish']:.1f} s")
    equal(server.status()["ParentServerMPMGeneration"], generation)
    wait_until(
        lambda: len(server.children()) == server.children_wanted or time.monotonic() - last > 11 * PATIENCE,
        "old children", 30,
    )  # fmt: skip
    current.update(server.children())
    equal(len(current), server.children_wanted, f"children {time.monotonic() - last:.1f} s after the last restart")


# Several restarts may take longer than a session lives that nobody uses.
PATIENT = """
<Location /patient>
    SetHandler bayeux
    BayeuxMaxInterval 60s
</Location>
"""

# Draining children keep their places: with a restart every 2 s this needs far more than three (design.md 4.9).
run(lambda: Httpd(children=3, server_limit=18, conf=PATIENT))
