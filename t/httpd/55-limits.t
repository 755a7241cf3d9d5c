#!/usr/bin/env python3
"""BayeuxLimit...: how often somebody may shake hands or publish, over all children and on every transport (S16)."""

import itertools
import json
import sys
import time
import urllib.parse
from pathlib import Path

T = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(T / "lib"), str(T / "clients")]
from bayeux import Client  # noqa: E402
from harness import Httpd, wait_until  # noqa: E402
from http_client import Connection  # noqa: E402
from node_program import run_node  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from websocket import WebSocketClient  # noqa: E402
from wire import number, poll, refused, session, succeeded  # noqa: E402

# Long periods, so that what is spent stays spent while a test lasts.
CONF = """
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 127.0.0.1
<Location /shake>
    SetHandler bayeux
    BayeuxDomain shake
    BayeuxTransports websocket long-polling callback-polling
    BayeuxLimitHandshakes 5/1h
</Location>
<Location /shake/free>
    BayeuxLimitHandshakes Off
</Location>
<Location /burst>
    SetHandler bayeux
    BayeuxDomain burst
    BayeuxLimitHandshakes 1/1h 3
</Location>
<Location /soon>
    SetHandler bayeux
    BayeuxDomain soon
    BayeuxLimitHandshakes 1/3s
</Location>
<Location /messages>
    SetHandler bayeux
    BayeuxDomain messages
    BayeuxTransports websocket long-polling callback-polling
    BayeuxUnconnectedPublish On
    BayeuxLimitMessages 10/1h
</Location>
<Location /bytes>
    SetHandler bayeux
    BayeuxDomain bytes
    BayeuxLimitBytes 1K/1h
</Location>
<Location /steady>
    SetHandler bayeux
    BayeuxDomain steady
    BayeuxLimitMessages 5/1s
</Location>
"""

