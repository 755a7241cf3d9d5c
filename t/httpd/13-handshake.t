#!/usr/bin/env python3
"""/meta/handshake (HS) and the cookie that binds a session to a browser (BR-1 to BR-3)."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import batch, connected, hold, number, poll, refused, serves, session, succeeded  # noqa: E402

CONF = """
<Location /paced>
    SetHandler bayeux
    BayeuxTimeout 1500ms
    BayeuxInterval 250ms
    BayeuxTransports long-polling
</Location>
<Location /named>
    SetHandler bayeux
    BayeuxCookie OTHER_NAME path=/named domain=example.org samesite=Strict maxage=60
</Location>
<Location /secure>
    SetHandler bayeux
    BayeuxCookie BAYEUX_BROWSER secure
</Location>
<Location /partitioned>
    SetHandler bayeux
    BayeuxCookie BAYEUX_BROWSER samesite=None secure partitioned
</Location>
<Location /plain>
    SetHandler bayeux
    BayeuxCookie BAYEUX_BROWSER
</Location>
"""


def message(**fields):
    whole = {
        "channel": "/meta/handshake",
        "version": "1.0",
        "id": "1",
        "supportedConnectionTypes": ["long-polling"],
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


def shake(server, path="/bayeux", headers=(), tls=False, **fields):
    """A handshake on a connection of its own: (client, response)."""
    client = Client(server, path, tls=tls)
    response = client.post([message(**fields)], headers=headers)
    equal(response.status, 200)
    if response.json[0].get("successful"):
        client.client_id = response.json[0]["clientId"]
    return client, response


def cookie_of(response):
    """(name, value, {attribute: value}) of the only Set-Cookie."""
    values = response.header_values("Set-Cookie")
    equal(len(values), 1, f"number of Set-Cookie in {response!r}")
    first, *rest = [part.strip() for part in values[0].split(";")]
    name, _, value = first.partition("=")
    attributes = {}
    for part in rest:
        attribute, _, told = part.partition("=")
        check(attribute.lower() not in attributes, f"attribute twice: {values[0]}")
        attributes[attribute.lower()] = told
    return name, value, attributes


@test("HS-2 HS-4 a successful reply has all its fields, and no others than may be there")
def _(server):
    with Client(server) as alice:
        reply = alice.handshake(id="a1", minimumVersion="1.0", ext={})
        succeeded(reply)
        equal(reply["version"], "1.0")
        equal(reply["minimumVersion"], "1.0")
        check("long-polling" in reply["supportedConnectionTypes"], reply)
        check(re.fullmatch("[0-9A-Za-z]+", reply["clientId"]), reply)
        equal(reply["advice"], {"reconnect": "retry", "interval": 0, "timeout": 30000})
        known = {"channel", "id", "successful", "version", "minimumVersion", "supportedConnectionTypes", "clientId",
                 "advice", "ext", "authSuccessful"}  # fmt: skip
        equal(set(reply) - known, set())


@test("HS-4 advice and supportedConnectionTypes follow the configuration")
def _(server):
    client, response = shake(server, "/paced")
    reply = response.json[0]
    equal(reply["advice"], {"reconnect": "retry", "interval": 250, "timeout": 1500})
    equal(reply["supportedConnectionTypes"], ["long-polling"])
    client.disconnect()


@test("HS-1 the advice of a handshake request is ignored")
def _(server):
    with Client(server) as alice:
        equal(
            alice.handshake(advice={"timeout": 1, "interval": 99, "reconnect": "none"})["advice"],
            {"reconnect": "retry", "interval": 0, "timeout": 30000},
        )


@test("HS-5 version and supportedConnectionTypes may be missing, and the list empty")
def _(server):
    for fields in (
        {"version": None},
        {"supportedConnectionTypes": None},
        {"supportedConnectionTypes": []},
        {"version": None, "supportedConnectionTypes": None, "id": None},
        {"supportedConnectionTypes": ["in-process", "websocket", "long-polling"]},
        {"supportedConnectionTypes": ["unheard-of", "long-polling"]},
    ):
        client, response = shake(server, **fields)
        succeeded(response.json[0])
        client.disconnect()


@test("HS-3 HS-5 no connection type in common: refused, without session, clientId or cookie")
def _(server):
    sessions = number(server, "BayeuxSessions")
    for types in (["carrier-pigeon"], ["in-process"], ["LONG-POLLING"], ["", "long"], ["callback-polling", "flash"]):
        _, response = shake(server, supportedConnectionTypes=types)
        reply = refused(batch(response).reply)
        equal(reply["id"], "1")
        check("clientId" not in reply, reply)
        equal(response.header("Set-Cookie"), None)
    equal(number(server, "BayeuxSessions"), sessions)


@test("HS-5 what is not offered is no common type either (BayeuxTransports)")
def _(server):
    _, response = shake(server, "/paced", supportedConnectionTypes=["websocket", "eventsource"])
    refused(batch(response).reply)


@test("HS-8 a handshake first in an array is processed, the rest is dropped")
def _(server):
    with session(server, subscriptions=["/hs/first"]) as alice, Client(server) as bob:
        replies = batch(bob.post([
            message(),
            alice.message("/hs/first", data="dropped"),
            message(id="2"),
            {"channel": "/meta/subscribe", "subscription": "/x"},
        ]))  # fmt: skip
        equal([reply["channel"] for reply in replies], ["/meta/handshake"])
        equal(replies.reply["id"], "1")
        bob.client_id = succeeded(replies.reply)["clientId"]
        equal(poll(alice).data, [])


@test("HS-8 a handshake later in an array is processed, the rest is dropped")
def _(server):
    with session(server, subscriptions=["/hs/later"]) as alice:
        old = alice.client_id
        replies = alice.call([
            alice.message("/hs/later", data="dropped"),
            message(id="h2"),
            alice.message("/meta/disconnect"),
        ])  # fmt: skip
        equal([reply["channel"] for reply in replies], ["/meta/handshake"])
        equal(replies.reply["id"], "h2")
        new = succeeded(replies.reply)["clientId"]
        succeeded(alice.connect().reply)
        equal(poll(alice).data, [])
        alice.client_id = new
        alice.disconnect()
        alice.client_id = old


@test("HS-9 a handshake with an existing cookie makes a new session of the same browser, the old one lives on")
def _(server):
    with connected(server) as alice:
        with connected(server) as bob:
            pass
        old = alice.client_id
        reply = batch(alice.post([message(clientId=old)])).reply
        check(reply["clientId"] != old, "the old session was taken")
        third = alice.post([message()])
        equal(third.header("Set-Cookie"), None)
        succeeded(alice.connect(0).reply)
        for other in (reply["clientId"], third.json[0]["clientId"]):
            alice.client_id = other
            succeeded(alice.disconnect().reply)
        alice.client_id = old
        check(bob.cookies != alice.cookies, "two browsers have one cookie")


@test("HS-9 HS-11 a handshake does not end a held connect and brings no events")
def _(server):
    with connected(server, subscriptions=["/hs/events"]) as alice, session(server) as bob:
        succeeded(bob.publish("/hs/events", 1).reply)
        replies = alice.call([message(clientId=alice.client_id)])
        equal(len(replies), 1)
        old, alice.client_id = alice.client_id, replies.reply["clientId"]
        alice.disconnect()
        alice.client_id = old
        equal(poll(alice).data, [1])
        held = hold(alice)
        alice_again, _ = shake(server, headers=[("Cookie", f"BAYEUX_BROWSER={alice.cookies['BAYEUX_BROWSER']}")])
        alice_again.cookies = dict(alice.cookies)
        alice_again.disconnect()
        check(not held.answered(), "the held connect of the first session ended")


@test("BR-1 the default cookie: its name, letters and digits, path=/, HttpOnly, nothing else")
def _(server):
    for path in ("/bayeux", "/plain"):
        client, response = shake(server, path)
        name, value, attributes = cookie_of(response)
        equal(name, "BAYEUX_BROWSER")
        check(re.fullmatch("[0-9A-Za-z]{16,}", value), value)
        equal(attributes, {"path": "/", "httponly": ""})
        client.disconnect()


@test("BR-1 only a handshake that succeeds sets a cookie, and no other message")
def _(server):
    with session(server) as alice:
        for request in (
            [alice.connect_message()],
            [alice.message("/meta/subscribe", subscription="/hs")],
            [alice.message("/hs", data=1)],
        ):
            equal(alice.post(request).header("Set-Cookie"), None)
        stranger = Client(server)
        response = stranger.post([{"channel": "/meta/connect", "clientId": "x"}])
        equal(response.header("Set-Cookie"), None)


@test("BR-1 BayeuxCookie: name, path, domain, samesite, maxage")
def _(server):
    client, response = shake(server, "/named")
    name, _, attributes = cookie_of(response)
    equal(name, "OTHER_NAME")
    equal(
        attributes,
        {"path": "/named", "domain": "example.org", "samesite": "Strict", "max-age": "60", "httponly": ""},
    )
    succeeded(client.connect().reply)
    again = client.post([message()])
    equal(again.header("Set-Cookie"), None, "the cookie under its other name is known")
    client.disconnect()
    client.client_id = again.json[0]["clientId"]
    client.disconnect()


@test("BR-1 BayeuxCookie secure: the attribute is sent over TLS, and over plain HTTP left out")
def _(server):
    client, response = shake(server, "/secure", tls=True)
    equal(cookie_of(response)[2], {"path": "/", "httponly": "", "secure": ""})
    succeeded(client.connect().reply)
    client.disconnect()
    client, response = shake(server, "/secure")
    equal(cookie_of(response)[2], {"path": "/", "httponly": ""})
    succeeded(client.connect().reply)
    client.disconnect()


@test("BR-1 BayeuxCookie partitioned over TLS")
def _(server):
    client, response = shake(server, "/partitioned", tls=True)
    equal(cookie_of(response)[2], {"path": "/", "httponly": "", "secure": "", "samesite": "None", "partitioned": ""})
    client.disconnect()


FOREIGN = (
    "abc", "0123456789abcdefghij", "0" * 40, "f" * 40, "", '"quoted"', "x" * 3000, "a b", "a%20b", "<script>",
    "../../etc/passwd", "\u00e4", "=",
)  # fmt: skip

for value in FOREIGN:

    @test(f"BR-2 the foreign cookie value {value[:45]!r} is not taken over: a new one is issued, and it works")
    def _(server, value=value):
        client, response = shake(server, headers=[("Cookie", f"BAYEUX_BROWSER={value}")])
        succeeded(response.json[0])
        issued = cookie_of(response)[1]
        check(issued != value and re.fullmatch("[0-9A-Za-z]{16,}", issued), issued)
        succeeded(client.connect().reply)
        client.disconnect()


@test("BR-2 a cookie that was issued is known among others, and after a foreign one of the same name")
def _(server):
    with session(server) as alice:
        mine = f"BAYEUX_BROWSER={alice.cookies['BAYEUX_BROWSER']}"
        for header in (f"a=b; {mine}; c=d", f"{mine};x", f"XBAYEUX_BROWSER=1; {mine}", f"a=BAYEUX_BROWSER; {mine}"):
            reply = alice.call([alice.message("/hs/cookie", data=1)], headers=[("Cookie", header)]).reply
            succeeded(reply)


@test("BR-2 an issued cookie with another letter at its end or beginning is not known")
def _(server):
    client, response = shake(server)
    value = cookie_of(response)[1]
    other = "b" if value[-1] == "a" else "a"
    first = "b" if value[0] == "a" else "a"
    for forged in (value[:-1] + other, first + value[1:], value + "a", value[:-1], value.swapcase() + "a"):
        again, response = shake(server, headers=[("Cookie", f"BAYEUX_BROWSER={forged}")])
        check(cookie_of(response)[1] != forged, "a forged value was taken over")
        again.disconnect()
    client.disconnect()


@test("BR-1 the cookie is not the clientId, and another for each browser")
def _(server):
    cookies, ids = set(), set()
    for _ in range(20):
        client, response = shake(server)
        cookies.add(cookie_of(response)[1])
        ids.add(client.client_id)
        client.disconnect()
    equal((len(cookies), len(ids), len(cookies & ids)), (20, 20, 0))


@test("the server serves")
def _(server):
    serves(server)


run(lambda: Httpd(CONF, tls=True))
