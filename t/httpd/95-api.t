#!/usr/bin/env python3
"""include/mod_bayeux.h: what other modules may ask and have a say in, and the examples that use it."""

import re
import shutil
import sys
import time
from pathlib import Path
from urllib.parse import quote, urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402
from bayeux import Client  # noqa: E402
from guarded import make_files, user_header  # noqa: E402
from harness import Httpd, wait_until  # noqa: E402
from http_client import Connection  # noqa: E402
from httpd_conf import builddir, config_test  # noqa: E402
from tap import check, equal, test  # noqa: E402
from websocket import WebSocketClient  # noqa: E402
from wire import connected, hold, number, poll, refused, serves, session, succeeded  # noqa: E402

MODULES = ("bayeux", "auth_basic", "authn_core", "authn_file", "authz_user")


def module_line(name, folder):
    file = builddir() / folder / ".libs" / f"mod_{name}.so"
    if not file.exists():
        raise RuntimeError(f"{file} is missing: run make programs")
    return f'LoadModule {name}_module "{file}"\n'


LOAD = (
    module_line("bayeux_probe", "t/lib")
    + module_line("bayeux_example_service", "examples")
    + module_line("bayeux_example_token", "examples")
)

CONF = LOAD + """
BayeuxProbeLog "%(files)s/news"
BayeuxExampleTokens "%(files)s/tokens" tokens
BayeuxDomain api
<Location /probe>
    SetHandler bayeux-probe
</Location>
<Location /brief>
    SetHandler bayeux
    BayeuxMaxInterval 300ms
</Location>
<Location /open>
    SetHandler bayeux
    BayeuxUnconnectedPublish On
    <BayeuxChannel "/filtered">
        BayeuxFilter escape-markup
    </BayeuxChannel>
    <BayeuxChannel "/probe/twice">
        BayeuxFilter escape-markup
        BayeuxFilter deny-regex /then/
    </BayeuxChannel>
    <BayeuxChannel "/sealed">
        BayeuxRequire publish all denied
    </BayeuxChannel>
</Location>
<Location /members>
    SetHandler bayeux
    AuthType Basic
    AuthName here
    AuthUserFile "%(files)s/users"
    Require valid-user
</Location>
<Location /outside>
    SetHandler bayeux-publish
    Require local
</Location>
<Location /tokens>
    SetHandler bayeux
    BayeuxDomain tokens
</Location>
<Location /present>
    SetHandler bayeux
    BayeuxDomain present
    <BayeuxChannel "/room">
        BayeuxPresence On
    </BayeuxChannel>
</Location>
<Location /small>
    SetHandler bayeux
    BayeuxDomain small
    BayeuxMaxQueue 2 1K
    BayeuxQueueOverflow drop-newest
</Location>
"""

files = make_files()
(files / "news").touch()
(files / "news").chmod(0o666)
(files / "tokens").write_text("# who may\nZm9vYmFy alice\n\nsecret-2 bob_2\n", encoding="ascii")

OK, NOT_SERVING, INVALID, UNKNOWN, FULL = range(5)


def ask(server, what, **arguments):
    status, body = server.get(f"/probe?{urlencode({'do': what, **arguments}, quote_via=quote)}")
    equal(status, 200)
    return body.decode()


def result(server, what, **arguments):
    """(result, reached)"""
    words = ask(server, what, **arguments).split()
    return int(words[0]), int(words[1])


def look(server, client_id, **arguments):
    words = ask(server, "look", session=client_id, **arguments).split()
    return {"result": int(words[0]), **dict(word.split("=", 1) for word in words[1:])}


def news(client_id):
    """What was told of a session: (what, channel, URI), in order; pids, sizes and domains are checked."""
    told = []
    for line in (files / "news").read_text(encoding="ascii").splitlines():
        what, name, channel, uri, pid, size, api = line.split(" ")
        if name == client_id:
            check(re.fullmatch(r"pid=\d+", pid) and (size, api) == ("size=1", "api=1"), line)
            told.append((what, channel, uri.removeprefix("r=")))
    return told


# --- functions ----------------------------------------------------------------------------------------------------

