#!/usr/bin/env python3
"""Hostile and broken input: each gets its stated answer, and the server serves on (design 8, S4 to S6, S16, S17)."""

import json
import os
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import JSON_TYPE, Client  # noqa: E402
from harness import Httpd  # noqa: E402
from http_client import Connection  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import (  # noqa: E402
    bad_request, batch, connected, hold, number, poll, refused, serves, session, succeeded,
)  # fmt: skip

CONF = """
MaxKeepAliveRequests 0
<Location /big>
    SetHandler bayeux
    BayeuxMaxMessageSize 64M
</Location>
"""


def ask(server, body, path="/bayeux", headers=(JSON_TYPE,)):
    with Connection(server, timeout=60) as connection:
        return connection.request("POST", path, headers, body)


def in_message(client, raw, name="data", channel="/bad"):
    """The bytes of a publish with this raw text for one of its fields."""
    fields = {"channel": json.dumps(channel), "clientId": json.dumps(client.client_id), "data": "1", name: raw}
    text = b",".join(f'"{key}":'.encode() + (value if isinstance(value, bytes) else value.encode())
                     for key, value in fields.items())  # fmt: skip
    return b"[{" + text + b"}]"


# --- what is no JSON ----------------------------------------------------------------------------------------------

NO_JSON = (
    b"not json", b"<xml/>", b"[{]}", b"[{}", b"{}]", b"[{},]", b"[,{}]", b"[{} {}]", b"[{}],[{}]", b"{'a':1}",
    b"{a:1}", b'{"a" 1}', b'{"a":}', b'{"a":1,}', b'{"a":01}', b'{"a":+1}', b'{"a":.5}', b'{"a":1.}', b'{"a":0x10}',
    b'{"a":1e}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-}', b'{"a":tru}', b'{"a":nulll}', b'{"a":"\n"}',
    b'{"a":"\t"}', b'{"a":"\\x"}', b'{"a":"\\u12"}', b'{"a":"\\u12G4"}', b'{"a":"', b'{"a":"\\', b'{"a":"\\u',
    b"// x\n{}", b"/* x */{}", b"{}//", b"\xef\xbb\xbf\xef\xbb\xbf[]", b"\x00", b"{}\x00", b"\x00{}", b"[\x00]",
    b"[" * 50, b"]", b"}", b'"', b"\\", b"-", b"1 2", b"[1", b'["channel"', b"{" * 1000, b'{"channel":"/x"' * 50,
)  # fmt: skip


@test("design 8: what is no JSON is answered with 400 and a line of JSON")
def _(server):
    for body in NO_JSON:
        response = ask(server, body)
        try:
            bad_request(response)
        except Exception as error:
            raise AssertionError(f"{body[:60]!r}: {error}") from None
    serves(server)


@test("design 8: null, numbers, strings, true: 400")
def _(server):
    for body in (b"null", b"0", b"-1", b"1e999", b"12345678901234567890", b'"x"', b"true", b"false", b" null ", b"[]"):
        bad_request(ask(server, body))
    serves(server)


BAD_UTF8 = {
    "a continuation byte": b"\x80",
    "a lead byte alone": b"\xc3",
    "an overlong slash": b"\xc0\xaf",
    "an overlong NUL": b"\xc0\x80",
    "three bytes overlong": b"\xe0\x80\xaf",
    "a surrogate": b"\xed\xa0\x80",
    "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "beyond U+10FFFF": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "0xFF": b"\xff",
    "cut short": b"\xf0\x9f\x98",
}

for what, wrong in BAD_UTF8.items():

    @test(f"S6 bad UTF-8 ({what}): 400, wherever it is")
    def _(server, wrong=wrong):
        with session(server, subscriptions=["/bad"]) as alice:
            quoted = b'"x' + wrong + b'y"'
            for body in (
                in_message(alice, quoted),
                in_message(alice, b"{" + quoted + b":1}"),
                in_message(alice, quoted, "channel"),
                in_message(alice, quoted, "clientId"),
                in_message(alice, quoted, "id"),
                in_message(alice, b"{" + quoted + b":1}", "ext"),
                in_message(alice, quoted, "foo"),
                b"[{" + quoted + b":1}]",
            ):
                bad_request(alice.post(body))
            equal(poll(alice).data, [])


