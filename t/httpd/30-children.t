#!/usr/bin/env python3
"""Several children serve one store: what happens in one is seen in the others, at once (design.md 1.1, 2)."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from http_client import connect_to  # noqa: E402
from steps import children_figures, clients, subscriber, wait_parked  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402

OTHER_STATUS = """
<Location /insistent>
    SetHandler bayeux
    BayeuxDuplicateConnectStatus 500
</Location>
"""


def logged_by(server, connection):
    """The pids that the access log names for the requests of this connection."""
    port = connection.local_address[1]
    return [line["pid"] for line in server.access_log() if line["port"] == port]


@test("a publish in one child ends the connects that are held in the two others")
def _(server):
    first, second, third = server.children()
    alice = subscriber(server, "/far", connect_child=first)
    bob = subscriber(server, "/far", connect_child=second)
    carol = Client(server, child=third)
    carol.handshake()
    with clients(alice, bob, carol):
        held = [alice.start_connect(), bob.start_connect()]
        wait_parked(server, 2)
        figures = children_figures(server)
        equal([figures[pid]["parked"] for pid in (first, second, third)], [1, 1, 0], "held by the children")
        equal(carol.publish("/far", {"n": 1}).reply["successful"], True)
        for one in held:
            equal(one.wait(5).data, [{"n": 1}])
        for client, child in ((alice, first), (bob, second)):
            equal(server.child_of(client.connect_connection), child)
            wait_until(lambda client=client: len(logged_by(server, client.connect_connection)) == 2, "logged")
            equal(logged_by(server, client.connect_connection), [child, child], "children that connected")
        wait_until(lambda: len(logged_by(server, carol.connection)) == 2, "logged")
        equal(logged_by(server, carol.connection), [third, third], "children that published")


@test("each step of a session in another child: handshake, subscribe, connect, publish, disconnect")
def _(server):
    first, second, third = server.children()
    with Client(server, child=first, connect_child=third) as alice:
        alice.handshake()
        with connect_to(server, second) as connection:
            equal(alice.call([alice.message("/meta/subscribe", subscription="/steps")], connection=connection)
                  .reply["successful"], True)  # fmt: skip
            alice.connect()
            held = alice.start_connect()
            wait_parked(server, 1)
            equal(alice.publish("/steps", "here").data, ["here"])  # PB-6: in the publish response
            check(not held.answered(), "PB-6: its own connect was woken")
            message = alice.message("/meta/disconnect")
            equal(alice.call([message], connection=connection).reply["successful"], True)
        reply = held.wait(5).reply
        equal((reply["successful"], reply["advice"]["reconnect"]), (True, "none"), "CN-17")
        alice.client_id = None


@test("CN-12 a connect in another child supersedes the one that is held")
def _(server):
    first, second, _ = server.children()
    alice = subscriber(server, "/newer", connect_child=first)
    with clients(alice):
        older = alice.start_connect()
        wait_parked(server, 1)
        alice.connect_connection = connect_to(server, second)
        newer = alice.start_connect()
        response = older.wait_response(5)
        equal((response.status, response.body), (408, b""), "the older one")
        wait_parked(server, 1)
        check(not newer.answered(), "the newer one is held")
        equal(server.child_of(older.connection), first)
        # httpd closes behind a 408, and says so.
        equal(response.header("Connection"), "close")
        check(older.connection.closed_by_server(5), "closed")
        bob = Client(server)
        bob.handshake()
        bob.publish("/newer", 8)
        equal(newer.wait(5).data, [8])
        bob.disconnect()


@test("CN-12 BayeuxDuplicateConnectStatus 500; a third supersedes the second, in every child")
def _(server):
    alice = subscriber(server, path="/insistent")
    with clients(alice):
        held = None
        for child in [*server.children(), *server.children()]:
            alice.connect_connection = connect_to(server, child)
            newer = alice.start_connect()
            if held is not None:
                equal(held.wait_response(5).status, 500)
            wait_parked(server, 1)
            held = newer


@test("superseded with timeout 0: the newer one is answered, the older one ended, the session lives on")
def _(server):
    first, second, _ = server.children()
    alice = subscriber(server, connect_child=first)
    with clients(alice):
        older = alice.start_connect()
        wait_parked(server, 1)
        alice.connect_connection = connect_to(server, second)
        equal(alice.connect(advice_timeout=0, timeout=5).reply["successful"], True)
        equal(older.wait_response(5).status, 408)
        equal(alice.connect(advice_timeout=100, timeout=5).reply["successful"], True)


@test("a held connect is woken within milliseconds, from each child to each child")
def _(server):
    children = server.children()
    latencies = []
    for holder in children:
        for speaker in children:
            alice = subscriber(server, "/latency", connect_child=holder)
            bob = Client(server, child=speaker)
            bob.handshake()
            with clients(alice, bob):
                for number in range(10):
                    held = alice.start_connect()
                    wait_parked(server, 1) if number == 0 else None
                    start = time.monotonic()
                    bob.publish("/latency", number)
                    equal(held.wait(5).data, [number])
                    latencies.append(time.monotonic() - start)
    latencies.sort()
    diag(f"publish to delivery: median {latencies[len(latencies) // 2] * 1e3:.1f} ms, "
         f"worst {latencies[-1] * 1e3:.1f} ms")  # fmt: skip
    check(latencies[len(latencies) // 2] < 0.05 * PATIENCE, "the median")
    # A ring that got lost shows as the sweep's period, 1 s.
    check(latencies[-1] < 0.8 * PATIENCE, "the worst: a sweep found it, not the bell")


@test("one publish reaches sixty held connects in three children, each exactly once")
def _(server):
    # Left alone, the kernel may give one child none of them.
    children = server.children()
    many = [subscriber(server, "/wide/*", connect_child=children[n] if n < 3 else None) for n in range(60)]
    bob = Client(server)
    bob.handshake()
    with clients(*many, bob):
        for round_number in range(3):
            held = [client.start_connect() for client in many]
            wait_parked(server, 60)
            check(all(figure["parked"] for figure in children_figures(server).values()), "all children hold some")
            bob.publish("/wide/open", round_number)
            for one in held:
                equal(one.wait(10).data, [round_number])
        for client in many:
            equal(client.connect(advice_timeout=0).events, [], "nothing twice")


@test("EX-1 a session whose child is idle expires all the same, and is gone everywhere")
def _(server):
    alice = Client(server, path="/brief")
    alice.handshake()
    wait_until(lambda: server.status()["BayeuxSessions"] == "0", "the session expires")
    for child in server.children():
        with connect_to(server, child) as connection:
            equal(alice.call([alice.connect_message()], connection=connection).reply["error"],
                  "402::session_unknown")  # fmt: skip
    alice.close()


BRIEF = """
<Location /brief>
    SetHandler bayeux
    BayeuxMaxInterval 500ms
</Location>
"""

run(lambda: Httpd(conf=OTHER_STATUS + BRIEF))
