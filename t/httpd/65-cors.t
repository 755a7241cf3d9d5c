#!/usr/bin/env python3
"""Other origins with the newer transports (CO, Faye dialect 7): text/plain polling, GET, and their pre-flights."""

import json
import sys
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from http_client import Connection  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import batch, hold, number, session, succeeded  # noqa: E402

CONF = """
<Location /faye>
    SetHandler bayeux
    BayeuxTransports websocket eventsource long-polling cross-origin-long-polling callback-polling
    BayeuxAllowOrigin https://a.example
</Location>
<Location /any>
    SetHandler bayeux
    BayeuxTransports long-polling cross-origin-long-polling
    BayeuxAllowOrigin *
</Location>
<Location /plain>
    SetHandler bayeux
    BayeuxTransports long-polling cross-origin-long-polling
</Location>
<Location /post-only>
    SetHandler bayeux
    BayeuxTransports long-polling
    BayeuxAllowOrigin https://a.example
</Location>
"""

PAGE = ("Origin", "https://a.example")
PLAIN = ("Content-Type", "text/plain;charset=UTF-8")


class Page(Client):
    """As Faye's browser client from another origin: text/plain, message=<JSON>, with credentials."""

    def send(self, messages, *, headers=(), connection=None):
        body = urllib.parse.urlencode({"message": json.dumps(messages)}).encode()
        return super().send(body, headers=[PLAIN, *headers], connection=connection)


def words(text):
    return [word.strip() for word in text.split(",")]


def allowed(response, origin="https://a.example"):
    equal(response.header("Access-Control-Allow-Origin"), origin)
    equal(response.header("Access-Control-Allow-Credentials"), "true")
    check("origin" in (response.header("Vary") or "").lower(), f"no Vary: {response!r}")


@test("dialect 7: the whole protocol as cross-origin-long-polling; each answer allows the page to read it")
def _(server):
    with Page(server, "/faye", headers=[PAGE]) as alice:
        response = alice.post([{"channel": "/meta/handshake", "version": "1.0", "id": "1",
                                "supportedConnectionTypes": ["cross-origin-long-polling"]}])  # fmt: skip
        allowed(response)
        reply = succeeded(batch(response).reply)
        check("cross-origin-long-polling" in reply["supportedConnectionTypes"], reply)
        alice.client_id = reply["clientId"]
        succeeded(alice.subscribe("/co").reply)
        succeeded(alice.connect(connectionType="cross-origin-long-polling").reply)
        held = hold(alice)
        with session(server) as bob:
            bob.publish("/co", 1)
        response = held.wait_response(5)
        allowed(response)
        equal([m["data"] for m in response.json if "data" in m], [1])
        response = alice.post([{**alice.message("/co"), "data": 2}])
        allowed(response)


@test("HS-5 a client that knows cross-origin-long-polling only: served where that is offered, else refused")
def _(server):
    types = ["cross-origin-long-polling"]
    with Page(server, "/faye", headers=[PAGE]) as alice:
        succeeded(alice.handshake(supportedConnectionTypes=types))
    with Client(server) as bob:
        equal(bob.handshake(supportedConnectionTypes=types)["successful"], False)


@test("S9 text/plain needs no pre-flight: of a foreign page it is refused wherever that transport is offered")
def _(server):
    before = number(server, "BayeuxSessions")
    shake = [{"channel": "/meta/handshake", "version": "1.0", "id": "1"}]
    for path, origin in (("/faye", "https://evil.example"), ("/plain", "https://evil.example"), ("/plain", "null"),
                         ("/faye", "https://a.example.evil")):  # fmt: skip
        with Page(server, path) as page:
            response = page.post(shake, headers=[("Origin", origin)])
            equal((response.status, response.header("Set-Cookie")), (403, None), f"{path} {origin}")
    equal(number(server, "BayeuxSessions"), before)


@test("S9 a page with a victim's cookie cannot publish for it from a foreign origin")
def _(server):
    with session(server, "/faye", ["/co/victim"]) as victim, Page(server, "/faye") as page:
        page.cookies, page.client_id = dict(victim.cookies), victim.client_id
        evil = ("Origin", "https://evil.example")
        response = page.post([{**page.message("/co/victim"), "data": "forged"}], headers=[evil])
        equal(response.status, 403)
        page.client_id = None
        equal(victim.connect().events, [])


@test("S8 BayeuxAllowOrigin *: any page, without credentials and by no name of its own")
def _(server):
    with Page(server, "/any", headers=[("Origin", "https://evil.example")]) as page:
        response = page.post([{"channel": "/meta/handshake", "version": "1.0", "id": "1"}])
        succeeded(batch(response).reply)
        equal(response.header("Access-Control-Allow-Credentials"), None)


def preflight(server, path, method="POST", headers="content-type"):
    with Connection(server) as connection:
        return connection.request("OPTIONS", path, [
            PAGE, ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", headers),
        ])  # fmt: skip


@test("CO-1 pre-flight: GET is allowed where event sources or callback-polling are offered, POST everywhere")
def _(server):
    methods = words(preflight(server, "/faye").header("Access-Control-Allow-Methods"))
    check({"GET", "POST"} <= set(methods), methods)
    methods = words(preflight(server, "/post-only").header("Access-Control-Allow-Methods"))
    check("POST" in methods and "GET" not in methods, methods)


@test("CO-1 pre-flight: the fields that Faye's and CometD's clients send, below the Location too, kept for a day")
def _(server):
    for path in ("/faye", "/faye/handshake", "/faye/connect"):
        response = preflight(server, path, headers="accept,authorization,content-type,pragma,x-requested-with")
        equal((response.status, response.body), (200, b""))
        allowed(response)
        fields = [word.lower() for word in words(response.header("Access-Control-Allow-Headers"))]
        for field in ("accept", "authorization", "content-type", "pragma", "x-requested-with"):
            check(field in fields, f"{field} is not in {fields}")
        equal(response.header("Access-Control-Max-Age"), "86400")


@test("the methods that there are stand in Allow")
def _(server):
    for path, get in (("/faye", True), ("/post-only", False)):
        with Connection(server) as connection:
            response = connection.request("DELETE", path)
            equal(response.status, 405)
            equal("GET" in words(response.header("Allow")), get, path)


run(lambda: Httpd(CONF))
