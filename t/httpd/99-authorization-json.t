#!/usr/bin/env python3
"""S22: whatever is answered to whatever was sent is JSON that says that it is JSON; markup that somebody put in
comes back in nothing else. S25: publishing from outside needs a credential of its own, and reaches no meta channel."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import guards  # noqa: E402
from bayeux import Client  # noqa: E402
from guards import GUARDS, speaker  # noqa: E402
from http_client import Connection  # noqa: E402
from publishing import JSON, NDJSON, reached, send  # noqa: E402
from services import remote_call  # noqa: E402
from tap import check, equal, test  # noqa: E402
from wire import poll, session  # noqa: E402

MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"

CONF = """
MaxKeepAliveRequests 0
<Location /fast>
    BayeuxService "/service/failing" "/lua/failing"
    BayeuxService "/service/page" "/lua/page"
    <BayeuxChannel "/filtered">
        BayeuxFilter deny-regex /script/
    </BayeuxChannel>
</Location>
LuaMapHandler ^/lua/(failing|page)$ "{files}/markup.lua" $1
<Location /tiny>
    SetHandler bayeux
    BayeuxMaxMessageSize 128
</Location>
<Location /sockets>
    SetHandler bayeux
    BayeuxTransports websocket
</Location>
"""

LUA = f"""
function page(r)
    r.content_type = "text/html"
    r:puts("{MARKUP}")
    return apache2.OK
end
function failing(r)
    r.status = 500
    return page(r)