@test("version, and publish: a number of sessions, from any child to any other")
def _(server):
    check("version=1 same=1" in ask(server, "none"), ask(server, "none"))
    with connected(server, "/open", ["/news/*"]) as alice, connected(server, "/open", ["/news/**"]) as bob:
        held = hold(alice)
        equal(result(server, "publish", channel="/news/a", data='{"n": 1.0}'), (OK, 2))
        batch = held.wait()
        equal(batch.events, [{"channel": "/news/a", "data": {"n": 1.0}}])
        check(b'{"n": 1.0}' in batch.response.body, batch.response)
        equal(poll(bob).data, [{"n": 1.0}])
        equal(result(server, "publish", channel="/other", data="1"), (OK, 0))
        equal(result(server, "publish", channel="/news/a", data="1", domain="elsewhere"), (OK, 0))


@test("publish: neither rules nor filters hold for a module, and what is no channel or JSON is refused")
def _(server):
    with session(server, "/open", ["/filtered", "/sealed"]) as alice:
        refused(alice.publish("/sealed", 1).reply, "403")
        equal(result(server, "publish", channel="/sealed", data='"<"'), (OK, 1))
        equal(result(server, "publish", channel="/filtered", data='"<"'), (OK, 1))
        equal(poll(alice).data, ["<", "<"])
    for channel in ("/a/*", "/meta/connect", "/service/x", "/oort/x", "no", "/a//b", ""):
        equal(result(server, "publish", channel=channel, data="1")[0], INVALID)
    for data in ("", "{", "nan", '"\ud800"'.encode("utf-8", "surrogatepass"), "1 2"):
        equal(result(server, "publish", channel="/a", data=data)[0], INVALID)
    equal(result(server, "publish", channel="/a")[0], INVALID)


@test("deliver: to one session, whatever it is subscribed to")
def _(server):
    with connected(server, "/open") as alice, connected(server, "/open", ["/x"]) as bob:
        held = hold(alice)
        equal(result(server, "deliver", session=alice.client_id, channel="/x", data="[1]")[0], OK)
        equal(held.wait().events, [{"channel": "/x", "data": [1]}])
        equal(result(server, "deliver", session=alice.client_id, channel="/service/x", data="2")[0], OK)
        equal(poll(alice).data, [2])
        equal(poll(bob).data, [])
        equal(result(server, "deliver", session=alice.client_id, channel="/x", data="1", domain="tokens")[0], UNKNOWN)
        for name in ("0" * 40, "", alice.client_id[:39], alice.client_id.upper() + "x"):
            equal(result(server, "deliver", session=name, channel="/x", data="1")[0], UNKNOWN)
        equal(result(server, "deliver", channel="/x", data="1")[0], UNKNOWN)
        equal(result(server, "deliver", session=alice.client_id, channel="/meta/x", data="1")[0], INVALID)


@test("S20 deliver: to whoever has the session then, not to the next user")
def _(server):
    alice = connected(server, "/members", headers=[user_header("alice")])
    equal(result(server, "deliver", session=alice.client_id, channel="/x", data="1")[0], OK)
    equal(poll(alice).data, [1])
    equal(result(server, "deliver", session=alice.client_id, channel="/x", data='"for alice"')[0], OK)
    alice.headers = [user_header("bob")]
    found = alice.connect(0)
    refused(found.reply, "402::session_unknown")
    equal(found.data, [])
    equal(result(server, "deliver", session=alice.client_id, channel="/x", data="1")[0], UNKNOWN)
    alice.close()


@test("deliver: a full queue is said")
def _(server):
    server.expect("BX0016")
    with session(server, "/small") as alice:
        codes = [result(server, "deliver", session=alice.client_id, channel="/x", data="1", domain="small")[0]
                 for _ in range(3)]  # fmt: skip
        equal(codes, [OK, OK, FULL])
        poll(alice)


@test("deliver to a user: all of his sessions, and nobody else's")
def _(server):
    alice_1 = connected(server, "/members", headers=[user_header("alice")])
    alice_2 = connected(server, "/members", headers=[user_header("alice")])
    with alice_1, alice_2, connected(server, "/members", headers=[user_header("bob")]) as bob:
        equal(result(server, "user", user="alice", channel="/inbox", data='"hi"'), (OK, 2))
        equal([poll(client).data for client in (alice_1, alice_2, bob)], [["hi"], ["hi"], []])
        equal(result(server, "user", user="carol", channel="/inbox", data="1"), (OK, 0))
        equal(result(server, "user", user="", channel="/inbox", data="1")[0], INVALID)
        equal(result(server, "user", channel="/inbox", data="1")[0], INVALID)


