#!/usr/bin/env python3
"""Publishing to one session, or to all sessions of a user, and to nobody else (S19, S20, S25)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from ack_client import acker  # noqa: E402
from bayeux import Client  # noqa: E402
from event_source import EventSource  # noqa: E402
from guarded import user_header  # noqa: E402
from publishing import NDJSON, reached, refused, run_with_logins, send  # noqa: E402
from tap import check, equal, test  # noqa: E402
from websocket import WebSocketClient, ws_connected  # noqa: E402
from wire import connected, counter, hold, poll, session, succeeded  # noqa: E402
from wire import refused as bayeux_refused  # noqa: E402

CONF = """
<Location /publish>
    SetHandler bayeux-publish
    Require user alice
%(login)s
</Location>
<Location /members>
    SetHandler bayeux
    BayeuxMaxInterval 60s
    BayeuxMaxSessionsPerBrowser -1
    Require valid-user
%(login)s
</Location>
<Location /mixed>
    SetHandler bayeux
    BayeuxMaxInterval 60s
    Require valid-user
    Require expr "-z req('Authorization')"
%(login)s
</Location>
<Location /small>
    SetHandler bayeux
    BayeuxMaxInterval 60s
    BayeuxMaxQueue 2
    Require valid-user
%(login)s
</Location>
<Location /other>
    SetHandler bayeux
    BayeuxDomain other
    Require valid-user
