#!/usr/bin/env python3
"""`SetHandler bayeux-publish`: a message by a plain POST, what becomes of it, and what is refused (S2, S5, S22, S25)."""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from event_source import EventSource  # noqa: E402
from guarded import make_files  # noqa: E402
from harness import Httpd  # noqa: E402
from publishing import JSON, LOGIN, MODULES, NDJSON, reached, refused, send  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from websocket import WebSocketClient, ws_connected  # noqa: E402
from wire import connected, counter, hold, poll, serves, session  # noqa: E402
from wire import refused as bayeux_refused  # noqa: E402

CONF = """
<Location /publish>
    SetHandler bayeux-publish
    Require valid-user
    BayeuxMaxMessageSize 2K
%(login)s
</Location>
<Location /deep/below/publish/>
    SetHandler bayeux-publish
    Require valid-user
%(login)s
</Location>
<Location /publish/apart>
    SetHandler bayeux-publish
    BayeuxDomain apart
    Require valid-user
%(login)s
</Location>
<Location /apart>
    SetHandler bayeux
    BayeuxDomain apart
</Location>
<Location /full>
    SetHandler bayeux
    BayeuxDomain full
</Location>
<Location /publish-full>
    SetHandler bayeux-publish
    BayeuxDomain full
    BayeuxMaxChannels 2
    Require valid-user
%(login)s
</Location>
<Location /stamped>
    SetHandler bayeux
    BayeuxDomain stamped
</Location>
<Location /publish-stamped>
    SetHandler bayeux-publish
    BayeuxDomain stamped
    BayeuxExtensions timestamp
    Require valid-user
%(login)s
</Location>
<Location /pages>
    SetHandler bayeux-publish
    BayeuxAllowOrigin https://pages.example
    Require valid-user
%(login)s
</Location>
<Location /filtered>
    SetHandler bayeux
    BayeuxDomain filtered
    <BayeuxChannel "/clean/**">
        BayeuxFilter escape-markup
        BayeuxFilter max-size 40
    </BayeuxChannel>
</Location>
<Location /publish-filtered>
    SetHandler bayeux-publish
    BayeuxDomain filtered
    Require valid-user
%(login)s
</Location>
<LocationMatch "^/matched/">
    SetHandler bayeux-publish
    Require valid-user
%(login)s
</LocationMatch>
<Location /unconnected>
    SetHandler bayeux
    BayeuxDomain unconnected
    BayeuxUnconnectedPublish On
    <BayeuxChannel "/closed">
        BayeuxRequire publish all denied
    </BayeuxChannel>
</Location>
"""


# --- what arrives -------------------------------------------------------------------------------------------------

@test("the body becomes the data of a message on the channel that the path names; the answer says whom it reached")
def _(server):
    with session(server, subscriptions=["/chat/room"]) as alice, session(server, subscriptions=["/chat/*"]) as bob:
        response = send(server, "/chat/room", {"text": "hi"})
        equal(reached(response), 2)
        equal(response.body, b'{"sessions":2}\n')
        for client in (alice, bob):
            equal(poll(client).events, [{"channel": "/chat/room", "data": {"text": "hi"}}], "S5: nothing of the sender")
    equal(reached(send(server, "/chat/room", 1)), 0)


@test("PB-1 the payload is delivered byte for byte, whatever JSON it is: one message, an array too")
def _(server):
    payloads = [
        b'{"n":123456789012345678901234567890,"p":0.10,"z":1,"a":"\\u2028\\/"}', b"[1,[2],{}]", b"null", b'""', b"0",
        b'[{"channel":"/meta/handshake","version":"1.0"}]', b'{"channel":"/x","clientId":"y","ext":{"a":1}}',
        "\"äöü\U0001f600\"".encode(), b'{"__proto__":{"a":1}}', b'"</script><script>"',
    ]  # fmt: skip
    with session(server, subscriptions=["/raw"]) as alice:
        for payload in payloads:
            equal(reached(send(server, "/raw", b" " + payload + b"\r\n")), 1)
            found = alice.connect(25).response.body
            check(b'{"channel":"/raw","data":' + payload + b"}" in found, f"{payload!r} is not in {found!r}")


@test("sessions on every transport and in every child get it; from every child it is published")
def _(server):
    children = server.children()
    check(len(children) >= 3, str(children))
    with connected(server, subscriptions=["/all"], child=children[0], connect_child=children[1]) as polling, \
         ws_connected(server, child=children[1]) as socket, session(server, subscriptions=["/all"]) as streaming:
        socket.subscribe("/all")
        with EventSource(streaming, child=children[2]) as stream:
            stream.begin()
            counter(server, "BayeuxStreams", 2)
            for number, child in enumerate(children):
                held = hold(polling)
                equal(reached(send(server, "/all", number, child=child)), 3)
                equal(held.wait(5).data, [number])
                equal(socket.events(1)[0], {"channel": "/all", "data": number})
                equal(stream.events(1)[0], {"channel": "/all", "data": number})


