#!/usr/bin/env python3
"""Authorization on WebSockets: the user is that of the upgrade (WS-14); what may block keeps its place (WS-15)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import guarded  # noqa: E402
from guarded import denied, user_header  # noqa: E402
from http_client import Connection  # noqa: E402
from tap import check, equal, test  # noqa: E402
from websocket import WebSocketClient, ask_upgrade, ws_connected, ws_session  # noqa: E402
from wire import succeeded  # noqa: E402


def on_socket(server, user, **options):
    return ws_connected(server, "/guarded", headers=[user_header(user)], **options)


@test("WS-14 the upgrade passes the Location's own Require: 401 without login, and with a wrong one")
def _(server):
    for headers, status in (((), 401), ([user_header("alice", "wrong")], 401), ([user_header("alice")], 101)):
        with Connection(server) as connection:
            equal(ask_upgrade(connection, "/guarded", headers).status, status, str(headers))


@test("WS-14 BayeuxRequire asks for the user of the upgrade, for subscribe and publish, as over HTTP")
def _(server):
    with on_socket(server, "alice") as alice, on_socket(server, "bob") as bob, on_socket(server, "carol") as carol:
        succeeded(alice.subscribe("/user/alice"))
        for client in (bob, carol):
            denied(client.subscribe("/user/alice"), "subscribe_denied")
        for client in (alice, bob):
            succeeded(client.publish("/user/alice", 1))
        denied(carol.publish("/user/alice", 1), "publish_denied")
        succeeded(alice.publish("/members/x", 1))
        denied(bob.publish("/members/x", 1), "publish_denied")
        for user, client in (("alice", alice), ("bob", bob)):
            succeeded(client.subscribe(f"/own/{user}"))
            denied(client.subscribe("/own/carol"), "subscribe_denied")
        equal(len(alice.events(2)), 2)


@test("WS-14 a socket that resumes a session brings its own user along")
def _(server):
    with guarded.session(server, "alice") as alice:
        alice.headers = [user_header("bob")]
        socket = WebSocketClient.resume(alice, headers=[user_header("bob")])
        denied(socket.subscribe("/user/alice"), "subscribe_denied")
        socket.close()


@test("WS-15 messages that need authorization keep their place among those that need none")
def _(server):
    with on_socket(server, "alice") as alice, ws_session(server, "/guarded", headers=[user_header("bob")]) as bob:
        # Twice: what is not cached yet, and what may be.
        for turn in range(2):
            names = []
            for n in range(20):
                names.append((f"/own/alice/{turn}/{n}", f"/open/{turn}/{n}"))
            batches = []
            for n, (guarded_name, open_name) in enumerate(names):
                # The publish behind the subscribe reaches it only if the subscribe came first.
                batches.append([alice.message("/meta/subscribe", subscription=open_name, id=f"s{turn}x{n}")])
                batches.append([{**alice.message(guarded_name, id=f"g{turn}x{n}"), "data": n}])
                batches.append([{**alice.message(open_name, id=f"p{turn}x{n}"), "data": n}])
            for batch in batches:
                alice.send(batch)
            equal(alice.data(20), list(range(20)), "a publish overtook its subscribe, or another publish")
            succeeded(alice.publish("/open/last", 0))
            ids = [m["id"] for frame in alice.frames for m in frame if f"{turn}x" in m.get("id", "")]
            equal(ids, [batch[0]["id"] for batch in batches], "replies out of order")
            alice._replies.clear()
        denied(bob.subscribe("/user/alice"), "subscribe_denied")


@test("WS-15 all in one frame: subscribe with authorization, publish, publish without, connect")
def _(server):
    with on_socket(server, "bob") as bob:
        batch = [
            bob.message("/meta/subscribe", subscription="/own/bob", id="1a"),
            bob.message("/meta/subscribe", subscription="/user/alice", id="2a"),
            {**bob.message("/own/bob", id="3a"), "data": "guarded"},
            {**bob.message("/user/alice", id="4a"), "data": "allowed"},
            {**bob.message("/fixed/by-alice", id="5a"), "data": "not allowed"},
            bob.connect_message(0, id="6a"),
        ]
        replies = bob.call(batch)
        equal([reply["successful"] for reply in replies], [True, False, True, True, False, True])
        equal(bob.data(), ["guarded"])
        equal([[m.get("id") for m in f] for f in bob.frames if len(f) > 1], [[m["id"] for m in batch]], "one frame")


@test("a rule that is asked in a worker does not delay the loop: others are served, a connect is held meanwhile")
def _(server):
    with on_socket(server, "alice") as alice, on_socket(server, "bob") as bob:
        pending = alice.start_connect()
        succeeded(alice.subscribe("/members/room"))
        for number in range(10):
            succeeded(alice.publish("/members/room", number))
            denied(bob.publish("/members/room", number), "publish_denied")
        equal(alice.data(10), list(range(10)))
        check(pending not in [m.get("id") for f in alice.frames for m in f], "the connect was answered")


guarded.run()
