#!/usr/bin/env python3
"""Adopted connections under TLS: everything goes through httpd's filters, and ends with a close_notify (4.2, 4.5)."""
# slow

import gzip
import json
import select
import socket
import ssl
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from http_client import Connection, connect_to  # noqa: E402
from steps import clients, subscriber, wait_parked  # noqa: E402
from tap import check, equal, run, test  # noqa: E402

CONF = """
<Location /deflated>
    SetHandler bayeux
    BayeuxDomain shared
    SetOutputFilter DEFLATE
</Location>
"""
# The address's second host, which is asked for by its name, closes idle connections soon.
TLS_CONF = """
MaxKeepAliveRequests 0
</VirtualHost>
<VirtualHost 127.0.0.1:{tls_port}>
    ServerName brief.test
    SSLEngine on
    SSLCertificateFile "{root}/tls.pem"
    KeepAliveTimeout 1
"""


def tls_subscriber(server, channel, **options):
    client = subscriber(server, channel, tls=True, **options)
    for connection in (client.connection, client.connect_connection):
        connection._socket.suppress_ragged_eofs = False  # an end without close_notify is an error
    return client


def raw_post(client, messages):
    body = json.dumps(messages).encode()
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    return (f"POST {client.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nCookie: {cookie}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body  # fmt: skip


@test("the whole protocol over TLS: held connects, wake-ups within milliseconds, several rounds")
def _(server):
    first, second, _ = server.children()
    alice = tls_subscriber(server, "/tls", connect_child=first)
    bob = Client(server, child=second)
    bob.handshake()
    with clients(alice, bob):
        worst = 0.0
        for number in range(50):
            held = alice.start_connect()
            wait_parked(server, 1) if number < 5 else None
            start = time.monotonic()
            bob.publish("/tls", number)
            equal(held.wait(5).data, [number])
            worst = max(worst, time.monotonic() - start)
        check(worst < 0.8 * PATIENCE, f"{worst:.2f} s")
        equal(alice.connect(300, timeout=5).reply["successful"], True, "CN-9")


@test("the server's end is a close_notify: after Connection: close, when idle, and at graceful")
def _(server):
    alice = tls_subscriber(server, "/tls")
    with clients(alice):
        held = alice.send([alice.connect_message(100)], headers=[("Connection", "close")],
                          connection=alice.connect_connection)  # fmt: skip
        equal(held.wait_response(5).status, 200)
        check(held.connection.closed_by_server(5), "closed")
        idle = Connection(server, tls=True)
        idle._socket.suppress_ragged_eofs = False
        message = alice.message("/quiet", data=0)
        equal(alice.call([message], connection=idle, headers=[("Host", "brief.test")]).reply["successful"], True)
        check(idle.closed_by_server(10), "closed when idle")
        alice.connection = alice.connect_connection = Connection(server, tls=True)
        alice.connection._socket.suppress_ragged_eofs = False
        held = alice.start_connect()
        wait_parked(server, 1)
        server.graceful()
        response = held.wait_response(5)
        equal((response.status, response.header("Connection")), (200, "close"))
        check(held.connection.closed_by_server(5), "closed at graceful")


@test("a client's close_notify, or its end without one, ends the park and the connection")
def _(server):
    alice = tls_subscriber(server, "/tls")
    with clients(alice):
        for polite in (True, False, True):
            held = alice.start_connect()
            wait_parked(server, 1)
            sock = held.connection._socket
            if polite:
                sock.settimeout(0)
                try:
                    sock.unwrap()  # sends it, and would wait for the other one
                except (ssl.SSLWantReadError, ssl.SSLError, OSError):
                    pass
            else:
                sock.shutdown(socket.SHUT_WR)
            wait_parked(server, 0)
            # TLS wants no close_notify in return, but TCP has to end.
            check(select.select([sock.fileno()], [], [], 5)[0], "the connection stays")
            alice.connect_connection = Connection(server, tls=True)


@test("pipelining over TLS: many in one record, one in many records")
def _(server):
    alice = tls_subscriber(server, "/tls")
    alice.connection = alice.connect_connection
    with clients(alice):
        connection = alice.connection
        for _ in range(3):
            connection.send(b"".join(raw_post(alice, [alice.message("/tls", data=n)]) for n in range(10)))
            equal([alice.take_batch(connection.read_response(5)).data for _ in range(10)], [[n] for n in range(10)])
        packet = raw_post(alice, [alice.message("/tls", data=1)]) * 2
        for cut in range(1, len(packet), 37):
            connection.send(packet[:cut])
            connection.has_input(0.002)
            connection.send(packet[cut:])
            equal([alice.take_batch(connection.read_response(5)).data for _ in range(2)], [[1], [1]], f"cut at {cut}")
        for _ in range(3):
            alice.start_connect()
            wait_parked(server, 1)
            connection.send(raw_post(alice, [alice.message("/tls", data=2)]))
            equal(alice.take_batch(connection.read_response(5)).reply["channel"], "/meta/connect")
            equal(alice.take_batch(connection.read_response(5)).data, [2])


@test("other pages and large bodies on an adopted TLS connection")
def _(server):
    alice = tls_subscriber(server, "/tls")
    alice.connection = alice.connect_connection
    (server.root / "htdocs" / "big").write_bytes(b"0123456789abcdef" * (3 << 16))
    with clients(alice):
        for _ in range(3):
            equal(alice.connection.request("GET", "/static.txt").body, b"static\n")
            equal(len(alice.connection.request("GET", "/big").body), 3 << 20)
            equal(alice.connection.request("GET", "/absent").status, 404)
            text = "x" * 50000
            equal(alice.publish("/tls", text).data, [text])


@test("TLS and mod_deflate")
def _(server):
    alice = tls_subscriber(server, "/tls", path="/deflated")
    bob = Client(server)
    bob.handshake()
    with clients(alice, bob):
        for number in range(5):
            held = alice.send([alice.connect_message()], headers=[("Accept-Encoding", "gzip")],
                              connection=alice.connect_connection)  # fmt: skip
            wait_parked(server, 1)
            bob.publish("/tls", f"{number}" * 5000)
            response = held.wait_response(5)
            equal(response.header("Content-Encoding"), "gzip")
            equal(json.loads(gzip.decompress(response.body))[0]["data"], f"{number}" * 5000)


@test("TLS clients that go away at any moment: while shaking hands, behind a request, while held")
def _(server):
    alice = tls_subscriber(server, "/tls")
    before = int(server.status()["BayeuxConnections"])  # its own, and idle ones of other tests
    with clients(alice):
        for number in range(100):
            connection = Connection(server, tls=number % 4 != 0)
            if number % 4 == 0:
                connection.close()
                connection = Connection(server)
                connection.close()
                continue
            connection.send(raw_post(alice, [alice.connect_message()]))
            if number % 4 == 1:
                connection.has_input(0.003)
            connection.reset() if number % 2 else connection.close()
        wait_parked(server, 0)
        alice.connection = alice.connect_connection = Connection(server, tls=True)
        equal(alice.connect(0, timeout=5).reply["successful"], True)
    wait_until(lambda: int(server.status()["BayeuxConnections"]) <= before, "all these connections have gone", 20)


def stalled(name, count, sent):
    @test(f"S15 TLS: {count} clients that {name} on adopted connections do not keep the others from being served")
    def _(server):
        first = server.children()[0]
        idle = []
        with Client(server) as anybody:
            anybody.handshake()
            request = raw_post(anybody, [anybody.message("/quiet", data=0)])
            for _ in range(count):
                connection = connect_to(server, first, tls=True)
                connection.send(request)
                equal(connection.read_response(5).status, 200)
                connection.send(sent(request))
                idle.append(connection)
        alice = tls_subscriber(server, "/tls", connect_child=first)
        with clients(alice):
            bob = Client(server)
            bob.handshake()
            for number in range(5):
                held = alice.start_connect()
                start = time.monotonic()
                bob.publish("/tls", number)
                equal(held.wait(10).data, [number])
                check(time.monotonic() - start < 2 * PATIENCE, "it had to wait")
            bob.disconnect()
        for connection in idle:
            connection.close()


stalled("send half a head", 20, lambda request: request[:50])
stalled("send half a body", 20, lambda request: request[:-3])


@test("a slow reader over TLS does not delay the others")
def _(server):
    first = server.children()[0]
    slow = tls_subscriber(server, "/tls/slow", connect_child=first)
    alice = tls_subscriber(server, "/tls/quick", connect_child=first)
    bob = Client(server, child=first)
    bob.handshake()
    with clients(slow, alice, bob):
        for number in range(25):
            bob.publish("/tls/slow", f"{number} " + "x" * 32000)
        late = slow.start_connect()
        check(late.answered(10), "it begins")
        for number in range(10):
            held = alice.start_connect()
            start = time.monotonic()
            bob.publish("/tls/quick", number)
            equal(held.wait(10).data, [number])
            check(time.monotonic() - start < 1 * PATIENCE, "it had to wait")
        numbers = [int(text.split()[0]) for text in late.wait(10).data]
        while len(numbers) < 25:
            numbers += [int(text.split()[0]) for text in slow.connect(0, timeout=10).data]
        equal(numbers, list(range(25)))


run(lambda: Httpd(modules=("bayeux", "deflate", "filter"), tls=True, tls_conf=TLS_CONF, conf=CONF + "SendBufferSize 8192",
                  location="BayeuxDomain shared", server_limit=9))  # fmt: skip
