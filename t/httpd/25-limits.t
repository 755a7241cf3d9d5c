#!/usr/bin/env python3
"""Everything is bounded, and what is over a bound is told so and hurts nobody else (design 5, 7, 8, PB-14, S16)."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import JSON_TYPE  # noqa: E402
from harness import Httpd, wait_until  # noqa: E402
from http_client import Connection  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import (  # noqa: E402
    FULL, batch, connected, counter, number, poll, refused, refused_handshake, serves, session, succeeded,
)

POLICIES = ("disconnect", "drop-oldest", "drop-newest")

CONF = """
<Location /small>
    SetHandler bayeux
    BayeuxMaxMessageSize 2K
</Location>
<Location /sessions>
    SetHandler bayeux
    BayeuxDomain sessions
    BayeuxMaxSessions 3
</Location>
<Location /brief>
    SetHandler bayeux
    BayeuxDomain brief
    BayeuxMaxSessions 3
    BayeuxMaxInterval 2s
</Location>
<Location /channels>
    SetHandler bayeux
    BayeuxDomain channels
    BayeuxMaxChannels 3
</Location>
<Location /subscriptions>
    SetHandler bayeux
    BayeuxDomain subscriptions
    BayeuxMaxSubscriptions 3
</Location>
<Location /default-queue>
    SetHandler bayeux
    BayeuxDomain default-queue
    BayeuxMaxQueue 5
</Location>
""" + "".join(f"""
<Location /count-{policy}>
    SetHandler bayeux
    BayeuxDomain count-{policy}
    BayeuxMaxQueue 5
    BayeuxQueueOverflow {policy}
</Location>
<Location /bytes-{policy}>
    SetHandler bayeux
    BayeuxDomain bytes-{policy}
    BayeuxMaxQueue 1000 2K
    BayeuxQueueOverflow {policy}
