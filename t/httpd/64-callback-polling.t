#!/usr/bin/env python3
"""callback-polling (JP): GET in, a call of the client's function out; off by default, hardened as Faye's (S7)."""

import json
import re
import sys
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Batch, Client  # noqa: E402
from harness import Httpd  # noqa: E402
from http_client import Connection  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import counter, number, parked, poll, refused, serves, session, succeeded  # noqa: E402

CONF = """
<Location /jsonp>
    SetHandler bayeux
    BayeuxTransports long-polling callback-polling
</Location>
<Location /short>
    SetHandler bayeux
    BayeuxTransports long-polling callback-polling
    BayeuxTimeout 400ms
</Location>
<Location /listed>
    SetHandler bayeux
    BayeuxTransports long-polling callback-polling
    BayeuxAllowOrigin https://a.example
</Location>
<Location /tiny>
    SetHandler bayeux
    BayeuxTransports long-polling callback-polling
    BayeuxMaxMessageSize 300
</Location>
"""

SHAKE = {"channel": "/meta/handshake", "version": "1.0", "id": "1", "supportedConnectionTypes": ["callback-polling"]}


class Script(Client):
    """A client whose messages are the URLs of script elements."""

    def __init__(self, server, path="/jsonp", callback="_cometd_jsonp_1", **options):
        super().__init__(server, path, **options)
        self.callback = callback

    def send(self, messages, *, headers=(), connection=None):
        text = messages.decode() if isinstance(messages, bytes) else json.dumps(messages)
        pairs = [("message", text)] + ([("jsonp", self.callback)] if self.callback is not None else [])
        return self.send_query(urllib.parse.urlencode(pairs), headers, connection)

    def send_query(self, query, headers=(), connection=None):
        from bayeux import Held

        fields = [*self.headers, *headers]
        if self.cookies:
            fields.append(("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items())))
        connection = connection or self.connection
        connection.send_request("GET", f"{self.path}?{query}", fields)
        return Held(self, connection)

    def take_batch(self, response):
        self._remember(response)
        equal(response.status, 200)
        response.body = json.dumps(unwrap(response, self.callback)).encode()
        return Batch(response)

    def connect_message(self, advice_timeout=None, **fields):
        return super().connect_message(advice_timeout, **{"connectionType": "callback-polling", **fields})


def unwrap(response, callback):
    text = response.body.decode("utf-8")
    start = f"/**/{callback or 'jsonpcallback'}("
    check(text.startswith(start) and text.rstrip().endswith(");"), f"no call of {callback}: {text!r}")
    return json.loads(text.rstrip()[len(start) : -2])


def ask(server, query, path="/jsonp", headers=()):
    with Connection(server) as connection:
        return connection.request("GET", f"{path}?{query}", headers)


def shaken(server, path="/jsonp", **options):
    client = Script(server, path, **options)
    response = client.post([SHAKE])
    (reply,) = unwrap(response, client.callback)
    client.client_id = succeeded(reply)["clientId"]
    return client


@test("JP-1 JP-3 a whole session by GET: handshake, subscribe, connect, publish, disconnect")
def _(server):
    with shaken(server) as alice:
        succeeded(alice.subscribe("/jp").reply)
        succeeded(alice.connect(timeout=5).reply)
        held = alice.start_connect()
        parked(server, 1)
        with session(server, "/jsonp") as bob:
            bob.publish("/jp", {"a": [1, 2.50, "é"]})
        got = held.wait(5)
        equal((got.data, [m["channel"] for m in got]), ([{"a": [1, 2.50, "é"]}], ["/jp", "/meta/connect"]))
        succeeded(alice.publish("/jp", 1).reply)


@test("JP-3 S7 the head: text/javascript, nosniff, an attachment of a harmless name, not to be cached")
def _(server):
    response = ask(server, urllib.parse.urlencode({"message": json.dumps([SHAKE]), "jsonp": "__jsonp1__"}))
    equal(response.status, 200)
    equal(response.header("Content-Type").lower().replace(" ", ""), "text/javascript;charset=utf-8")
    equal(response.header("X-Content-Type-Options"), "nosniff")
    equal(response.header("Content-Disposition"), "attachment; filename=f.txt")
    check("no-cache" in response.header("Cache-Control"), response)
    check(response.header("Set-Cookie"), "BR-1 the cookie")
    unwrap(response, "__jsonp1__")


@test("JP-1 without jsonp the function is jsonpcallback")
def _(server):
    with shaken(server, callback=None) as alice:
        succeeded(alice.connect(timeout=5).reply)


GOOD = ("a", "_", "$", "f.g.h", "__jsonp12__", "_cometd_jsonp_1", "a-b", "A1", "x" * 64)
BAD = ("x" * 65, "a b", "a(", "alert(1)//", "a;b", "a=b", "<script>", "a\n", "é", "a'b", 'a"b', "a/b", "a,b", "[0]",
       "a[0]", "a\0", "a%28", "", "\u2028")  # fmt: skip

for name in GOOD:

    @test(f"JP-2 JP-3 S7 the function's name {name[:20]!r} of {len(name)} letters")
    def _(server, name=name):
        response = ask(server, urllib.parse.urlencode({"message": "[{}]", "jsonp": name}))
        equal(response.status, 200)
        unwrap(response, name)


for name in BAD:

    @test(f"JP-2 S7 the function's name {name[:20]!r} of {len(name)} letters: 400, and none of it comes back")
    def _(server, name=name):
        response = ask(server, urllib.parse.urlencode({"message": "[{}]", "jsonp": name}))
        equal(response.status, 400, repr(response))
        check("javascript" not in response.header("Content-Type"), response)
        check(len(name) < 3 or name.encode() not in response.body, response)


@test("S7 jsonp twice: 400, or the first or last of them if both are names; never something that is none")
def _(server):
    message = urllib.parse.urlencode({"message": "[{}]"})
    response = ask(server, f"{message}&jsonp=alert(1)&jsonp=good")
    check(response.status == 400 or b"alert" not in response.body, response)
    response = ask(server, f"{message}&jsonp=good&jsonp=alert(1)")
    check(response.status == 400 or b"alert" not in response.body, response)


@test("JP-3 S7 S22 U+2028, U+2029 and </script> in a payload do not come as they are, and mean the same")
def _(server):
    wild = "\u2028\u2029</script><!--<script>&\\u2028\"'`"
    with shaken(server) as alice, session(server, "/jsonp") as bob:
        alice.subscribe("/jp/wild")
        bob.publish("/jp/wild", {wild: [wild]})
        response = alice.post([alice.connect_message()])
        text = response.body.decode("utf-8")
        for mark in ("\u2028", "\u2029", "</", "<!--", "<script"):
            check(mark not in text, repr(text))
        events = [m for m in unwrap(response, alice.callback) if "data" in m]
        equal([event["data"] for event in events], [{wild: [wild]}])


@test("HT-5 message may repeat, and be an array or a lone object; replies in their order")
def _(server):
    with shaken(server) as alice:
        one = {**alice.message("/jp/x", id="1"), "data": 1}
        two = [{**alice.message("/jp/x", id="2"), "data": 2}, {**alice.message("/jp/x", id="3"), "data": 3}]
        query = urllib.parse.urlencode([("message", json.dumps(one)), ("jsonp", "f"), ("message", json.dumps(two))])
        alice.callback = "f"
        got = alice.take_batch(alice.send_query(query).wait_response(5))
        equal([reply["id"] for reply in got], ["1", "2", "3"])


@test("HT-5 design 8: no message, no JSON, an empty array, a query that is none: 400")
def _(server):
    check(ask(server, "").status in (400, 405), "a GET that is no callback-polling at all")
    for query in ("jsonp=f", "message=&jsonp=f", "message=%5B%5D&jsonp=f", "message=%5B&jsonp=f",
                  "message=null&jsonp=f", "jsonp=f&message=%5B%7B%7D%5D%FF", "message=%zz&jsonp=f"):  # fmt: skip
        response = ask(server, query)
        equal(response.status, 400, query)
        check("javascript" not in (response.header("Content-Type") or ""), response)


@test("BayeuxMaxMessageSize holds for the query's messages: 413 or 414")
def _(server):
    query = urllib.parse.urlencode({"message": json.dumps([{"channel": "/jp", "data": "x" * 400}]), "jsonp": "f"})
    check(ask(server, query, "/tiny").status in (413, 414), "too large")


@test("CN-5 CN-9 connects are held as with long-polling, and time out")
def _(server):
    with shaken(server, "/short") as alice:
        succeeded(alice.connect(timeout=5).reply)
        held = alice.start_connect()
        check(not held.answered(0.25), "not held")
        succeeded(held.wait(5).reply)


@test("ORD-4 events leave with connects only: a publish's answer has none, and the held connect is answered")
def _(server):
    with shaken(server) as alice:
        alice.subscribe("/jp/self")
        succeeded(alice.connect(timeout=5).reply)
        for n in range(3):
            held = alice.start_connect()
            parked(server, 1)
            equal(list(alice.publish("/jp/self", n).events), [])
            equal(held.wait(5).data, [n])


@test("a session moves between callback-polling and long-polling; the cookie binds it (CID-4)")
def _(server):
    with shaken(server) as alice, session(server, "/jsonp") as bob:
        alice.subscribe("/jp/move")
        bob.publish("/jp/move", 1)
        equal(alice.connect(timeout=5).data, [1])
        # Until that is noted as written no answer on another connection has events.
        counter(server, "BayeuxQueuedEvents", 0)
        polling = Client(server, "/jsonp")
        polling.client_id, polling.cookies = alice.client_id, alice.cookies
        bob.publish("/jp/move", 2)
        equal(poll(polling).data, [2])
        polling.close()
        thief = Script(server)
        thief.client_id = alice.client_id
        refused(thief.publish("/jp/move", 3).reply, "402::session_unknown")
        thief.cookies = bob.cookies
        refused(thief.connect(0).reply, "402::session_unknown")
        thief.close()


# --- S7, S8: off, and not for every page ------------------------------------------------------------------------------


@test("S7 off by default: not offered, and refused")
def _(server):
    with Client(server) as alice:
        check("callback-polling" not in alice.handshake()["supportedConnectionTypes"], "offered")
    before = number(server, "BayeuxSessions")
    response = ask(server, urllib.parse.urlencode({"message": json.dumps([SHAKE]), "jsonp": "f"}), "/bayeux")
    check(response.status in (400, 403, 405), response)
    check(b"f(" not in response.body, response)
    equal(number(server, "BayeuxSessions"), before)


@test("S7 JSON is JSON: a POST to the same Location has the JSON type whatever its query says")
def _(server):
    with Connection(server) as connection:
        json_type = ("Content-Type", "application/json")
        response = connection.request("POST", "/jsonp?jsonp=f", [json_type], b'[{"channel":"/x"}]')
        check(response.header("Content-Type").startswith("application/json"), response)
        check(re.match(rb"\[", response.body), response)


@test("S8 a foreign origin: 403, no session, no cookie; one that is listed: served")
def _(server):
    query = urllib.parse.urlencode({"message": json.dumps([SHAKE]), "jsonp": "f"})
    before = number(server, "BayeuxSessions")
    for path, origin in (("/jsonp", "https://evil.example"), ("/jsonp", "null"), ("/listed", "https://a.example.evil")):
        response = ask(server, query, path, [("Origin", origin)])
        equal((response.status, response.header("Set-Cookie")), (403, None), f"{path} {origin}")
    equal(number(server, "BayeuxSessions"), before)
    with Script(server, "/listed", callback="f", headers=[("Origin", "https://a.example")]) as alice:
        (reply,) = unwrap(alice.post([SHAKE]), "f")
        alice.client_id = succeeded(reply)["clientId"]


@test("the server serves")
def _(server):
    serves(server, "/jsonp")
    serves(server)


run(lambda: Httpd(CONF))