@test("S6 a raw NUL or another control character inside a string: 400")
def _(server):
    with session(server, subscriptions=["/bad"]) as alice:
        for code in (0, 1, 8, 9, 10, 13, 27, 31):
            bad_request(alice.post(in_message(alice, b'"x' + bytes([code]) + b'y"')))
        equal(poll(alice).data, [])
        succeeded(batch(alice.post(in_message(alice, b'"x\x7fy"'))).reply)


# --- JSON that is too much ----------------------------------------------------------------------------------------

@test("S16 JSON 1e4 deep: 400, in every place")
def _(server):
    deep_array, deep_object = b"[" * 10000 + b"]" * 10000, b'{"a":' * 10000 + b"1" + b"}" * 10000
    with session(server, subscriptions=["/bad"]) as alice:
        for path in ("/bayeux", "/big"):
            alice.path = path
            for deep in (deep_array, deep_object):
                if path == "/bayeux" and len(deep) > 60000:
                    continue  # that is 413 for its size
                for name in ("data", "ext", "foo", "advice", "subscription", "channel", "id"):
                    bad_request(alice.post(in_message(alice, deep, name)))
                bad_request(alice.post(deep))
        alice.path = "/big"
        bad_request(alice.post(b"[" * 10**6))
        bad_request(alice.post(b'{"a":' * 10**6))
        alice.path = "/bayeux"
        equal(poll(alice).data, [])
    serves(server)


@test("S16 a batch of 1e5 messages: refused as a whole, or answered in full; others are served")
def _(server):
    with session(server, "/big") as alice:
        message = b'{"channel":"/bad/many","data":1,"clientId":"%s"}' % alice.client_id.encode()
        body = b"[" + b",".join([message] * 10**5)
        response = ask(server, body + b"]", "/big", [
            JSON_TYPE, ("Cookie", f"BAYEUX_BROWSER={alice.cookies['BAYEUX_BROWSER']}"),
        ])  # fmt: skip
        if response.status == 200:
            equal(len(response.json), 10**5)
        else:
            bad_request(response, 400, 413)
        response = ask(server, b"[" + b",".join([b"{}"] * 10**5) + b"]", "/big")
        check(response.status in (200, 400, 413), response)
        succeeded(alice.connect(timeout=5).reply)
    serves(server)


@test("S16 many small messages within the default size: every one is answered, or none")
def _(server):
    response = ask(server, b"[" + b",".join([b"{}"] * 20000) + b"]")
    if response.status == 200:
        equal(len(response.json), 20000)
    else:
        bad_request(response, 400, 413)
    serves(server)


@test("S16 a flood of handshakes: 500 sessions are made and ended")
def _(server):
    before = number(server, "BayeuxSessions")
    clients = []
    with Connection(server) as connection:
        for _ in range(500):
            client = Client(server)
            client.connection = connection
            client.handshake()
            clients.append(client)
        equal(number(server, "BayeuxSessions"), before + 500)
        for client in clients:
            client.disconnect()
    equal(number(server, "BayeuxSessions"), before)


@test("S16 one subscribe with thousands of names: done, or refused as a whole, never half")
def _(server):
    before = number(server, "BayeuxSubscriptions")
    with session(server, "/big") as alice:
        names = [f"/bad/flood/{n}" for n in range(20000)]
        reply = alice.subscribe(names).reply
        count = number(server, "BayeuxSubscriptions") - before
        if reply["successful"]:
            equal(count, 20000)
        else:
            refused(reply, "403", "503")
            equal(count, 0)
    equal(number(server, "BayeuxSubscriptions"), before)
    serves(server)