@test("application/x-ndjson: one message a line, in order; the sum of all is answered; empty lines are none")
def _(server):
    lines = b'{"n": 1}\n\n  \r\n[2]\r\n"three"\nnull'
    with session(server, subscriptions=["/lines"]) as alice, session(server, subscriptions=["/lines"]) as bob:
        response = send(server, "/lines", lines, [NDJSON])
        equal(reached(response), 8)
        equal(response.json, {"messages": 4, "sessions": 8})
        for client in (alice, bob):
            equal(poll(client).data, [{"n": 1}, [2], "three", None])
        refused(send(server, "/lines", b"1\n2\n{broken\n4\n", [NDJSON]), 400, "line 3 is not valid JSON")
        equal(poll(alice).data, [], "all or nothing")
        poll(bob)


@test("the channel is what is below the Location, the innermost, however deep that is itself")
def _(server):
    with session(server, subscriptions=["/**"]) as alice, session(server, "/apart", ["/**"]) as other:
        equal(reached(send(server, "/a/b", 1, at="/deep/below/publish")), 1)
        equal(reached(send(server, "/a/b", 2, at="/publish/apart")), 1)
        equal(reached(send(server, "/a/b/", 3)), 1)
        equal(poll(alice).events, [{"channel": "/a/b", "data": 1}, {"channel": "/a/b", "data": 3}])
        equal(poll(other).events, [{"channel": "/a/b", "data": 2}])


@test("X-TS the events say when they were sent where the Location has the extension timestamp")
def _(server):
    with session(server, "/stamped", ["/t"]) as alice:
        equal(reached(send(server, "/t", 1, at="/publish-stamped")), 1)
        (event,) = poll(alice).events
        equal(sorted(event), ["channel", "data", "timestamp"])


@test("the filters of the channel hold for what comes from outside, to all and to one")
def _(server):
    with session(server, "/filtered", ["/clean/a", "/other"]) as alice:
        equal(reached(send(server, "/clean/a", {"b": "<b>"}, at="/publish-filtered")), 1)
        equal(reached(send(server, f"/clean/x?session={alice.client_id}", "<i>", at="/publish-filtered")), 1)
        equal(reached(send(server, "/other", "<b>", at="/publish-filtered")), 1)
        equal(poll(alice).data, [{"b": "&lt;b&gt;"}, "&lt;i&gt;", "<b>"])
        lines = b'"good"\n"' + b"x" * 41 + b'"\n'
        refused(send(server, "/clean/a", lines, [NDJSON], at="/publish-filtered"), 422, "max-size")
        equal(poll(alice).data, [], "all or nothing")


@test("sessions, queues and the API survive graceful restarts")
def _(server):
    with session(server, subscriptions=["/kept"]) as alice:
        equal(reached(send(server, "/kept", 1)), 1)
        server.graceful()
        equal(reached(send(server, "/kept", 2)), 1)
        alice.close()
        equal(poll(alice).data, [1, 2])


# --- what is refused ----------------------------------------------------------------------------------------------

@test("S2 S25 meta, internal and service channels, patterns and what is no name: 400 and why; nobody gets anything")
def _(server):
    with session(server, subscriptions=["/**"]) as alice:
        for path, words in (
            ("/meta/handshake", "/meta"), ("/meta/subscribe", "/meta"), ("/meta/x", "/meta"), ("/meta/connect/", "no channel name"),
            ("/META/handshake", "no channel name"), ("/%6deta/handshake", "/meta"), ("/bayeux/x", "/oort"),
            ("/oort/cloud", "/oort"), ("/seti/all", "/oort"), ("/bayeux", "/oort"), ("/service/echo", "no subscribers"),
            ("/a/*", "pattern"), ("/a/**", "pattern"), ("/**", "pattern"), ("/*/b", "no channel name"),
            ("", "names no channel"), ("/", "names no channel"), ("/a%09b", "no channel name"),
            ("/a,b", "no channel name"), ("/" + "x" * 300, "no channel name"), ("/service", "no channel name"),
        ):  # fmt: skip
            refused(send(server, path, 1), 400, words)
        equal(poll(alice).data, [])


@test("a path that httpd itself takes apart leads to no other channel")
def _(server):
    with session(server, subscriptions=["/**"]) as alice:
        for path in ("/a/../meta/handshake", "/./meta/x", "//meta/x", "/a/%2e%2e/meta/x"):
            check(send(server, path, 1).status in (400, 404), path)
        check(send(server, "/a%2fb", 1).status == 404, "an encoded slash")
        check(send(server, "/a%00b", 1).status in (400, 404), "a NUL")
        equal(poll(alice).data, [])


