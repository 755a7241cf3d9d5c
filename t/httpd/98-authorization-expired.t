#!/usr/bin/env python3
"""S20: a login that is taken away, and a right that is taken back, end what they allowed within
BayeuxRevalidate: on both lanes, on a WebSocket and on an event source."""

import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402
from bayeux import Client  # noqa: E402
from guarded import make_files, user_header  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from http_client import Connection  # noqa: E402
from streams import Streams, on_one_connection  # noqa: E402
from tap import check, equal, test  # noqa: E402
from websocket import WebSocketClient, ask_upgrade, ws_connected  # noqa: E402
from wire import number, refused, succeeded  # noqa: E402

MODULES = ("bayeux", "auth_basic", "authn_core", "authn_file", "authz_user", "authz_groupfile")

REVALIDATE = 1.0
# On a WebSocket an answer may be used for as long as a batch takes.
GRACE = 2.0

CONF = """
MaxKeepAliveRequests 0
BayeuxRevalidate 1s
BayeuxMaxInterval 20s
<Location /fast>
    SetHandler bayeux
    AuthType Basic
    AuthName here
    AuthUserFile {files}/users
    AuthGroupFile {files}/groups
    Require valid-user
    <BayeuxChannel "/staff/**">
        BayeuxRequire subscribe group staff
        BayeuxRequire publish group staff
    </BayeuxChannel>
    <BayeuxChannel "/while/**">
        BayeuxRequire publish expr "-f '{files}/granted'"
    </BayeuxChannel>
</Location>
<Location /slow>
    SetHandler bayeux
    BayeuxDomain unruled
    BayeuxFastLane Off
    AuthType Basic
    AuthName here
    AuthUserFile {files}/users
    Require valid-user
</Location>
<Location /ticket>
    SetHandler bayeux
    BayeuxDomain unruled
    AuthType Basic
    AuthName here
    AuthUserFile {files}/users
    <RequireAll>
        Require valid-user
        Require expr "%{QUERY_STRING} =~ /^ticket=[0-9a-f]{40}$/"
    </RequireAll>
</Location>
<Location /open>
    SetHandler bayeux
</Location>
"""

files = make_files()
files.chmod(0o777)


class Taken:
    """A line is missing in a file, meanwhile."""

    def __init__(self, name, word):
        self.path = files / name
        self.word = word

    def __enter__(self):
        self.kept = self.path.read_text(encoding="ascii")
        self.path.write_text("".join(line for line in self.kept.splitlines(True) if self.word not in line), "ascii")

    def __exit__(self, *_):
        self.path.write_text(self.kept, encoding="ascii")


def on_the_lane(server, client):
    """Its requests take the fast lane now."""
    def quick():
        before = number(server, "BayeuxFast")
        succeeded(client.subscribe("/free").reply)
        return number(server, "BayeuxFast") > before

    wait_until(quick, "the lane", interval=0)


def ends(step, what):
    """It ends, and in time: what is taken away now holds for BayeuxRevalidate, and a batch, at most."""
    begun = time.monotonic()
    wait_until(step, what, REVALIDATE + 5)
    took = time.monotonic() - begun
    check(took < (REVALIDATE + GRACE + 1.0) * PATIENCE, f"{what}: only after {took:.1f} s")


def leave(client):
    client.close()
    client.disconnect()
    client.close()


@test("S20 a user who is taken out of the AuthUserFile: at once on the slow lane, in time on the fast one")
def _(server):
    slow = on_one_connection(server, "/slow", [user_header("carol")])
    fast = on_one_connection(server, "/fast", [user_header("carol")])
    on_the_lane(server, fast)
    with Taken("users", "carol"):
        equal(slow.post([slow.message("/free", data=1)]).status, 401)
        ends(lambda: fast.post([fast.message("/free", data=1)]).status == 401, "the login on the fast lane")
        equal(fast.post([fast.connect_message(0)]).status, 401)
        equal(Client(server, "/fast", headers=[user_header("carol")]).post([]).status, 401)
        with Connection(server) as connection:
            equal(ask_upgrade(connection, "/fast", [user_header("carol")]).status, 401, "another socket")
    leave(slow)
    leave(fast)


@test("S20 a user who is taken out of a group: what the group may is refused in time, the rest goes on")
def _(server):
    fast = on_one_connection(server, "/fast", [user_header("alice")])
    with fast, ws_connected(server, "/fast", headers=[user_header("alice")]) as socket:
        on_the_lane(server, fast)
        for _ in range(2):
            succeeded(fast.publish("/staff/x", 1).reply)
            succeeded(socket.publish("/staff/x", 1))
        with Taken("groups", "staff"):
            ends(lambda: not fast.publish("/staff/x", 2).reply["successful"], "the group on the fast lane")
            ends(lambda: not socket.publish("/staff/x", 2)["successful"], "the group on the WebSocket")
            refused(socket.subscribe("/staff/x"), "403")
            refused(fast.subscribe("/staff/x").reply, "403")
            succeeded(fast.publish("/free", 1).reply)
            succeeded(socket.publish("/free", 1))
        ends(lambda: socket.publish("/staff/x", 3)["successful"], "and is granted again")
        ends(lambda: fast.publish("/staff/x", 3).reply["successful"], "and is granted again")


