#!/usr/bin/env python3
"""Publishing, what subscribers get of it, and service channels (PB, CID-3, S5, S6)."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import batch, connected, counter, hold, parked, poll, refused, serves, session, succeeded  # noqa: E402


@test("PB-2 the reply has channel, id, successful and nothing else")
def _(server):
    with session(server) as alice:
        equal(list(alice.publish("/pb/a", {"x": 1}, id="p1")), [{"channel": "/pb/a", "id": "p1", "successful": True}])


@test("PB-3 CID-3 the event has channel and data: no clientId, no id, no successful")
def _(server):
    with session(server, subscriptions=["/pb/a"]) as alice, session(server) as bob:
        bob.publish("/pb/a", {"x": 1}, id="p1")
        equal(alice.publish("/pb/b", 1).events, [{"channel": "/pb/a", "data": {"x": 1}}])
        bob.connect()
        held = hold_connected(alice)
        bob.publish("/pb/a", 2)
        equal(held.wait(5).events, [{"channel": "/pb/a", "data": 2}])
        # Until that is noted as written no answer on another connection has events.
        counter(server, "BayeuxQueuedEvents", 0)
        equal(alice.publish("/pb/a", 3).events, [{"channel": "/pb/a", "data": 3}])


def hold_connected(client):
    succeeded(client.connect().reply)
    return hold(client)


PAYLOADS = {
    "numbers that no double holds": r'{"n":123456789012345678901234567890,"p":0.1,"z":1,"a":"\u2028"}',
    "a number beyond all doubles": "1e400",
    "the same, below": "-1E-400",
    "a number's own spelling": "[1.0,1.00,1e0,1E+0,0.10,-0,-0.0,0e5,1e-7]",
    "escapes as they were written": r'{"s":"\u0041\/\"\\\b\f\n\r\t\u00e4\u00E4ä"}',
    "a lone high surrogate": r'["\ud800"]',
    "a lone low surrogate": r'["x\udc00y"]',
    "surrogates the wrong way round": r'["\udc00\ud800"]',
    "a pair of surrogates": r'["\ud83d\ude00","😀"]',
    "an escaped NUL": r'{"\u0000":"a\u0000b"}',
    "the order of keys": '{"z":1,"y":2,"a":3,"m":{"c":1,"b":2}}',
    "a key that occurs twice": '{"a":1,"a":2,"a":{"b":1,"b":1}}',
    "keys that are no fields of the message": '{"channel":"/x","clientId":"y","id":"z","data":1,"successful":false}',
    "prototype keys": '{"__proto__":{"x":1},"constructor":{"prototype":{}}}',
    "white space inside": '{ "a" :\t[ 1 ,2,\r\n3 ] ,  "b":{\n} , "c" : [ ] }',
    "empty things": '[{},[],"",{"":""}]',
    "null": "null",
    "true": "true",
    "false": "false",
    "zero": "0",
    "the empty string": '""',
    "the empty object": "{}",
    "the empty array": "[]",
    "a string of markup": '"<script>alert(1)</script>&amp;"',
    "line separators unescaped": '"a\u2028b\u2029c"',
    "brackets and quotes inside a string": r'"]}[{\"\\\",\"data\":1"',
    "nesting": "[" * 40 + "1" + "]" * 40,
    "a long string": '"' + "x" * 20000 + '"',
}


def verbatim(server, raw, form):
    """The bytes of `data` in the publisher's own response, in a poll and in a held connect."""
    quiet = ["/pb/verbatim"]
    with session(server, subscriptions=quiet) as alice, session(server, subscriptions=quiet) as bob:
        with connected(server, subscriptions=quiet) as carol:
            held = hold(carol)
            body = form(bob.client_id, raw).encode()
            response = bob.post(body)
            expect_verbatim(response, raw, 2)
            succeeded(batch(response).reply)
            expect_verbatim(alice.post([alice.connect_message(0)]), raw, 2)
            expect_verbatim(held.wait_response(5), raw, 2)


def expect_verbatim(response, raw, messages):
    equal(len(batch(response)), messages)
    needle = b'"data":' + raw.encode()
    check(needle in response.body, f"{needle!r} is not in {response.body!r}")