@test("S2 where there is presence, the channels below /presence are closed to modules too; elsewhere they are not")
def _(server):
    with connected(server, "/present", ["/presence/room"]) as watcher, \
         connected(server, "/open", ["/presence/room"]) as other:  # fmt: skip
        poll(watcher)  # a snapshot, if it has not come yet
        for what in ("publish", "deliver", "user"):
            names = {"session": watcher.client_id, "user": "alice", "domain": "present"}
            for channel in ("/presence/room", "/presence/elsewhere"):
                equal(result(server, what, channel=channel, data="1", **names)[0], INVALID, what)
        equal(result(server, "publish", channel="/presence", data="1", domain="present"), (OK, 0))
        equal(poll(watcher).data, [])
        equal(result(server, "publish", channel="/presence/room", data="1"), (OK, 1))
        equal(poll(other).data, [1])


@test("JSON of the C API: members and strings; what is missing is NULL, and so is what NULL is asked for")
def _(server):
    for json, name, wanted in (('{"a":{"b": 1},"c":"x"}', "a", '{"b": 1}'), ('{"a":1}', "b", "NULL"),
                               ("[1]", "a", "NULL"), ('{"a":', "a", "NULL"), ("", "", "NULL")):  # fmt: skip
        equal(ask(server, "member", json=json, name=name), wanted)
    equal(ask(server, "member", json='{"a":1}'), "NULL")
    equal(ask(server, "member", name="a"), "NULL")
    for json, wanted in (('"a\\u0041"', "aA"), ('"a', "NULL"), ("1", "NULL"), ('"a\\u0000"', "NULL")):
        equal(ask(server, "string", json=json), wanted)
    equal(ask(server, "string"), "NULL")


@test("look: a session as it is")
def _(server):
    with connected(server, "/members", ["/a", "/b/*"], headers=[user_header("alice")]) as alice:
        seen = look(server, alice.client_id)
        equal([seen[name] for name in ("result", "user", "connected", "subscriptions", "queued", "ack")],
              [OK, "alice", "1", "2", "0", "0"])  # fmt: skip
        result(server, "publish", channel="/a", data="12345")
        seen = look(server, alice.client_id)
        equal([seen["queued"], seen["waiting"], seen["transport"]], ["1", "0", "long-polling"])
        poll(alice)
        held = hold(alice)
        equal(look(server, alice.client_id)["waiting"], "1")
        equal(look(server, alice.client_id, domain="tokens")["result"], UNKNOWN)
        result(server, "publish", channel="/a", data="1")
        held.wait()
    equal(look(server, "0" * 40)["result"], UNKNOWN)
    with WebSocketClient(server, "/open") as bob:
        bob.handshake()
        bob.connect()
        seen = look(server, bob.client_id)
        equal([seen["transport"], seen["waiting"], seen["user"]], ["websocket", "1", "-"])


@test("look: idle is since the client did anything but connect")
def _(server):
    def milliseconds_idle():
        return int(look(server, alice.client_id)["idle"])

    with connected(server, "/open") as alice:
        for _ in range(2):
            before = time.monotonic()
            succeeded(alice.publish("/a", 1).reply)
            done = time.monotonic()
            wait_until(lambda: milliseconds_idle() >= 200, "it is idle")
            poll(alice)
            asked = time.monotonic()
            idle = milliseconds_idle() / 1000
            check(asked - done - 0.1 <= idle <= time.monotonic() - before + 0.1, f"{idle} s, after {asked - done} s")


@test("disconnect: the held connect is told, and the session is gone")
def _(server):
    alice = connected(server, "/open")
    held = hold(alice)
    equal(result(server, "disconnect", session=alice.client_id, domain="tokens")[0], UNKNOWN)
    equal(result(server, "disconnect", session=alice.client_id)[0], OK)
    equal(held.wait().reply["advice"]["reconnect"], "none")
    equal(result(server, "disconnect", session=alice.client_id)[0], UNKNOWN)
    equal(look(server, alice.client_id)["result"], UNKNOWN)
    alice.close()


# --- hooks --------------------------------------------------------------------------------------------------------

def handshake(client, wish):
    return client.call([{"channel": "/meta/handshake", "version": "1.0", "id": "1", "ext": {"probe": wish}}])