</Location>
""" for policy in POLICIES)  # fmt: skip

def padded(client, size, channel="/lim/size"):
    """The body of a publish, exactly so long."""
    message = {**client.message(channel), "data": ""}
    message["data"] = "x" * (size - len(json.dumps([message])))
    return json.dumps([message]).encode()


# --- BayeuxMaxMessageSize -----------------------------------------------------------------------------------------

for path, limit in (("/small", 2048), ("/bayeux", 65536)):

    @test(f"BayeuxMaxMessageSize {limit} ({path}): so many bytes pass, one more is 413 (HT-8)")
    def _(server, path=path, limit=limit):
        with session(server, path, subscriptions=["/lim/size"]) as alice:
            equal(len(batch(alice.post(padded(alice, limit))).events), 1)
            equal(alice.post(padded(alice, limit + 1)).status, 413)
            equal(alice.post(padded(alice, limit * 10)).status, 413)
            equal(poll(alice).data, [])
            equal(len(batch(alice.post(padded(alice, limit))).events), 1)


@test("design 8: too large a Content-Length is refused before a byte of the body has come")
def _(server):
    for length in (2049, 10**6, 10**9, 2**31, 2**32, 2**62):
        with Connection(server) as connection:
            connection.send_request("POST", "/small", [JSON_TYPE, ("Content-Length", str(length))])
            equal(connection.read_response(5).status, 413, f"Content-Length {length}")


@test("a chunked body is refused as soon as it is too large, not at its end")
def _(server):
    with Connection(server) as connection:
        connection.send_request("POST", "/small", [JSON_TYPE, ("Transfer-Encoding", "chunked")])
        for _ in range(3):
            connection.send(b"3e8\r\n" + b" " * 1000 + b"\r\n")
        equal(connection.read_response(5).status, 413)


@test("a chunked body within the size passes")
def _(server):
    with session(server, "/small", subscriptions=["/lim/size"]) as alice:
        body = padded(alice, 2048)
        cookie = ("Cookie", f"BAYEUX_BROWSER={alice.cookies['BAYEUX_BROWSER']}")
        alice.connection.send_request("POST", "/small", [JSON_TYPE, cookie, ("Transfer-Encoding", "chunked")],
                                      b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))  # fmt: skip
        equal(len(batch(alice.connection.read_response()).events), 1)


@test("413 for a form and for other types as well")
def _(server):
    for kind in ("application/x-www-form-urlencoded", "text/plain"):
        with Connection(server) as connection:
            response = connection.request("POST", "/small", [("Content-Type", kind)], b"message=" + b"x" * 3000)
            equal(response.status, 413)


# --- BayeuxMaxQueue, BayeuxQueueOverflow --------------------------------------------------------------------------

def overflow(path, server, count, data=lambda n: n, one_request=False):
    """(client, bob's replies): the client did not ask for its events while bob published so many."""
    client = connected(server, path, subscriptions=["/lim/queue"])
    with session(server, path) as bob:
        messages = [{**bob.message("/lim/queue"), "data": data(n)} for n in range(count)]
        replies = list(bob.call(messages)) if one_request else [bob.call([message]).reply for message in messages]
    for reply in replies:
        succeeded(reply)  # the publisher is not to blame
    return client


for policy in POLICIES:
    for one_request in (False, True):
        how = "in one request" if one_request else "one by one"

        @test(f"BayeuxMaxQueue 5, {policy}: five messages wait, {how}")
        def _(server, policy=policy, one_request=one_request):
            with overflow(f"/count-{policy}", server, 5, one_request=one_request) as alice:
                equal(poll(alice).data, [0, 1, 2, 3, 4])
                equal(poll(alice).data, [])


def expect_gone(client):
    """PB-14: the session is over; its client learns it from its next message."""
    reply = refused(client.connect(timeout=5).reply, "402::session_unknown")
    equal(reply["advice"]["reconnect"], "handshake")
    client.client_id = None


for path in ("/count-disconnect", "/default-queue"):

    @test(f"BayeuxQueueOverflow disconnect ({path}): the session ends, and its client knows")
    def _(server, path=path):
        before = number(server, "BayeuxSessions")
        for one_request in (False, True):
            alice = overflow(path, server, 8, one_request=one_request)
            counter(server, "BayeuxSessions", before)
            counter(server, "BayeuxQueuedEvents", 0)
            expect_gone(alice)
        serves(server, path)


@test("BayeuxQueueOverflow disconnect: others on the channel are not concerned")
def _(server):
    with connected(server, "/count-disconnect", subscriptions=["/lim/queue"]) as carol:
        slow = connected(server, "/count-disconnect", subscriptions=["/lim/queue"])
        with session(server, "/count-disconnect") as bob:
            for n in range(12):
                succeeded(bob.publish("/lim/queue", n).reply)
                equal(poll(carol).data, [n])
        expect_gone(slow)


@test("BayeuxQueueOverflow drop-oldest: the last five are there")
def _(server):
    for one_request in (False, True):
        with overflow("/count-drop-oldest", server, 8, one_request=one_request) as alice:
            equal(poll(alice).data, [3, 4, 5, 6, 7])
            equal(alice.publish("/lim/queue", "next").data, ["next"])


@test("BayeuxQueueOverflow drop-newest: the first five are there")
def _(server):
    for one_request in (False, True):
        with overflow("/count-drop-newest", server, 8, one_request=one_request) as alice:
            equal(poll(alice).data, [0, 1, 2, 3, 4])
            equal(alice.publish("/lim/queue", "next").data, ["next"])


def numbered(n):
    return f"{n:02}" + "x" * 600


@test("BayeuxMaxQueue 1000 2K, disconnect")
def _(server):
    expect_gone(overflow("/bytes-disconnect", server, 10, numbered))
    with overflow("/bytes-disconnect", server, 2, numbered) as alice:
        equal(len(poll(alice).data), 2)


@test("BayeuxMaxQueue 1000 2K, drop-oldest")
def _(server):
    with overflow("/bytes-drop-oldest", server, 10, numbered) as alice:
        left = [int(data[:2]) for data in poll(alice).data]
        check(left in ([8, 9], [7, 8, 9]), left)


@test("BayeuxMaxQueue 1000 2K, drop-newest")
def _(server):
    with overflow("/bytes-drop-newest", server, 10, numbered) as alice:
        left = [int(data[:2]) for data in poll(alice).data]
        check(left in ([0, 1], [0, 1, 2]), left)


for policy in ("drop-oldest", "drop-newest"):

    @test(f"BayeuxMaxQueue, {policy}: one message larger than all of the queue is dropped, smaller ones pass on")
    def _(server, policy=policy):
        with overflow(f"/bytes-{policy}", server, 1, lambda n: "x" * 3000) as alice:
            equal(poll(alice).data, [])
            with session(server, f"/bytes-{policy}") as bob:
                bob.publish("/lim/queue", "small")
            equal(poll(alice).data, ["small"])


@test("the bytes of a queue are given back as it is read")
def _(server):
    with connected(server, "/bytes-disconnect", subscriptions=["/lim/queue"]) as alice:
        with session(server, "/bytes-disconnect") as bob:
            for n in range(40):
                bob.publish("/lim/queue", numbered(n))
                equal(poll(alice).data, [numbered(n)])


# --- sessions, channels, subscriptions ----------------------------------------------------------------------------

@test("BayeuxMaxSessions 3: the fourth is refused and advised to retry later, in any child; a place given up is free")
def _(server):
    clients = [session(server, "/sessions") for _ in range(3)]
    for child in server.children():
        refused_handshake(server, "/sessions", child)
    succeeded(clients[0].publish("/lim/x", 1).reply)
    serves(server)  # another domain
    clients.pop().disconnect()
    clients.append(session(server, "/sessions"))
    refused_handshake(server, "/sessions")
    for client in clients:
        client.disconnect()
    with session(server, "/sessions"):
        pass


@test("BayeuxMaxSessions: sessions that expire give up their places, too")
def _(server):
    for _ in range(2):
        counter(server, "BayeuxSessions", 0)
        for _ in range(3):
            session(server, "/brief").close()
        refused_handshake(server, "/brief")
    counter(server, "BayeuxSessions", 0)
    with session(server, "/brief"):
        pass


@test("BayeuxMaxChannels 3: the fourth is refused; what is there works on; a place given up is free")
def _(server):
    with session(server, "/channels") as alice:
        for n in range(3):
            succeeded(alice.subscribe(f"/lim/{n}").reply)
        refused(alice.subscribe("/lim/3").reply, *FULL)
        refused(alice.subscribe(["/lim/0", "/lim/3"]).reply, *FULL)
        refused(alice.subscribe("/lim/**").reply, *FULL)
        equal(alice.publish("/lim/1", 1).data, [1])
        succeeded(alice.subscribe("/lim/1").reply)
        succeeded(alice.publish("/service/any", 1).reply)
        serves(server)
        succeeded(alice.unsubscribe("/lim/0").reply)
        # CH-15: an unused channel goes with a later sweep.
        wait_until(lambda: alice.subscribe("/lim/3").reply["successful"], "a place for a channel")
        refused(alice.subscribe("/lim/4").reply, *FULL)
        equal(alice.publish("/lim/3", 1).data, [1])


@test("BayeuxMaxSubscriptions 3: for each session")
def _(server):
    with session(server, "/subscriptions") as alice, session(server, "/subscriptions") as bob:
        for n in range(3):
            succeeded(alice.subscribe(f"/lim/{n}").reply)
        refused(alice.subscribe("/lim/3").reply, *FULL)
        succeeded(alice.subscribe("/lim/0").reply)
        refused(alice.subscribe("/lim/**").reply, *FULL)
        succeeded(bob.subscribe(["/lim/3", "/lim/4", "/lim/5"]).reply)
        refused(bob.subscribe(["/lim/6"]).reply, *FULL)
        succeeded(alice.unsubscribe("/lim/1").reply)
        succeeded(alice.subscribe("/lim/3").reply)
        bob.publish("/lim/3", 1)
        equal(poll(alice).data, [1])


@test("SB-5 BayeuxMaxSubscriptions: an array that does not fit is refused as a whole")
def _(server):
    with session(server, "/subscriptions") as alice:
        refused(alice.subscribe(["/lim/a", "/lim/b", "/lim/c", "/lim/d"]).reply, *FULL)
        for name in ("/lim/a", "/lim/b", "/lim/c", "/lim/d"):
            equal(alice.publish(name, 1).data, [])
        succeeded(alice.subscribe(["/lim/a", "/lim/b", "/lim/c"]).reply)
        succeeded(alice.subscribe(["/lim/a", "/lim/a", "/lim/b", "/lim/c"]).reply)


@test("the server serves")
def _(server):
    serves(server)


def fixture():
    server = Httpd(CONF)
    server.expect("BX0016")
    return server


run(fixture)
