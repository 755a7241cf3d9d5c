#!/usr/bin/env python3
"""Bayeux in HTTP: URLs, methods, content types, charsets, statuses and header fields (HT)."""

import json
import sys
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from http_client import Connection  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import bad_request, batch, connected, hold, number, poll, refused, serves, session, succeeded  # noqa: E402


def form(*values, **others):
    """An encoded form with these values of message."""
    pairs = [("message", json.dumps(value) if not isinstance(value, str) else value) for value in values]
    return urllib.parse.urlencode([*others.items(), *pairs]).encode()


def post_raw(client, body, content_type=None, path=None, extra=()):
    """POST with exactly this Content-Type, or none."""
    headers = [("Cookie", f"BAYEUX_BROWSER={client.cookies['BAYEUX_BROWSER']}")] if client.cookies else []
    if content_type is not None:
        headers.append(("Content-Type", content_type))
    connection = client.connection
    response = connection.request("POST", path or client.path, [*headers, *extra], body)
    if response.header("Connection") == "close":
        client.forget(connection)
    return response


# --- URL and method -----------------------------------------------------------------------------------------------

SUFFIXES = ("", "/", "/handshake", "/connect", "/disconnect", "/abc/def", "/x.html", "/handshake/", "?x=1", "/a?b=c")

for suffix in SUFFIXES:

    @test(f"HT-1 the URL's suffix {suffix!r} does not matter, for any message")
    def _(server, suffix=suffix):
        with session(server, "/bayeux" + suffix, subscriptions=["/ht/url"]) as alice:
            equal(alice.publish("/ht/url", 1).data, [1])
            succeeded(alice.connect(timeout=5).reply)
            succeeded(alice.connect(0).reply)


@test("HT-1 what only begins alike is not ours")
def _(server):
    nobody = Client(server, "/bayeuxish")
    equal(nobody.post([nobody.message("/meta/handshake")]).status, 404)


for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "PROPFIND", "BREW"):

    @test(f"HT-2 {method}: 400, or 405 with Allow (501 for a method that nobody knows)")
    def _(server, method=method):
        with Connection(server) as connection:
            body = b"" if method in ("GET", "HEAD") else b"[{}]"
            headers = [("Content-Type", "application/json")] if body else []
            connection.send_request(method, "/bayeux", headers, body)
            response = connection.read_response(head_only=method == "HEAD")
            check(response.status in ((400, 405, 501) if method == "BREW" else (400, 405)), response)
            if response.status == 405:
                allowed = [name.strip() for name in response.header("Allow").split(",")]
                check("POST" in allowed and method not in allowed, response)
            check(b"clientId" not in response.body, response)


@test("HT-2 GET with message and jsonp, which is off by default (S7)")
def _(server):
    before = number(server, "BayeuxSessions")
    message = urllib.parse.quote('[{"channel":"/meta/handshake","version":"1.0","id":"1"}]')
    with Connection(server) as connection:
        response = connection.request("GET", f"/bayeux?jsonp=evil&message={message}")
        check(response.status in (400, 403, 404, 405), response)
        check(b"evil" not in response.body, response)
    equal(number(server, "BayeuxSessions"), before)


@test("HT-3 OPTIONS without Origin: 200, an empty body, no CORS fields")
def _(server):
    with Connection(server) as connection:
        response = connection.request("OPTIONS", "/bayeux")
        equal((response.status, response.body), (200, b""))
        equal([name for name, _ in response.headers if name.lower().startswith("access-control")], [])


# --- content types ------------------------------------------------------------------------------------------------

AS_JSON = (
    "application/json", "application/json;charset=UTF-8", "application/json; charset=utf-8", "Application/JSON",
    "application/json;charset=\"utf-8\"", "application/json ;x=y", "text/json", "text/json;charset=UTF-8",
    "application/vnd.bayeux+json", "application/x+json;charset=utf-8", "text/x.y+json", None,
)  # fmt: skip

