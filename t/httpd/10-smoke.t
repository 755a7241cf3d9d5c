#!/usr/bin/env python3
"""One round through the protocol, and two sessions whose connections are in different children."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from http_client import connect_to  # noqa: E402
from tap import check, equal, run, test  # noqa: E402


@test("HS-2 HS-4 handshake when alone then a session, with all that must be in the reply")
def _(server):
    with Client(server) as alice:
        reply = alice.handshake(id="a1")
        equal(reply["channel"], "/meta/handshake")
        equal(reply["id"], "a1")
        equal(reply["successful"], True)
        equal(reply["version"], "1.0")
        check("long-polling" in reply["supportedConnectionTypes"], reply)
        check(len(reply["clientId"]) >= 22, "at least 128 bits (CID-1)")
        equal(reply["advice"], {"reconnect": "retry", "interval": 0, "timeout": 30000})
        equal(server.status()["BayeuxSessions"], "1")


@test("BR-1 handshake when without cookie then one is set, HttpOnly")
def _(server):
    with Client(server) as alice:
        response = alice.post([{"channel": "/meta/handshake", "version": "1.0", "id": "1",
                                "supportedConnectionTypes": ["long-polling"]}])  # fmt: skip
        alice.client_id = response.json[0]["clientId"]
        cookie = response.header("Set-Cookie")
        check(cookie.startswith("BAYEUX_BROWSER="), cookie)
        check("HttpOnly" in cookie, cookie)
        equal(response.header("Content-Type"), "application/json;charset=UTF-8")
        check("no-store" in response.header("Cache-Control"), "HT-9")


@test("CN-4 first connect is answered at once, the second is held (CN-5) and answered on disconnect (DC-2)")
def _(server):
    with Client(server) as alice:
        alice.handshake()
        equal(alice.connect(timeout=5).reply["successful"], True)
        held = alice.start_connect()
        server_side(server, parked=1)
        check(not held.answered(), "it was answered")
        equal(alice.disconnect().reply["successful"], True)
        equal(held.wait(5).reply["advice"]["reconnect"], "none")


@test("PB-5 PB-6 publisher that has subscribed gets its own event in the publish response, before the reply")
def _(server):
    with Client(server) as alice:
        alice.handshake()
        equal(alice.subscribe("/smoke").reply["subscription"], "/smoke")
        batch = alice.publish("/smoke", {"n": 1})
        equal([message["channel"] for message in batch], ["/smoke", "/smoke"])
        equal(batch[0]["data"], {"n": 1})
        equal(batch[1]["successful"], True)
        check("data" not in batch[1], "PB-2")
        check("clientId" not in batch[0], "CID-3")


@test("a publish in one child reaches a connect that is held in another")
def _(server):
    first, second, *_ = server.children()
    with Client(server, connect_child=first) as alice, Client(server, child=second) as bob:
        alice.handshake()
        alice.subscribe("/smoke/two")
        alice.connect()
        bob.handshake()
        equal(server.child_of(alice.connect_connection), first)
        equal(server.child_of(bob.connection), second)
        held = alice.start_connect()
        server_side(server, parked=1)
        equal(bob.publish("/smoke/two", "over there").reply["successful"], True)
        batch = held.wait(5)
        equal(batch.data, ["over there"])
        # CN-10: events first, connect reply last.
        equal([message["channel"] for message in batch], ["/smoke/two", "/meta/connect"])


@test("a session's requests may come to any child")
def _(server):
    with Client(server) as alice:
        alice.handshake()
        for number, child in enumerate(server.children()):
            with connect_to(server, child) as connection:
                alice.connection = connection
                reply = alice.subscribe(f"/smoke/any/{number}").reply
                equal(reply["successful"], True, f"child number {number} said {reply}; successful")
        alice.connection = None
        equal(alice.publish("/smoke/any/2", 1).data, [1])


@test("one connect after the other on one connection: each is held and each gets its event")
def _(server):
    with Client(server) as alice, Client(server) as bob:
        alice.handshake()
        alice.subscribe("/smoke/again")
        alice.connect()
        bob.handshake()
        for number in range(50):
            held = alice.start_connect()
            server_side(server, parked=1) if number < 5 else None
            bob.publish("/smoke/again", number)
            batch = held.wait(5)
            equal(batch.data, [number])


@test("CID-7 connect when the session is unknown then 402 and handshake advice")
def _(server):
    stranger = Client(server)
    stranger.client_id = "x" * 32
    reply = stranger.connect().reply
    equal(reply["successful"], False)
    equal(reply["error"], "402::session_unknown")
    equal(reply["advice"], {"reconnect": "handshake", "interval": 0})


def server_side(server, parked):
    from harness import wait_until

    wait_until(lambda: server.status().get("BayeuxParked") == str(parked), f"{parked} connects are parked")


run(Httpd)
