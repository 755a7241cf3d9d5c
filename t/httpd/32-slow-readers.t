#!/usr/bin/env python3
"""S15: a client that does not read costs what its queue may cost, and delays nobody (design.md 4.4)."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import PATIENCE, SANITIZE, Httpd, wait_until  # noqa: E402
from http_client import Connection, connect_to  # noqa: E402
from procs import memory_of  # noqa: E402
from steps import clients, subscriber, wait_parked  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402

# A small send buffer, so that a reply that is not read is stuck in httpd and not in the kernel.
CONF = """
Timeout 120
SendBufferSize 8192
<Location /large>
    SetHandler bayeux
    BayeuxMaxQueue 1000 4M
</Location>
"""
CHUNK = "0123456789abcdef" * 2048  # 32 KB
EVENTS = 100  # 3.2 MB: far more than sockets buffer


def slow_reader(server, channel, child, path="/large"):
    """A session whose next connects are on an adopted connection to this child. Not to read is up to the test."""
    client = subscriber(server, channel, path=path)
    client.connect_connection.close()
    client.connect_connection = connect_to(server, child)
    equal(client.connect(0, timeout=10).reply["successful"], True)
    return client


def resident(server):
    """Bytes of the child that has most."""
    return max(memory_of(pid)["VmRSS"] for pid in server.children())


def fill(bob, channel, count=EVENTS, text=CHUNK):
    for number in range(count):
        equal(bob.publish(channel, f"{number} {text}").reply["successful"], True)


def beside(server, alice_channel, rounds=20):
    """How long the slowest of some deliveries took that have nothing to do with the slow reader."""
    slowest = 0.0
    for child in server.children():
        alice = subscriber(server, alice_channel, connect_child=child)
        bob = Client(server, child=child)
        bob.handshake()
        with clients(alice, bob):
            for number in range(rounds):
                held = alice.start_connect()
                start = time.monotonic()
                bob.publish(alice_channel, number)
                equal(held.wait(10).data, [number])
                slowest = max(slowest, time.monotonic() - start)
    return slowest


def read_everything(server, slow, first):
    """All numbers that a slow client gets when it reads at last: in the reply that it had left and in the next ones."""
    numbers = [int(text.split()[0]) for text in slow.take_batch(first.wait_response(30)).data]
    while len(numbers) < EVENTS:
        data = slow.connect(0, timeout=30).data
        check(data, f"nothing more after {numbers}")
        numbers += [int(text.split()[0]) for text in data]
    return numbers


@test("megabytes for one that does not read: the others are served at once, and later it gets everything")
def _(server):
    first = server.children()[0]
    slow = slow_reader(server, "/slow/one", first)
    bob = Client(server, path="/large")
    bob.handshake()
    with clients(slow, bob):
        fill(bob, "/slow/one")
        held = slow.start_connect()
        check(held.answered(10), "the reply begins")
        took = beside(server, "/quick/one")
        diag(f"slowest delivery beside it: {took * 1e3:.0f} ms")
        check(took < 1 * PATIENCE, "others had to wait")
        equal(read_everything(server, slow, held), list(range(EVENTS)))


@test("megabytes in a reply to a held connect, while the client sleeps")
def _(server):
    first = server.children()[0]
    slow = slow_reader(server, "/slow/held", first)
    bob = Client(server, path="/large")
    bob.handshake()
    with clients(slow, bob):
        held = slow.start_connect()
        wait_parked(server, 1)
        equal(bob.call([{**bob.message("/slow/held"), "data": f"{n} {CHUNK[:900]}"} for n in range(60)])[0]["successful"],
              True)  # fmt: skip
        check(held.answered(10), "the reply begins")
        fill(bob, "/slow/held", EVENTS - 60, CHUNK)
        check(beside(server, "/quick/held") < 1 * PATIENCE, "others had to wait")
        numbers = read_everything(server, slow, held)
        equal(sorted(numbers), sorted([*range(60), *range(EVENTS - 60)]))


@test("as many that do not read as a child has workers: held connects, fresh requests and pages go on")
def _(server):
    first = server.children()[0]
    slow = []
    bob = Client(server, path="/large")
    bob.handshake()
    for _ in range(server.threads + 4):
        slow.append(slow_reader(server, "/slow/many", first))
    fill(bob, "/slow/many", 40)
    held = [client.start_connect() for client in slow]
    for one in held:
        check(one.answered(10), "the replies begin")
    start = time.monotonic()
    took = beside(server, "/quick/many", 5)
    for _ in range(10):
        equal(server.get("/static.txt")[0], 200)
        equal(bob.publish("/quick/nobody", 1).reply["successful"], True)
    diag(f"slowest delivery beside them: {took * 1e3:.0f} ms, all of it {time.monotonic() - start:.1f} s")
    check(took < 2 * PATIENCE, "others had to wait")
    with clients(bob, *slow):
        for client, one in zip(slow, held):
            numbers = [int(text.split()[0]) for text in client.take_batch(one.wait_response(30)).data]
            while len(numbers) < 40:
                numbers += [int(text.split()[0]) for text in client.connect(0, timeout=30).data]
            equal(numbers, list(range(40)))


@test("one that never reads costs no more than its queue: then its session ends, and its memory is given back")
def _(server):
    first = server.children()[0]
    slow = slow_reader(server, "/slow/never", first, path="/bayeux")
    bob = Client(server)
    bob.handshake()
    held = slow.start_connect()
    wait_parked(server, 1)
    before = int(server.status()["BayeuxMemoryUsed"]), resident(server)
    worst = 0
    for number in range(400):  # 13 MB
        equal(bob.publish("/slow/never", f"{number} {CHUNK}").reply["successful"], True)
        if number % 20 == 0:
            worst = max(worst, int(server.status()["BayeuxMemoryUsed"]))
    used, rss = worst - before[0], resident(server) - before[1]
    diag(f"store {used} bytes more, largest child {rss} bytes more")
    check(used < 3 << 20, f"BayeuxMaxQueue is 1 MB; the store grew by {used}")
    check(SANITIZE or rss < 16 << 20, f"a child grew by {rss}")  # a sanitizer keeps what was freed
    equal(int(server.status()["BayeuxDroppedSessions"]), 1, "sessions ended by a full queue")
    held.connection.reset()
    slow.connect_connection = None
    reply = slow.connect(0, timeout=10).reply
    equal((reply.get("error"), reply["advice"]["reconnect"]), ("402::session_unknown", "handshake"))
    slow.close()
    bob.disconnect()
    wait_until(lambda: server.status()["BayeuxMemoryUsed"] == "0", "the store is empty")


@test("a slow reader that goes away in the middle: what it had not got is in its next reply, nothing is lost")
def _(server):
    first = server.children()[0]
    slow = slow_reader(server, "/slow/gone", first)
    bob = Client(server, path="/large")
    bob.handshake()
    with clients(slow, bob):
        fill(bob, "/slow/gone", 40)
        held = slow.start_connect()
        check(held.answered(10), "the reply begins")
        held.connection.reset()
        slow.connect_connection = Connection(server)
        numbers = []

        def all_there():
            numbers.extend(int(text.split()[0]) for text in slow.connect(0, timeout=30).data)
            return len(numbers) >= 40

        wait_until(all_there, "all events")
        equal(numbers, list(range(40)))


@test("a reader of one byte at a time gets all of it, with no worker of its own")
def _(server):
    first = server.children()[0]
    slow = slow_reader(server, "/slow/bytes", first)
    bob = Client(server, path="/large")
    bob.handshake()
    with clients(slow, bob):
        fill(bob, "/slow/bytes", 10)
        held = slow.start_connect()
        for _ in range(3000):
            held.connection._buffer += held.connection._socket.recv(1)
        wait_until(lambda: int(server.status()["BusyWorkers"]) <= 1, "no worker writes", 5)
        numbers = [int(text.split()[0]) for text in slow.take_batch(held.wait_response(30)).data]
        equal(numbers, list(range(len(numbers))))
        while len(numbers) < 10:
            numbers += [int(text.split()[0]) for text in slow.connect(0, timeout=30).data]
        equal(numbers, list(range(10)))


def fixture():
    server = Httpd(conf=CONF)
    server.expect("BX0016")  # a queue is filled to its end
    return server


run(fixture)