for what, raw in PAYLOADS.items():

    @test(f"PB-1 PB-6 design 1.4: data is delivered byte for byte: {what}")
    def _(server, raw=raw):
        verbatim(server, raw, lambda client, data: (
            f'[{{"channel":"/pb/verbatim","id":"1","data":{data},"clientId":"{client}"}}]'))  # fmt: skip


@test("design 1.4: byte for byte in a lone object with data first, and white space around it")
def _(server):
    verbatim(server, '{ "a":1.0 }', lambda client, data: (
        f'\n{{ "data" : \t{data} \r\n, "id":"1",'
        f'"clientId" : "{client}",\n "channel" : "/pb/verbatim" }}\n'))  # fmt: skip


@test("design 1.4: byte for byte in the middle of a batch, other fields in between")
def _(server):
    with session(server, subscriptions=["/pb/mid"]) as alice:
        payloads = ['{"n": 1.10}', '[ "\\u0061" ]', "1E5"]
        body = ",".join(
            f'{{"x":[1,{{"data":0}}],"clientId":"{alice.client_id}","data":{raw},"channel":"/pb/mid"}}'
            for raw in payloads
        )
        response = alice.post(f"[{body}]".encode())
        equal(len(batch(response)), 6)
        at = -1
        for raw in payloads:
            at = response.body.find(b'"data":' + raw.encode(), at + 1)
            check(at >= 0, f"{raw} in {response.body!r}")


@test("ENV-9 PB-12 ext and unknown fields of a published message travel untouched")
def _(server):
    with session(server, subscriptions=["/pb/ext"]) as alice, session(server) as bob:
        raw = (
            '"ext":{"binary":{},"x": 1.00 ,"deep":{"authentication":1}},'
            '"foo":[ 1e0 ],"timestamp":"2024-01-01T00:00:00"'
        )
        body = f'[{{"channel":"/pb/ext","clientId":"{bob.client_id}",{raw},"data":1}}]'
        succeeded(batch(bob.post(body.encode())).reply)
        event = poll(alice).events[0]
        equal(event["ext"], {"binary": {}, "x": 1.0, "deep": {"authentication": 1}})
        equal(event["foo"], [1.0])
        equal(event["timestamp"], "2024-01-01T00:00:00")


@test("S5 ext.authentication is not forwarded, the rest of ext is")
def _(server):
    with session(server, subscriptions=["/pb/auth"]) as alice, connected(server, subscriptions=["/pb/auth"]) as carol:
        with session(server, subscriptions=["/pb/auth"]) as bob:
            held = hold(carol)
            for ext in (
                '{"authentication":{"token":"s3cret"},"keep":1}',
                '{"keep":1,"authentication":"s3cret"}',
                '{"a":"b","authentication":["s3cret"],"keep":1}',
                r'{"\u0061uthentication":"s3cret","keep":1}',
                '{"authentication":"s3cret","authentication":"s3cret","keep":1}',
            ):
                body = f'[{{"channel":"/pb/auth","clientId":"{bob.client_id}","ext":{ext},"data":1}}]'
                responses = [bob.post(body.encode()), alice.post([alice.connect_message(0)]), held.wait_response(5)]
                for response in responses:
                    check(b"s3cret" not in response.body, response.body)
                    equal(batch(response).events[0]["ext"]["keep"], 1)
                held = hold(carol)
            # Nothing but the secret: what is left of ext, if anything, is empty.
            bob.publish("/pb/auth", 1, ext={"authentication": "s3cret"})
            check(not poll(alice).events[0].get("ext"), "ext")
            held.wait(5)


