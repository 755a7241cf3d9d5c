#!/usr/bin/env python3
"""HTTP/2: streams are held by blocking, within the cap; others go on beside them (design.md 4.8, S14)."""

import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from h2_client import H2Connection  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from steps import clients, subscriber, wait_parked  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402

CAP = 4


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
                  conf=f"Protocols h2c http/1.1\nBayeuxMaxBlockingHolds {CAP}"))  # fmt: skip
