#!/usr/bin/env python3
"""WebSockets under TLS, behind mod_proxy, through restarts and kills; HTTP/2 and the other MPMs refuse them."""
# slow

import socket
import ssl
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import procs  # noqa: E402
from bayeux import Client  # noqa: E402
from h2_client import H2Connection  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from http_client import Connection  # noqa: E402
from steps import children_figures  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from websocket import CLOSE, WebSocketClient, ask_upgrade, ws_connected, ws_session  # noqa: E402
from wire import connected, session, succeeded  # noqa: E402


def patient(location="", **options):
    """A server whose sessions do not end while a test looks for a connection to some other child."""
    return Httpd(location=f"BayeuxMaxInterval 60s\n{location}", **options)


def closed(client, timeout=10):
    """The code with which the server closed the client's socket; the client opens another one next."""
    code = client.socket.closes(timeout)
    client.reopen()
    return code


# --- TLS --------------------------------------------------------------------------------------------------------------


@test("TLS: the whole protocol over wss, in three children, pushed within milliseconds")
def _():
    with patient(tls=True) as server:
        first, second, third = server.children()
        with ws_connected(server, subscriptions=["/tls"], tls=True, child=first) as alice, \
                ws_connected(server, subscriptions=["/tls"], tls=True, child=second) as bob, \
                ws_session(server, tls=True, child=third) as carol:  # fmt: skip
            alice.start_connect()
            worst = 0.0
            for number in range(50):
                begin = time.monotonic()
                carol.publish("/tls", number)
                equal((alice.data(), bob.data()), ([number], [number]))
                worst = max(worst, time.monotonic() - begin)
            check(worst < 0.8 * PATIENCE, f"{worst:.2f} s")