HANDSHAKES = "429::too_many_handshakes"
SHAKE = {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling", "websocket"]}

# A client behind a proxy that nobody else uses.
addresses = (f"192.0.2.{n}" for n in itertools.count(1))


def behind(address):
    return (("X-Forwarded-For", address),)


def shake(server, path="/shake", **options):
    """The reply; the session is left to expire."""
    client = Client(server, path, **options)
    try:
        return client.handshake()
    finally:
        client.close()


def too_many(reply, least=1000):
    refused(reply, HANDSHAKES)
    check("clientId" not in reply, reply)
    equal(reply["advice"]["reconnect"], "retry")
    check(least <= reply["advice"]["interval"] <= 3600_000, reply)


def spend_handshakes(server, headers, count=5, path="/shake"):
    for _ in range(count):
        succeeded(shake(server, path, headers=headers))


@test("BayeuxLimitHandshakes holds for an address over all children; status 200, no cookie, advice")
def _(server):
    headers = behind(next(addresses))
    children = itertools.cycle(sorted(server.children()))
    for _ in range(5):
        succeeded(shake(server, child=next(children), headers=headers))
    for _ in range(3):
        nobody = Client(server, "/shake", child=next(children), headers=headers)
        response = nobody.post([{**SHAKE, "id": "7"}])
        equal((response.status, response.header("Set-Cookie")), (200, None))
        (reply,) = response.json
        too_many(reply, least=600_000)
        equal(reply["id"], "7")
        nobody.close()


@test("BayeuxLimitHandshakes: another address is served")
def _(server):
    spend_handshakes(server, behind(next(addresses)))
    succeeded(shake(server, headers=behind(next(addresses))))


@test("BayeuxLimitHandshakes: without a proxy it is the address of the connection")
def _(server):
    def reply_from(source):
        client = Client(server, "/shake")
        client.connection = Connection(server, source=source)
        try:
            return client.handshake()
        finally:
            client.close()

    for _ in range(5):
        succeeded(reply_from("127.0.0.2"))
    too_many(reply_from("127.0.0.2"))
    succeeded(reply_from("127.0.0.3"))


@test("BayeuxLimitHandshakes: the addresses of an IPv6 /64 are one")
def _(server):
    for n in range(5):
        succeeded(shake(server, headers=behind(f"2001:db8:0:1::{n + 1}")))
    too_many(shake(server, headers=behind("2001:db8:0:1:ffff::1")))
    succeeded(shake(server, headers=behind("2001:db8:0:2::1")))


@test("BayeuxLimitHandshakes: the handshakes of all transports count, and each is refused")
def _(server):
    headers = behind(next(addresses))

    def by_callback():
        query = urllib.parse.urlencode({"message": json.dumps([SHAKE]), "jsonp": "f"})
        with Connection(server) as connection:
            response = connection.request("GET", f"/shake?{query}", headers)
        equal((response.status, response.body[:6]), (200, b"/**/f("))
        return json.loads(response.body.rstrip()[6:-2])[0]

    socket = WebSocketClient(server, "/shake", headers=headers)

    def by_socket():
        socket.client_id = None
        message = {**SHAKE, "id": socket.next_id()}
        socket.send([message])
        return socket.reply(message["id"])

    ways = (lambda: shake(server, headers=headers), by_callback, by_socket)
    for way in (*ways, *ways[:2]):
        succeeded(way())
    for way in ways:
        too_many(way(), least=600_000)
    socket.close()


@test("BayeuxLimitHandshakes: how many at once may be more than its rate; Off inside; each domain counts by itself")
def _(server):
    headers = behind(next(addresses))
    spend_handshakes(server, headers, 3, "/burst")
    too_many(shake(server, "/burst", headers=headers), least=3000_000)
    spend_handshakes(server, headers)
    too_many(shake(server, headers=headers))
    spend_handshakes(server, headers, 10, "/shake/free")


@test("BayeuxLimitHandshakes: who waits as long as the advice says is served")
def _(server):
    headers = behind(next(addresses))
    succeeded(shake(server, "/soon", headers=headers))
    reply = shake(server, "/soon", headers=headers)
    too_many(reply)
    check(reply["advice"]["interval"] <= 3000, reply)
    told = time.monotonic()
    time.sleep(reply["advice"]["interval"] / 1000)
    succeeded(shake(server, "/soon", headers=headers))
    check(time.monotonic() - told < 30, "the wait")


for transport in ("long-polling", "websocket"):

    @test(f"a stock cometd client that was refused comes again by itself ({transport})")
    def _(server, transport=transport):
        run_node("clients/limits.mjs", transport, f"http://127.0.0.1:{server.port}/soon")


def publish_all(client, count, channel="/limits"):
    replies = [client.publish(channel, n).reply for n in range(count)]
    return [reply["successful"] for reply in replies]


def on_child(client, child):
    """The same session, on a connection to this child."""
    other = Client(client.server, client.path, child=child, headers=client.headers)
    other.client_id, other.cookies, other._next_id = client.client_id, client.cookies, client._next_id + 1000
    return other


@test("BayeuxLimitMessages holds for a session over all children and transports; nothing of the rest is delivered")
def _(server):
    with session(server, "/messages", ["/limits"]) as bob, session(server, "/messages") as alice:
        for child in sorted(server.children()):
            other = on_child(alice, child)
            equal(publish_all(other, 3), [True] * 3)
            other.close()
        socket = WebSocketClient.resume(alice)
        (first, second) = (socket.message("/limits", data="ws"), socket.message("/limits", data="too many"))
        socket.send([first, second])
        succeeded(socket.reply(first["id"]))
        reply = refused(socket.reply(second["id"]), "429:/limits:too_many_messages")
        check("advice" not in reply, reply)
        socket.close()
        refused(alice.publish("/limits", "too many").reply, "429:/limits:too_many_messages")
        query = urllib.parse.urlencode({"message": json.dumps([alice.message("/limits", data=1)]), "jsonp": "f"})
        with Connection(server) as connection:
            cookies = "; ".join(f"{name}={value}" for name, value in alice.cookies.items())
            body = connection.request("GET", f"/messages?{query}", (("Cookie", cookies),)).body
        check(b"429:/limits:too_many_messages" in body, body)
        equal(sorted(map(str, poll(bob).data)), sorted([*"012" * 3, "ws"]))
        # Beside it, others are served, and its own meta messages are.
        succeeded(bob.publish("/limits", 1).reply)
        succeeded(alice.subscribe("/other").reply)
        succeeded(alice.connect().reply)


@test("BayeuxLimitMessages: each message of a batch counts, those to services too, and what has no session by address")
def _(server):
    with session(server, "/messages") as alice:
        batch = [{**alice.message("/service/none" if n % 2 else "/limits"), "data": n} for n in range(12)]
        equal([reply["successful"] for reply in alice.call(batch).replies], [True] * 10 + [False] * 2)
    here, there = Client(server, "/messages"), Client(server, "/messages", headers=behind(next(addresses)))
    equal(publish_all(here, 12), [True] * 10 + [False] * 2)
    equal(publish_all(there, 11), [True] * 10 + [False])
    here.close()
    there.close()


@test("BayeuxLimitBytes: the bytes of what is published; a message above it passes, and has to be paid back")
def _(server):
    with session(server, "/bytes", ["/limits"]) as bob, session(server, "/bytes") as alice:
        succeeded(alice.publish("/limits", "x" * 400).reply)
        refused(alice.publish("/limits", "x" * 800).reply, "429:/limits:too_many_bytes")
        succeeded(alice.publish("/limits", "x" * 200).reply)
        equal([len(data) for data in poll(bob).data], [400, 200])
        succeeded(bob.publish("/other", "x" * 5000).reply)
        refused(bob.publish("/other", "x").reply, "429:/other:too_many_bytes")


@test("BayeuxLimitMessages: the allowance comes back at a steady rate")
def _(server):
    with session(server, "/steady") as alice:
        began = time.monotonic()
        done = 0

        def has_published():
            nonlocal done
            done += alice.publish("/limits", 1).reply["successful"]
            return done >= 15

        wait_until(has_published, "fifteen messages", interval=0.01)
        check(time.monotonic() - began >= 1.9, "five at once, then five a second")


@test("limits survive a graceful restart")
def _(server):
    headers = behind(next(addresses))
    spend_handshakes(server, headers)
    with session(server, "/messages") as alice:
        equal(publish_all(alice, 10), [True] * 10)
        alice.close()
        server.graceful()
        too_many(shake(server, headers=headers), least=600_000)
        refused(alice.publish("/limits", 1).reply, "429:/limits:too_many_messages")


@test("server-status counts what was refused, and a line in the log says so and from where")
def _(server):
    before = {name: number(server, f"BayeuxLimited{name}") for name in ("Handshakes", "Messages", "Bytes")}
    address = next(addresses)
    headers = behind(address)
    with session(server, "/bytes") as bob, session(server, "/messages") as alice:
        publish_all(alice, 13)
        publish_all(bob, 1)
        bob.publish("/limits", "x" * 2000)
        spend_handshakes(server, headers)
        for _ in range(4):
            too_many(shake(server, headers=headers))
    after = {name: number(server, f"BayeuxLimited{name}") - before[name] for name in before}
    equal(after, {"Handshakes": 4, "Messages": 3, "Bytes": 1})

    def said():
        return [line for line in server.error_log().splitlines() if "BX0060" in line and f"from {address}," in line]

    wait_until(said, "a line with the address", timeout=30)
    lines = [line for line in server.error_log().splitlines() if "BX0060" in line]
    check("BayeuxLimitHandshakes" in lines[-1] and "[bayeux:warn]" in lines[-1], lines[-1])
    server.expect("BX0060")


run(lambda: Httpd(CONF, modules=("bayeux", "remoteip"), server_limit=12))