@test("S20 the same where httpd is asked all the time, but never about that channel")
def _(server):
    with on_one_connection(server, "/fast", [user_header("alice")]) as fast:
        on_the_lane(server, fast)
        for _ in range(2):
            succeeded(fast.publish("/staff/x", 1).reply)
        with Taken("groups", "staff"):
            begun = time.monotonic()
            wait_until(lambda: fast.publish("/free", 1) and time.monotonic() > begun + REVALIDATE, "its time is over")
            on_the_lane(server, fast)
            refused(fast.publish("/staff/x", 2).reply, "403")


@test("S20 an expression that is true no more: refused in time on the fast lane and a WebSocket, however often asked")
def _(server):
    granted = files / "granted"
    granted.touch()
    fast = on_one_connection(server, "/fast", [user_header("bob")])
    with fast, ws_connected(server, "/fast", headers=[user_header("bob")]) as socket:
        on_the_lane(server, fast)
        for _ in range(2):
            succeeded(fast.publish("/while/x", 1).reply)
            succeeded(socket.publish("/while/x", 1))
        granted.unlink()
        # Both are asked all the time: a question does not prolong the answer.
        ends(lambda: not socket.publish("/while/x", 2)["successful"], "on the WebSocket")
        ends(lambda: not fast.publish("/while/x", 2).reply["successful"], "on the fast lane")
        for _ in range(3):
            refused(socket.publish("/while/x", 3), "403")
            refused(fast.publish("/while/x", 3).reply, "403")


def login_is_taken_away(server, path):
    carol = [user_header("carol")]
    with ws_connected(server, path, headers=[user_header("alice")]) as alice, Streams(server, path, carol) as streams:
        # Good logins are asked for all the time, too.
        begun = time.monotonic()
        said = 0
        while time.monotonic() < begun + 2.5 * REVALIDATE:
            succeeded(alice.publish("/free/x", said))
            streams.hear(said)
            said += 1
        with Taken("users", "carol"):
            streams.end(REVALIDATE + GRACE)
            succeeded(alice.publish("/free/x", "kept"))
        # The same sessions, with a login that is good again.
        with WebSocketClient.resume(streams.socket, headers=carol) as again:
            again.start_connect()
            equal(again.data(1), ["kept"])
        found = streams.asked.connect(10)
        equal(found.data, ["kept"])
        succeeded(alice.publish("/free/x", "goes on"))


@test("S20 a login that is taken away: its WebSocket and its event source end in time; the sessions keep what comes")
def _(server):
    login_is_taken_away(server, "/fast")


@test("S20 the same where no channel has rules, and httpd's request is not kept for a stream")
def _(server):
    login_is_taken_away(server, "/slow")


@test("S20 who authenticates fails: the streams of its users end, with the code for that")
def _(server):
    with Streams(server, "/fast", [user_header("carol")]) as streams:
        path = files / "users"
        path.rename(files / "away")
        try:
            equal(streams.socket.socket.closes(10), 1011)
            streams.source.ends(10)
        finally:
            (files / "away").rename(path)


@test("S20 streams without a login are not asked about, and go on")
def _(server):
    with ws_connected(server, "/open") as socket:
        succeeded(socket.subscribe("/open/**"))
        begun = time.monotonic()
        while time.monotonic() < begun + 1.5 * REVALIDATE:
            succeeded(socket.publish("/open/x", 1))
            equal(socket.data(1), [1])


@test("S20 S19 a rule that looks at the query sees all of it again, though logs do not")
def _(server):
    ticket = "/ticket?ticket=" + "0123456789" * 4
    with ws_connected(server, ticket, headers=[user_header("carol")]) as socket:
        succeeded(socket.subscribe("/mine/**"))
        begun = time.monotonic()
        while time.monotonic() < begun + 1.5 * REVALIDATE:
            succeeded(socket.publish("/mine/x", 1))
            equal(socket.data(1), [1])
    log = server.root / "access_log"
    wait_until(lambda: "ticket=012345..." in log.read_text(encoding="utf-8"), "its line, without the ticket")


def fixture():
    server = Httpd(CONF.replace("{files}", str(files)), modules=MODULES, sessions_left=True)
    server.expect("AH01617", "AH01618", "AH01620", "AH01630", "AH01631")
    return server


try:
    tap.run(fixture)
finally:
    shutil.rmtree(files)