@test("a name, an id and a clientId of 50000 characters")
def _(server):
    long = "x" * 50000
    with session(server) as alice:
        for request in (
            alice.message("/" + long, data=1),
            alice.message("/a" * 25000, data=1),
            alice.message("/meta/subscribe", subscription="/" + long),
            alice.message("/meta/subscribe", subscription="/a" * 25000),
            alice.message("/bad", data=1, id=long),
            alice.message("/bad", data=1, clientId=long),
        ):
            reply = batch(alice.post([request])).reply
            check(isinstance(reply["successful"], bool), reply)
        refused(alice.publish("/bad", 1, clientId=long).reply, "402::session_unknown")
    serves(server)


@test("S6 numbers in the fields that the server reads: huge, negative, fractional; the session lives on")
def _(server):
    with connected(server) as alice:
        for raw in ("1e400", "-1e400", "1e308", "99999999999999999999999999", "-99999999999999999999", "0.5", "-0",
                    "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
                    "1E-400", "18446744073709551616"):  # fmt: skip
            for name in ("interval", "timeout"):
                # The other member keeps it from being held.
                other = '"timeout":0,' if name == "interval" else ""
                text = (
                    f'[{{"channel":"/meta/connect","clientId":"{alice.client_id}","connectionType":"x",'
                    f'"advice":{{{other}"{name}":{raw}}}}},'
                    f'{{"channel":"/bad","data":1,"clientId":"{alice.client_id}"}}]'
                )
                replies = batch(alice.post(text.encode(), timeout=5))
                equal(len(replies), 2)
                check(isinstance(replies[0]["successful"], bool), replies[0])
        reply = succeeded(poll(alice).reply)
        equal(reply["advice"], {"reconnect": "retry", "interval": 0, "timeout": 30000})


# --- untrusted names ----------------------------------------------------------------------------------------------

