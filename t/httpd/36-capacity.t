#!/usr/bin/env python3
"""What the configuration can hold is said at start, and is held (design.md 4.9)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd, wait_until  # noqa: E402
from http_client import Connection  # noqa: E402
from steps import clients, subscriber, wait_parked  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402


def notices(server, number):
    return [line for line in server.error_log().splitlines() if number in line]


@test("at start one notice says how many connections can be held, and what raises that")
def _():
    with Httpd(children=2, threads=4, async_factor=3) as server:
        lines = notices(server, "BX0010")
        equal(len(lines), 1, f"notices: {lines}")
        check(" 32 connections" in lines[0], lines[0])  # (3 + 1) x 4 threads x 2 children
        for word in ("AsyncRequestWorkerFactor", "ThreadsPerChild", "ServerLimit", ":notice]"):
            check(word in lines[0], f"{word} in {lines[0]}")
        equal(notices(server, "BX0011"), [])
        server.graceful()
        equal(len(notices(server, "BX0010")), 2, "once for each start")


@test("a warning when MaxSpareThreads is below MaxRequestWorkers: the MPM would reap children that only hold")
def _():
    server = Httpd(children=2, threads=8, conf="MinSpareThreads 1\nMaxSpareThreads 9")
    server.expect("BX0011")
    with server:
        lines = notices(server, "BX0011")
        equal(len(lines), 1, f"warnings: {lines}")
        for word in ("MaxSpareThreads", "MaxRequestWorkers", ":warn]"):
            check(word in lines[0], f"{word} in {lines[0]}")


@test("what was said is held: 1000 connects in two children of eight threads, and pages are served beside them")
def _():
    # The first of them must be held until the last one is there.
    conf = "MaxKeepAliveRequests 0\nBayeuxTimeout 10min"
    with Httpd(children=2, threads=8, async_factor=75, conf=conf) as server:
        line = notices(server, "BX0010")[0]
        check(" 1216 connections" in line, line)
        many = []
        for number in range(1000):
            client = subscriber(server, f"/many/{number % 10}")
            client.connection.close()  # one connection each
            client.start_connect()
            many.append(client)
        wait_parked(server, 1000)
        diag(f"BayeuxConnections {server.status()['BayeuxConnections']}")
        wait_until(lambda: int(server.status()["BusyWorkers"]) <= 2, "held connects tie up no workers", 5)
        with Client(server) as bob:
            bob.handshake()
            for number in range(10):
                equal(server.get("/static.txt")[0], 200)
                equal(bob.publish(f"/many/{number}", number).reply["successful"], True)
        for number, client in enumerate(many):
            messages = client.take_batch(client.connect_connection.read_response(20))
            equal(messages.data, [number % 10], f"client {number}")
        for client in many:
            client.connection = client.connect_connection
            client.disconnect()
            client.close()


@test("a child that only holds connects is reaped with a low MaxSpareThreads: it drains, sessions stay")
def _():
    server = Httpd(children=3, threads=4, server_limit=9, conf="MinSpareThreads 1\nMaxSpareThreads 5")
    server.expect("BX0011")
    with server:
        many = [subscriber(server, "/idle") for _ in range(12)]
        with clients(*many):
            for _ in range(3):
                held = [client.start_connect() for client in many]
                with Client(server) as bob:
                    bob.handshake()
                    bob.publish("/idle", 1)
                for client, one in zip(many, held):
                    try:
                        batch = one.wait(10)
                    except ConnectionError:
                        batch = []
                    while not batch or not batch.data:
                        client.connect_connection.close()
                        client.connect_connection = Connection(server)
                        batch = client.connect(timeout=10)
                    equal(batch.data, [1])
                    if batch.response.header("Connection") == "close":
                        client.connect_connection.close()
                        client.connect_connection = None


run()