@test("handshake: accepted with more in ext, on each transport; headers of the response")
def _(server):
    client = Client(server, "/open")
    batch = handshake(client, "header")
    equal(batch.reply["ext"], {"transport": "long-polling", '"quoted"': [1, 2]})
    equal(batch.response.header("X-Probe"), "yes")
    client.client_id = batch.reply["clientId"]
    client.disconnect()
    client.close()
    with WebSocketClient(server, "/open") as socket:
        reply = socket.handshake(ext={"probe": "yes", "ack": True})
        equal(reply["ext"], {"ack": True, "transport": "websocket", '"quoted"': [1, 2]})
        succeeded(socket.connect())


@test("HS-6 HS-7 handshake: denied, with a text, advice and a challenge; no session, no cookie")
def _(server):
    client = Client(server, "/open")
    batch = handshake(client, "deny")
    reply = refused(batch.reply, "403:probe says no:handshake_denied")
    equal(reply["advice"]["reconnect"], "handshake")
    equal(reply["ext"]["transport"], "long-polling")
    check("clientId" not in reply and batch.response.header("Set-Cookie") is None, batch.response)
    equal(refused(handshake(client, "later").reply, "403:probe says no:handshake_denied")["advice"]["reconnect"], "retry")
    client.close()
    socket = WebSocketClient(server, "/open")
    refused(socket.handshake(ext={"probe": "deny"}), "403:probe says no:handshake_denied")
    socket.close()


@test("what a module gives that is no JSON, too large, there already or the server's own is left out; the log says so")
def _(server):
    server.expect("BX0051")
    client = Client(server, "/open")
    reply = handshake(client, "bad").reply
    equal(reply["ext"], {"transport": "long-polling", '"quoted"': [1, 2]})
    client.client_id = reply["clientId"]
    for channel, data in (("bad", 1), ("size", 65537)):
        refused(client.publish(f"/probe/{channel}", data).reply, "403:denied_by_security_policy:publish_denied")
    succeeded(client.publish("/probe/size", 65536).reply)
    client.disconnect()
    client.close()
    wait_until(lambda: "BX0051" in server.error_log(), "the log's line")


@test("subscribe: vetoed with a text, on each transport")
def _(server):
    with session(server, "/open") as client:
        refused(client.subscribe("/probe/secret").reply, "403:secret:subscribe_denied")
        refused(client.subscribe(["/free", "/probe/**"]).reply, "403:secret:subscribe_denied")
        equal(look(server, client.client_id)["subscriptions"], "0")
        succeeded(client.subscribe("/probe/other").reply)
    with WebSocketClient(server, "/open") as socket:
        socket.handshake()
        refused(socket.subscribe("/probe/secret"), "403:secret:subscribe_denied")


@test("publish: changed, vetoed; others of the batch pass; without a handshake as well")
def _(server):
    with session(server, "/open", ["/probe/change", "/probe/veto", "/probe/inner", "/filtered"]) as client:
        equal(client.publish("/probe/change", {"n": 1}).data, [{"user": "", "was": {"n": 1}}])
        refused(client.publish("/probe/veto", 1).reply, "403:not today:publish_denied")
        batch = client.call([{**client.message(f"/probe/{name}"), "data": 1} for name in ("change", "veto", "change")])
        equal([reply["successful"] for reply in batch.replies], [True, False, True])
        equal(client.publish("/filtered", "<").data, ["&lt;"])
        equal(client.publish("/probe/nested", 5).data, [5])
        nobody = Client(server, "/open")
        succeeded(nobody.publish("/probe/change", 2).reply)
        refused(nobody.publish("/probe/veto", 2).reply, "403")
        nobody.close()
        equal(poll(client).data, [{"user": "", "was": 2}])


@test("publish: a hook is told the session, the whole message, and the data that the filters have left")
def _(server):
    with session(server, "/open", ["/probe/session", "/probe/message", "/probe/twice"]) as client:
        equal(client.publish("/probe/session", 1).data, [client.client_id])
        nobody = Client(server, "/open")
        succeeded(nobody.publish("/probe/session", 1).reply)
        nobody.close()
        equal(poll(client).data, [None])
        message = {**client.message("/probe/message"), "data": 1, "own": [1]}
        equal(client.call([message]).data, [message])
        equal(client.publish("/probe/twice", "<").data, [["then", ["first", "&lt;"]]])


@test("several functions of a hook: one after the other until one denies, or until one serves")
def _(server):
    with connected(server, "/open", ["/probe/twice"]) as client:
        equal(client.publish("/probe/twice", 1).data, [["then", ["first", 1]]])
        refused(client.publish("/probe/veto", 1).reply, "403:not today:publish_denied")
        for name, wanted in (("probe/echo", "served"), ("then", "then")):
            answers = [reply["data"] for reply in client.publish(f"/service/{name}", "served") if "data" in reply]
            equal(answers, [wanted])


