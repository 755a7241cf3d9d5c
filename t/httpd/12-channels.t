#!/usr/bin/env python3
"""Channel names and patterns: CH-1 to CH-14, and the names of S1."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import number, poll, refused, serves, session, succeeded  # noqa: E402

GOOD = (
    "/a", "/a/b", "/0", "/a/b/c/d/e/f/g/h/i/j", "/-_!~()$@", "/chat-room_1", "/UPPER/Case",
    "/with.dot", "/with#hash", "/with+plus", "/with space", "/{name}", "/a/{b}/c", "/a{b}", "/x/a*", "/x/*a",
    "/x/a*b/c",    "/" + "n" * 60 + "/" + "m" * 60,
)  # fmt: skip

BAD = (
    "a", "foo/bar", "/", "//", "//a", "/a//b", "/a//", "*", "**", "#",
    "/ä", "/a?b", "/a%2fb", '/a"b', "/a\\b", "/a,b", "/a:b", "/a;b", "/a&b", "/a=b", "/a<b>", "/a'b", "/a[0]", "/a|b",
    "/a^b", "/a`b", "/a\u0000", "/a\u0000/b", "/\u0001", "/a\nb", "/a\tb", "/a\u007f", "/a\u2028", "/\U0001f600",
)  # fmt: skip

WILD_INSIDE = ("/*/a", "/**/a", "/a/*/b", "/a/**/b", "/*/*", "/**/**", "/a/**/*", "/a/*/**")

PATTERNS = ("/*", "/**", "/x/*", "/x/**", "/a/b/c/*")


for name in GOOD:

    @test(f"CH-1 CH-2 CH-9 the name {name!r} is a channel: publish and subscribe")
    def _(server, name=name):
        with session(server, subscriptions=[name]) as alice:
            result = alice.publish(name, "x")
            equal(succeeded(result.reply)["channel"], name)
            equal([(event["channel"], event["data"]) for event in result.events], [(name, "x")])


for name in (*BAD, *WILD_INSIDE):

    @test(f"CH-2 CH-3 CH-5 the name {name!r} is invalid: publish, subscribe and unsubscribe are refused")
    def _(server, name=name):
        with session(server) as alice:
            refused(alice.publish(name, 1).reply, "405::channel_invalid")
            refused(alice.subscribe(name).reply, "403::subscription_invalid")
            refused(alice.subscribe(["/fine", name]).reply, "403::subscription_invalid")
            refused(alice.unsubscribe(name).reply, "403::subscription_invalid")


@test("CH-2 the empty name is no channel")
def _(server):
    with session(server) as alice:
        refused(alice.publish("", 1).reply, "405::channel_invalid", "400::channel_missing")
        refused(alice.subscribe("").reply, "403::subscription_invalid", "403::subscription_missing")
        refused(alice.subscribe([""]).reply, "403::subscription_invalid", "403::subscription_missing")


for name in PATTERNS:

    @test(f"CH-5 CH-13 {name} can be subscribed to and not be published to")
    def _(server, name=name):
        with session(server) as alice:
            succeeded(alice.subscribe(name).reply)
            batch = alice.publish(name, 1)
            refused(batch.reply, "405::channel_invalid")
            equal(batch.events, [])


for told, meant in (("/norm/", "/norm"), ("/norm/a/", "/norm/a"), ("/norm/blank ", "/norm/blank")):

    @test(f"CH-4 {told!r} is the channel {meant!r}")
    def _(server, told=told, meant=meant):
        with session(server, subscriptions=[meant]) as alice, session(server, subscriptions=[told]) as bob:
            with session(server) as carol:
                succeeded(carol.publish(told, "told").reply)
                succeeded(carol.publish(meant, "meant").reply)
            equal(poll(alice).data, ["told", "meant"])
            equal(poll(bob).data, ["told", "meant"])
            succeeded(alice.unsubscribe(told).reply)
            equal(alice.publish(meant, "after").events, [])


NAMES = (
    "/foo", "/foobar", "/foo/bar", "/foo/baz", "/foo/bar/baz", "/foo/bar/baz/deep", "/fo", "/other/bar", "/foo/{x}",
)  # fmt: skip

MATCHES = {
    "/foo/*": ["/foo/bar", "/foo/baz", "/foo/{x}"],
    "/foo/**": ["/foo/bar", "/foo/baz", "/foo/bar/baz", "/foo/bar/baz/deep", "/foo/{x}"],
    "/foo/bar/*": ["/foo/bar/baz"],
    "/foo/bar/**": ["/foo/bar/baz", "/foo/bar/baz/deep"],
    "/*": ["/foo", "/foobar", "/fo"],
    "/**": list(NAMES),
    "/foo": ["/foo"],
    "/foo/b*": [],
    "/foo/{x}": ["/foo/{x}"],
    "/foo/bar/baz": ["/foo/bar/baz"],
}

for pattern, wanted in MATCHES.items():

    @test(f"CH-6 CH-7 CH-9 CH-10 {pattern} matches {len(wanted)} of the names and no other")
    def _(server, pattern=pattern, wanted=wanted):
        with session(server, subscriptions=[pattern]) as alice, session(server) as bob:
            for reply in bob.call([{**bob.message(name), "data": name} for name in NAMES]):
                succeeded(reply)
            equal([event["channel"] for event in poll(alice).events], wanted)


@test("CH-8 a message on /a/b/c is for /a/b/c, /a/b/*, /a/b/**, /a/**, /** and for no other pattern")
def _(server):
    hit = ("/a/b/c", "/a/b/*", "/a/b/**", "/a/**", "/**")
    missed = ("/a/*", "/*", "/a/b", "/a", "/a/b/c/*", "/a/b/c/**", "/b/**", "/a/b/c/d", "/b", "/c", "/b/c")
    clients = {}
    try:
        for pattern in hit + missed:
            clients[pattern] = session(server, subscriptions=[pattern])
        with session(server) as bob:
            succeeded(bob.publish("/a/b/c", 1).reply)
        for pattern in hit:
            equal(poll(clients[pattern]).data, [1], pattern)
        for pattern in missed:
            equal(poll(clients[pattern]).data, [], pattern)
    finally:
        for client in clients.values():
            client.disconnect()


for name in ("/meta", "/service", "/meta/", "/service/"):

    @test(f"CH-11 {name} is reserved")
    def _(server, name=name):
        with session(server) as alice:
            refused(alice.publish(name, 1).reply, "403", "405")
            refused(alice.subscribe(name).reply, "403", "405")


@test("CH-14 PB-11 a subscriber of /** gets nothing of /service and nothing of /meta")
def _(server):
    with session(server, subscriptions=["/**", "/service/**", "/service/x"]) as alice, session(server) as bob:
        succeeded(bob.publish("/service/x", 1).reply)
        succeeded(bob.connect().reply)
        succeeded(alice.publish("/service/x", 2).reply)
        succeeded(bob.publish("/seen", 3).reply)
        equal(poll(alice).data, [3])


LOOKALIKES = (
    "/meta/subscribe/x", "/meta/subscribe/", "/meta/subscribe ", "//meta/subscribe", "/meta//subscribe",
    "/META/SUBSCRIBE", "/Meta/Subscribe", "/meta/Subscribe", "/meta%2fsubscribe", "/meta/subscribe%00",
    "/meta/subscribe\u0000", "/meta/subscribe\u0000/x", "/x/../meta/subscribe", "/meta/./subscribe",
    "/./meta/subscribe", "/meta/../meta/subscribe", " /meta/subscribe", "meta/subscribe", "/meta/subscribe\n",
    "/meta/*", "/meta/**", "/meta/ſubscribe",
)  # fmt: skip


@test("S1 CH-12 nothing that looks like /meta/subscribe is handled as one, nor half")
def _(server):
    with session(server) as alice:
        for name in LOOKALIKES:
            before = number(server, "BayeuxSubscriptions")
            reply = alice.call([alice.message(name, subscription="/secret")]).reply
            refused(reply, "400", "403", "405")
            equal(reply["channel"], name)
            equal(number(server, "BayeuxSubscriptions"), before, f"subscriptions after {name!r}")
            equal(alice.publish("/secret", 1).events, [], f"events after {name!r}")


@test("S1 CH-12 nothing that looks like /meta/handshake makes a session or a cookie")
def _(server):
    before = number(server, "BayeuxSessions")
    for lookalike in LOOKALIKES:
        name = lookalike.replace("subscribe", "handshake").replace("Subscribe", "Handshake")
        name = name.replace("SUBSCRIBE", "HANDSHAKE").replace("ſubscribe", "handſhake")
        with Client(server) as nobody:
            response = nobody.post([nobody.message(name, version="1.0", supportedConnectionTypes=["long-polling"])])
            equal(response.header("Set-Cookie"), None, f"cookie after {name!r}")
            reply = refused(response.json[0], "400", "402", "403", "405")
            check("clientId" not in reply, reply)
    equal(number(server, "BayeuxSessions"), before)


@test("S1 CH-12 nothing that looks like /meta/disconnect ends a session")
def _(server):
    with session(server) as alice:
        for lookalike in LOOKALIKES:
            name = lookalike.replace("subscribe", "disconnect").replace("Subscribe", "Disconnect")
            refused(alice.call([alice.message(name)]).reply, "400", "403", "405")
        succeeded(alice.connect(0).reply)


@test("S1 PB-9 publishing to a name below /meta is refused, with data too")
def _(server):
    with session(server) as alice:
        for name in ("/meta/x", "/meta/subscribe/x", "/meta/handshake/deep/er"):
            refused(alice.publish(name, 1).reply, "403:denied_by_security_policy:channel_create_denied")
    serves(server)


run(Httpd)