for kind in AS_JSON:

    @test(f"HT-4 Content-Type {kind}: the body is JSON, an array or an object")
    def _(server, kind=kind):
        with session(server, subscriptions=["/ht/type"]) as alice:
            message = {**alice.message("/ht/type"), "data": "é+%41"}
            for body in ([message], message):
                replies = batch(post_raw(alice, json.dumps(body, ensure_ascii=False).encode(), kind))
                equal(replies.data, ["é+%41"])
                succeeded(replies.reply)


AS_FORM = (
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded;charset=UTF-8",
    "Application/X-WWW-Form-URLEncoded", "text/plain", "text/plain;charset=UTF-8", "application/xml",
    "application/octet-stream", None,
)  # fmt: skip

for kind in AS_FORM:

    @test(f"HT-4 Content-Type {kind}: the body is a form with message=")
    def _(server, kind=kind):
        with session(server, subscriptions=["/ht/form"]) as alice:
            message = {**alice.message("/ht/form"), "data": "é +&=%41"}
            for value in ([message], message):
                replies = batch(post_raw(alice, form(value), kind))
                equal(replies.data, ["é +&=%41"])
                succeeded(replies.reply)


for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):

    @test(f"HT-4 S9 JSON sent as {kind} is not taken for JSON: 400")
    def _(server, kind=kind):
        with session(server, subscriptions=["/ht/not"]) as alice:
            bad_request(post_raw(alice, json.dumps([{**alice.message("/ht/not"), "data": 1}]).encode(), kind))
            equal(poll(alice).data, [])


@test("HT-4 a form sent as JSON: 400")
def _(server):
    with session(server) as alice:
        bad_request(post_raw(alice, form([alice.message("/ht/x", data=1)]), "application/json"))


@test("HT-5 message may occur several times, an object or an array each: one after the other")
def _(server):
    with session(server, subscriptions=["/ht/five"]) as alice:
        def message(n):
            return {**alice.message("/ht/five", id=f"m{n}"), "data": n}

        body = form(message(0), [message(1), message(2)], [message(3)], message(4), other="[{}]")
        replies = batch(post_raw(alice, body, "application/x-www-form-urlencoded"))
        equal(replies.data, [0, 1, 2, 3, 4])
        equal([reply["id"] for reply in replies.replies], ["m0", "m1", "m2", "m3", "m4"])


@test("HT-5 a handshake, a connect and a subscription, all as forms")
def _(server):
    alice = Client(server)
    kind = "application/x-www-form-urlencoded"
    response = post_raw(alice, form({"channel": "/meta/handshake", "version": "1.0"}), kind)
    alice.client_id = succeeded(batch(response).reply)["clientId"]
    alice.cookies = {"BAYEUX_BROWSER": response.header("Set-Cookie").split(";")[0].partition("=")[2]}
    succeeded(batch(post_raw(alice, form([alice.connect_message()]), kind)).reply)
    succeeded(batch(post_raw(alice, form([alice.message("/meta/subscribe", subscription="/ht/f")]), kind)).reply)
    alice.disconnect()


@test("HT-5 the encoding: percent in either case, plus is a blank, order and other fields do not matter")
def _(server):
    with session(server, subscriptions=["/ht/enc"]) as alice:
        text = json.dumps({**alice.message("/ht/enc"), "data": "a b"})
        every = "".join(f"%{byte:02x}" for byte in text.encode())
        upper = "".join(f"%{byte:02X}" for byte in text.encode())
        plus = urllib.parse.quote_plus(text)
        blank = urllib.parse.quote(text)
        for body in (f"message={every}", f"message={upper}", f"message={plus}", f"message={blank}",
                     f"a=b&message={plus}", f"message={plus}&c=%5b", f"&&message={plus}&", f"messages=x&message={plus}",
                     f"%6dessage={plus}"):  # fmt: skip
            response = post_raw(alice, body.encode(), "application/x-www-form-urlencoded")
            equal(batch(response).data, ["a b"], body[:30])


