#!/usr/bin/env python3
"""An adopted connection goes on being a connection of httpd: anything may be asked on it (design.md 4.2)."""

import gzip
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import PATIENCE, wait_until  # noqa: E402
from http_client import Connection  # noqa: E402
from website import BIG_SIZE, Site  # noqa: E402
from steps import clients, subscriber, wait_parked  # noqa: E402
from tap import check, equal, run, test  # noqa: E402

DEFLATED = """
<Location /deflated>
    SetHandler bayeux
    SetOutputFilter DEFLATE
</Location>
"""


def raw_post(client, messages, headers=()):
    """The bytes of a request."""
    body = json.dumps(messages).encode()
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    lines = [f"POST {client.path} HTTP/1.1", "Host: localhost", "Content-Type: application/json",
             f"Cookie: {cookie}", f"Content-Length: {len(body)}",
             *(f"{name}: {value}" for name, value in headers)]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def adopted(server, **options):
    """A session and its one connection, which is adopted."""
    client = subscriber(server, "/here", **options)
    client.connection = client.connect_connection
    return client


def still_holds(server, client):
    """A connect on this connection is held, and ends with an event."""
    held = client.start_connect()
    wait_parked(server, 1)
    with Client(server, path=client.path, headers=client.headers) as other:
        other.handshake()
        other.connection = None  # the host may close after each reply
        other.publish("/here", "still")
        other.connection = None
    equal(held.wait(5).data, ["still"])


@test("a thousand requests on one connection, in one child, counted by httpd as such")
def _(server):
    with adopted(server) as alice:
        child = server.child_of(alice.connection)
        for number in range(1000):
            # Each has a head of its own, so that httpd sees them all.
            message = {**alice.message("/here"), "data": number}
            equal(alice.call([message], headers=[("X-Number", number)]).data, [number])
        port = alice.connection.local_address[1]
        wait_until(lambda: sum(line["port"] == port for line in server.access_log()) >= 1001, "logged")
        lines = [line for line in server.access_log() if line["port"] == port]
        equal([line["kept"] for line in lines], list(range(len(lines))), "requests before")
        equal({line["pid"] for line in lines}, {child})


def page(path, status, body, method="GET", sent=b"", head_only=False):
    @test(f"{method} {path} on an adopted connection is {status}, and connects are held behind it")
    def _(server):
        with adopted(server) as alice:
            for _ in range(3):
                alice.connection.send_request(method, path, [], sent)
                response = alice.connection.read_response(head_only=head_only)
                equal(response.status, status, path)
                if body is not None:
                    equal(response.body, body, path)
                check(not alice.connection.has_input(), "more came")
            still_holds(server, alice)


page("/static.txt", 200, b"static\n")
page("/static.txt", 200, b"", method="HEAD", head_only=True)
page("/cgi/hello?x=1", 200, b"cgi GET x=1\n")
page("/cgi/hello", 200, b"cgi POST \nto a program", method="POST", sent=b"to a program")
page("/backend/plain", 200, b"backend /plain")
page("/backend/chunked", 200, b"one,two,three")
page("/backend/x", 200, b"got to a backend", method="POST", sent=b"to a backend")
page("/bayeux", 405, None, method="GET")


@test("404, 302 and OPTIONS on an adopted connection")
def _(server):
    with adopted(server) as alice:
        connection = alice.connection
        equal(connection.request("GET", "/absent").status, 404)
        response = connection.request("GET", "/old")
        equal(response.status, 302)
        check(response.header("Location").endswith("/static.txt"), repr(response))
        equal(connection.request("OPTIONS", "/bayeux").status, 200)
        still_holds(server, alice)


