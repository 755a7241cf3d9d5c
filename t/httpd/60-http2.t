#!/usr/bin/env python3
"""HTTP/2: streams are held by blocking, within the cap; others go on beside them (design.md 4.8, S14)."""

import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from h2_client import H2Connection  # noqa: E402
from harness import PATIENCE, SANITIZE, Httpd, wait_until  # noqa: E402
from procs import file_count, memory_of  # noqa: E402
from steps import clients, subscriber, wait_parked  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402
from wire import number  # noqa: E402

CAP = 4
STREAMS = 1000


def session(server, channel):
    """A session made over HTTP/1.1, to be used over HTTP/2."""
    client = subscriber(server, channel)
    client.close()
    return client


def connect(h2, client, advice_timeout=None):
    return h2.post(client.path, [client.connect_message(advice_timeout)], client.cookies)


@test("curl: handshake and connect over HTTP/2")
def _(server):
    alice = session(server, "/curl")
    with clients(alice):
        body = str([alice.connect_message(200)]).replace("'", '"')
        cookie = "; ".join(f"{name}={value}" for name, value in alice.cookies.items())
        done = subprocess.run(
            ["curl", "-s", "--http2-prior-knowledge", "-m", "10", "-w", "%{http_version} %{http_code}",
             "-H", "Content-Type: application/json", "-H", f"Cookie: {cookie}", "-d", body,
             f"http://127.0.0.1:{server.port}/bayeux"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        check(done.stdout.endswith("2 200") and '"successful":true' in done.stdout, done.stdout)


@test("a stream is held while others on the same connection are served; a publish on one wakes it")
def _(server):
    alice, bob = session(server, "/streams"), session(server, "/nothing")
    with clients(alice, bob):
        h2 = H2Connection(server)
        for number in range(20):
            held = connect(h2, alice)
            wait_parked(server, 1) if number < 3 else None
            check(h2.wait(h2.get("/static.txt")).ok, "a page beside it")
            check(not h2.ended(held), "it was not held")
            publish = h2.post("/bayeux", [bob.message("/streams", data=number)], bob.cookies)
            equal(h2.wait(publish).json[-1]["successful"], True)
            stream = h2.wait(held, 5)
            equal((stream.ok, stream.json[0]["data"]), (True, number))
        start = time.monotonic()
        equal(h2.wait(connect(h2, alice, 300), 5).json[-1]["successful"], True)
        check(time.monotonic() - start > 0.25, "CN-6: it was not held")
        h2.close()


@test("each event comes exactly once, though a stream's end is marked as an abort before its request is freed")
def _(server):
    alice, bob = session(server, "/once"), Client(server)
    bob.handshake()
    with clients(alice, bob):
        h2 = H2Connection(server)
        got = []
        for number in range(300):
            held = connect(h2, alice)
            bob.publish("/once", number)
            while len(got) <= number:
                got += [message["data"] for message in h2.wait(held, 5).json if "data" in message]
                if len(got) <= number:
                    held = connect(h2, alice)
        h2.close()
        equal(got, list(range(300)))


@test("held up to the cap, surplus ones get an interval at once, pages are served, all wake")
def _(server):
    many = [session(server, "/cap") for _ in range(CAP * 2)]
    with clients(*many):
        h2 = H2Connection(server)
        streams = [connect(h2, client) for client in many]
        wait_parked(server, CAP)
        wait_until(lambda: sum(h2.ended(number) for number in streams) >= CAP, "the surplus is answered", 5)
        surplus = [number for number in streams if h2.ended(number)]
        equal(len(surplus), CAP, "answered at once")
        check(not any(h2.ended(number, 0.1) for number in streams if number not in surplus), "held")
        for number in surplus:
            advice = h2.streams[number].json[-1]["advice"]
            check(advice["interval"] > 0 and advice["reconnect"] == "retry", f"{advice}")
        for _ in range(20):
            start = time.monotonic()
            check(h2.wait(h2.get("/static.txt")).ok, "a page on the same connection")
            equal(server.get("/static.txt")[0], 200)
            check(time.monotonic() - start < 1 * PATIENCE, "it had to wait")
        with Client(server) as bob:
            bob.handshake()
            bob.publish("/cap", 1)
        for number in streams:
            if number not in surplus:
                equal(h2.wait(number, 5).json[0]["data"], 1)
        h2.close()


@test("a newer connect on another stream supersedes the older one (CN-12)")
def _(server):
    alice = session(server, "/newer")
    with clients(alice):
        h2 = H2Connection(server)
        older = connect(h2, alice)
        wait_parked(server, 1)
        newer = connect(h2, alice)
        stream = h2.wait(older, 5)
        equal((stream.ok, stream.body), (False, b""))
        check(not h2.ended(newer, 0.3), "the newer one is held")
        h2.close()


@test("S14 a stream that is reset, and a connection that goes away, give back the thread")
def _(server):
    alice = session(server, "/reset")
    with clients(alice):
        for number in range(4 * CAP):
            h2 = H2Connection(server)
            held = connect(h2, alice)
            wait_parked(server, 1)
            if number % 2:
                h2.reset(held)
                wait_parked(server, 0, 5)
            h2.close()
            wait_parked(server, 0, 5)


@test("S14 RST_STREAM and GOAWAY at every moment: hundreds of streams, and the server goes on")
def _(server):
    alice = session(server, "/rude")
    with clients(alice):
        for number in range(150):
            h2 = H2Connection(server)
            streams = [connect(h2, alice, 3000) for _ in range(3)]
            if number % 3 == 0:
                h2.read(0.001)
            try:
                for stream in streams[: number % 4]:
                    h2.reset(stream)
                if number % 5 == 0:
                    h2.say_goaway()
                    h2.read(0.002)
            except OSError:
                pass  # it has had enough of us
            h2.close()
        wait_parked(server, 0, 10)
        equal(alice.connect(0, timeout=10).reply["successful"], True)
        start = time.monotonic()
        equal(server.get("/static.txt")[0], 200)
        check(time.monotonic() - start < 1 * PATIENCE, "it had to wait")


def figures(server):
    """What streams might leave behind: held connects, threads that hold, private memory, descriptors."""
    (child,) = server.children()
    return number(server, "BayeuxParked"), memory_of(child)["RssAnon"], file_count(child)


def thousand_streams(server, open_one):
    """Each is opened and reset, on as many connections as the server wants: it says GOAWAY to who resets too much."""
    before = figures(server)
    connections = opened = 0
    while opened < STREAMS:
        h2 = H2Connection(server)
        connections += 1
        try:
            while opened < STREAMS and not h2.goaway and not h2.closed:
                stream = open_one(h2)
                h2.read((0, 0.0005, 0.001, 0.004)[opened % 4])
                h2.reset(stream)
                opened += 1
        except OSError:
            pass  # it has had enough of us
        h2.close()
    wait_parked(server, 0, 10)
    wait_until(lambda: int(server.status()["BusyWorkers"]) <= 1, "no worker is busy with what was reset", 10)
    _, memory, files = figures(server)
    diag(f"{connections} connections; memory {(memory - before[1]) >> 10} KB more, {files - before[2]} files more")
    check(SANITIZE or memory < before[1] + (24 << 20), f"memory grew from {before[1]} to {memory}")
    check(files <= before[2] + 8, f"{files} descriptors, {before[2]} before")


@test("S14 a thousand streams with connects that are opened and reset: no thread, memory or descriptor is kept")
def _(server):
    alice, bob = session(server, "/thousand"), session(server, "/nothing")
    with clients(alice, bob):
        thousand_streams(server, lambda h2: connect(h2, alice, 3000))
        # All that may hold can hold again, and wake.
        h2 = H2Connection(server)
        held = connect(h2, alice)
        wait_parked(server, 1)
        publish = h2.post("/bayeux", [bob.message("/thousand", data=1)], bob.cookies)
        equal(h2.wait(publish).json[-1]["successful"], True)
        equal(h2.wait(held, 5).json[0]["data"], 1)
        h2.close()


@test("S14 a thousand WebSockets over HTTP/2 that are opened and reset; one that waits is refused")
def _(server):
    h2 = H2Connection(server)
    stream = h2.wait(h2.open_websocket("/bayeux"))
    check(stream.ok is not True, "a WebSocket over HTTP/2 is not to be had")
    check(h2.wait(h2.get("/static.txt")).ok, "the connection goes on")
    h2.close()
    thousand_streams(server, lambda h2: h2.open_websocket("/bayeux"))
    with clients(session(server, "/after")) as (alice,):
        equal(alice.connect(0, timeout=10).reply["successful"], True)


@test("S14 GOAWAY of the client while connects are held: they are answered, and the connection ends")
def _(server):
    alice, bob = session(server, "/goaway"), session(server, "/nothing")
    with clients(alice, bob):
        for n in range(10):
            h2 = H2Connection(server)
            held = connect(h2, alice)
            wait_parked(server, 1)
            h2.say_goaway()
            bob.publish("/goaway", n)
            try:
                got = [message["data"] for message in h2.wait(held, 5).json if "data" in message]
            except (TimeoutError, ValueError):
                got = []  # the stream was ended with the connection: then it is in the next reply
            h2.close()
            wait_parked(server, 0, 5)
            equal(got or alice.connect(0, timeout=10).data, [n])


@test("HTTP/1.1 connects are adopted beside, more than the cap")
def _(server):
    many = [subscriber(server, "/beside") for _ in range(3 * CAP)]
    with clients(*many):
        held = [client.start_connect() for client in many]
        wait_parked(server, 3 * CAP)
        with Client(server) as bob:
            bob.handshake()
            bob.publish("/beside", 1)
        for one in held:
            equal(one.wait(5).data, [1])


@test("graceful while streams are held: each is answered")
def _(server):
    alice = session(server, "/graceful")
    with clients(alice):
        h2 = H2Connection(server)
        held = connect(h2, alice)
        wait_parked(server, 1)
        server.graceful()
        stream = h2.wait(held, 10)
        equal((stream.ok, [message["successful"] for message in stream.json]), (True, [True]))
        wait_until(lambda: h2.closed or h2.goaway or not h2.read(0.05), "the connection ends", 10)
        h2.close()
        diag(f"goaway {h2.goaway}, closed {h2.closed}")


run(lambda: Httpd(children=1, modules=("bayeux", "http2"), server_limit=4,
                  conf=f"Protocols h2c http/1.1\nH2WebSockets On\nBayeuxMaxBlockingHolds {CAP}"))  # fmt: skip