@test("HT-5 no message in the form: 400")
def _(server):
    with Client(server) as nobody:
        for body in (b"", b"a=b", b"message", b"message=", b"Message=[]", b"messages=[{}]", b"=", b"&", b"message=[]",
                     b"message=null", b"message=1", b"message=x", b"message=[{}&message=}]"):  # fmt: skip
            bad_request(post_raw(nobody, body, "application/x-www-form-urlencoded"))


@test("HT-5 one good and one bad message field: nothing of it is done")
def _(server):
    with session(server, subscriptions=["/ht/half"]) as alice:
        good = {**alice.message("/ht/half"), "data": 1}
        for body in (form(good, "[{"), form("[{", good)):
            bad_request(post_raw(alice, body, "application/x-www-form-urlencoded"))
        equal(poll(alice).data, [])


# --- charsets -----------------------------------------------------------------------------------------------------

GREEK = "αβγ Ω"

for kind, codec in (
    ("application/json;charset=ISO-8859-7", "iso8859-7"),
    ("application/json; charset=iso-8859-7", "iso8859-7"),
    ('application/json;charset="ISO-8859-7"', "iso8859-7"),
    ("application/json;x=y;charset=ISO-8859-7", "iso8859-7"),
    ("application/json;charset=UTF-8", "utf-8"),
    ("application/json", "utf-8"),
    ("application/json;charset=UTF-16LE", "utf-16-le"),
):

    @test(f"HT-6 {kind}: data arrives in UTF-8")
    def _(server, kind=kind, codec=codec):
        with session(server, subscriptions=["/ht/greek"]) as alice, session(server) as bob:
            text = json.dumps([{**bob.message("/ht/greek"), "data": GREEK}], ensure_ascii=False)
            succeeded(batch(post_raw(bob, text.encode(codec), kind)).reply)
            response = alice.post([alice.connect_message(0)])
            check(json.dumps(GREEK, ensure_ascii=False).encode() in response.body, response)
            equal(batch(response).data, [GREEK])


@test("HT-6 a charset that nobody knows: 400 or 415, nothing is done")
def _(server):
    with session(server, subscriptions=["/ht/unknown"]) as alice:
        body = json.dumps([{**alice.message("/ht/unknown"), "data": 1}]).encode()
        for name in ("x-klingon", "../../etc/passwd", "utf-8//IGNORE%00", "a" * 3000):
            response = post_raw(alice, body, f"application/json;charset={name}")
            check(response.status in (400, 415), response)
        equal(poll(alice).data, [])


@test("HT-6 bytes that are wrong in their charset: 400")
def _(server):
    with Client(server) as nobody:
        bad_request(post_raw(nobody, b'[{"channel":"/x","data":"\xff"}]', "application/json;charset=UTF-8"))
        bad_request(post_raw(nobody, b'[{"channel":"/x","data":"\xe4"}]', "application/json"))


# --- responses ----------------------------------------------------------------------------------------------------

@test("HT-7 HT-8 HT-9 every processed request: 200, type, no caching, nosniff")
def _(server):
    with connected(server, subscriptions=["/ht/head"]) as alice, session(server) as bob:
        held = hold(alice)
        bob.publish("/ht/head", 1)
        stranger = Client(server)
        responses = [
            held.wait_response(5),
            alice.post([alice.connect_message(0)]),
            alice.post([alice.message("/meta/subscribe")]),
            alice.post([alice.message("/ht/head", data=1)]),
            alice.post([alice.message("/ht//head", data=1)]),
            stranger.post([stranger.message("/ht/x", data=1)]),
            stranger.post([{}]),
        ]
        for response in responses:
            equal(response.status, 200)
            equal(response.header("Content-Type"), "application/json;charset=UTF-8")
            cached = response.header("Cache-Control")
            check("no-cache" in cached and "no-store" in cached, response)
            equal(response.header("X-Content-Type-Options"), "nosniff")
            equal(len(response.header_values("Content-Type")), 1)
            check(isinstance(response.json, list) and response.json, response)


@test("HT-8 bad requests: 400, one line of JSON, nosniff")
def _(server):
    nobody = Client(server)
    for body in (b"[", b"[]", b"<html>"):
        response = bad_request(nobody.post(body))
        equal(response.header("X-Content-Type-Options"), "nosniff")


