#!/usr/bin/env python3
"""S5, S19: what others get of a sender, and what logs and server-status get of anybody: no clientId, no credentials.
Every way in and out is taken, at LogLevel trace8, with all that can go wrong on it."""

import json
import sys
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import guards  # noqa: E402
from bayeux import Client  # noqa: E402
from event_source import EventSource  # noqa: E402
from guarded import user_header  # noqa: E402
from guards import TRANSPORTS, reply_of, speaker, stranger  # noqa: E402
from http_client import Connection  # noqa: E402
from publishing import JSON, reached, send  # noqa: E402
from services import ask, wait_answer  # noqa: E402
from steps import wait_parked  # noqa: E402
from tap import check, equal, test  # noqa: E402
from websocket import WebSocketClient, ask_upgrade, ws_connected  # noqa: E402
from wire import connected, poll, session, succeeded  # noqa: E402

TOKEN = "tok3n-of-the-sender"
EXT = {"authentication": {"token": TOKEN}, "keep": 1}

CONF = """
MaxKeepAliveRequests 0
LogLevel info bayeux:trace8
LogFormat "%r %U %q %f %>r %>U %>q %>f" urls
CustomLog logs_of_urls urls
ErrorDocument 401 /error/401
<Location /fast>
    BayeuxTransports websocket long-polling eventsource callback-polling
    <BayeuxChannel "/filtered">
        BayeuxFilter deny-regex /rude/
    </BayeuxChannel>
</Location>
<Location /tiny>
    SetHandler bayeux
    BayeuxMaxMessageSize 200
</Location>
<Location /polls>
    SetHandler bayeux
    BayeuxTransports long-polling
</Location>
"""


def body_of(server, path):
    return server.get(path)[1].decode("utf-8", "replace")


def holds_nothing_of(text, secrets, where):
    for name, secret in secrets.items():
        at = text.find(secret)
        check(at < 0, f"{name} is in {where}: ...{text[max(0, at - 200) : at + 50]}...")


# --- what others get (S5) -----------------------------------------------------------------------------------------

for transport_name in TRANSPORTS:

    @test(f"S5 {transport_name}: events say nothing of who sent them, and no credentials travel on")
    def _(server, transport=transport_name):
        with speaker(server, transport, guards.ALICE) as alice, connected(server, "/fast", ["/s5"],
                                                                         headers=guards.BOB) as bob, \
             ws_connected(server, "/fast", ["/s5"], headers=guards.BOB) as carol:  # fmt: skip
            for turn in range(3):
                succeeded(reply_of(alice.publish("/s5", turn, ext=EXT)))
                found = poll(bob).events + carol.events(1)
                equal(found, [{"channel": "/s5", "data": turn, "ext": {"keep": 1}}] * 2)

    @test(f"S5 PB-10 {transport_name}, without a session: the same, also for a clientId that comes along")
    def _(server, transport=transport_name):
        with session(server, "/fast", ["/s5"], headers=guards.BOB) as bob, \
             stranger(server, transport, guards.ALICE) as nobody:  # fmt: skip
            succeeded(reply_of(nobody.publish("/s5", 1, ext=EXT)))
            equal(poll(bob).events, [{"channel": "/s5", "data": 1, "ext": {"keep": 1}}])
            reply = reply_of(nobody.publish("/s5", 2, ext=EXT, clientId=bob.client_id))
            for event in poll(bob).events:
                equal(event, {"channel": "/s5", "data": 2, "ext": {"keep": 1}})
            secrets = {"token": TOKEN, "clientId": bob.client_id}
            holds_nothing_of(json.dumps({**reply, "clientId": ""}), secrets, "the reply")

    @test(f"S5 {transport_name}: a service's answer and its failure have no clientId and no ext of the request")
    def _(server, transport=transport_name):
        with speaker(server, transport, guards.ALICE) as alice:
            for channel, successful in (("/service/user", True), ("/service/at/denied", False)):
                message = {**alice.message(channel, ext=EXT), "data": 1}
                if isinstance(alice, WebSocketClient):
                    alice.send([message])
                    got = [alice.reply(message["id"]), alice.reply(message["id"])]
                    (answer,) = [reply for reply in got if "data" in reply]
                else:
                    answer = wait_answer(alice, ask(alice, channel, 1, ext=EXT))
                equal(answer["successful"], successful)
                equal(set(answer), {"channel", "id", "successful", "data"})
                holds_nothing_of(json.dumps(answer), {"token": TOKEN, "clientId": alice.client_id}, "the answer")


