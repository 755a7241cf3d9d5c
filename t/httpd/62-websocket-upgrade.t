#!/usr/bin/env python3
"""The upgrade to a WebSocket (WS-1, WS-2), who may ask for it (WS-13, S8), and what follows a refusal (S13)."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from http_client import Closed, Connection  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from websocket import Refused, WebSocket, WebSocketClient, ask_upgrade, ws_session  # noqa: E402
from wire import number, serves, session, succeeded  # noqa: E402

CONF = """
<Location /polling>
    SetHandler bayeux
    BayeuxTransports long-polling
</Location>
<Location /listed>
    SetHandler bayeux
    BayeuxAllowOrigin self https://a.example http://b.example:8080
</Location>
<Location /any>
    SetHandler bayeux
    BayeuxAllowOrigin *
</Location>
<Location /secret>
    Require all denied
</Location>
"""


# --- WS-1, WS-2: the upgrade ------------------------------------------------------------------------------------------


@test("WS-1 the upgrade: 101 on the same URL and below it (HT-1), without cookie, subprotocol and extension")
def _(server):
    for path in ("/bayeux", "/bayeux/", "/bayeux/handshake", "/bayeux?a=b"):
        with Connection(server) as connection:
            response = ask_upgrade(connection, path)
            equal(response.status, 101, path)
            equal(response.header("Upgrade").lower(), "websocket")
            check("upgrade" in response.header("Connection").lower(), response)
            for name in ("Set-Cookie", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Content-Length",
                         "Transfer-Encoding"):  # fmt: skip
                equal(response.header(name), None, name)


@test("WS-1 an upgrade that is none: no 101, and the connection goes on as HTTP or ends")
def _(server):
    for headers in (
        [("Sec-WebSocket-Version", "8")],
        [("Sec-WebSocket-Version", "14")],
        [("Sec-WebSocket-Version", None)],
        [("Sec-WebSocket-Key", None)],
        [("Sec-WebSocket-Key", "short")],
        [("Sec-WebSocket-Key", "!" * 24)],
        [("Upgrade", "h2c")],
        [("Upgrade", None)],
        [("Connection", "keep-alive")],
    ):
        with Connection(server) as connection:
            response = ask_upgrade(connection, headers=headers)
            check(400 <= response.status < 500, f"{headers}: {response!r}")
            if headers[0][0] == "Sec-WebSocket-Version" and headers[0][1]:
                equal(response.header("Sec-WebSocket-Version"), "13", "RFC 6455 4.4: it says what it can")


@test("WS-1 the words of an upgrade in other case, and among others")
def _(server):
    for headers in (
        [("Upgrade", "WebSocket")],
        [("Upgrade", "h2c, websocket")],
        [("Connection", "keep-alive, Upgrade")],
        [("Connection", "UPGRADE")],
    ):
        with Connection(server) as connection:
            equal(ask_upgrade(connection, headers=headers).status, 101, str(headers))


@test("WS-1 only where it is offered: with BayeuxTransports long-polling the upgrade is refused")
def _(server):
    with session(server, "/polling") as alice, Connection(server) as connection:
        equal(alice.call([{"channel": "/meta/handshake", "id": "1"}]).reply["supportedConnectionTypes"],
              ["long-polling"])  # fmt: skip
        check(400 <= ask_upgrade(connection, "/polling").status < 500, "upgraded")
    with Connection(server) as connection:
        equal(ask_upgrade(connection, "/static.txt").status, 200, "a page is a page")


@test("WS-1 HS-4 offered in the order of preference, websocket first")
def _(server):
    with Client(server) as alice, ws_session(server) as bob:
        wanted = ["websocket", "long-polling", "eventsource"]
        equal(alice.handshake()["supportedConnectionTypes"], wanted)
        equal(bob.call([{"channel": "/meta/handshake", "id": "9"}])[0]["supportedConnectionTypes"], wanted)
        bob.client_id = None


@test("WS-1 ENV-1 ENV-2 an array or a lone object; the answer is an array")
def _(server):
    with WebSocketClient(server) as alice:
        alice.send(json.dumps({"channel": "/meta/handshake", "id": "1", "version": "1.0"}))
        alice.client_id = alice.reply("1")["clientId"]
        alice.send(json.dumps({**alice.message("/ws/one", id="2"), "data": 1}))
        succeeded(alice.reply("2"))


@test("ENV-15 an empty array is ignored, as old Faye clients send it to keep the connection")
def _(server):
    with ws_session(server) as alice:
        alice.send("[]")
        alice.send(" [ ] ")
        alice.frames.clear()
        alice.sync()
        equal(len(alice.frames), 1)


@test("WS-2 a subprotocol that the client offers: accepted without one")
def _(server):
    for protocol in ("bayeux/1.0", "a, b"):
        with Connection(server) as connection:
            response = ask_upgrade(connection, headers=[("Sec-WebSocket-Protocol", protocol)])
            equal((response.status, response.header("Sec-WebSocket-Protocol")), (101, None))


@test("permessage-deflate is off by default: offered by the client, not agreed on")
def _(server):
    offer = [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]
    with WebSocketClient(server, headers=offer) as alice:
        equal(alice.socket.response.header("Sec-WebSocket-Extensions"), None)
        succeeded(alice.handshake())


@test("what a client sends right behind its upgrade, before the 101 was there, is not lost")
def _(server):
    shake = WebSocket.frame(1, json.dumps([{"channel": "/meta/handshake", "id": "7", "version": "1.0"}]).encode())
    for _ in range(5):
        with WebSocketClient(server) as alice, Connection(server) as connection:
            connection.send(
                b"GET /bayeux HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" + shake
            )
            response = connection.read_response(5)
            equal((response.status, response.header("Sec-WebSocket-Accept")), (101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
            socket = WebSocket.__new__(WebSocket)
            socket.__dict__.update(connection=connection, pings=0, answers_pings=True, _head=None, _size=None)
            (reply,) = json.loads(socket.read_text(5))
            succeeded(reply)
            alice.client_id = reply["clientId"]


# --- WS-13, S8: the origin --------------------------------------------------------------------------------------------

LOOKALIKES = (
    "https://evil.example", "null", "", "http://localhost", "https://localhost:PORT", "http://localhost:PORT0",
    "http://localhost:PORT.evil.example", "http://evil-localhost:PORT", "http://localhost.evil:PORT", "localhost:PORT",
    "http://localhost:PORT/", "http://localhost:PORT@evil", "http://x@localhost:PORT", "http://localhost:PORT, null",
    "file://", "*", "http://127.0.0.1:PORT", "https://a.example",
)  # fmt: skip


def upgrade_status(server, path, origin, *, tls=False, host=None, extra=()):
    port = server.tls_port if tls else server.port
    with Connection(server, tls=tls) as connection:
        headers = [("Host", host or f"localhost:{port}"), *extra]
        response = ask_upgrade(connection, path, headers, origin)
    if response.status != 101:
        equal(response.header("Set-Cookie"), None)
        equal({name for name, _ in response.headers if name.lower().startswith("access-control-")}, set())
    return response.status


@test("S8 WS-13 BayeuxAllowOrigin self, the default: pages of this host and port, and programs without Origin")
def _(server):
    equal(upgrade_status(server, "/bayeux", None), 101)
    equal(upgrade_status(server, "/bayeux", f"http://localhost:{server.port}"), 101)
    equal(upgrade_status(server, "/bayeux", f"http://localhost:{server.port}", host=f"LocalHost:{server.port}"), 101)
    equal(upgrade_status(server, "/bayeux", f"https://localhost:{server.tls_port}", tls=True), 101)


for origin in LOOKALIKES:

    @test(f"S8 WS-13 upgrade with Origin {origin!r}: 403 before any 101, no cookie")
    def _(server, origin=origin):
        equal(upgrade_status(server, "/bayeux", origin.replace("PORT", str(server.port))), 403)


@test("S8 WS-13 a list: who is on it, and nobody else")
def _(server):
    for origin in ("https://a.example", "http://b.example:8080", f"http://localhost:{server.port}"):
        equal(upgrade_status(server, "/listed", origin), 101, origin)
    for origin in ("https://evil-a.example", "https://a.example.evil", "http://a.example", "https://b.example:8080",
                   "https://a.example:8443", "null"):  # fmt: skip
        equal(upgrade_status(server, "/listed", origin), 403, origin)


@test("S8 two Origin fields: refused, whichever comes first")
def _(server):
    own, evil = f"http://localhost:{server.port}", "https://evil.example"
    equal(upgrade_status(server, "/bayeux", own, extra=[("Origin", evil)]), 403)
    equal(upgrade_status(server, "/bayeux", evil, extra=[("Origin", own)]), 403)


@test("S8 BayeuxAllowOrigin *: a page of anywhere may upgrade")
def _(server):
    equal(upgrade_status(server, "/any", "https://evil.example"), 101)


# --- S13: what follows a refusal --------------------------------------------------------------------------------------


def behind(server, refusal, request):
    """The responses when `request` was pipelined behind an upgrade that is refused."""
    with Connection(server) as connection:
        connection.send(refusal + request)
        responses = [connection.read_response(5)]
        try:
            responses.append(connection.read_response(5))
        except Closed:
            pass
        return responses


def upgrade_request(path, *more):
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]  # fmt: skip
    kept = [line for line in lines if line.split(":")[0] not in {extra.split(":")[0] for extra in more}]
    return "\r\n".join([*kept, *more, "", ""]).encode()


REFUSALS = {
    "a foreign origin": lambda: upgrade_request("/bayeux", "Origin: https://evil.example"),
    "another version": lambda: upgrade_request("/bayeux", "Sec-WebSocket-Version: 7"),
    "no such transport": lambda: upgrade_request("/polling"),
    "a bad key": lambda: upgrade_request("/bayeux", "Sec-WebSocket-Key: x"),
    "no access": lambda: upgrade_request("/secret"),
}

for name, refusal in REFUSALS.items():

    @test(f"S13 an upgrade refused for {name}: what is pipelined behind it passes httpd's access checks")
    def _(server, refusal=refusal):
        server.expect("AH01630")
        request = b"GET /secret HTTP/1.1\r\nHost: x\r\n\r\n"
        first, *rest = [response.status for response in behind(server, refusal(), request)]
        check(first >= 400, "it was not refused")
        check(rest in ([], [403]), f"behind the refusal: {rest}")
        _, *rest = behind(server, refusal(), b"GET /static.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        check([response.status for response in rest] in ([], [200]), f"behind the refusal: {rest}")


@test("S13 frames behind an upgrade that was refused are no messages")
def _(server):
    before = number(server, "BayeuxSessions")
    shake = WebSocket.frame(1, json.dumps([{"channel": "/meta/handshake", "id": "7", "version": "1.0"}]).encode())
    for refusal in REFUSALS.values():
        for response in behind(server, refusal(), shake + b"\r\n\r\n"):
            check(response.status >= 400, response)
    equal(number(server, "BayeuxSessions"), before)


@test("WS-13 a refusal is no end: the same connection, or the next one, does long-polling")
def _(server):
    try:
        WebSocket(server, "/polling")
    except Refused as refused:
        check(refused.response.status < 500, refused.response)
    else:
        check(False, "upgraded")
    serves(server, "/polling")


@test("the server serves")
def _(server):
    serves(server)


run(lambda: Httpd(CONF, tls=True))