end
"""


def is_json(response, *statuses):
    """Of one of these statuses, with the type and the sniffing forbidden."""
    check(response.status in (statuses or (200,)), f"{statuses}: {response!r}")
    equal(response.header("Content-Type"), "application/json;charset=UTF-8", repr(response))
    equal(response.header("X-Content-Type-Options"), "nosniff", repr(response))
    return json.loads(response.body)


def ask(server, method, path, body=b"", headers=()):
    with Connection(server) as connection:
        return connection.request(method, path, [*guards.ALICE, *headers], body)


@test("S22 each error of Bayeux: application/json and nosniff, with markup in all that was sent")
def _(server):
    for body in (b"", b"[", b"[]", b"null", MARKUP.encode(), b"[1]", f'{{"{MARKUP}":}}'.encode()):
        is_json(ask(server, "POST", "/fast", body, [JSON]), 400, 200)
    for path, body, headers in (
        ("/fast", b"[]", [("Content-Type", "application/json;charset=" + MARKUP.replace(" ", "").replace(";", ""))]),
        ("/fast", b"message=" + MARKUP.encode(), [("Content-Type", "application/x-www-form-urlencoded")]),
        ("/tiny", b"[" + b" " * 200 + b"]", [JSON]),
        ("/sockets", b'[{"channel":"/meta/handshake","version":"1.0"}]', [JSON]),
    ):
        is_json(ask(server, "POST", path, body, headers), 400, 403, 405, 413, 415)
    for path, headers in (
        ("/fast", []), (f"/fast/{'x' * 40}", [("Accept", "text/event-stream")]),
        ("/fast?message=%5B%5D&jsonp=alert(1)", []), ("/fast", [("Upgrade", "websocket"), ("Connection", "Upgrade")]),
        ("/fast/%3Cscript%3E", [("Accept", "text/event-stream")]),
    ):  # fmt: skip
        is_json(ask(server, "GET", path, headers=headers), 400, 403, 404, 405, 426, 501)


@test("S22 each reply that is not successful: markup only inside of the JSON that names it, or not at all")
def _(server):
    with speaker(server, "the fast lane", guards.ALICE) as alice:
        for message in (
            alice.message(MARKUP, data=MARKUP),
            alice.message("/meta/subscribe", subscription=MARKUP),
            alice.message("/meta/" + MARKUP),
            alice.message("/filtered", data=MARKUP),
            alice.message("/publish/denied/x", data=MARKUP),
            alice.message("/x", data=1, id=MARKUP),
            {**alice.message("/x", data=1), "clientId": MARKUP},
            alice.message("/meta/unsubscribe", subscription=MARKUP),
        ):
            for reply in is_json(alice.post([message])):
                check("<" not in reply.get("error", ""), reply)


@test("S22 each answer of a service, good, failed or refused, with markup in it, stays JSON")
def _(server):
    server.expect("BX0030")
    with session(server, "/fast", headers=guards.ALICE) as alice:
        alice.connection = alice.connect_connection
        for channel, successful in (("/service/user", True), ("/service/failing", False),
                                    ("/service/page", False), ("/service/at/denied", False)):  # fmt: skip
            answer = remote_call(alice, channel, MARKUP)
            equal(answer["successful"], successful, channel)
            if successful:
                equal(answer["data"]["lua"], MARKUP)
            else:
                check("<" not in answer["data"]["message"], answer)
        for _ in range(3):
            is_json(alice.post([{**alice.message("/service/user"), "data": MARKUP}]))
            is_json(alice.post([alice.connect_message(200)]))


@test("S22 each answer from outside: application/json and nosniff, and no word of what was sent")
def _(server):
    for method, path, body, headers in (
        ("POST", "/a", b"1", [JSON]), ("POST", "/a", MARKUP.encode(), [JSON]), ("POST", "/a", b"", [JSON]),
        ("POST", "/a", b"1\n" + MARKUP.encode(), [NDJSON]), ("GET", "/a", b"", []), ("PUT", "/a", b"1", [JSON]),
        ("POST", "/meta/x", b"1", [JSON]), ("POST", "/%3Cscript%3E", b"1", [JSON]), ("POST", "", b"1", [JSON]),
        ("POST", "/a?user=%3Cscript%3E", b"1", [JSON]), ("POST", "/a?%3Cscript%3E=1", b"1", [JSON]),
        ("POST", "/a?session=%3Cscript%3E", b"1", [JSON]), ("POST", "/a", b"1", [("Content-Type", "text/html")]),
        ("POST", "/a", b"1", [("Content-Type", "application/json;charset=x<script>")]),
        ("POST", "/a", b'"' + b"x" * 70000 + b'"', [JSON]),
    ):  # fmt: skip
        response = ask(server, method, f"/outside{path}", body, headers)
        is_json(response, 200, 400, 403, 404, 405, 413, 415)
        check(b"<" not in response.body, repr(response))


@test("S22 what httpd itself refuses has none of the markup in its page")
def _(server):
    foreign = [*guards.ALICE, ("Origin", "https://evil.example/<script>")]
    for path, headers in (("/publish-user/a", []), ("/publish-denied/a", []), ("/fast", []), ("/fast", foreign),
                          ("/outside/a", foreign)):  # fmt: skip
        with Connection(server) as connection:
            response = connection.request("POST", f"{path}?%3Cscript%3E", [JSON, *headers], MARKUP.encode())
        check(response.status in (401, 403), repr(response))
        check(b"<script" not in response.body.lower(), repr(response))


@test("S25 from outside without credentials: 401 or 403, for each kind of recipient, and nothing arrives")
def _(server):
    with session(server, "/fast", ["/*"], headers=guards.ALICE) as alice:
        for name in GUARDS:
            if name == "granted":
                continue
            for path in ("/a", f"/a?session={alice.client_id}", "/a?user=alice", "/meta/connect", "/publish/denied/x"):
                for headers in ((JSON,), (NDJSON,), (JSON, guards.BOB[0]), (JSON, ("Cookie", "BAYEUX_BROWSER=x"))):
                    if name == "ip" and path != "/meta/connect":
                        headers = [*headers, ("X-From", "198.51.100.7")]
                    response = send(server, path, 1, headers, at=f"/publish-{name}", user=None)
                    check(response.status in (401, 403), f"{name} {path}: {response!r}")
        # A browser's session is no credential here.
        cookies = ("Cookie", "; ".join(f"{key}={value}" for key, value in alice.cookies.items()))
        equal(send(server, "/a", 1, [JSON, cookies], at="/publish-user", user=None).status, 401)
        equal(poll(alice).data, [])


@test("S25 with credentials: no meta channel, no pattern, by no spelling and for no recipient")
def _(server):
    with session(server, "/fast", ["/*"], headers=guards.BOB) as bob:
        for path in ("/meta/handshake", "/meta/connect", "/meta/subscribe/", "/%6deta/connect", "/meta%2fconnect",
                     "//meta/x", "/a/../meta/x", "/./meta/connect", "/META/x/", "/**", "/meta/**",
                     "/meta"):  # fmt: skip
            for query in ("", f"?session={bob.client_id}", "?user=bob"):
                for kind, body in ((JSON, b"1"), (NDJSON, b"1\n2")):
                    response = send(server, path + query, body, [kind], at="/publish-user")
                    check(response.status in (400, 404), f"{path}{query}: {response!r}")
        equal(poll(bob).data, [])
        equal(reached(send(server, "/a", 1, at="/publish-user")), 1)
        equal(poll(bob).data, [1])
    Client(server).close()


guards.run(conf=CONF, scripts={"markup.lua": LUA})