@test("S5 from outside: an event of channel and data, whatever headers and query came along; narrowcast too")
def _(server):
    with session(server, "/fast", ["/s5"], headers=guards.BOB) as bob:
        headers = [JSON, ("X-Token", TOKEN), ("Bayeux-Session", "x" * 40)]
        equal(reached(send(server, "/s5", {"clientId": "own"}, headers, at="/publish-user")), 1)
        equal(reached(send(server, f"/s5?session={bob.client_id}", 2, headers, at="/publish-user")), 1)
        equal(reached(send(server, "/s5?user=bob", 3, headers, at="/publish-user")), 1)
        events = poll(bob).events
        equal(events, [{"channel": "/s5", "data": data} for data in ({"clientId": "own"}, 2, 3)])


# --- what is written down (S19) -----------------------------------------------------------------------------------

def wrong_in_every_way(server, alice, thief):
    """Requests that are refused, and such that are not understood, all with secrets in them."""
    own = {"clientId": alice.client_id, "ext": EXT}
    for channel in ("/publish/denied/x", "/create/denied/x", "/filtered", "/meta/x", "/a//b", "/service/denied"):
        alice.publish(channel, f"rude {TOKEN}", ext=EXT)
    for channel in ("/subscribe/denied/x", "/oort/**", "/subscribe/**"):
        alice.subscribe(channel, ext=EXT)
    if isinstance(alice, WebSocketClient):
        return
    alice.post(json.dumps([{"channel": "/x", **own}])[:-1].encode())
    alice.post(json.dumps([own]).encode(), connection=Connection(server))
    for fields in ([("Origin", "https://evil.example")], [("Content-Type", "text/plain")],
                   [("Cookie", "BAYEUX_BROWSER=x")]):  # fmt: skip
        alice.post([{"channel": "/x", "data": 1, **own}], headers=fields, connection=Connection(server))
    thief.client_id, kept = alice.client_id, thief.client_id
    thief.publish("/x", 1)
    thief.client_id = kept


def outside_in_every_way(server, alice):
    for user in ("alice", "bob", None):
        for path in ("/x", f"/x?session={alice.client_id}", f"/meta/x?session={alice.client_id}", "/x?user=alice",
                     f"/x?session={alice.client_id}&x=1", f"/x?session={alice.client_id}{'%61'}"):  # fmt: skip
            for name in ("user", "denied", "granted"):
                send(server, path, {"token": TOKEN}, user=user, at=f"/publish-{name}")
                send(server, path, b"{" + TOKEN.encode(), user=user, at=f"/publish-{name}")


def by_get(server, alice):
    """An event source, whose path has the clientId, and refused ones; an upgrade that is refused."""
    for cookies in ([], [("Cookie", "BAYEUX_BROWSER=x")]):
        refused = EventSource(alice, headers=[*guards.ALICE, *cookies], cookies=False)
        equal(refused.response.status, 404)
        refused.connection.close()
    with Connection(server) as connection:
        ask_upgrade(connection, "/fast", [user_header("alice", TOKEN)])
    stream = EventSource(alice, headers=guards.ALICE)
    check(stream.is_stream, repr(stream.response))
    return stream


def refused_early(server, client_id):
    """Statuses of requests with a clientId in the URL that httpd, or the first look at them, turns down."""
    foreign = ("Origin", "https://evil.example")
    escaped = f"%{ord(client_id[0]):x}{client_id[1:]}"

    def ask(method, path, user=None, *fields):
        login = [user_header(user)] if user else []
        fields = [("Accept", "text/event-stream"), JSON, *login, *fields]
        with Connection(server) as connection:
            return connection.request(method, path, fields, b"1").status

    for name in (client_id, escaped):
        for path, user, fields, status in ((f"/fast/{name}", None, (), 401),
                                           (f"/fast/{name}?a={name}", None, (), 401),
                                           (f"/fast/{name}", "alice", (foreign,), 403),
                                           (f"/polls/{name}", None, (), 403),
                                           (f"/polls/x/{name}/y?{name}", None, (), 403),
                                           (f"/polls?clientId={name}", None, (), 403)):  # fmt: skip
            equal(ask("GET", path, user, *fields), status, path)
        query = f"session={name}&session={name}&sessio%6e={name}"
        for path, user, fields, status in ((f"/publish-user/x?{query}", None, (), 401),
                                           (f"/publish-user/x?{query}", "bob", (), 401),
                                           (f"/publish-denied/x?a;{query}", None, (), 403),
                                           (f"/publish-user/%zz?{query}", "alice", (), 400),
                                           (f"/%70ublish-user/x?{query}", None, (), 401),
                                           (f"/publish-user/x?{query}", "alice", (foreign,), 403),
                                           (f"/publish-user/x?{query}", "alice", (), 400)):  # fmt: skip
            equal(ask("POST", path, user, *fields), status, path)
        equal(ask("GET", f"/publish-user/x?{query}", "alice"), 405)