@test("S22 what a client sent does not come back as anything but JSON")
def _(server):
    with session(server) as alice:
        markup = "<script>alert(1)</script>"
        response = alice.post([alice.message(markup, data=markup, id="x1", subscription=markup)])
        refused(batch(response).reply, "405::channel_invalid")
        equal(response.header("Content-Type"), "application/json;charset=UTF-8")
        for text in (f"[{markup}]", f'{{"{markup}": }}'):
            response = alice.post(text.encode())
            bad_request(response)
            check(b"<script" not in response.body, response)


@test("HTTP/1.0 is served, with and without keep-alive")
def _(server):
    body = b'[{"channel":"/meta/connect","clientId":"x"}]'
    head = b"POST /bayeux HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    with Connection(server) as connection:
        connection.send(head + b"\r\n" + body)
        equal(connection.read_response().status, 200)
        check(connection.closed_by_server(), "not closed")
    with Connection(server) as connection:
        for _ in range(3):
            connection.send(head + b"Connection: keep-alive\r\n\r\n" + body)
            response = connection.read_response()
            equal(response.status, 200)
            refused(response.json[0], "402::session_unknown")


@test("Connection: close is obeyed, for a held connect too")
def _(server):
    with connected(server, subscriptions=["/ht/close"]) as alice, session(server) as bob:
        held = alice.send([alice.connect_message()], headers=[("Connection", "close")], connection=Connection(server))
        alice.post([alice.message("/ht/x", data=1)])
        bob.publish("/ht/close", 1)
        equal(held.wait(5).data, [1])
        check(held.connection.closed_by_server(), "not closed")


@test("S17 a chunked body, in small chunks, with an extension and with trailers")
def _(server):
    with session(server, subscriptions=["/ht/chunk"]) as alice:
        text = json.dumps([{**alice.message("/ht/chunk"), "data": "x" * 50}]).encode()
        chunks = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(text[at:at + 7]), text[at:at + 7])
                          for at in range(0, len(text), 7))  # fmt: skip
        for trailer in (b"", b"X-Trailer: 1\r\nContent-Type: text/plain\r\n"):
            response = post_raw(alice, chunks + b"0\r\n" + trailer + b"\r\n", "application/json",
                                extra=[("Transfer-Encoding", "chunked")])  # fmt: skip
            equal(batch(response).data, ["x" * 50])
        succeeded(alice.connect(timeout=5).reply)


@test("Expect: 100-continue is answered")
def _(server):
    with session(server) as alice:
        body = json.dumps([alice.message("/ht/expect", data=1)]).encode()
        headers = [("Content-Type", "application/json"), ("Expect", "100-continue"),
                   ("Content-Length", str(len(body))),
                   ("Cookie", f"BAYEUX_BROWSER={alice.cookies['BAYEUX_BROWSER']}")]  # fmt: skip
        alice.connection.send_request("POST", "/bayeux", headers)
        equal(alice.connection.read_until(b"\r\n\r\n").split()[1], b"100")
        alice.connection.send(body)
        succeeded(batch(alice.connection.read_response()).reply)


@test("a body that comes in pieces")
def _(server):
    with session(server) as alice:
        body = json.dumps([alice.message("/ht/slow", data=1)]).encode()
        head = (
            f"POST /bayeux HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Cookie: BAYEUX_BROWSER={alice.cookies['BAYEUX_BROWSER']}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        for byte in head.encode() + body:
            alice.connection.send(bytes([byte]))
        succeeded(batch(alice.connection.read_response()).reply)


@test("other pages of the server on the same connection, before and after ours")
def _(server):
    with session(server) as alice:
        for _ in range(3):
            equal(alice.connection.request("GET", "/static.txt").body, b"static\n")
            succeeded(alice.publish("/ht/mix", 1).reply)
            equal(alice.connection.request("GET", "/nothing-here").status, 404)


@test("the server serves")
def _(server):
    serves(server)


run(Httpd)