%(login)s
</Location>
"""


def as_user(user):
    return {"headers": [user_header(user)]}


@test("?session= reaches that session, whatever it is subscribed to, and no other")
def _(server):
    with session(server) as alice, session(server, subscriptions=["/**"]) as bob:
        equal(reached(send(server, f"/private/chat?session={alice.client_id}", {"text": "hi"})), 1)
        equal(poll(alice).events, [{"channel": "/private/chat", "data": {"text": "hi"}}])
        equal(poll(bob).data, [])
        lines = send(server, f"/private/chat?session={alice.client_id}", b"1\n2\n", [NDJSON])
        equal(lines.json, {"messages": 2, "sessions": 2})
        equal(poll(alice).data, [1, 2])
        equal(reached(send(server, f"/service/private?session={alice.client_id}", 3)), 1)
        equal(poll(alice).events, [{"channel": "/service/private", "data": 3}])


@test("?session= wakes a held connect, in whatever child; a WebSocket and an event source get it too")
def _(server):
    children = server.children()
    with connected(server, child=children[0], connect_child=children[1]) as polling, \
         ws_connected(server, child=children[1]) as socket, session(server) as streaming:
        with EventSource(streaming, child=children[2]) as stream:
            stream.begin()
            counter(server, "BayeuxStreams", 2)
            held = hold(polling)
            equal(reached(send(server, f"/p?session={polling.client_id}", 1, child=children[2])), 1)
            equal(held.wait(5).events, [{"channel": "/p", "data": 1}])
            equal(reached(send(server, f"/p?session={socket.client_id}", 2, child=children[0])), 1)
            equal(socket.events(1)[0], {"channel": "/p", "data": 2})
            equal(reached(send(server, f"/p?session={streaming.client_id}", 3, child=children[0])), 1)
            equal(stream.events(1)[0], {"channel": "/p", "data": 3})


@test("an unknown session: 404, whether it ended, is of another domain, or is no id at all")
def _(server):
    with session(server) as alice, session(server, "/other", **as_user("bob")) as other:
        gone = alice.client_id
        alice.disconnect()
        for client_id in (gone, other.client_id, "0" * 40, "nobody", "x" * 3000):
            refused(send(server, f"/p?session={client_id}", 1), 404, "no session")
        equal(poll(other).data, [])


@test("?user= reaches all sessions of the user, on every transport, and nobody else")
def _(server):
    children = server.children()
    with connected(server, "/members", child=children[0], connect_child=children[0], **as_user("bob")) as polling, \
         ws_connected(server, "/members", child=children[1], **as_user("bob")) as socket, \
         session(server, "/members", ["/**"], **as_user("carol")) as carol, \
         session(server, subscriptions=["/**"]) as nobody, \
         session(server, "/other", ["/**"], **as_user("bob")) as elsewhere:  # fmt: skip
        held = hold(polling)
        equal(reached(send(server, "/inbox?user=bob", {"n": 1}, child=children[2])), 2)
        equal(held.wait(5).events, [{"channel": "/inbox", "data": {"n": 1}}])
        equal(socket.events(1)[0], {"channel": "/inbox", "data": {"n": 1}})
        for client in (carol, nobody, elsewhere):
            equal(poll(client).data, [])
        equal(reached(send(server, "/inbox?user=dave", 1)), 0)
        equal(reached(send(server, "/inbox?user=BOB", 1)), 0)
        equal(send(server, "/inbox?user=bob", b"2\n3\n", [NDJSON]).json, {"messages": 2, "sessions": 4})
        equal(poll(polling).data, [2, 3])
        equal([event["data"] for event in socket.events(2)], [2, 3])


@test("X-ACK what was sent to one session or user is replayed until it is acknowledged")
def _(server):
    client = acker(server, "/members", **as_user("bob"))
    succeeded(client.connect().reply)
    equal(reached(send(server, "/inbox?user=bob", 1)), 1)
    equal(reached(send(server, f"/inbox?session={client.client_id}", 2)), 1)
    client.says = False
    equal(client.polled()[0], [1, 2])
    equal(client.polled()[0], [1, 2])
    client.says = True
    equal(client.polled()[0], [])
    client.disconnect()
    client.close()


@test("users are known after restarts, graceful or not, and when a child was killed")
def _(server):
    bob = session(server, "/members", **as_user("bob"))
    equal(reached(send(server, "/inbox?user=bob", 1)), 1)
    server.graceful()
    equal(reached(send(server, "/inbox?user=bob", 2)), 1)
    server.restart()
    equal(reached(send(server, "/inbox?user=bob", 3)), 1)
    server.kill_child(server.children()[0])
    server.wait_all_children()
    equal(reached(send(server, "/inbox?user=bob", 4)), 1)
    bob.close()
    equal(poll(bob).data, [1, 2, 3, 4])
    bob.disconnect()
    bob.close()


@test("S20 who has logged out, or is another user now, is not found by the former name")
def _(server):
    bob = session(server, "/mixed", **as_user("bob"))
    equal(reached(send(server, "/inbox?user=bob", 1)), 1)
    equal(poll(bob).data, [1])
    bob.headers = [user_header("carol")]
    equal(poll(bob).data, [])
    equal(reached(send(server, "/inbox?user=bob", 2)), 0)
    equal(reached(send(server, "/inbox?user=carol", 3)), 1)
    equal(poll(bob).data, [3])
    bob.headers = []
    equal(poll(bob).data, [])
    equal(reached(send(server, "/inbox?user=carol", 4)), 0)
    equal(reached(send(server, "/inbox?user=bob", 5)), 0)
    bob.disconnect()
    bob.close()


@test("S20 what was sent to a session for one user is not for the next; without a login it is for whoever has it")
def _(server):
    bob = session(server, "/mixed", **as_user("bob"))
    equal(reached(send(server, f"/inbox?session={bob.client_id}", "for bob")), 1)
    bob.headers = [user_header("carol")]
    found = bob.connect(0)
    bayeux_refused(found.reply, "402::session_unknown")
    equal(found.data, [])
    bob.close()
    anybody = session(server, "/mixed")
    equal(reached(send(server, f"/inbox?session={anybody.client_id}", 1)), 1)
    anybody.headers = [user_header("carol")]
    equal(poll(anybody).data, [1])
    anybody.disconnect()
    anybody.close()


@test("S20 what waits for one user is not for the next: the session ends, and its client handshakes anew")
def _(server):
    bob = session(server, "/mixed", **as_user("bob"))
    equal(reached(send(server, "/inbox?user=bob", "for bob")), 1)
    bob.headers = []
    found = bob.connect(0)
    bayeux_refused(found.reply, "402::session_unknown")
    equal(found.reply["advice"]["reconnect"], "handshake")
    equal(found.data, [])
    equal(reached(send(server, "/inbox?user=bob", 1)), 0)
    bob.close()
    # The same by way of a WebSocket and an event source.
    for transport in ("websocket", "eventsource"):
        bob = session(server, "/mixed", **as_user("bob"))
        equal(reached(send(server, "/inbox?user=bob", "for bob")), 1)
        if transport == "websocket":
            bob.headers = []
            socket = WebSocketClient.resume(bob)
            bayeux_refused(socket.connect(), "402::session_unknown")
            socket.close()
        else:
            stream = EventSource(bob, headers=[user_header("carol")])
            check(not stream.is_stream or not stream.ends(), repr(stream.response))
            stream.close()
        bob.close()


@test("a full queue or policy is that of the session; a session that cannot get it is not counted")
def _(server):
    server.expect("BX0016")  # a queue is filled to its end
    bob = session(server, "/small", **as_user("bob"))
    for _ in range(2):
        equal(reached(send(server, f"/p?session={bob.client_id}", 1)), 1)
    refused(send(server, f"/p?session={bob.client_id}", 1), 503, "no room")
    refused(send(server, f"/p?session={bob.client_id}", 1), 404, "no session")  # BayeuxQueueOverflow disconnect
    bob.close()


@test("the query: exactly one recipient, of these names, with a value")
def _(server):
    with session(server, "/members", ["/**"], **as_user("bob")) as bob:
        for query in ("session=1&user=bob", "user=bob&user=carol", "user=", "user", "session=", "User=bob", "x=1",
                      "user=bob&x=1", "user=%zz", "user=a%00b", "user=" + "x" * 300):  # fmt: skip
            response = send(server, f"/p?{query}", 1)
            check(response.status == 400, f"{query}: {response!r}")
            check(response.json["successful"] is False, query)
        equal(poll(bob).data, [])
        equal(reached(send(server, "/p?user=%62o%62", 1)), 1)
        equal(poll(bob).data, [1])
    for path in ("/meta/connect", "/oort/x", "/a/**"):
        equal(send(server, f"{path}?user=bob", 1).status, 400, path)


@test("S25 the Location's own Require decides: not everybody who may log in may send")
def _(server):
    with session(server, "/members", **as_user("bob")) as bob:
        equal(send(server, "/p?user=bob", 1, user="bob").status, 401)
        equal(send(server, "/p?user=bob", 1, user=None).status, 401)
        equal(poll(bob).data, [])


@test("S19 the session's id is in no log")
def _(server):
    with session(server) as alice:
        equal(reached(send(server, f"/p?session={alice.client_id}", 1)), 1)
        refused(send(server, f"/a/**?session={alice.client_id}", 1), 400, "pattern")
        poll(alice)
        server.get("/static.txt")  # what was asked before is in the log now
        lines = [line["request"] for line in server.access_log() if "session=" in line["request"]]
        check(any(f"session={alice.client_id[:6]}..." in line for line in lines), str(lines))
        log = (server.root / "access_log").read_text(encoding="utf-8") + server.error_log()
        check(alice.client_id not in log, "the whole id is in a log")


@test("an anonymous session, and a Client that never logged in, are nobody's")
def _(server):
    with session(server) as alice:
        equal(reached(send(server, "/p?user=-", 1)), 0)
        equal(poll(alice).data, [])
    Client(server).close()


if __name__ == "__main__":
    run_with_logins(CONF, "AH01630", "AH01631", location="BayeuxMaxInterval 60s", server_limit=12, sessions_left=True)