def polls_by_callback(server, client):
    """Whole messages in the URL, refused and served."""
    message = quote(json.dumps([{"channel": "/s19", "clientId": client.client_id, "data": TOKEN, "ext": EXT}]))
    cookie = client.cookies["BAYEUX_BROWSER"]
    for user, status in ((None, 401), ("alice", 200)):
        with Connection(server) as connection:
            fields = [user_header(user)] if user else []
            fields += [("Sec-Fetch-Site", "same-origin"), ("Cookie", f"BAYEUX_BROWSER={cookie}")]
            for name in ("message", "m%65ssage"):
                path = f"/fast?jsonp=f&{name}={message}"
                equal(connection.request("GET", path, fields).status, status, path)


@test("S19 what httpd refuses before a handler sees it, and URLs with whole messages: no secret in any log or status")
def _(server):
    server.expect("BX00", "AH0", "AH10244")  # that is what it is about
    pages = []
    with speaker(server, "the fast lane", guards.ALICE) as alice:
        secrets = {"clientId": alice.client_id, "its end": alice.client_id[6:], "token": TOKEN}
        refused_early(server, alice.client_id)
        pages.append(body_of(server, "/server-status"))
        polls_by_callback(server, alice)
        stream = EventSource(alice, headers=guards.ALICE)
        check(stream.is_stream, "the handler knows the clientId all the same")
        pages.append(body_of(server, "/server-status"))
        stream.connection.close()
    holds_nothing_of("\n".join(pages), secrets, "server-status")
    check(secrets["clientId"][:6] + "..." in pages[-1], "its beginning is in server-status")
    server.get("/static.txt")  # what was asked before is in the log now
    for name in ("access_log", "logs_of_urls", "error_log"):
        for line in (server.root / name).read_text(encoding="utf-8", errors="replace").splitlines():
            holds_nothing_of(line, secrets, name)
    check(secrets["clientId"][:6] + "..." in (server.root / "logs_of_urls").read_text(encoding="utf-8"), "beginning")


@test("S19 at trace8, after all that may go wrong: neither the logs nor server-status know a secret")
def _(server):
    server.expect("BX00", "AH0")  # that is what it is about
    secrets = {"token": TOKEN, "login": user_header("alice")[1].split()[1], "password": "pw-alice"}
    pages = []
    thief = session(server, "/fast", headers=guards.BOB)
    for transport in TRANSPORTS:
        with speaker(server, transport, guards.ALICE) as alice:
            secrets[f"clientId, {transport}"] = alice.client_id
            if "BAYEUX_BROWSER" in alice.cookies:
                secrets[f"cookie, {transport}"] = alice.cookies["BAYEUX_BROWSER"]
            succeeded(reply_of(alice.subscribe("/s19", ext=EXT)))
            succeeded(reply_of(alice.publish("/s19", TOKEN, ext=EXT)))
            alice.publish("/service/at/denied", TOKEN, ext=EXT)
            alice.publish("/service/user", TOKEN, ext=EXT)
            wrong_in_every_way(server, alice, thief)
            outside_in_every_way(server, alice)
            if isinstance(alice, WebSocketClient):
                alice.start_connect(10000)
                pages += [body_of(server, path) for path in ("/server-status", "/server-status?auto")]
            else:
                alice.connection = None
                alice.connect(0)
                held = alice.start_connect(10000)
                wait_parked(server, 1)
                pages += [body_of(server, path) for path in ("/server-status", "/server-status?auto")]
                send(server, "/s19", 1, at="/outside", user=None)
                held.wait(5)
                if transport == "the fast lane":
                    with by_get(server, alice):
                        pages += [body_of(server, path) for path in ("/server-status", "/server-status?auto")]
    nobody = Client(server, "/fast", headers=[user_header("alice", TOKEN)])
    nobody.post([nobody.message("/meta/handshake", ext=EXT)])
    nobody.close()
    tiny = Client(server, "/tiny")
    tiny.post([tiny.message("/meta/handshake", ext={**EXT, "long": "x" * 300})])
    tiny.close()
    thief.disconnect()
    thief.close()
    pages.append(body_of(server, "/server-status"))
    holds_nothing_of("\n".join(pages), secrets, "server-status")
    server.get("/static.txt")  # what was asked before is in the log now
    for line in server.error_log().splitlines():
        holds_nothing_of(line, secrets, "the error log")
    for line in (server.root / "access_log").read_text(encoding="utf-8", errors="replace").splitlines():
        holds_nothing_of(line, secrets, "the access log")


guards.run(conf=CONF)