@test("a file of several megabytes, read slowly, while others are served")
def _(server):
    with adopted(server) as alice:
        alice.connection.send_request("GET", "/big.bin")
        head = alice.connection.read_until(b"\r\n\r\n")
        check(f"Content-Length: {BIG_SIZE}".encode() in head, head)
        got = 0
        with adopted(server) as bob:
            for number in range(48):
                part = alice.connection.read_exactly(BIG_SIZE // 48)
                got += len(part)
                start = time.monotonic()
                equal(bob.publish("/here", number).data, [number])
                check(time.monotonic() - start < 2 * PATIENCE, "the other one waited")
        equal(got, BIG_SIZE)
        alice.call([alice.connect_message(0)])  # what bob said
        still_holds(server, alice)


@test("pipelined: twenty requests in one packet are answered in order")
def _(server):
    with adopted(server) as alice:
        packet = b"".join(raw_post(alice, [alice.message("/here", data=n)]) for n in range(20))
        alice.connection.send(packet)
        equal([alice.take_batch(alice.connection.read_response()).data for _ in range(20)], [[n] for n in range(20)])
        still_holds(server, alice)


@test("pipelined: pages, programs and posts in one packet")
def _(server):
    with adopted(server) as alice:
        get = "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        packet = b"".join([
            get.format("/cgi/hello?a").encode(), raw_post(alice, [alice.message("/here", data=1)]),
            get.format("/absent").encode(), get.format("/backend/chunked").encode(),
            raw_post(alice, [alice.message("/here", data=2)]), get.format("/static.txt").encode(),
        ])  # fmt: skip
        alice.connection.send(packet)
        responses = [alice.connection.read_response() for _ in range(6)]
        equal([response.status for response in responses], [200, 200, 404, 200, 200, 200])
        equal(responses[0].body, b"cgi GET a\n")
        equal(responses[4].json[0]["data"], 2)
        still_holds(server, alice)


@test("a connect with a request behind it in the same packet is answered, not held")
def _(server):
    with adopted(server) as alice:
        for _ in range(3):
            packet = raw_post(alice, [alice.connect_message()]) + raw_post(alice, [alice.message("/here", data=5)])
            alice.connection.send(packet)
            equal(alice.take_batch(alice.connection.read_response(5)).reply["channel"], "/meta/connect")
            equal(alice.take_batch(alice.connection.read_response(5)).data, [5])
        still_holds(server, alice)


@test("a request that comes behind a held connect ends it; both are answered in order")
def _(server):
    with adopted(server) as alice:
        for _ in range(5):
            alice.start_connect()
            wait_parked(server, 1)
            alice.connection.send(raw_post(alice, [alice.message("/here", data=6)]))
            first = alice.take_batch(alice.connection.read_response(5))
            equal((first.reply["channel"], first.reply["successful"]), ("/meta/connect", True))
            equal(alice.take_batch(alice.connection.read_response(5)).data, [6])
        still_holds(server, alice)


@test("the very first packet of a connection has several requests, a connect among them")
def _(server):
    with adopted(server) as alice:
        for order in range(3):
            posts = [raw_post(alice, [alice.message("/here", data=n)]) for n in range(2)]
            posts.insert(order, raw_post(alice, [alice.connect_message()]))
            with Connection(server) as connection:
                connection.send(b"".join(posts[:-1]) if order == 2 else b"".join(posts))
                count = 2 if order == 2 else 3
                channels = [connection.read_response(5).json[-1]["channel"] for _ in range(count)]
                equal(channels.count("/meta/connect"), 0 if order == 2 else 1)
                if order == 2:
                    connection.send(posts[-1])
                    wait_parked(server, 1)


@test("requests split at every odd place: head, body, and the border to the next one")
def _(server):
    with adopted(server) as alice:
        connection = alice.connection
        for cut in range(1, 600, 13):
            packet = raw_post(alice, [alice.message("/here", data=1)]) + raw_post(
                alice, [alice.message("/here", data=2)]
            )
            connection.send(packet[:cut])
            # Until the server has taken the first part, or has had the time to: no more than a look.
            connection.has_input(0.002)
            connection.send(packet[cut:])
            equal([alice.take_batch(connection.read_response(5)).data for _ in range(2)], [[1], [2]], f"cut at {cut}")
        still_holds(server, alice)


@test("a request that comes byte by byte behind a held connect")
def _(server):
    with adopted(server) as alice:
        alice.start_connect()
        wait_parked(server, 1)
        packet = raw_post(alice, [alice.message("/here", data=3)])
        for number in range(len(packet)):
            alice.connection.send(packet[number : number + 1])
        equal(alice.take_batch(alice.connection.read_response(5)).reply["channel"], "/meta/connect")
        equal(alice.take_batch(alice.connection.read_response(5)).data, [3])