@test("publish from outside: changed, vetoed, all or nothing")
def _(server):
    def send(path, body, kind="application/json"):
        with Connection(server) as connection:
            return connection.request("POST", "/outside" + path, [("Content-Type", kind)], body)

    with session(server, subscriptions=["/probe/*"]) as client:
        equal(send("/probe/change", b'{"n": 1}').json, {"sessions": 1})
        equal(poll(client).data, [{"user": "", "was": {"n": 1}}])
        response = send("/probe/veto", b"1")
        equal((response.status, response.json["error"]), (422, "422::not today"))
        equal(send("/probe/veto", b"1\n2\n", "application/x-ndjson").status, 422)
        equal(poll(client).data, [])


@test("publish over WebSocket: on a worker, with the user of the upgrade")
def _(server):
    with WebSocketClient(server, "/members", headers=[user_header("alice")]) as socket:
        socket.handshake()
        succeeded(socket.subscribe("/probe/change"))
        succeeded(socket.connect())
        for n in range(3):
            succeeded(socket.publish("/probe/change", n))
        equal(socket.data(3), [{"user": "alice", "was": n} for n in range(3)])
        refused(socket.publish("/probe/veto", 1), "403:not today:publish_denied")


@test("what a hook leaves with the request of a WebSocket is gone with the message")
def _(server):
    with WebSocketClient(server, "/open") as socket:
        socket.handshake()
        succeeded(socket.subscribe("/probe/note"))
        socket.connect()
        for n in range(3):
            succeeded(socket.publish("/probe/note", n))
        equal(socket.data(3), ["new"] * 3)
    with session(server, "/open", ["/probe/note"]) as client:
        batch = client.call([{**client.message("/probe/note"), "data": n} for n in range(2)])
        equal(batch.data, ["new", "kept"])


@test("what a hook wants to see does not take the fast lane; a connect does")
def _(server):
    with connected(server, "/open") as client:
        client.connection = client.connect_connection
        before = number(server, "BayeuxFast")
        succeeded(client.publish("/a", 1).reply)
        succeeded(client.publish("/a", 2).reply)
        equal(number(server, "BayeuxFast"), before)
        client.connect(25)
        client.connect(25)
        check(number(server, "BayeuxFast") > before, "no connect took the fast lane")


@test("a hook that blocks holds up nobody else, WebSockets included")
def _(server):
    with WebSocketClient(server, "/open") as slow, connected(server, "/open", ["/a"]) as other:
        slow.handshake()
        slow.connect()
        began = time.monotonic()
        for n in range(2):
            slow.send([{**slow.message("/probe/slow"), "data": n}])
        for n in range(5):
            equal(other.publish("/a", n).data, [n])
        check(time.monotonic() - began < 1.0, "others had to wait")
        slow.sync()
        check(time.monotonic() - began >= 1.9, "the hook did not block")


@test("PB-15 service: answered, failed, silent; with the session's user; what is wrong is not sent")
def _(server):
    server.expect("BX0051")
    with connected(server, "/members", headers=[user_header("bob")]) as client:
        batch = client.publish("/service/probe/echo", {"a": [1]})
        equal(sorted(reply["successful"] for reply in batch), [True, True])
        answer = next(reply for reply in batch if "data" in reply)
        equal(answer["data"], {"a": [1]})
        equal([answer["channel"], answer["id"]], ["/service/probe/echo", batch[-1]["id"]])
        answer = next(reply for reply in client.publish("/service/probe/who", 1) if "data" in reply)
        equal(answer["data"], ["bob", "/members", answer["id"]])
        for name, data in (("fail", {"code": 42}), ("fail-briefly", None)):
            answer = next(reply for reply in client.publish(f"/service/probe/{name}", 1) if "data" in reply)
            equal(answer["successful"], False)
            check(data is None or answer["data"] == data, answer)
        for name in ("silent", "bad"):
            equal(len(client.publish(f"/service/probe/{name}", 1)), 1)


