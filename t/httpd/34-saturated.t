#!/usr/bin/env python3
"""All workers are busy with something else: held connects wait for the first that is free, and starve nobody (4.2)."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import PATIENCE, wait_until  # noqa: E402
from http_client import Connection, connect_to  # noqa: E402
from steps import clients, subscriber, wait_parked  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402
from website import Site  # noqa: E402

THREADS = 8
CAP = THREADS // 2  # slow lanes that run at once in a child


def slow_programs(server, connections):
    """A program runs for each of these connections until the test lets it go."""
    for number, connection in enumerate(connections):
        connection.send_request("GET", f"/cgi/slow?{id(connection)}-{number}")


def adopted_connections(server, child, count):
    """Idle connections that this child's loop watches, of nobody's session."""
    connections = []
    with Client(server) as client:
        client.handshake()
        for _ in range(count):
            connection = connect_to(server, child)
            equal(client.call([client.message("/nobody", data=1)], connection=connection).reply["successful"], True)
            connections.append(connection)
    return connections


def let_go(server, connections):
    server.let_slow_programs_go()
    for connection in connections:
        equal(connection.read_response(20).body, b"done\n")
        connection.close()
    server.rearm_slow_programs()


@test("every worker of every child is busy: parks wake, and time out, when workers get free")
def _(server):
    children = server.children()
    alice = subscriber(server, "/full", connect_child=children[0])
    bob = subscriber(server, "/full", connect_child=children[1])
    carol = Client(server)
    carol.handshake()
    with clients(alice, bob, carol):
        held = [alice.start_connect(), bob.start_connect(1000)]
        wait_parked(server, 2)
        busy = [Connection(server) for _ in range(THREADS * len(children))]
        slow_programs(server, busy)
        wait_until(lambda: server.slow_programs_begun() >= len(busy) - 2, "the programs run", 20)
        publish = carol.send([carol.message("/full", data="late")])
        held[1].answered(1.5)  # its deadline passes while nobody can answer it
        start = time.monotonic()
        let_go(server, busy)
        equal(publish.wait(10).reply["successful"], True)
        equal(held[0].wait(10).data, ["late"])
        equal(held[1].wait(10).reply["successful"], True)
        diag(f"{time.monotonic() - start:.2f} s after the workers got free")
        check(time.monotonic() - start < 5 * PATIENCE, "it took too long")


@test("three hundred held connects starve nobody: pages and programs are served at once")
def _(server):
    many = [subscriber(server, "/many") for _ in range(300)]
    for client in many:
        client.connection.close()
        client.start_connect()
    wait_parked(server, 300)
    slowest = 0.0
    for number in range(60):
        start = time.monotonic()
        equal(server.get("/static.txt" if number % 3 else "/cgi/hello")[0], 200)
        slowest = max(slowest, time.monotonic() - start)
    diag(f"slowest page: {slowest * 1e3:.0f} ms")
    check(slowest < 2 * PATIENCE, "a page had to wait")
    wait_until(lambda: server.status()["BusyWorkers"] == "1", "no worker is tied up but the one that says so", 5)
    with Client(server) as bob:
        bob.handshake()
        bob.publish("/many", 1)
    for client in many:
        equal(client.take_batch(client.connect_connection.read_response(20)).data, [1])
        client.connection = client.connect_connection
        client.disconnect()
        client.close()


@test("slow programs up to the cap, less one, on adopted connections of one child: the others there are served")
def _(server):
    first = server.children()[0]
    alice = subscriber(server, "/beside", connect_child=first)
    bob = Client(server, child=first)
    bob.handshake()
    busy = adopted_connections(server, first, CAP - 1)
    with clients(alice, bob):
        slow_programs(server, busy)
        wait_until(lambda: server.slow_programs_begun() >= CAP - 1, "the programs run", 20)
        slowest = 0.0
        for number in range(10):
            held = alice.start_connect()
            start = time.monotonic()
            equal(bob.publish("/beside", number).reply["successful"], True)
            equal(held.wait(10).data, [number])
            equal(server.get("/static.txt")[0], 200)
            slowest = max(slowest, time.monotonic() - start)
        diag(f"slowest: {slowest * 1e3:.0f} ms")
        let_go(server, busy)
        check(slowest < 2 * PATIENCE, "others had to wait")


def held_beside(count, name):
    @test(f"{name} slow programs on adopted connections of one child: held connects there wake and time out")
    def _(server):
        first = server.children()[0]
        several = [subscriber(server, "/beside", connect_child=first) for _ in range(3)]
        brief = subscriber(server, "/brief", connect_child=first)
        carol = Client(server, child=server.children()[1])
        carol.handshake()
        busy = adopted_connections(server, first, count)
        with clients(carol, brief, *several):
            held = [client.start_connect() for client in several]
            wait_parked(server, 3)
            ending = brief.start_connect(1500)
            slow_programs(server, busy)
            wait_until(lambda: server.slow_programs_begun() >= min(count, CAP), "the programs run", 20)
            try:
                replies = ending.wait(5)
                equal((replies.reply["successful"], replies.data), (True, []))
                start = time.monotonic()
                equal(carol.publish("/beside", 1).reply["successful"], True)
                for one in held:
                    equal(one.wait(5).data, [1])
                took = time.monotonic() - start
                diag(f"{took * 1e3:.0f} ms")
                check(took < 1 * PATIENCE, "they had to wait")
                for _ in range(5):
                    equal(server.get("/static.txt")[0], 200)
            finally:
                let_go(server, busy)


held_beside(CAP, "as many as the cap:")
held_beside(CAP + 3, "more than the cap:")


def expecting():
    server = Site(children=3, threads=THREADS, async_factor=60)
    server.expect("AH00484", "AH10159", "AH03490")  # MaxRequestWorkers is reached on purpose
    return server


run(expecting)