@test("S5 CID-3 the publisher's clientId is in no event and in no error reply, however it is spelled")
def _(server):
    with session(server, subscriptions=["/pb/id"]) as alice, session(server, subscriptions=["/pb/id"]) as bob:
        secret = bob.client_id.encode()
        own = {"clientId": bob.client_id, "id": "1"}
        texts = (
            json.dumps([{"channel": "/pb/id", "data": 1, **own}]).encode(),
            b'[{"channel":"/pb/id","data":1,"client\\u0049d":"%s"}]' % secret,
            b'[{"clientId":"%s","channel":"/pb/id","data":1,"clientId":"%s"}]' % (secret, secret),
        )
        for text in texts:
            response = bob.post(text)
            equal(response.status, 200)
            check(secret not in response.body, response.body)
            check(secret not in alice.post([alice.connect_message(0)]).body, "the subscriber's copy")
        for request in (
            {"channel": "/pb//id", "data": 1, **own},
            {"channel": "/pb/*", "data": 1, **own},
            {"channel": "/meta/x", "data": 1, **own},
            {"channel": "/pb/id", **own},
            {"channel": "/meta/subscribe", **own},
            {"channel": "/pb/id", "data": 1, "clientId": bob.client_id, "id": "a-b"},
        ):
            response = bob.post([request])
            refused(batch(response).reply)
            check(secret not in response.body, response.body)


@test("PB-3 S6 fields that steer a client cannot be smuggled into an event")
def _(server):
    with session(server, subscriptions=["/pb/steer"]) as alice, session(server) as bob:
        bob.publish("/pb/steer", 1, successful=False, error="402::session_unknown")
        events = poll(alice)
        equal([message["channel"] for message in events], ["/pb/steer", "/meta/connect"])
        check("successful" not in events[0], events[0])
        # Faye obeys advice in any message, PB-3 allows it to the server only.
        bob.publish("/pb/steer", 2, advice={"reconnect": "none"})
        event = poll(alice)[0]
        equal(event["data"], 2)
        check("advice" not in event, event)


@test("S6 no field of an untrusted ext changes what the server does")
def _(server):
    with session(server, subscriptions=["/pb/s6"]) as alice, session(server) as bob:
        for ext in (
            {"__proto__": {"clientId": alice.client_id}},
            {"constructor": {"prototype": {"successful": True}}},
            {"clientId": alice.client_id, "channel": "/meta/disconnect", "advice": {"reconnect": "none"}},
        ):
            reply = bob.publish("/pb/s6", 1, ext=ext).reply
            equal(set(succeeded(reply)) - {"ext"}, {"channel", "id", "successful"})
            equal(len(poll(alice).events), 1)
        succeeded(alice.subscribe("/pb/s6", ext={"__proto__": 1}).reply)


@test("S6 a field that occurs twice: refused, or one of them counts and the event has it once")
def _(server):
    def no_twins(pairs):
        names = [name for name, _ in pairs]
        check(len(set(names)) == len(names), f"a name twice in {pairs}")
        return dict(pairs)

    patterns = ["/pb/one", "/pb/two"]
    with session(server, subscriptions=patterns) as alice, session(server, subscriptions=patterns) as bob:
        own = f'"clientId":"{bob.client_id}"'
        for text in (
            f'{{"channel":"/pb/one","channel":"/pb/two","data":1,{own}}}',
            f'{{"channel":"/pb/one","data":1,"data":2,{own}}}',
            f'{{"channel":"/pb/one","data":1,"ext":{{"authentication":"s3cret"}},"ext":{{}},{own}}}',
            f'{{"channel":"/pb/one","data":1,"ext":{{}},"ext":{{"authentication":"s3cret"}},{own}}}',
            f'{{"channel":"/pb/one","data":1,"id":"1","id":"2",{own}}}',
            f'{{"channel":"/meta/x","channel":"/pb/one","data":1,{own}}}',
            f'{{"channel":"/pb/one","channel":"/meta/x","data":1,{own}}}',
            f'{{"channel":"/pb/one","ch\\u0061nnel":"/pb/two","data":1,{own}}}',
        ):
            mine = bob.post(text.encode())
            theirs = alice.post([alice.connect_message(0)])
            check(b"s3cret" not in theirs.body + mine.body, theirs)
            if mine.status == 400:
                equal(batch(theirs).events, [])
                continue
            replies = batch(mine)
            json.loads(mine.body, object_pairs_hook=no_twins)
            json.loads(theirs.body, object_pairs_hook=no_twins)
            equal(batch(theirs).events, replies.events)
            equal(len(replies.events), 1 if replies.reply["successful"] else 0)
            if replies.events:
                equal(replies.events[0]["channel"], replies.reply["channel"])


