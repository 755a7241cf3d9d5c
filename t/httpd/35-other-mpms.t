#!/usr/bin/env python3
"""The worker and prefork MPMs: connects are held by blocking, within BayeuxMaxBlockingHolds (design.md 4.8)."""
# slow

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from http_client import Closed, Connection, connect_to  # noqa: E402
from steps import children_figures, clients, subscriber, wait_parked  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402
from wire import number  # noqa: E402


# Children, threads of each, and BayeuxMaxBlockingHolds.
MPMS = {"worker": (3, 8, 3), "prefork": (6, 1, 1)}
FULL = ("AH00161", "AH00286", "AH00287")  # MaxRequestWorkers is reached on purpose
servers = {}


def new_server(mpm, timeout="60s"):
    children, threads, cap = MPMS[mpm]
    server = Httpd(mpm=mpm, children=children, threads=threads,
                   conf=f"BayeuxMaxBlockingHolds {cap}\nBayeuxTimeout {timeout}")  # fmt: skip
    server.expect(*FULL)
    return server


def mpms(name, names=tuple(MPMS), alone=False):
    """The same test for each of these MPMs, on the one server of each, or on one that is the test's alone."""

    def register(function):
        for mpm in names:

            def body(mpm=mpm):
                if alone:
                    with new_server(mpm, "5s") as server:
                        function(server, MPMS[mpm][2])
                else:
                    if mpm not in servers:
                        servers[mpm] = new_server(mpm)
                        servers[mpm].__enter__()
                    function(servers[mpm], MPMS[mpm][2])

            test(f"{mpm}: {name}")(body)
        return function

    return register


@mpms("a notice at start; held connects wake within milliseconds, time out, end on disconnect")
def _(server, _cap):
    lines = [line for line in server.error_log().splitlines() if "BX0009" in line]
    equal(len(lines), 1, f"notices: {lines}")
    for word in (server.mpm, "BayeuxMaxBlockingHolds", ":notice]"):
        check(word in lines[0], lines[0])
    alice = subscriber(server, "/blocked")
    alice.connection.close()
    alice.connection = None
    bob = Client(server)
    bob.handshake()
    worst = 0.0
    for number in range(30):
        held = alice.start_connect()
        wait_parked(server, 1) if number < 3 else None
        start = time.monotonic()
        bob.publish("/blocked", number)
        equal(held.wait(5).data, [number])
        worst = max(worst, time.monotonic() - start)
    diag(f"worst delivery {worst * 1e3:.0f} ms")
    check(worst < 0.8 * PATIENCE, "a sweep found it, not the bell")
    start = time.monotonic()
    equal(alice.connect(300, timeout=5).reply["successful"], True)
    check(time.monotonic() - start > 0.25, "CN-6: it was not held")
    held = alice.start_connect()
    wait_parked(server, 1)
    bob.call([bob.message("/meta/disconnect")])
    bob.client_id, bob.cookies = alice.client_id, alice.cookies
    bob.disconnect()
    equal(held.wait(5).reply["advice"]["reconnect"], "none")
    alice.client_id = None
    alice.close()
    bob.close()


@mpms("surplus connects are answered at once with an interval; the server stays responsive", ["worker"])
def _(server, cap):
    most = cap * server.children_wanted
    many = []
    for _ in range(most + 6):
        many.append(subscriber(server, "/surplus"))
        many[-1].close()  # each open connection has a thread
    held, surplus = [], []
    for client in many:
        one = client.start_connect()
        wait_until(lambda one=one: one.answered() or number(server, "BayeuxParked") > len(held), "held or answered")
        if one.answered():
            batch = one.wait(5)
            equal(batch.reply["successful"], True)
            check(batch.reply["advice"]["interval"] > 0, f"no interval: {batch}")
            equal(batch.reply["advice"]["reconnect"], "retry")
            surplus.append(client)
            client.connect_connection.close()
        else:
            held.append((client, one))
    diag(f"{len(held)} held, {len(surplus)} answered at once")
    check(0 < len(held) <= most, f"{len(held)} are held, {most} may be")
    check(surplus, "none was too many")
    check(all(figure["parked"] <= cap for figure in children_figures(server).values()), "more than the cap in one")
    for _ in range(20):
        start = time.monotonic()
        equal(server.get("/static.txt")[0], 200)
        check(time.monotonic() - start < 1 * PATIENCE, "a page had to wait")
    bob = Client(server)
    bob.handshake()
    bob.publish("/surplus", 1)
    for _, one in held:
        equal(one.wait(5).data, [1])
    for client in surplus:
        client.connect_connection = None
        equal(client.connect(0, timeout=5).data, [1])
        client.connect_connection.close()
        client.connect_connection = None
    bob.connection.close()
    bob.connection = None
    with clients(bob, *many):
        pass