@test("S6 __proto__, constructor and the like as keys and as values, at every level")
def _(server):
    with session(server, subscriptions=["/bad"]) as alice:
        for name in ("__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "", "\u0000", "$ref"):
            poison = {name: {"successful": False, "clientId": "x", "channel": "/meta/disconnect"}}
            replies = alice.call([{**alice.message("/bad"), "data": poison, "ext": poison, **poison}])
            equal(replies.events[0]["data"], poison)
            succeeded(replies.reply)
            equal(replies.reply["channel"], "/bad")
            reply = alice.call([{**alice.connect_message(0), "ext": poison, **poison}]).reply
            equal((reply["channel"], reply["successful"]), ("/meta/connect", True))
            with Client(server) as other:
                succeeded(other.handshake(ext=poison, **poison))


@test("S6 a key of the message that occurs twice does not make two messages of it, nor get around the checks")
def _(server):
    with session(server, subscriptions=["/bad", "/bad/two"]) as alice, session(server) as bob:
        mine, other = alice.client_id, bob.client_id
        for text in (
            f'{{"channel":"/meta/disconnect","channel":"/bad","data":1,"clientId":"{mine}"}}',
            f'{{"channel":"/bad","clientId":"{other}","clientId":"{mine}","data":1}}',
            f'{{"channel":"/bad","clientId":"{mine}","clientId":"{other}","data":1}}',
            f'{{"channel":"/meta/handshake","channel":"/bad","data":1,"clientId":"{mine}"}}',
            f'{{"channel":"/bad","channel":"/meta/handshake","data":1,"clientId":"{mine}"}}',
            f'{{"channel":"/meta/subscribe","subscription":"/a","subscription":"/meta/x","clientId":"{mine}"}}',
        ):
            response = alice.post(text.encode())
            if response.status == 400:
                continue
            replies = batch(response)
            equal(len(replies.replies), 1)
            if "clientId" in replies.reply:
                extra = Client(server)
                extra.client_id, extra.cookies = replies.reply["clientId"], dict(alice.cookies)
                extra.disconnect()
        succeeded(bob.publish("/bad/x", 1).reply)
        if alice.connect(0).reply["successful"] is False:
            alice.client_id = None  # one of them was its disconnect
    serves(server)


# --- what is no message -------------------------------------------------------------------------------------------

@test("S17 elements that are no objects: 400, or an error reply for each, and nobody is harmed")
def _(server):
    with session(server, subscriptions=["/bad"]) as alice:
        good = json.dumps({**alice.message("/bad"), "data": "good"})
        for element in ("1", "null", '"x"', "true", "[]", "[{}]", "[[]]", "{}", "-1.5"):
            for text in (f"[{element}]", f"[{element},{good}]", f"[{good},{element}]", f"[{element},{element}]"):
                response = alice.post(text.encode())
                events = poll(alice).data
                if response.status != 200:
                    bad_request(response)
                    equal(events, [], text)
                    continue
                replies = batch(response)
                equal(len(replies.replies), len(json.loads(text)), text)
                equal(replies.data + events, ["good"] * text.count("good"), text)
                for reply in replies.replies:
                    if reply.get("channel") != "/bad":
                        refused(reply, "400")
    serves(server)


@test("S17 an empty body, with length 0, without length, and chunked: 400 (411)")
def _(server):
    bad_request(ask(server, b""))
    with Connection(server) as connection:
        connection.send(b"POST /bayeux HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\r\n")
        response = connection.read_response()
        check(response.status in (400, 411), response)
    with Connection(server) as connection:
        connection.send(b"POST /bayeux HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")  # fmt: skip
        equal(connection.read_response().status, 400)
    with Connection(server) as connection:
        connection.send(b"POST /bayeux HTTP/1.0\r\n\r\n")
        check(connection.read_response().status in (400, 411), "HTTP/1.0")
    serves(server)


@test("garbage bytes as bodies: 400")
def _(server):
    random.seed(20260102)
    with Client(server) as nobody:
        for _ in range(150):
            bad_request(nobody.post(b"\x01" + random.randbytes(random.randrange(0, 300))))
    serves(server)


@test("messages with bytes changed at random: an answer each time, and the server serves")
def _(server):
    random.seed(20260103)
    with session(server, subscriptions=["/bad/*"]) as alice:
        message = {**alice.message("/bad/x"), "data": {"a": [1, "ä\n", None]}, "ext": {"b": {}}}
        message["advice"] = {"timeout": 0}
        others = [alice.connect_message(0), alice.message("/meta/subscribe", subscription=["/bad/y", "/bad/z"])]
        text = json.dumps([message, *others]).encode()
        for _ in range(400):
            broken = bytearray(text)
            for _ in range(random.randrange(1, 4)):
                at = random.randrange(len(broken))
                action = random.randrange(3)
                if action == 0:
                    broken[at] = random.randrange(256)
                elif action == 1:
                    del broken[at]
                else:
                    broken.insert(at, random.choice(b'{}[]",:\\0-eE.u'))
            response = alice.post(bytes(broken), timeout=10)
            check(response.status in (200, 400), f"{bytes(broken)!r}: {response}")
            check(isinstance(response.json, (list, dict)), response)
        succeeded(alice.connect(0).reply)
    serves(server)


@test("S4 a flood of requests with guessed ids: 402 each, nobody is touched")
def _(server):
    with connected(server) as alice, Client(server) as thief:
        held = hold(alice)
        thief.cookies = {"BAYEUX_BROWSER": os.urandom(20).hex()}
        for _ in range(200):
            thief.client_id = os.urandom(len(alice.client_id) // 2).hex()
            refused(thief.call([thief.message("/meta/disconnect")]).reply, "402::session_unknown")
        thief.client_id = None
        check(not held.answered(), "answered")
        alice.disconnect()
        held.wait(5)


@test("the server serves, in every child")
def _(server):
    for _ in range(9):
        serves(server)


def fixture():
    server = Httpd(CONF)
    server.expect("BX0016")  # thousands of subscriptions are too many
    return server


run(fixture)