@test("PB-4 a message without data is refused with 400, with data null it is published")
def _(server):
    with session(server, subscriptions=["/pb/data"]) as alice:
        replies = alice.call([alice.message("/pb/data")])
        refused(replies.reply, "400")
        equal(replies.events, [])
        replies = alice.call([{**alice.message("/pb/data"), "data": None}])
        succeeded(replies.reply)
        equal(replies.events, [{"channel": "/pb/data", "data": None}])


@test("PB-5 PB-6 the publisher's own event comes in the publish response before the reply; its connect stays held")
def _(server):
    with connected(server, subscriptions=["/pb/own"]) as alice:
        held = hold(alice)
        for n in range(5):
            replies = alice.publish("/pb/own", n)
            equal(len(replies), 2)
            check("successful" not in replies[0] and "data" not in replies[1], replies)
            equal(replies.data, [n])
        parked(server, 1)
        check(not held.answered(), "the held connect was woken")
        alice.disconnect()
        equal(held.wait(5).events, [])


@test("PB-7 the publish response brings what others have published, in preference to the connect")
def _(server):
    with connected(server, subscriptions=["/pb/seven"]) as alice, session(server) as bob:
        for n in range(3):
            bob.publish("/pb/seven", n)
        replies = alice.publish("/pb/elsewhere", 1)
        equal(replies.data, [0, 1, 2])
        equal(len(replies), 4)
        succeeded(replies[-1])
        equal(poll(alice).data, [])


@test("PB-9 publishing to a meta name: channel_create_denied")
def _(server):
    with session(server) as alice:
        refused(alice.publish("/meta/x", 1).reply, "403:denied_by_security_policy:channel_create_denied")
        refused(alice.publish("/meta/publish", 1).reply, "403:denied_by_security_policy:channel_create_denied")


@test("PB-10 CID-2 publishing without a session: 402 without advice, and nobody gets it")
def _(server):
    with session(server, subscriptions=["/pb/ten"]) as alice:
        nobody = Client(server)
        for client_id in (None, "unknown", ""):
            nobody.client_id = client_id
            reply = refused(nobody.publish("/pb/ten", 1).reply, "402::session_unknown")
            check("advice" not in reply, reply)
        equal(poll(alice).data, [])


@test("PB-11 a service channel: acknowledged, nobody gets it, not even its sender")
def _(server):
    with session(server, subscriptions=["/service/x", "/**"]) as alice, session(server, subscriptions=["/**"]) as bob:
        replies = alice.publish("/service/x", {"a": 1}, id="s1")
        equal(list(replies), [{"channel": "/service/x", "id": "s1", "successful": True}])
        equal(poll(alice).data + poll(bob).data, [])


@test("PB-11 PB-4 a service message without data is refused like any other")
def _(server):
    with session(server) as alice:
        refused(alice.call([alice.message("/service/x")]).reply, "400")


@test("a message without subscribers is acknowledged")
def _(server):
    with session(server) as alice:
        succeeded(alice.publish("/pb/nobody/listens", 1).reply)


@test("PB-13 one message for many: each gets the same bytes, once")
def _(server):
    clients = [session(server, subscriptions=["/pb/many"]) for _ in range(30)]
    with session(server) as bob:
        bob.publish("/pb/many", {"n": [1, 2.50, "x"]})
    bodies = set()
    for client in clients:
        response = client.post([client.connect_message(0, id="1")])
        equal(len(batch(response).events), 1)
        bodies.add(response.body)
        client.disconnect()
        client.close()
    equal(len(bodies), 1)


@test("S18 many payloads at once, each session gets its own")
def _(server):
    clients = [session(server, subscriptions=[f"/pb/own/{n}"]) for n in range(30)]
    with session(server) as bob:
        replies = bob.call([
            {**bob.message(f"/pb/own/{n}"), "data": {"for": n, "pad": chr(65 + n % 26) * (n * 37)}}
            for n in range(30)
        ])  # fmt: skip
        equal(len(replies), 30)
    for n, client in enumerate(clients):
        equal(poll(client).data, [{"for": n, "pad": chr(65 + n % 26) * (n * 37)}])
        client.disconnect()
        client.close()


@test("the server serves")
def _(server):
    serves(server)


run(Httpd)