@test("news: created, subscribed, unsubscribed, removed, once each, with the request if there is one")
def _(server):
    with session(server, "/open", ["/a", "/b"]) as client:
        name = client.client_id
        succeeded(client.unsubscribe("/a").reply)
    equal(news(name), [("created", "-", "/open"), ("subscribed", "/a", "/open"), ("subscribed", "/b", "/open"),
                       ("unsubscribed", "/a", "/open"), ("removed", "-", "-")])  # fmt: skip
    with WebSocketClient(server, "/open") as socket:
        socket.handshake()
        socket.subscribe("/c")
        name = socket.client_id
    wait_until(lambda: len(news(name)) == 3, "news of the WebSocket")
    equal(news(name), [("created", "-", "/open"), ("subscribed", "/c", "/open"), ("removed", "-", "-")])


@test("news: whatever ends a session, its time, its queue or a module")
def _(server):
    expired = session(server, "/brief")
    ended = session(server, "/open")
    name = ended.client_id
    result(server, "disconnect", session=name)
    wait_until(lambda: news(name)[-1:] == [("removed", "-", "-")], "removed by a module")
    wait_until(lambda: news(expired.client_id)[-1:] == [("removed", "-", "-")], "removed by the sweep")
    equal(len(news(expired.client_id)), 2)
    expired.close()
    ended.close()


# --- the examples -------------------------------------------------------------------------------------------------

@test("example: a service that adds")
def _(server):
    def call(client, data):
        batch = client.publish("/service/example/add", data)
        equal(len([reply for reply in batch if "data" in reply]), 1, f"{data}: {batch}")
        return next(reply for reply in batch if "data" in reply)

    with connected(server, "/open") as client:
        for data, wanted in (([2, 3], 5), ([0.5, -1e3], -999.5), ([1e15, 1], 1e15 + 1)):
            answer = call(client, data)
            equal([answer["successful"], answer["data"]], [True, wanted], data)
        for data in ([1], [1, 2, 3], ["1", 2], {}, "x", None, [1e308, 1e308], [[1, 2]], []):
            answer = call(client, data)
            check(answer["successful"] is False and "numbers" in answer["data"]["message"], answer)


@test("example: a handshake needs a token; the name is in the reply; tokens are neither logged nor passed on")
def _(server):
    def shake(ext):
        client = Client(server, "/tokens")
        message = {"channel": "/meta/handshake", "version": "1.0", "id": "1", "ext": ext}
        return client, client.call([{name: value for name, value in message.items() if value is not None}]).reply

    for token, name in (("Zm9vYmFy", "alice"), ("secret-2", "bob_2")):
        client, reply = shake({"authentication": {"token": token}})
        equal(succeeded(reply)["ext"], {"name": name})
        client.client_id = reply["clientId"]
        succeeded(client.subscribe("/t").reply)
        event = client.publish("/t", 1, ext={"authentication": {"token": token}, "k": 1}).events[0]
        equal(event["ext"], {"k": 1})
        client.disconnect()
        client.close()
    for ext in (None, {}, {"authentication": "Zm9vYmFy"}, {"authentication": {}}, {"authentication": {"token": 1}},
                {"authentication": {"token": ["Zm9vYmFy"]}}, {"authentication": {"token": "a\0b"}}):  # fmt: skip
        client, reply = shake(ext)
        refused(reply, "403:no token in ext.authentication:handshake_denied")
        equal(reply["advice"], {"reconnect": "none"})
        client.close()
    for token in ("", "Zm9vYmF", "Zm9vYmFyy", "zm9vYmFy", "alice", "x" * 5000):
        client, reply = shake({"authentication": {"token": token}})
        refused(reply, "403:unknown token:handshake_denied")
        client.close()
    check("Zm9vYmFy" not in server.error_log(), "a token in the log")


# --- without us ---------------------------------------------------------------------------------------------------

@test("the modules load without mod_bayeux; a policy that cannot be enforced is refused")
def _(_):
    code, said = config_test(LOAD, modules=())
    equal(code, 0, said)
    code, said = config_test(LOAD + f'BayeuxExampleTokens "{files}/tokens" tokens', modules=())
    check(code != 0 and "mod_bayeux" in said, said)
    code, said = config_test(LOAD + f'BayeuxExampleTokens "{files}/none" tokens', modules=())
    check(code != 0 and "BayeuxExampleTokens" in said, said)


@test("graceful restart: the hooks are there again")
def _(server):
    server.graceful()
    with session(server, "/open", ["/probe/change"]) as client:
        equal(client.publish("/probe/change", 1).data, [{"user": "", "was": 1}])
    serves(server)


def fixture():
    return Httpd(CONF % {"files": files}, modules=MODULES, server_limit=9)


try:
    tap.run(fixture)
finally:
    shutil.rmtree(files)