@test("Connection: close on a publish and on a held connect")
def _(server):
    with adopted(server) as alice:
        for message in (alice.message("/here", data=1), alice.connect_message(200)):
            last = alice.send([message], headers=[("Connection", "close")])
            response = last.wait_response(5)
            equal((response.status, response.header("Connection")), (200, "close"))
            check(last.connection.closed_by_server(5), "closed")


@test("HTTP/1.0, without and with keep-alive")
def _(server):
    with adopted(server) as alice:
        old = raw_post(alice, [alice.message("/here", data=1)]).replace(b"HTTP/1.1", b"HTTP/1.0")
        with Connection(server) as connection:
            connection.send(old)
            equal(connection.read_response(5).json[0]["data"], 1)
            check(connection.closed_by_server(5), "closed")
        kept = old.replace(b"\r\nHost:", b"\r\nConnection: keep-alive\r\nHost:")
        with Connection(server) as connection:
            for _ in range(3):
                connection.send(kept)
                equal(connection.read_response(5).json[0]["data"], 1)
        with Connection(server) as connection:
            connection.send(raw_post(alice, [alice.connect_message(200)]).replace(b"HTTP/1.1", b"HTTP/1.0"))
            equal(connection.read_response(5).json[-1]["successful"], True)
            check(connection.closed_by_server(5), "closed")


@test("MaxKeepAliveRequests is reached: the last reply says close")
def _(server):
    with Client(server, headers=[("Host", "few.test")]) as alice:
        alice.handshake()
        connection = alice.connection = Connection(server)
        seen = []
        for _ in range(6):
            response = alice.post([alice.message("/here", data=1)])
            seen.append(response.header("Connection"))
        equal([value or "keep" for value in seen][-1], "close", f"{seen}")
        check(connection.closed_by_server(5), "closed")


@test("MaxKeepAliveRequests is reached by connects that are held")
def _(server):
    alice = subscriber(server, headers=[("Host", "few.test")])
    with clients(alice):
        for number in range(6):
            last = alice.send([alice.connect_message(50)], connection=alice.connect_connection)
            response = last.wait_response(5)
            equal(response.json[-1]["successful"], True)
            if response.header("Connection") == "close":
                break
        check(number >= 3, f"after {number} connects")
        check(last.connection.closed_by_server(5), "closed")


@test("KeepAliveTimeout closes an adopted connection that is idle, and only then")
def _(server):
    alice = adopted(server, headers=[("Host", "brief.test")])
    with clients(alice):
        start = time.monotonic()
        equal(alice.publish("/here", 0).data, [0])
        check(alice.connection.closed_by_server(10), "closed")
        check(time.monotonic() - start > 0.8, "too early")
        alice.connection = alice.connect_connection = Connection(server)
        # A held connect is not idle.
        equal(alice.connect(1500, timeout=10).reply["successful"], True)
        equal(alice.publish("/here", 1).data, [1])


@test("KeepAlive Off: each request on a connection of its own, a connect is held all the same")
def _(server):
    alice = Client(server, headers=[("Host", "single.test")])
    for step in (lambda: alice.handshake(), lambda: alice.subscribe("/here"), lambda: alice.connect()):
        only = alice.connection = alice.connect_connection = Connection(server)
        step()
        check(only.closed_by_server(5), "closed")
    with clients(alice):
        only = alice.connection = alice.connect_connection = Connection(server)
        still_holds(server, alice)
        check(only.closed_by_server(5), "closed")


@test("mod_deflate: replies at once and held ones come compressed and whole")
def _(server):
    alice = subscriber(server, "/here", path="/deflated")
    with clients(alice):
        for number in range(5):
            text = "deflate me " * 500
            held = alice.send(
                [alice.connect_message()], headers=[("Accept-Encoding", "gzip")], connection=alice.connect_connection
            )
            wait_parked(server, 1)
            with Client(server) as bob:
                bob.handshake()
                bob.publish("/here", f"{number} {text}")
            response = held.wait_response(5)
            equal(response.header("Content-Encoding"), "gzip")
            equal(json.loads(gzip.decompress(response.body))[0]["data"], f"{number} {text}")
            response = alice.post(
                [alice.message("/here", data=text)], headers=[("Accept-Encoding", "gzip")],
                connection=alice.connect_connection,
            )  # fmt: skip
            equal(json.loads(gzip.decompress(response.body))[0]["data"], text)


run(lambda: Site(extra=DEFLATED))
