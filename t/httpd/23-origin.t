#!/usr/bin/env python3
"""Requests from pages of other origins (CO, S8, S9)."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import JSON_TYPE, Client  # noqa: E402
from harness import Httpd  # noqa: E402
from http_client import Connection  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import batch, number, serves, succeeded  # noqa: E402

CONF = """
<Location /listed>
    SetHandler bayeux
    BayeuxAllowOrigin self https://a.example http://b.example:8080 https://Mixed.Example
</Location>
<Location /others>
    SetHandler bayeux
    BayeuxAllowOrigin https://a.example
</Location>
<Location /any>
    SetHandler bayeux
    BayeuxAllowOrigin *
</Location>
"""

HANDSHAKE = json.dumps([{"channel": "/meta/handshake", "version": "1.0", "id": "1"}]).encode()


def ask(server, path, origin, *, body=HANDSHAKE, host=None, kind=JSON_TYPE, origins=(), tls=False, method="POST",
        extra=()):  # fmt: skip
    """One request on a connection of its own. A session that it makes is ended."""
    headers = [kind] if kind else []
    headers.append(("Host", host or f"localhost:{server.tls_port if tls else server.port}"))
    headers += [("Origin", value) for value in ([origin] if origin is not None else []) + list(origins)]
    with Connection(server, tls=tls) as connection:
        response = connection.request(method, path, [*headers, *extra], body)
    if response.status == 200 and response.body:
        reply = response.json[0]
        if reply.get("successful") and "clientId" in reply:
            client = Client(server, tls=tls)
            client.client_id = reply["clientId"]
            client.cookies = {"BAYEUX_BROWSER": response.header("Set-Cookie").split(";")[0].partition("=")[2]}
            client.disconnect()
            client.close()
    return response


def cors(response):
    return {name.lower(): value for name, value in response.headers if name.lower().startswith("access-control-")}


def refused_origin(server, path, origin, **options):
    before = number(server, "BayeuxSessions")
    response = ask(server, path, origin, **options)
    equal(response.status, 403, f"status for {origin!r} {options}")
    equal(response.header("Set-Cookie"), None)
    equal(cors(response), {})
    equal(number(server, "BayeuxSessions"), before)


@test("S8 no Origin: a program, no page of a browser; served, without CORS fields")
def _(server):
    for path in ("/bayeux", "/listed", "/others"):
        response = ask(server, path, None)
        succeeded(batch(response).reply)
        equal(cors(response), {})


@test("CO-4 BayeuxAllowOrigin self, the default: pages of this very host and port, in any case of the host")
def _(server):
    port = server.port
    for host, origin in (
        (f"localhost:{port}", f"http://localhost:{port}"),
        (f"LocalHost:{port}", f"http://localhost:{port}"),
        (f"127.0.0.1:{port}", f"http://127.0.0.1:{port}"),
        (f"www.example.org:{port}", f"http://www.example.org:{port}"),
    ):
        for path in ("/bayeux", "/listed"):
            succeeded(batch(ask(server, path, origin, host=host)).reply)
    origin = f"https://localhost:{server.tls_port}"
    succeeded(batch(ask(server, "/bayeux", origin, tls=True)).reply)


LOOKALIKES = (
    "https://evil.example", "null", "", "http://localhost", "http://localhost:1", "https://localhost:PORT",
    "http://localhost:PORT.evil.example", "http://evil-localhost:PORT", "http://localhost.evil:PORT",
    "http://localhost:PORT0", "http://localhost:PORT/", "http://localhost:PORT/path", "http://localhost:PORT@evil",
    "http://x@localhost:PORT", "localhost:PORT", "//localhost:PORT", "http://localhost:PORT https://evil.example",
    "https://evil.example http://localhost:PORT", "http://localhost:PORT, https://evil.example", "ftp://localhost:PORT",
    "*", "self", "http://*", "http://127.0.0.1:PORT", "http://[::1]:PORT", "http://localhost :PORT", "file://",
    "http://localhost%2eevil:PORT", "http://localhost:-1", "http://",
)  # fmt: skip

for origin in LOOKALIKES:

    @test(f"S8 Origin {origin!r} is not self: 403, no session, no cookie")
    def _(server, origin=origin):
        refused_origin(server, "/bayeux", origin.replace("PORT", str(server.port)))


@test("S8 two Origin fields: refused, whichever comes first")
def _(server):
    own = f"http://localhost:{server.port}"
    refused_origin(server, "/bayeux", own, origins=["https://evil.example"])
    refused_origin(server, "/bayeux", "https://evil.example", origins=[own])


@test("S9 CSRF: a text/plain or form POST of a foreign page, which needs no pre-flight, is refused")
def _(server):
    form = b"message=" + HANDSHAKE.replace(b"+", b"%2b")
    for kind in ("text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded",
                 "multipart/form-data; boundary=x"):  # fmt: skip
        for body in (form, HANDSHAKE):
            refused_origin(server, "/bayeux", "https://evil.example", kind=("Content-Type", kind), body=body)
            refused_origin(server, "/listed", "https://evil.example", kind=("Content-Type", kind), body=body)
            refused_origin(server, "/listed", "null", kind=("Content-Type", kind), body=body)
    refused_origin(server, "/bayeux", "https://evil.example", kind=None, body=HANDSHAKE)


@test("design 8: a wrong Origin is refused before the body is read")
def _(server):
    with Connection(server) as connection:
        connection.send_request("POST", "/bayeux", [
            JSON_TYPE, ("Origin", "https://evil.example"), ("Content-Length", "1000"),
        ])  # fmt: skip
        equal(connection.read_response(5).status, 403)


ALLOWED = {"/listed": ("https://a.example", "http://b.example:8080"), "/others": ("https://a.example",)}

for path, origins in ALLOWED.items():
    for origin in origins:

        @test(f"CO-1 CO-2 {path}: {origin} is allowed, by name and with credentials")
        def _(server, path=path, origin=origin):
            response = ask(server, path, origin)
            succeeded(batch(response).reply)
            allowed = cors(response)
            equal(allowed["access-control-allow-origin"], origin)
            equal(allowed["access-control-allow-credentials"], "true")
            check("origin" in (response.header("Vary") or "").lower(), "no Vary: a cache would mix origins up")

        @test(f"CO-1 CO-2 {path}: the pre-flight of {origin}")
        def _(server, path=path, origin=origin):
            response = preflight(server, path, origin)
            equal((response.status, response.body), (200, b""))
            allowed = cors(response)
            equal(allowed["access-control-allow-origin"], origin)
            equal(allowed["access-control-allow-credentials"], "true")
            check("POST" in words(allowed["access-control-allow-methods"]), allowed)
            check("content-type" in [name.lower() for name in words(allowed["access-control-allow-headers"])], allowed)
            check("origin" in (response.header("Vary") or "").lower(), "Vary")


def words(text):
    return [word.strip() for word in text.split(",")]


def preflight(server, path, origin):
    return ask(server, path, origin, method="OPTIONS", body=b"", kind=None, extra=[
        ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type"),
    ])  # fmt: skip


@test("S8 the case of a host in the configuration does not matter")
def _(server):
    response = ask(server, "/listed", "https://mixed.example")
    succeeded(batch(response).reply)
    equal(cors(response)["access-control-allow-origin"], "https://mixed.example")


NOT_LISTED = (
    "https://evil-a.example", "https://a.example.evil", "https://a.examples", "https://a.exampl", "http://a.example",
    "https://a.example:8443", "https://a.example:80", "https://a.example/", "https://a.example.", "https://x.a.example",
    "https://b.example:8080", "http://b.example", "http://b.example:80", "http://b.example:8081", "null", "a.example",
    "https://a.example https://evil.example", "https://evil.example https://a.example", "https://", "",
    "https://a.example:", "https://a.example#x", "https://a.example?x", "https://user@a.example",
)  # fmt: skip

for origin in NOT_LISTED:

    @test(f"S8 Origin {origin!r} is not on the list: 403, and its pre-flight allows nothing")
    def _(server, origin=origin):
        refused_origin(server, "/listed", origin)
        response = preflight(server, "/listed", origin)
        check(response.status in (200, 403), response)
        equal({name for name in cors(response) if "allow" in name}, set())


@test("CO-4 self counts only where it is listed")
def _(server):
    refused_origin(server, "/others", f"http://localhost:{server.port}")


@test("S8 BayeuxAllowOrigin *: everybody, but without credentials")
def _(server):
    for origin in ("https://evil.example", "http://localhost:1", "null"):
        response = ask(server, "/any", origin)
        succeeded(batch(response).reply)
        allowed = cors(response)
        check("access-control-allow-credentials" not in allowed, allowed)
        check(allowed["access-control-allow-origin"] in ("*", origin), allowed)
        response = preflight(server, "/any", origin)
        equal(response.status, 200)
        check("access-control-allow-credentials" not in cors(response), response)


@test("S8 the Origin is judged on every request, not only on the first of a connection or session")
def _(server):
    with Client(server) as alice:
        alice.handshake()
        own = ("Origin", f"http://localhost:{server.port}")
        host = ("Host", f"localhost:{server.port}")
        evil = ("Origin", "https://evil.example")
        for request in (
            alice.connect_message(),
            alice.message("/meta/subscribe", subscription="/co"),
            alice.message("/co", data=1),
            alice.message("/meta/disconnect"),
        ):
            equal(alice.post([request], headers=[evil, host]).status, 403)
            if request["channel"] != "/meta/disconnect":
                succeeded(batch(alice.post([request], headers=[own, host])).replies[-1])


@test("S8 an Origin that is refused may not read what is not there either: errors and other methods")
def _(server):
    for method in ("GET", "PUT", "OPTIONS"):
        response = ask(server, "/bayeux", "https://evil.example", method=method, body=b"", kind=None)
        check(response.status in (403, 400, 405, 200), response)
        equal(cors(response), {})
    response = ask(server, "/bayeux", "https://evil.example", body=b"[")
    equal((response.status, cors(response)), (403, {}))
    response = ask(server, "/listed", "https://a.example", body=b"[")
    equal(response.status, 400)


@test("the server serves")
def _(server):
    serves(server)


run(lambda: Httpd(CONF, tls=True))
