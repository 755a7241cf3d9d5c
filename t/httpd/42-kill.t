#!/usr/bin/env python3
"""kill -9 of a child costs its TCP connections and, without the ack extension, replies on their way (design.md 1.3)."""
# slow

import os
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from checker import Load  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from http_client import Connection, connect_to  # noqa: E402
from prober import Prober  # noqa: E402
from steps import children_figures, clients, subscriber, wait_parked  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402

SECONDS = 60 if os.environ.get("BAYEUX_SOAK") else 20
PERIOD = 2.0


@test("the child that holds a connect is killed: the session goes on in a sibling, with all that was queued")
def _(server):
    first, second, _ = server.children()
    alice = subscriber(server, "/kill/held", connect_child=first)
    bob = Client(server, child=second)
    bob.handshake()
    with clients(alice, bob):
        held = alice.start_connect()
        wait_parked(server, 1)
        server.kill_child(first)
        check(held.connection.closed_by_server(5), "closed")
        for number in range(3):
            equal(bob.publish("/kill/held", number).reply["successful"], True)
        alice.connection = None
        alice.connect_connection = connect_to(server, second)
        start = time.monotonic()
        equal(alice.connect(timeout=5).data, [0, 1, 2])
        check(time.monotonic() - start < 0.5 * PATIENCE, "waited for something that is dead")
        held = alice.start_connect()
        wait_parked(server, 1)
        bob.publish("/kill/held", 3)
        equal(held.wait(5).data, [3])
    server.wait_all_children()


@test("events that were queued when the child died wake nobody's park but are not lost")
def _(server):
    first = server.children()[0]
    alice = subscriber(server, "/kill/queued", connect_child=first)
    bob = Client(server)
    bob.handshake()
    with clients(alice, bob):
        bob.publish("/kill/queued", 1)
        server.kill_child(first)
        bob.connection = None
        bob.publish("/kill/queued", 2)
        alice.connection = alice.connect_connection = None
        equal(alice.connect(timeout=5).data, [1, 2])
    server.wait_all_children()


@test("its figures and its place are taken back: nothing seems to be held by the dead")
def _(server):
    first = server.children()[0]
    many = [subscriber(server, "/kill/place", connect_child=first) for _ in range(5)]
    with clients(*many):
        for client in many:
            client.start_connect()
        wait_parked(server, 5)
        server.kill_child(first)
        wait_parked(server, 0)
        wait_until(lambda: first not in children_figures(server), "it is no more listed")
        wait_until(lambda: int(server.status()["BayeuxDeadChildren"]) >= 1, "its siblings noticed")
        for client in many:
            client.connection = client.connect_connection = None
    server.wait_all_children()


@test("a session that nobody comes back for expires though its child was killed")
def _(server):
    first = server.children()[0]
    alice = subscriber(server, "/kill/never", connect_child=first, path="/brief")
    alice.start_connect()
    wait_parked(server, 1)
    server.kill_child(first)
    alice.close()
    wait_until(lambda: server.status()["BayeuxSessions"] == "0", "the session expires", 10)
    server.wait_all_children()


@test("all children are killed at once: the server answers again, every session is there")
def _(server):
    many = [subscriber(server, f"/kill/all/{number}") for number in range(30)]
    with clients(*many):
        for client in many:
            client.start_connect()
        wait_parked(server, 30)
        for child in server.children():
            server.kill_child(child)
        server.wait_all_children()
        for number, client in enumerate(many):
            client.connection = Connection(server)
            equal(client.publish(f"/kill/all/{number}", number).reply["successful"], True)
            client.connection.close()
            client.connection = client.connect_connection = None
            equal(client.connect(0, timeout=5).reply["successful"], True)
        equal(server.status(verify=True)["BayeuxVerify"], "ok")


@test(f"kill -9 of a random child every {PERIOD:g} s for {SECONDS} s under load")
def _(server):
    shuffle = random.Random(42)
    kills = 0
    with Prober(server) as prober, Load(server, retry_publishes=False) as load:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            next_one = time.monotonic() + PERIOD
            server.kill_child(shuffle.choice(server.children()))
            kills += 1
            wait_until(lambda: time.monotonic() >= next_one or not load.running(), "two seconds", 10)
        check(load.running(), "the load ended")
    report = load.report
    notes = report.pop("notes")
    diag(f"{kills} kills: {report}")
    diag(prober)
    for note in notes:
        diag(note)
    for name in ("lost", "doubled", "out_of_order", "sessions_lost", "bad_status", "refused", "unanswered"):
        equal(report[name], 0, name)
    # A kill takes along the replies that the child was sending: a few, not a queue.
    check(report["lost_in_flight"] <= 5 * kills, f"{report['lost_in_flight']} lost in flight")
    # One publish at most of each publisher is on its way to the child.
    check(report["uncertain"] <= 5 * kills, f"{report['uncertain']} publishes without an answer")
    check(report["connect_failures"] > 0, "no kill hit anybody")
    check(report["slowest_publish"] < 5 * PATIENCE, f"a publish took {report['slowest_publish']:.1f} s")
    check(prober.longest < 5 * PATIENCE, f"no page for {prober.longest:.1f} s")
    server.wait_all_children()
    state = server.status(verify=True)
    equal(state["BayeuxVerify"], "ok")
    equal(state["BayeuxSessions"], "0")


BRIEF = """
<Location /brief>
    SetHandler bayeux
    BayeuxMaxInterval 500ms
    BayeuxTimeout 2s
</Location>
"""


def killed_often():
    server = Httpd(children=3, server_limit=6, conf=BRIEF)
    server.expect("AH10392")  # children are killed successively!
    return server


run(killed_often)