@test("TLS: messages of many records, both ways, and several in one record")
def _():
    with patient(tls=True, location="BayeuxMaxMessageSize 1M\nBayeuxMaxQueue 100 8M") as server:
        with ws_connected(server, subscriptions=["/tls/big"], tls=True) as alice:
            for size in (1, 16000, 16384, 17000, 200000, 900000):
                succeeded(alice.publish("/tls/big", "x" * size))
                equal([len(text) for text in alice.data()], [size])
            frames = b"".join(
                alice.socket.frame(1, f'[{{"channel":"/tls/big","clientId":"{alice.client_id}","data":{n}}}]'.encode())
                for n in range(30)
            )
            alice.socket.connection.send(frames)
            equal(alice.data(30), list(range(30)))
            # One byte in each record.
            for place in range(len(frames) // 30):
                alice.socket.connection.send(frames[place : place + 1])
            alice.sync()
            equal(alice.data(1)[:1], [0])


@test("TLS: the server's goodbye is a close frame and then a close_notify")
def _():
    with patient(tls=True, server_limit=6) as server:
        with ws_connected(server, tls=True) as alice:
            tls = alice.socket.connection._socket
            tls.suppress_ragged_eofs = False  # an end without close_notify is an error
            alice.start_connect()
            alice.sync()
            server.graceful()
            opcode, payload = alice.socket.read_frame(5)
            equal((opcode, struct.unpack("!H", payload[:2])[0]), (CLOSE, 1012))
            alice.socket.send_frame(CLOSE, payload[:2])
            try:
                equal(tls.recv(1), b"")
            except ssl.SSLError as error:
                check(False, f"no close_notify: {error}")
            alice.reopen()
            succeeded(alice.connect(0, timeout=5))


@test("TLS: rude ends in the middle of a record, of a frame and of the upgrade leave nothing")
def _():
    with patient(tls=True) as server:
        for number in range(20):
            alice = WebSocketClient(server, tls=True)
            alice.open()
            alice.socket.connection.send(b"\x81\xfe\x01" if number % 2 else b"\x81\x85abcd12")
            alice.socket.reset() if number % 3 else alice.socket.close()
        plain = socket.create_connection(("127.0.0.1", server.tls_port))
        plain.close()
        wait_until(lambda: not any(f["connections"] for f in children_figures(server).values()), "all are gone")


# --- mod_proxy --------------------------------------------------------------------------------------------------------


@test("mod_proxy in front (upgrade=websocket): handshake, pushes, long-polling beside it, both ends' closes")
def _():
    with patient(server_limit=6) as server:
        front = Httpd(
            f"ProxyPass /bayeux http://127.0.0.1:{server.port}/bayeux upgrade=websocket\nProxyTimeout 30",
            modules=("proxy", "proxy_http"),
        )
        with front:
            with ws_connected(front, subscriptions=["/proxied"]) as alice, session(server) as bob:
                alice.start_connect()
                for number in range(20):
                    bob.publish("/proxied", number)
                    equal(alice.data(), [number])
                equal(alice.socket.say_goodbye(1000), 1000)
                alice.reopen()
                bob.publish("/proxied", "kept")
                succeeded(alice.connect(0))
                equal(alice.data(), ["kept"])
                alice.start_connect()
                alice.sync()
                server.graceful()
                equal(closed(alice), 1012)
                succeeded(alice.connect(0))
                bob.close()
            with connected(front, subscriptions=["/proxied/poll"]) as carol:
                equal(carol.publish("/proxied/poll", 1).data, [1])


# --- the end of a child -----------------------------------------------------------------------------------------------


@test("graceful: every WebSocket gets 1012, its session lives on, and what is published meanwhile is there")
def _():
    with patient(server_limit=9) as server:
        many = [ws_connected(server, subscriptions=[f"/graceful/{number}"]) for number in range(30)]
        bound_only = ws_session(server, subscriptions=["/graceful/29"])
        unbound = WebSocketClient(server)
        unbound.open()
        for client in many[::2]:
            client.start_connect()
        for client in many:
            client.drain()
        old = server.children()
        begin = time.monotonic()
        server.graceful()
        equal({closed(client) for client in [*many, bound_only, unbound]}, {1012})
        check(time.monotonic() - begin < 8 * PATIENCE, "it took long")
        wait_until(lambda: not any(procs.alive(pid) for pid in old), "the old children have gone", 12)
        with session(server) as bob:
            for number in range(30):
                bob.publish(f"/graceful/{number}", number)
        for number, client in enumerate(many):
            succeeded(client.connect(0))
            equal(client.data(), [number])
            client.disconnect()
            client.close()
        succeeded(bound_only.connect(0))
        equal(bound_only.data(), [29])
        bound_only.disconnect()
        bound_only.close()


@test("graceful with a client that does not answer the close: the child ends all the same")
def _():
    with patient(server_limit=6, conf="BayeuxDrainTimeout 2s") as server:
        alice = ws_connected(server)
        old = server.children()
        server.graceful()
        wait_until(lambda: not any(procs.alive(pid) for pid in old), "the old children have gone", 8)
        alice.reopen()
        succeeded(alice.connect(0))
        alice.disconnect()
        alice.close()


@test("stop, graceful and not: sockets are closed within a second or so, without a complaint")
def _():
    for graceful in (True, False):
        with Httpd(sessions_left=True) as server:
            many = [ws_connected(server) for _ in range(40)]
            for client in many[::2]:
                client.start_connect()
                client.sync()
            begin = time.monotonic()
            equal(server.stop(graceful=graceful), 0, "exit code")
            check(time.monotonic() - begin < (12 if graceful else 3) * PATIENCE, "it took long")
            codes = {closed(client) for client in many}
            check(codes <= ({1012} if graceful else {1012, 1001, 1006}), f"{codes}")


@test("kill -9 of the child: its sockets break, their sessions are resumed in a sibling with what was published")
def _():
    server = patient(server_limit=6)
    server.expect("AH10392")
    with server:
        first, second, _ = server.children()
        with ws_connected(server, subscriptions=["/killed"], child=first) as alice, \
                session(server, child=second) as bob:  # fmt: skip
            alice.start_connect()
            alice.sync()
            server.kill_child(first)
            equal(closed(alice), 1006)
            for number in range(3):
                succeeded(bob.publish("/killed", number).reply)
            alice.child = second
            succeeded(alice.connect(0, timeout=5))
            equal(alice.data(3), [0, 1, 2])
            pending = alice.start_connect()
            bob.publish("/killed", "pushed")
            equal(alice.data(), ["pushed"])
            check(pending, "held")
        server.wait_all_children()


@test("a socket counts as a connection of its child, and costs no thread: more than it has workers")
def _():
    with patient(threads=4, async_factor=64) as server:
        child = server.children()[0]
        many = [ws_connected(server, child=child, subscriptions=["/many"]) for _ in range(40)]
        for client in many:
            client.start_connect()
            client.sync()
        equal(children_figures(server)[child]["connections"], 40)
        # One of them is this request. Others may be about to close a connection that came to another child.
        wait_until(lambda: server.status()["BusyWorkers"] == "1", "no worker is tied up", 5)
        succeeded(many[0].publish("/many", 1))
        for client in many:
            equal(client.data(), [1])
            client.disconnect()
            client.close()


# --- options ----------------------------------------------------------------------------------------------------------


@test("WS-8 BayeuxWebSocketMessagesPerFrame 3: events in frames of three at most, in order, replies behind them")
def _():
    with patient(location="BayeuxWebSocketMessagesPerFrame 3") as server:
        with session(server, subscriptions=["/frames"]) as alice, session(server) as bob:
            for number in range(7):
                bob.publish("/frames", number)
            with WebSocketClient.resume(alice) as socket_of_alice:
                succeeded(socket_of_alice.connect(0))
                frames = [[message.get("data", "reply") for message in frame] for frame in socket_of_alice.frames]
                equal(frames, [[0, 1, 2], [3, 4, 5], [6], ["reply"]])
                socket_of_alice.client_id = None


# --- where there are none ---------------------------------------------------------------------------------------------


@test("HTTP/2: a WebSocket is refused (H2WebSockets on or not), and long-polling goes on beside")
def _():
    for conf in ("H2WebSockets on", ""):
        with Httpd(f"Protocols h2c http/1.1\nH2Direct on\n{conf}", modules=("bayeux", "http2")) as server:
            alice = connected(server)
            h2 = H2Connection(server)
            stream = h2._open([(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"),
                               (":authority", "localhost"), (":path", "/bayeux"),
                               ("sec-websocket-version", "13")])  # fmt: skip
            check(h2.ended(stream, 5 * PATIENCE) or h2.closed, "no answer")
            check(not h2.streams[stream].ok, "upgraded")
            h2.close()
            h2 = H2Connection(server)
            again = h2.post("/bayeux", [alice.connect_message(0)], alice.cookies)
            equal(h2.wait(again).json[-1]["successful"], True, "long-polling")
            h2.close()
            alice.disconnect()
            alice.close()


for mpm, children, threads in (("worker", 3, 8), ("prefork", 6, 1)):

    @test(f"{mpm}: not offered, and refused as a transport that is not there; long-polling serves")
    def _(mpm=mpm, children=children, threads=threads):
        server = Httpd(mpm=mpm, children=children, threads=threads, conf="BayeuxTimeout 2s")
        server.expect("AH00161", "AH00286", "AH00287")
        with server:
            with Client(server) as alice:
                offered = alice.handshake(supportedConnectionTypes=["websocket", "long-polling"])
                check("websocket" not in offered["supportedConnectionTypes"], offered)
                check("long-polling" in offered["supportedConnectionTypes"], offered)
                alice.close()
                with Connection(server) as connection:
                    response = ask_upgrade(connection)
                    check(response.status >= 400, response)
                alice.subscribe("/other")
                equal(alice.publish("/other", 1).data, [1])
                alice.close()
                alice.disconnect()


run()