@mpms("a newer connect supersedes the older one, also in another child (CN-12)")
def _(server, _cap):
    alice = subscriber(server, "/newer")
    alice.connection.close()
    alice.connection = None
    with clients(alice):
        alice.connect_connection.close()
        for _ in range(3):
            alice.connect_connection = Connection(server)
            older = alice.start_connect()
            wait_parked(server, 1)
            alice.connect_connection = connect_to(server, server.child_of(older.connection)) \
                if server.mpm == "worker" else Connection(server)  # fmt: skip
            newer = alice.start_connect()
            equal(older.wait_response(5).status, 408)
            older.connection.close()
            wait_parked(server, 1)
            check(not newer.answered(), "the newer one is held")
            newer.connection.close()
            wait_parked(server, 0)


@mpms("a client that goes away frees its thread at once")
def _(server, cap):
    alice = subscriber(server, "/gone")
    alice.close()
    with clients(alice):
        for number in range(4 * cap * server.children_wanted):
            held = alice.start_connect()
            wait_parked(server, 1)
            held.connection.reset() if number % 2 else held.connection.close()
            alice.connect_connection = None
            wait_parked(server, 0)


@mpms("the server stops clean")
def _(server, _cap):
    server.__exit__(None, None, None)


def ends(how, what, patience):
    @mpms(f"{how} with held connects: {what}", alone=True)
    def _(server, _cap):
        server.sessions_left = True
        many = []
        for _ in range(3):
            many.append(subscriber(server, "/ends"))
            many[-1].close()
        held = [client.start_connect() for client in many]
        wait_parked(server, 3)
        start = time.monotonic()
        if how == "graceful":
            server.graceful()
        else:
            equal(server.stop(graceful=how == "graceful stop"), 0)
        for one in held:
            try:
                response = one.wait_response(10)
                equal((response.status, [message["successful"] for message in response.json]), (200, [True]))
            except Closed:
                check(how == "stop", "no answer")
        took = time.monotonic() - start
        diag(f"{took:.1f} s")
        check(took < patience * PATIENCE, f"{took:.1f} s")
        if how == "graceful":
            for client in many:
                client.close()
                equal(client.connect(0, timeout=10).reply["successful"], True, "the session goes on")
                client.close()


# prefork tells a child that is busy when it has done; the connect's own deadline ends that.
ends("graceful", "each is answered, the sessions go on", 10)
ends("stop", "within the parent's patience", 3)


@test("prefork with defaults: as many connects as there are children leave room for a page")
def _():
    server = Httpd(mpm="prefork", children=4, conf="BayeuxTimeout 8s")
    server.expect(*FULL)
    with server:
        many = []
        for _ in range(server.children_wanted):
            many.append(subscriber(server, "/polled"))
            many[-1].close()
        for client in many:
            polled = client.start_connect()
            equal(polled.wait_response(5).header("Connection"), "close", "it keeps no process meanwhile")
            polled.connection.close()
        with clients(*many):
            start = time.monotonic()
            equal(server.get("/static.txt")[0], 200)
            took = time.monotonic() - start
            check(took < 2 * PATIENCE, f"a page took {took:.1f} s")


run()
