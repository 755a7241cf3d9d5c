#!/usr/bin/env python3
"""The envelope of messages and replies: ENV-1 to ENV-17."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import bad_request, batch, connected, poll, refused, serves, session, succeeded  # noqa: E402


def handshake_message(**fields):
    return {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"], **fields}


@test("ENV-1 ENV-2 a lone object is accepted and the response is an array")
def _(server):
    with Client(server) as alice:
        replies = batch(alice.post(handshake_message(id="1")))
        equal(len(replies), 1)
        alice.client_id = succeeded(replies[0])["clientId"]
        response = alice.post(alice.message("/meta/connect", connectionType="long-polling"))
        check(isinstance(response.json, list), response)
        succeeded(batch(response).reply)


@test("ENV-1 ENV-2 an array of several is accepted, one reply for each")
def _(server):
    with session(server) as alice:
        replies = alice.call([alice.message("/meta/subscribe", subscription=f"/env/{n}") for n in range(3)])
        equal([reply["subscription"] for reply in replies], ["/env/0", "/env/1", "/env/2"])


@test("ENV-1 white space around the JSON does not matter")
def _(server):
    with session(server) as alice:
        body = json.dumps([alice.message("/meta/connect", connectionType="x")], indent=3).encode()
        succeeded(batch(alice.post(b" \r\n\t" + body + b"\n\n ")).reply)


for text in (b"null", b"[]", b"1", b'"text"', b"true", b"[ ]", b"", b" ", b"{", b"[{}", b"[{}] x", b"nil", b"{}{}"):

    @test(f"ENV-14 ENV-15 design 8: the body {text.decode()!r} is answered with 400 and a line of JSON")
    def _(server, text=text):
        with Client(server) as nobody:
            bad_request(nobody.post(text))
        serves(server)


for text in (b"{}", b"[{}]", b'{"id":"1"}', b'[{"data":1}]'):

    @test(f"ENV-3 ENV-8 the message {text.decode()} has no channel: 400::channel_missing")
    def _(server, text=text):
        with Client(server) as nobody:
            refused(batch(nobody.post(text)).reply, "400::channel_missing")
        with session(server) as alice:
            refused(batch(alice.post(text)).reply, "400::channel_missing")


@test("ENV-4 ENV-11 every reply carries the id of its request, and successful")
def _(server):
    with Client(server) as alice:
        reply = alice.handshake(id="h1")
        equal(reply["id"], "h1")
        succeeded(reply)
        requests = {
            "c1": alice.message("/meta/connect", connectionType="long-polling", id="c1"),
            "s1": alice.message("/meta/subscribe", subscription="/env/id", id="s1"),
            "p1": alice.message("/env/other", data=1, id="p1"),
            "v1": alice.message("/service/env", data=1, id="v1"),
            "u1": alice.message("/meta/unsubscribe", subscription="/env/id", id="u1"),
            "d1": alice.message("/meta/disconnect", id="d1"),
        }
        for name, request in requests.items():
            reply = succeeded(alice.call([request]).reply)
            equal(reply["id"], name)
            equal(reply["channel"], request["channel"])
        alice.client_id = None


@test("ENV-4 no id in, no id out")
def _(server):
    with Client(server) as alice:
        reply = batch(alice.post([handshake_message()])).reply
        check("id" not in reply, reply)
        alice.client_id = reply["clientId"]
        for request in (
            alice.message("/meta/connect", connectionType="long-polling", id=None),
            alice.message("/meta/subscribe", subscription="/env/id", id=None),
            alice.message("/env/other", data=1, id=None),
            alice.message("/meta/unsubscribe", subscription="/env/id", id=None),
            alice.message("/meta/disconnect", id=None),
            alice.message("/meta/disconnect", id=None),  # an error reply has none either
        ):
            reply = alice.call([request]).reply
            check("id" not in reply, reply)
        alice.client_id = None


@test("ENV-5 a numeric id comes back as the same JSON token")
def _(server):
    with session(server) as alice:
        for token in (b"7", b"0", b"12345678901234567890123"):
            body = b'[{"channel":"/env/n","data":1,"id":%s,"clientId":"%s"}]' % (token, alice.client_id.encode())
            response = alice.post(body)
            succeeded(batch(response).reply)
            squeezed = response.body.replace(b" ", b"")
            check(b'"id":%s,' % token in squeezed or b'"id":%s}' % token in squeezed, response.body)


for name in ("a-b", "", "a b", "ä", "a_b", "123e4567-e89b-12d3-a456-426614174000", "a\u0000b", "\n"):

    @test(f"ENV-6 the id {name!r} is invalid on every channel")
    def _(server, name=name):
        with connected(server) as alice:
            for request in (
                alice.message("/meta/connect", connectionType="long-polling", id=name),
                alice.message("/meta/subscribe", subscription="/env/id", id=name),
                alice.message("/meta/unsubscribe", subscription="/env/id", id=name),
                alice.message("/env/publish", data=1, id=name),
                alice.message("/meta/disconnect", id=name),
                handshake_message(id=name),
            ):
                reply = refused(alice.call([request]).reply, "405::message_id_invalid")
                check("clientId" not in reply, reply)
            succeeded(alice.connect(0).reply)  # it was not disconnected


@test("ENV-6 a long id of letters and digits is valid")
def _(server):
    with session(server) as alice:
        name = "Az09" * 16
        equal(succeeded(alice.publish("/env/x", 1, id=name).reply)["id"], name)


@test("ENV-7 fields are validated before the session is looked for")
def _(server):
    stranger = Client(server)
    stranger.client_id = "nosuchsession"
    refused(stranger.publish("/env/x", 1, id="a-b").reply, "405::message_id_invalid")
    refused(stranger.publish("/env//x", 1).reply, "405::channel_invalid")
    refused(stranger.call([{"clientId": "nosuchsession"}]).reply, "400::channel_missing")
    refused(stranger.publish("/meta/x", 1).reply, "402::session_unknown")


@test("ENV-9 ENV-16 unknown fields are ignored by the server and travel with a published message")
def _(server):
    with session(server, subscriptions=["/env/extra"]) as alice, session(server) as bob:
        stamp = "2024-02-29T12:00:00"
        extra = {"foo": {"bar": [1, None]}, "timestamp": stamp, "priority": 3}
        succeeded(alice.subscribe("/env/more", **extra).reply)
        succeeded(bob.publish("/env/extra", "x", **extra).reply)
        event = poll(alice).events[0]
        for name, value in extra.items():
            equal(event[name], value, name)


@test("ENV-10 clientId is in the handshake reply only")
def _(server):
    with Client(server) as alice:
        check("clientId" in alice.handshake(), "none in the handshake reply")
        for answer in (
            alice.connect(),
            alice.subscribe("/env/a"),
            alice.publish("/env/b", 1),
            alice.unsubscribe("/env/a"),
            alice.publish("/meta/nothing", 1),
        ):
            check("clientId" not in answer.reply, answer.reply)
        check("clientId" not in alice.disconnect().reply, "disconnect")


@test("ENV-10 subscription is copied to the reply of any request that has one")
def _(server):
    with session(server) as alice:
        equal(alice.publish("/env/b", 1, subscription="/odd").reply["subscription"], "/odd")
        equal(alice.connect(0, subscription=["/a", "/b"]).reply["subscription"], ["/a", "/b"])
        equal(alice.unsubscribe("/env/nobody/knows").reply["subscription"], "/env/nobody/knows")
        equal(alice.subscribe("/meta/connect").reply["subscription"], "/meta/connect")


for wrong in (7, True, None, [], ["/env"], {}, {"a": 1}):

    @test(f"ENV-13 channel is {wrong!r}: an error reply for that message")
    def _(server, wrong=wrong):
        with session(server) as alice:
            message = {"channel": wrong, "data": 1, "clientId": alice.client_id, "id": "1"}
            refused(batch(alice.post([message])).reply, "400", "405")
        serves(server)


for field, value in (
    ("advice", {"timeout": "0"}),
    ("advice", {"timeout": []}),
    ("advice", {"interval": "x"}),
    ("advice", 5),
    ("advice", "none"),
    ("advice", []),
):

    @test(f"ENV-13 connect with {field}: {value!r}: an error reply, and the session lives on")
    def _(server, field=field, value=value):
        with connected(server) as alice:
            message = alice.message("/meta/connect", connectionType="long-polling", **{field: value})
            refused(batch(alice.post([message])).reply, "400", "405")
            succeeded(poll(alice).reply)


for wrong in (True, [], {}, ["x"]):

    @test(f"ENV-13 id is {wrong!r}: an error reply")
    def _(server, wrong=wrong):
        with session(server) as alice:
            refused(alice.publish("/env/x", 1, id=wrong).reply, "400", "405")

    @test(f"ENV-13 clientId is {wrong!r}: an error reply")
    def _(server, wrong=wrong):
        with session(server) as alice:
            refused(alice.publish("/env/x", 1, clientId=wrong).reply, "400", "402", "405")
            # With advice, or a client of Faye's kind would loop (Faye dialect 12).
            refused(alice.connect(0, clientId=wrong).reply, "400", "402", "405")


@test("ENV-13 HS-5 supportedConnectionTypes is no array: an error reply, or tolerated as if absent")
def _(server):
    for wrong in (7, "long-polling", {"long-polling": 1}, [7]):
        with Client(server) as nobody:
            reply = batch(nobody.post([handshake_message(supportedConnectionTypes=wrong)])).reply
            if reply["successful"]:
                nobody.client_id = reply["clientId"]
            else:
                refused(reply)
                check("clientId" not in reply, reply)


@test("ENV-13 one message of wrong type among good ones: the others are processed (design 8)")
def _(server):
    with session(server) as alice:
        good = alice.message("/meta/subscribe", subscription="/env/good")
        replies = alice.call([good, {"channel": 5, "clientId": alice.client_id}, {**good, "subscription": "/env/2"}])
        equal([reply["successful"] for reply in replies], [True, False, True])
        equal(alice.publish("/env/2", 5).data, [5])


@test("ENV-17 connectionId and json-comment-filtered are ignored")
def _(server):
    with Client(server) as alice:
        succeeded(alice.handshake(ext={"json-comment-filtered": True}, connectionId="/x"))
        response = alice.post([alice.connect_message(connectionId="/x", ext={"json-comment-filtered": True})])
        check(response.body.startswith(b"["), response)
        succeeded(batch(response).reply)


run(Httpd)
