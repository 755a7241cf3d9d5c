#!/usr/bin/env python3
"""Clients that go away at any moment, say half of what they mean, or nothing (design.md 4.1, 4.7)."""

import json
import os
import random
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import PATIENCE  # noqa: E402
from http_client import Closed, Connection  # noqa: E402
from steps import clients, subscriber, wait_connections, wait_parked  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402
from website import Site  # noqa: E402

ABORTS = int(os.environ.get("BAYEUX_ABORTS", "2500"))

RUDE = """
BayeuxTimeout 20s
<VirtualHost 127.0.0.1:{port}>
    ServerName hurried.test
    RequestReadTimeout header=1 body=1
</VirtualHost>
"""


def post(client, messages, host="localhost"):
    body = json.dumps(messages).encode()
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    head = (f"POST /bayeux HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"Cookie: {cookie}\r\nContent-Length: {len(body)}\r\n\r\n")  # fmt: skip
    return head.encode() + body


def go_away(sock, rudely):
    if rudely:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    sock.close()


def tcp(server):
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def still_serves(server):
    with Client(server) as one, Client(server) as two:
        one.handshake()
        one.subscribe("/alive")
        one.connect()
        two.handshake()
        held = one.start_connect()
        wait_parked(server, 1)
        two.publish("/alive", 1)
        equal(held.wait(5).data, [1])


def aborts(name, rudely, wait):
    """`wait`: 'none' goes at once, 'random' within a millisecond, 'parked' when it may be held."""

    @test(f"thousands of clients that send a connect and {name}")
    def _(server):
        alice = subscriber(server, "/alive")
        with clients(alice):
            shuffle = random.Random(31)
            for number in range(ABORTS if wait != "parked" else ABORTS // 5):
                sock = tcp(server)
                sock.sendall(post(alice, [alice.connect_message()]))
                if wait == "random":
                    time.sleep(shuffle.random() / 1000)
                elif wait == "parked":
                    sock.settimeout(0.003)
                    try:
                        sock.recv(1)
                    except TimeoutError:
                        pass
                go_away(sock, rudely if rudely is not None else number % 2 == 0)
            wait_parked(server, 0)
            alice.connect_connection.close()
            alice.connect_connection = None
            equal(alice.connect(0, timeout=5).reply["successful"], True, "the session lives")
        wait_connections(server, 0, 20)
        still_serves(server)


aborts("reset at once", True, "none")
aborts("close at once", False, "none")
aborts("reset or close within a millisecond", None, "random")
aborts("reset or close when it is held", None, "parked")


@test("thousands of clients that publish and go away without the answer: no publish harms another")
def _(server):
    alice = subscriber(server, "/left")
    bob = Client(server)
    bob.handshake()
    with clients(alice, bob):
        for number in range(ABORTS):
            sock = tcp(server)
            sock.sendall(post(bob, [bob.message("/left", data=number)] * (1 + number % 3)))
            go_away(sock, number % 2 == 0)
            if number % 100 == 99:
                reply = alice.connect(0, timeout=10).reply
                equal(reply["successful"], True, f"{reply} after {number}")
    still_serves(server)


@test("an adopted connection that is reset or closed behind each request")
def _(server):
    alice = subscriber(server, "/alive")
    with clients(alice):
        for number in range(ABORTS // 4):
            sock = tcp(server)
            sock.sendall(post(alice, [alice.message("/alive", data=1)]))
            sock.settimeout(10)
            check(sock.recv(4096).startswith(b"HTTP/1.1 200"), "the first one")
            sock.sendall(post(alice, [alice.message("/alive", data=2)]) * (number % 3))
            go_away(sock, number % 2 == 0)
    still_serves(server)


@test("CN-15 an event that could not be written is in the next reply")
def _(server):
    alice = subscriber(server, "/kept")
    bob = Client(server)
    bob.handshake()
    with clients(alice, bob):
        for number in range(50):
            held = alice.start_connect()
            wait_parked(server, 1)
            held.connection.reset()
            wait_parked(server, 0)
            bob.publish("/kept", number)
            alice.connect_connection = None
            equal(alice.connect(0, timeout=5).data, [number])


@test("half-close while a connect is held: the client has gone, or gets its answer; the park ends")
def _(server):
    alice = subscriber(server, "/alive")
    with clients(alice):
        held = alice.start_connect()
        wait_parked(server, 1)
        held.connection.shut_write()
        wait_parked(server, 0, timeout=5)
        check(held.connection.has_input(5), "neither an answer nor the end came")
        try:
            held.wait(5)
        except Closed:
            pass


@test("half-close behind a publish: the answer comes all the same")
def _(server):
    alice = subscriber(server, "/alive")
    with clients(alice):
        for first in (True, False):
            with Connection(server) as connection:
                if not first:
                    alice.call([alice.message("/quiet", data=0)], connection=connection)
                connection.send(post(alice, [alice.message("/quiet", data=1)]))
                connection.shut_write()
                equal(alice.take_batch(connection.read_response(5)).reply["successful"], True)
                check(connection.closed_by_server(5), "closed")


def served_beside(server, alice, name):
    """Held connects, publishes on adopted connections and fresh ones, while `stalled` clients say no more."""
    bob = subscriber(server, "/beside")
    with clients(bob):
        slowest = 0.0
        for number in range(10):
            held = bob.start_connect()
            wait_parked(server, 1)
            start = time.monotonic()
            equal(server.get("/static.txt")[0], 200)
            alice.publish("/beside", number)
            equal(held.wait(10).data, [number])
            slowest = max(slowest, time.monotonic() - start)
    diag(f"{name}: slowest of 10: {slowest * 1e3:.0f} ms")
    check(slowest < 2 * PATIENCE, "others had to wait")


def stall(name, behind_request):
    """What each of 80 clients sends, more than half the workers of all children, before it says no more."""

    @test(f"S15 80 clients stall {name} on adopted connections: the others are served, held connects wake")
    def _(server):
        alice = subscriber(server, "/alive")
        stalled = []
        with clients(alice):
            publish = post(alice, [alice.message("/quiet", data=0)])
            for _ in range(80):
                connection = Connection(server)
                connection.send(publish)
                connection.read_response()
                connection.send(behind_request(publish))
                stalled.append(connection)
            try:
                served_beside(server, alice, name)
            finally:
                for connection in stalled:
                    connection.close()


LARGE = (b"POST /bayeux HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
         b"Content-Length: 60000\r\n\r\n[" + b" " * 30000)  # fmt: skip

stall("in the middle of a head", lambda publish: publish[:60])
stall("in the middle of a body", lambda publish: publish[:-5])
stall("in the middle of the next head, in one packet with a request", lambda publish: publish + publish[:60])
stall("in the middle of the next body, in one packet with a request", lambda publish: publish + publish[:-5])
stall("in the middle of a large body", lambda _: LARGE)


def ended_in_time(behind):
    """A request that never comes to its end, on an adopted connection: the loop has a deadline of its own, 20 s."""

    @test(f"4.7 a client that stalls {behind} is given up, with a 408 if its head was there")
    def _(server):
        alice = subscriber(server, "/alive")
        with clients(alice):
            request = post(alice, [alice.message("/quiet", data=0)])
            connection = Connection(server, timeout=40)
            connection.send(request)
            connection.read_response()
            connection.send(request[:60] if behind == "in a head" else request[:-5])
            if behind == "in a body":
                response = connection.read_response()
                equal((response.status, response.header("Connection")), (408, "close"))
            check(connection.closed_by_server(), "closed")
            alice.close()


if os.environ.get("BAYEUX_SOAK"):
    ended_in_time("in a head")
    ended_in_time("in a body")


@test("mod_reqtimeout ends a head that stalls on a fresh connection, and no held connect")
def _(server):
    host = [("Host", "hurried.test")]
    alice = subscriber(server, "/hurried", headers=host)
    with clients(alice):
        held = alice.start_connect()
        with Connection(server) as half:
            half.send(b"POST /bayeux HTTP/1.1\r\nHost: hurried.test\r\nX-Half")
            # The stall's limits are those of the first host until the name has come: 20 s; ours is 1 s only behind it.
            check(not held.answered(2.5), "the held one was ended by mod_reqtimeout")
        bob = Client(server, headers=host)
        bob.handshake()
        bob.publish("/hurried", 1)
        bob.disconnect()
        bob.close()
        equal(held.wait(5).data, [1])
        # The connection goes on, longer than its RequestReadTimeout since it began.
        equal(alice.connect(300, timeout=5).reply["successful"], True)


@test("mod_reqtimeout ends a body that stalls")
def _(server):
    with Connection(server) as connection:
        connection.send(b"POST /bayeux HTTP/1.1\r\nHost: hurried.test\r\nContent-Type: application/json\r\n"
                        b"Content-Length: 100\r\n\r\n[")  # fmt: skip
        response = connection.read_response(10)
        check(response.status in (400, 408), repr(response))


@test("nobody is left")
def _(server):
    wait_connections(server, 0, 20)
    wait_parked(server, 0)


# Of thousands of publishes that nobody waits for, many come at once.
run(lambda: Site(extra=RUDE, location="BayeuxMaxQueue 20000 16M"))