@test("bodies that are no JSON: 400; another type, or none: 415; another charset: 415; above the limit: 413")
def _(server):
    for body in (b"", b"  \n", b"{", b"{'a':1}", b"1 2", b"[1,]", b"nul", b"\xff", b'"\xc0\xaf"', b"[" * 200 + b"]" * 200):
        refused(send(server, "/a", body), 400, "body")
    refused(send(server, "/a", b"\n\r\n", [NDJSON]), 400, "no message")
    for kind in ("text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                 "application/jsonx", "application/vnd.a+json", ""):  # fmt: skip
        refused(send(server, "/a", 1, [("Content-Type", kind)]), 415, "application/json")
    refused(send(server, "/a", 1, []), 415, "application/json")
    refused(send(server, "/a", 1, [("Content-Type", "application/json; charset=iso-8859-1")]), 415, "UTF-8")
    equal(reached(send(server, "/a", 1, [("Content-Type", 'Application/JSON ; charset="UTF-8"')])), 0)
    equal(reached(send(server, "/a", b'"' + b"x" * 2046 + b'"')), 0)
    equal(refused(send(server, "/a", b'"' + b"x" * 2047 + b'"'), 413, "2048 bytes").header("Connection"), "close")
    chunked = b"10\r\n\"" + b"x" * 15 + b"\r\n" + (b"ff0\r\n" + b"x" * 0xFF0 + b"\r\n") * 4 + b"0\r\n\r\n"
    refused(send_chunked(server, chunked), 413, "2048 bytes")


def send_chunked(server, body):
    from guarded import user_header
    from http_client import Connection

    with Connection(server) as connection:
        name, value = user_header("alice")
        connection.send(b"POST /publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + f"{name}: {value}\r\n".encode() + b"Transfer-Encoding: chunked\r\n\r\n" + body)  # fmt: skip
        return connection.read_response()


@test("other methods: 405, with those that are allowed; OPTIONS says them too")
def _(server):
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        equal(refused(send(server, "/a", 1, method=method), 405, "POST").header("Allow"), "POST, OPTIONS")
    response = send(server, "/a", b"", (), method="OPTIONS")
    equal((response.status, response.header("Allow")), (200, "POST, OPTIONS"))


@test("a full store or domain: 503 with Retry-After, and how far it got")
def _(server):
    server.expect("BX0016")
    equal(reached(send(server, "/one", 1, at="/publish-full")), 0)
    equal(reached(send(server, "/two", 1, at="/publish-full")), 0)
    response = refused(send(server, "/three", 1, at="/publish-full"), 503, "no room")
    check(int(response.header("Retry-After")) > 0, repr(response))
    refused(send(server, "/three", b"1\n2\n", [NDJSON], at="/publish-full"), 503, "after 0 of 2 messages")


# --- other pages (S8, S9) -----------------------------------------------------------------------------------------

@test("S9 S25 a page of another origin cannot publish with the login that the browser has here")
def _(server):
    with session(server, subscriptions=["/csrf"]) as alice:
        for origin in ("http://evil.example", "null", f"http://localhost.evil.example:{server.port}"):
            equal(send(server, "/csrf", 1, [JSON, ("Origin", origin)]).status, 403, origin)
            equal(send(server, "/csrf", 1, [("Content-Type", "text/plain"), ("Origin", origin)]).status, 403, origin)
        equal(poll(alice).data, [])
        own = "http://localhost"
        equal(reached(send(server, "/csrf", 1, [JSON, ("Origin", own)])), 1)
        equal(poll(alice).data, [1])


@test("CO-1 BayeuxAllowOrigin lets a page in, with the fields that it needs")
def _(server):
    page = ("Origin", "https://pages.example")
    response = send(server, "/a", 1, [JSON, page], at="/pages")
    equal(reached(response), 0)
    equal(response.header("Access-Control-Allow-Origin"), page[1])
    equal(response.header("Access-Control-Allow-Credentials"), "true")
    response = send(server, "/a", b"", [page, ("Access-Control-Request-Method", "POST")], method="OPTIONS", at="/pages")
    equal(response.header("Access-Control-Allow-Methods"), "POST, OPTIONS")
    equal(send(server, "/a", 1, [JSON, ("Origin", "https://other.example")], at="/pages").status, 403)


@test("S25 a handler that was set by other means than a Location's SetHandler serves nobody")
def _(server):
    server.expect("BX0040")
    refused(send(server, "/a", 1, at="/matched"), 403, "not configured")


# --- without a handshake, over Bayeux -----------------------------------------------------------------------------

@test("PB-10 BayeuxUnconnectedPublish over a WebSocket: delivered, and authorized")
def _(server):
    with session(server, "/unconnected", ["/**"]) as alice, WebSocketClient(server, "/unconnected") as nobody:
        reply = nobody.publish("/dir/x", {"n": 1})
        equal((reply["channel"], reply["successful"]), ("/dir/x", True))
        bayeux_refused(nobody.publish("/closed", 1), "403")
        bayeux_refused(nobody.publish("/meta/x", 1), "403")
        bayeux_refused(nobody.publish("/oort/x", 1), "403")
        equal(poll(alice).events, [{"channel": "/dir/x", "data": {"n": 1}}])
    nobody = Client(server, "/unconnected")
    bayeux_refused(nobody.publish("/closed", 1).reply, "403")
    bayeux_refused(nobody.publish("/seti/x", 1).reply, "403")


@test("the server still does all that it is there for")
def _(server):
    serves(server)


def main():
    files = make_files()
    try:
        run(lambda: Httpd(CONF % {"login": LOGIN.format(files=files)}, modules=MODULES, server_limit=9))
    finally:
        shutil.rmtree(files)


if __name__ == "__main__":
    main()
