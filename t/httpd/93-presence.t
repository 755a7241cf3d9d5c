#!/usr/bin/env python3
"""BayeuxPresence: who comes and who goes, counted per user over all tabs, whatever a session ends by (S2, S5)."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from guarded import user_header  # noqa: E402
from harness import wait_until  # noqa: E402
from publishing import run_with_logins, send  # noqa: E402
from publishing import refused as not_published  # noqa: E402
from tap import check, equal, test  # noqa: E402
from websocket import ws_connected  # noqa: E402
from wire import connected, counter, number, poll, refused, session, succeeded  # noqa: E402

CONF = """
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
<Location /brief>
    SetHandler bayeux
    BayeuxMaxInterval 400ms
    Require valid-user
%(login)s
</Location>
<Location /small>
    SetHandler bayeux
    BayeuxMaxInterval 60s
    BayeuxMaxQueue 2
    Require valid-user
%(login)s
</Location>
<Location /publish>
    SetHandler bayeux-publish
    Require user alice
%(login)s
</Location>
<Location /without>
    SetHandler bayeux
    BayeuxMaxInterval 60s
    BayeuxDomain without
</Location>
<BayeuxChannel "/chat/**">
    BayeuxPresence On
</BayeuxChannel>
<BayeuxChannel "/chat/quiet">
    BayeuxPresence Off
</BayeuxChannel>
<BayeuxChannel "/chat/staff">
    BayeuxRequire subscribe user alice
</BayeuxChannel>
<BayeuxChannel "/chat/fixed/*">
    BayeuxRequire create all denied
</BayeuxChannel>
"""

DENIED = "403:denied_by_security_policy:subscribe_denied"
NOT_GRANTED = "403:denied_by_not_granting:subscribe_denied"


def as_user(user):
    return {"headers": [user_header(user)]}


class Watcher:
    """A WebSocket that keeps account of who is there. A change that fits not, or a wrong count, is a failure."""

    def __init__(self, server, channel="/chat/room", **options):
        self.channel = "/presence" + channel
        self.here = set()
        self.events = []
        self.socket = ws_connected(server, **options)
        succeeded(self.socket.subscribe(self.channel))
        self.snapshot = self.next()
        equal(len(self.snapshot["here"]), self.snapshot["count"])

    def __enter__(self):
        return self

    def __exit__(self, kind, *rest):
        self.socket.__exit__(kind, *rest)

    def next(self):
        while not self.events:
            self.events = self.socket.events(1)
        event = self.events.pop(0)
        equal(event["channel"], self.channel)
        equal(set(event), {"channel", "data"})
        change = event["data"]
        self.here |= set(change.get("here", ()))
        for name in change.get("leave", ()):
            check(name in self.here, f"{name} leaves, but was not there: {change}")
            self.here.remove(name)
        for name in change.get("join", ()):
            check(name not in self.here, f"{name} joins, but was there: {change}")
            self.here.add(name)
        equal(change["count"], len(self.here))
        return change

    def sees(self, *names):
        """Changes come until just these are there."""
        while self.here != set(names):
            self.next()

    def sees_nothing(self):
        equal(self.events + self.socket.drain()[0], [])


@test("a user joins with the first tab and leaves with the last, in whatever child; another is another")
def _(server):
    children = server.children()
    with Watcher(server, child=children[0]) as watcher:
        equal(watcher.snapshot, {"here": [], "count": 0})
        alice = session(server, "/members", ["/chat/room"], child=children[1], **as_user("alice"))
        equal(watcher.next(), {"join": ["alice"], "count": 1})
        tab = session(server, "/members", ["/chat/room"], child=children[2], **as_user("alice"))
        watcher.sees_nothing()
        bob = session(server, "/members", ["/chat/room"], child=children[0], **as_user("bob"))
        equal(watcher.next(), {"join": ["bob"], "count": 2})
        alice.disconnect()
        alice.close()
        watcher.sees_nothing()
        succeeded(bob.unsubscribe("/chat/room").reply)
        equal(watcher.next(), {"leave": ["bob"], "count": 1})
        tab.disconnect()
        tab.close()
        equal(watcher.next(), {"leave": ["alice"], "count": 0})
        bob.disconnect()
        bob.close()


@test("the snapshot: to who subscribes, with who is there, in the answer or soon; again when asked again")
def _(server):
    with session(server, "/members", ["/chat/room"], **as_user("alice")), Watcher(server) as watcher, \
         session(server) as late:
        equal(watcher.here, {"alice"})
        found = late.subscribe("/presence/chat/room")
        succeeded(found.reply)
        events = found.events or poll(late).events
        equal(events, [{"channel": "/presence/chat/room", "data": {"here": ["alice"], "count": 1}}])
        watcher.sees_nothing()
        found = late.subscribe("/presence/chat/room")
        equal((found.events or poll(late).events)[0]["data"], {"here": ["alice"], "count": 1})
        found = late.subscribe(["/presence/chat/room"] * 100)
        equal([event["data"] for event in found.events or poll(late).events], [{"here": ["alice"], "count": 1}])
        # Who subscribes to both at once is told of himself.
        found = late.subscribe(["/presence/chat/room", "/chat/room"])
        data = [event["data"] for event in found.events or poll(late).events]
        equal(data[0], {"here": ["alice"], "count": 1})
        equal(data[1]["count"], 2)
        equal(watcher.next(), data[1])
        # In this order, too: he counts already, but that he has come is still to be said.
        with session(server) as last:
            found = last.subscribe(["/chat/room", "/presence/chat/room"])
            data = [event["data"] for event in found.events or poll(last).events]
            equal((set(data[0]["here"]), data[0]["count"]), (watcher.here, 2))
            equal(data[1]["count"], 3)
            equal(watcher.next(), data[1])


@test("S5 a session without a user counts as itself, by a name that is no id of anything")
def _(server):
    with Watcher(server) as watcher:
        with session(server, subscriptions=["/chat/room"]) as one, session(server, subscriptions=["/chat/room"]) as two:
            names = [watcher.next()["join"][0] for _ in range(2)]
            check(names[0] != names[1], "two sessions, one name")
            for name in names:
                check(name[0] == ":" and len(name) == 17, name)
                check(name[1:] not in one.client_id + two.client_id, "the client id shows")
                cookies = json.dumps([one.cookies, two.cookies], default=str)
                check(name[1:] not in cookies, "the cookie shows")
        watcher.sees()


@test("a session that gets a user, or another one, or loses it, leaves by one name and joins by the other")
def _(server):
    with Watcher(server) as watcher:
        client = session(server, "/mixed", ["/chat/room"])
        equal(watcher.next()["count"], 1)
        client.headers = [user_header("bob")]
        poll(client)
        watcher.sees("bob")
        client.headers = [user_header("carol")]
        poll(client)
        watcher.sees("carol")
        client.disconnect()
        client.close()
        watcher.sees()


@test("EX who expires leaves, within a second or so; so does one whose queue overflows")
def _(server):
    with Watcher(server) as watcher:
        brief = connected(server, "/brief", ["/chat/room"], **as_user("carol"))
        equal(watcher.next()["join"], ["carol"])
        brief.client_id = None
        brief.close()
        equal(watcher.next(), {"leave": ["carol"], "count": 0})
        small = session(server, "/small", ["/chat/room"], **as_user("carol"))
        equal(watcher.next()["join"], ["carol"])
        with session(server) as other:
            for number in range(3):
                succeeded(other.publish("/chat/room", number).reply)
        equal(watcher.next(), {"leave": ["carol"], "count": 0})
        small.client_id = None
        small.close()


@test("kill -9 of the child that holds the connections: who comes back stays, who does not leaves when expired")
def _(server):
    first, second = server.children()[:2]
    with Watcher(server, child=second) as watcher:
        socket = ws_connected(server, "/brief", ["/chat/room"], child=first, **as_user("carol"))
        watcher.sees("carol")
        polling = connected(server, "/members", ["/chat/room"], child=first, connect_child=first, **as_user("bob"))
        watcher.sees("bob", "carol")
        polling.start_connect()
        counter(server, "BayeuxParked", 1)
        server.kill_child(first)
        watcher.sees("bob")
        polling.connection = polling.connect_connection = None
        poll(polling)
        watcher.sees_nothing()
        polling.disconnect()
        polling.close()
        watcher.sees()
        socket.client_id = None
        socket.close()
    server.wait_all_children()


@test("restarts, graceful or not: who was there is there, nothing is said twice")
def _(server):
    alice = session(server, "/members", ["/chat/room"], **as_user("alice"))
    client = session(server)
    found = client.subscribe("/presence/chat/room")
    equal((found.events or poll(client).events)[0]["data"], {"here": ["alice"], "count": 1})
    for restart in (server.graceful, server.restart):
        restart()
        for one in (alice, client):
            one.close()
        equal(poll(client).events, [])
    bob = session(server, "/members", ["/chat/room"], **as_user("bob"))
    equal(poll(client).data, [{"join": ["bob"], "count": 2}])
    for one in (alice, bob):
        one.disconnect()
        one.close()
    wait_until(lambda: number(server, "BayeuxSessions") == 1, "they have gone")
    data = poll(client).data
    data += poll(client).data if len(data) < 2 else []
    equal([change["leave"] for change in data], [["alice"], ["bob"]])
    client.disconnect()
    client.close()


@test("a pattern makes nobody present; subscribed to below /presence it gets changes without a snapshot")
def _(server):
    with Watcher(server) as watcher, ws_connected(server, "/members", ["/presence/chat/*"], **as_user("alice")) as all_rooms, \
         session(server, "/members", ["/chat/*", "/chat/**", "/**"], **as_user("alice")) as alice:
        watcher.sees_nothing()
        succeeded(alice.subscribe("/chat/other").reply)
        equal(all_rooms.events(1)[0], {"channel": "/presence/chat/other", "data": {"join": ["alice"], "count": 1}})
        watcher.sees_nothing()


@test("whoever may subscribe to the channel may watch it, and nobody else, by whatever pattern")
def _(server):
    with session(server, "/members", **as_user("alice")) as alice, session(server, "/members", **as_user("bob")) as bob:
        succeeded(alice.subscribe("/presence/chat/staff").reply)
        succeeded(alice.subscribe("/presence/chat/*").reply)
        refused(bob.subscribe("/presence/chat/staff").reply, NOT_GRANTED)
        for pattern in ("/presence/chat/*", "/presence/chat/**", "/presence/**", "/**"):
            refused(bob.subscribe(pattern).reply, NOT_GRANTED)
        refused(bob.subscribe("/presence/chat/fixed/x").reply, "403:denied_by_not_granting:create_denied")
        for name in ("/presence/presence/chat/room", "/presence/oort/x", "/presence/meta/connect", "/presence/service/x"):
            refused(bob.subscribe(name).reply, DENIED)
        succeeded(bob.subscribe("/presence/chat/room").reply)


@test("S2 nobody publishes there: no client, no program from outside")
def _(server):
    with Watcher(server) as watcher, session(server) as client:
        refused(client.publish("/presence/chat/room", {"join": ["mallory"]}).reply, "403:denied_by_security_policy:publish_denied")
        not_published(send(server, "/presence/chat/room", {"join": ["mallory"]}), 400, "/presence")
        not_published(send(server, f"/presence/chat/room?session={watcher.socket.client_id}", 1), 400, "/presence")
        watcher.sees_nothing()


@test("off by default, and where it says Off: nothing is said; in a domain without it /presence is any channel")
def _(server):
    with session(server, subscriptions=["/presence/chat/quiet", "/presence/elsewhere"]) as client, \
         session(server, "/members", ["/chat/quiet", "/elsewhere"], **as_user("alice")):
        equal(poll(client).events, [])
    with session(server, "/without", ["/presence/chat/room"]) as client, session(server, "/without", ["/chat/room"]):
        equal(poll(client).events, [])
        equal(client.publish("/presence/chat/room", 1).data, [1])


@test("sixty come and go from all children at once: each is told once, in the end nobody is there")
def _(server):
    with Watcher(server) as watcher:
        people = [session(server, subscriptions=["/chat/room"]) for _ in range(60)]
        while len(watcher.here) < 60:
            watcher.next()
        for one in people[:30]:
            one.disconnect()
        for one in people[30:]:
            one.unsubscribe("/chat/room")
        watcher.sees()
        for one in people[30:]:
            one.disconnect()
        for one in people:
            one.close()


if __name__ == "__main__":
    run_with_logins(CONF, "AH01630", "AH01631", "BX0016", location="BayeuxMaxInterval 60s", server_limit=12)
