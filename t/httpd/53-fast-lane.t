#!/usr/bin/env python3
"""The fast lane: which requests take it, and which never do (design.md 4.3). server-status counts them."""

import base64
import hashlib
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from http_client import Connection  # noqa: E402
from steps import clients, subscriber, wait_parked  # noqa: E402
from tap import check, equal, run, test  # noqa: E402

MODULES = ("bayeux", "headers", "deflate", "filter", "substitute", "rewrite", "auth_basic", "authn_core", "authn_file",
           "authz_user", "reqtimeout", "setenvif", "env")  # fmt: skip

CONF = """
BayeuxFastLane On
RequestReadTimeout header=20-40,MinRate=500 body=20,MinRate=500
BayeuxDomain one
<Location /off>
    SetHandler bayeux
    BayeuxFastLane Off
</Location>
<Location /encoded>
    SetHandler bayeux
    SetOutputFilter DEFLATE
</Location>
<Location /inflated>
    SetHandler bayeux
    SetInputFilter DEFLATE
</Location>
<Location /pages-encoded>
    SetHandler bayeux
    AddOutputFilterByType DEFLATE text/html text/plain
</Location>
<Location /json-encoded>
    SetHandler bayeux
    AddOutputFilterByType DEFLATE text/html application/json
</Location>
<Location /json-changed>
    SetHandler bayeux
    AddOutputFilterByType SUBSTITUTE text/html
</Location>
<Location /cookies>
    SetHandler bayeux
    Header always add Set-Cookie "visits=1"
</Location>
<Location /limited>
    SetHandler bayeux
    LimitRequestBody 200
</Location>
<Location /small>
    SetHandler bayeux
    BayeuxMaxMessageSize 200
</Location>
<Location /brief>
    SetHandler bayeux
    BayeuxRevalidate 1s
</Location>
<Location /login>
    SetHandler bayeux
    BayeuxRevalidate 1s
    AuthType Basic
    AuthName here
    AuthUserFile "{root}/users"
    Require valid-user
</Location>
<Location /denied>
    SetHandler bayeux
    Require all denied
</Location>
<Location /guarded>
    SetHandler bayeux
    BayeuxDomain guarded
    <BayeuxChannel "/granted/**">
        BayeuxRequire publish expr "-f '{root}/granted'"
    </BayeuxChannel>
</Location>
<Location /guarded-brief>
    SetHandler bayeux
    BayeuxDomain guarded
    BayeuxRevalidate 3s
</Location>
<VirtualHost 127.0.0.1:{port}>
    ServerName localhost
    MaxKeepAliveRequests 0
</VirtualHost>
<VirtualHost 127.0.0.1:{port}>
    ServerName brief.test
    KeepAliveTimeout 1
    MaxKeepAliveRequests 6
</VirtualHost>
<VirtualHost 127.0.0.1:{port}>
    ServerName detours.test
    <Directory "{root}/htdocs/moved">
        RewriteEngine On
        RewriteBase /
        RewriteRule .* /bayeux [L]
    </Directory>
</VirtualHost>
"""


class Server(Httpd):
    """Its configuration names its own places."""

    def make_root(self):
        super().make_root()
        conf = CONF.replace("{root}", str(self.root)).replace("{port}", str(self.port))
        path = self.root / "httpd.conf"
        (self.root / "htdocs" / "moved").mkdir()
        self.let_in("alice")
        self.grant(True)
        path.write_text(path.read_text(encoding="utf-8") + conf, encoding="utf-8")

    def let_in(self, user):
        digest = base64.b64encode(hashlib.sha1(b"secret").digest()).decode()
        (self.root / "users").write_text(f"{user}:{{SHA}}{digest}\n", encoding="ascii")

    def grant(self, yes):
        if yes:
            (self.root / "granted").touch()
        else:
            (self.root / "granted").unlink()


LOGIN = ("Authorization", "Basic " + base64.b64encode(b"alice:secret").decode())


def fast(server):
    return int(server.status()["BayeuxFast"])


def taken(server, step):
    """How many requests of this step took the fast lane."""
    before = fast(server)
    step()
    return fast(server) - before


def settled(server, path="/bayeux", **options):
    """A subscriber to /fast with one connection, on which all has gone through httpd so far but for its own head."""
    client = subscriber(server, "/fast", path=path, **options)
    client.connection = client.connect_connection
    return client


def ping(client, **options):
    """A request that is answered at once and changes nothing."""
    equal(client.subscribe("/fast", **options).reply["successful"], True, "subscribe")


def promoted(server, path="/bayeux", **options):
    """The same after the head of its requests was accepted: the next one takes the lane."""
    client = settled(server, path, **options)
    ping(client)
    ping(client)
    equal(taken(server, lambda: ping(client)), 1, "the head is accepted")
    return client


def head_of(client, length, lines=()):
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    all_lines = [f"POST {client.path} HTTP/1.1", "Host: localhost", "Content-Type: application/json",
                 f"Cookie: {cookie}", f"Content-Length: {length}", *lines]  # fmt: skip
    return "\r\n".join(all_lines).encode() + b"\r\n\r\n"


def raw(client, lines=()):
    body = json.dumps([client.message("/meta/subscribe", subscription="/fast")]).encode()
    return head_of(client, len(body), lines) + body


def ask(client, request):
    client.connection.send(request)
    return client.connection.read_response()


# --- what takes the lane ----------------------------------------------------------------------------------------------


def on(name, tls):
    @test(f"{name}: subscribes, publishes, batches and held connects take the lane")
    def _(server):
        client = promoted(server, tls=tls)
        with clients(client):
            equal(taken(server, lambda: ping(client)), 1, "subscribe")
            equal(taken(server, lambda: equal(client.publish("/fast", 1).data, [1])), 1, "publish")
            batch = [client.message("/fast", data=2), client.message("/fast", data=3)]
            equal(taken(server, lambda: equal(client.call(batch).data, [2, 3])), 1, "batch")
            before = fast(server)
            held = client.start_connect()
            wait_parked(server, 1)
            equal(fast(server) - before, 1)
            check(not held.answered(), "it is held")
            with Client(server) as other:
                other.handshake()
                other.publish("/fast", "news")
            answer = held.wait(5)
            equal((answer.data, answer.reply["successful"]), (["news"], True))

    @test(f"{name}: a response has the head of httpd's, with its own date and length")
    def _(server):
        client = settled(server, tls=tls)
        with clients(client):
            slow = [ask(client, raw(client)) for _ in range(2)][-1]
            quick = {}
            equal(taken(server, lambda: quick.update(response=ask(client, raw(client)))), 1)

            def shape(response):
                return [(k, "" if k == "Date" else v) for k, v in response.headers]

            equal(shape(quick["response"]), shape(slow))
            check(re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", quick["response"].header("Date")), "date")

    @test(f"{name}: a connect that ends by its timeout, by a newer one, or with its session")
    def _(server):
        client = promoted(server, tls=tls)
        with clients(client):
            before = fast(server)
            equal(client.connect(300, timeout=10).reply["successful"], True)
            held = client.start_connect()
            wait_parked(server, 1)
            newer = Client(server)
            newer.cookies, newer.client_id = client.cookies, client.client_id
            newer.connect(0)
            newer.close()
            response = held.wait_response(5)
            equal((response.status, response.body, response.header("Connection")), (408, b"", "close"), "CN-12")
            check(held.connection.closed_by_server(5), "closed")
            check(fast(server) - before >= 2, "both were fast")
        client = promoted(server, tls=tls)
        held = client.start_connect()
        wait_parked(server, 1)
        with Client(server) as other:
            other.cookies, other.client_id = client.cookies, client.client_id
        reply = held.wait(5).reply
        equal((reply["successful"], reply["advice"]["reconnect"]), (True, "none"), "CN-17")
        client.close()

    @test(f"{name}: a request split anywhere, and several at once, are answered as ever")
    def _(server):
        client = promoted(server, tls=tls)
        with clients(client):
            ask(client, raw(client))
            ask(client, raw(client))
            before = fast(server)
            for at in (1, 5, 40, -1, -20):
                request = raw(client)
                client.connection.send(request[:at])
                check(not client.connection.has_input(0.05), "nothing yet")
                equal(ask(client, request[at:]).json[0]["successful"], True)
            equal(fast(server) - before, 5)
            client.connection.send(b"".join(raw(client) for _ in range(40)))
            for _ in range(40):
                equal(client.connection.read_response().json[0]["successful"], True)
            equal(fast(server) - before, 45)

    @test(f"{name}: what comes behind a held connect ends it, whoever serves it")
    def _(server):
        client = promoted(server, tls=tls)
        with clients(client):
            for behind in (raw(client), raw(client, ["X: y"]), b"GET /static.txt HTTP/1.1\r\nHost: h\r\n\r\n"):
                ping(client)
                ping(client)
                client.start_connect()
                wait_parked(server, 1)
                client.connection.send(behind)
                equal(client.connection.read_response(5).json[0]["channel"], "/meta/connect")
                equal(client.connection.read_response(5).status, 200)
                wait_parked(server, 0)

    @test(f"{name}: pages between messages, on one connection")
    def _(server):
        client = promoted(server, tls=tls)
        with clients(client):
            for _ in range(3):
                equal(client.connection.request("GET", "/static.txt").body, b"static\n")
                ping(client)
                equal(taken(server, lambda: ping(client)), 1)


on("plain", False)
on("TLS", True)


@test("a client that goes away while it is held: its session is free at once (CN-15)")
def _(server):
    client = promoted(server)
    with clients(client):
        client.start_connect()
        wait_parked(server, 1)
        client.connection.close()
        wait_parked(server, 0)
        client.connection = client.connect_connection = None


# --- what does not ----------------------------------------------------------------------------------------------------


def never(name, path, *, headers=(), wait=None):
    @test(f"never: {name}")
    def _(server):
        client = settled(server, path, headers=list(headers))
        with clients(client):
            equal(taken(server, lambda: [ping(client) for _ in range(6)]), 0)


never("BayeuxFastLane Off", "/off")
never("an output filter", "/encoded", headers=[("Accept-Encoding", "identity")])
never("another output filter for JSON", "/json-changed")
never("an input filter", "/inflated")
never("a response that sets a cookie", "/cookies")
never("a charset that is not UTF-8", "/bayeux", headers=[("Content-Type", "application/json; charset=iso-8859-1")])
never("Connection: keep-alive, TE", "/bayeux", headers=[("Connection", "keep-alive, TE"), ("TE", "trailers")])
never("a field twice", "/bayeux", headers=[("X-Twice", "1"), ("X-Twice", "1")])


@test("a filter for pages, as Debian's deflate.conf has it, sees no JSON and is none")
def _(server):
    with clients(promoted(server, "/pages-encoded", headers=[("Accept-Encoding", "gzip")])) as (client,):
        client.start_connect()
        wait_parked(server, 1)
        equal(taken(server, lambda: ping(client)), 1, "behind a held connect too")


@test("a filter that compresses JSON, for who asks for that: never; for others it is none")
def _(server):
    with clients(settled(server, "/json-encoded")) as (client,):
        def ask_once(lines):
            client.connection.send(raw(client, lines))
            return client.connection.read_response().header("Content-Encoding")

        equal(taken(server, lambda: equal({ask_once(["Accept-Encoding: gzip"]) for _ in range(4)}, {"gzip"})), 0)
        equal(taken(server, lambda: equal({ask_once([]) for _ in range(4)}, {None})), 3)


def other(name, change):
    @test(f"another head is httpd's: {name}")
    def _(server):
        client = settled(server)
        with clients(client):
            for _ in range(2):
                ask(client, raw(client))
            equal(taken(server, lambda: ask(client, raw(client))), 1, "accepted")
            equal(taken(server, lambda: client.connection.send(change(raw(client))) or
                        client.connection.read_response()), 0)  # fmt: skip


other("a byte of a cookie", lambda bytes_: bytes_.replace(b"Cookie: ", b"Cookie: x=1; "))
other("the case of a field", lambda bytes_: bytes_.replace(b"Host", b"host"))
other("a blank", lambda bytes_: bytes_.replace(b"Host: ", b"Host:  "))
other("another order", lambda bytes_: bytes_.replace(b"Host: localhost\r\n", b"").replace(
    b"Content-Length", b"Host: localhost\r\nContent-Length"))  # fmt: skip
other("a leading zero", lambda bytes_: bytes_.replace(b"Content-Length: ", b"Content-Length: 0"))
other("a blank line before", lambda bytes_: b"\r\n" + bytes_)


@test("the head of a refused request is not remembered, nor is the one before it")
def _(server):
    client = settled(server)
    with clients(client):
        for path in ("/denied", "/login"):
            for _ in range(3):
                ask(client, raw(client))
            before = fast(server)
            client.path = path
            for _ in range(3):
                check(ask(client, raw(client)).status in (401, 403), "refused")
            client.path = "/bayeux"
            equal(fast(server) - before, 0, "refused by httpd each time")
            equal(taken(server, lambda: ask(client, raw(client))), 0, "the pass has cleared it")
            equal(taken(server, lambda: ask(client, raw(client))), 1)


def malformed(name, body):
    @test(f"a body that is no batch, behind the accepted head, is refused by httpd: {name}")
    def _(server):
        client = promoted(server)
        with clients(client):
            ask(client, raw(client))
            ask(client, raw(client))
            before = fast(server)
            equal(ask(client, head_of(client, len(body)) + body).status, 400)
            equal(fast(server) - before, 0)
            client.connection = client.connect_connection = None


malformed("no JSON", b"no json")
malformed("an empty array", b"[]")
malformed("nothing", b"")


@test("the first request of a connection is never learnt from, and neither is a lone handshake")
def _(server):
    client = subscriber(server, "/fast")
    with clients(client):
        client.connection.close()
        client.connection = Connection(server)
        equal(taken(server, lambda: ask(client, raw(client))), 0, "first")
        equal(taken(server, lambda: ask(client, raw(client))), 0, "second")
        equal(taken(server, lambda: ask(client, raw(client))), 1, "third")


@test("a pipelined pass does not promote")
def _(server):
    client = settled(server)
    with clients(client):
        client.connection.send(raw(client) * 2)
        for _ in range(2):
            client.connection.read_response()
        client.connection.send(raw(client, ["X: 1"]) * 2 + raw(client, ["X: 2"]))
        for _ in range(3):
            client.connection.read_response()
        equal(taken(server, lambda: ask(client, raw(client, ["X: 1"]))), 0)


@test("an internal redirect does not promote, and clears what was accepted")
def _(server):
    host = ("Host", "detours.test")
    client = promoted(server, headers=[host])
    with clients(client):
        client.path = "/moved/x"
        before = fast(server)
        for _ in range(4):
            ping(client)
            if client._connection is None:
                break
        equal(fast(server) - before, 0)
        client.path = "/bayeux"
        equal(taken(server, lambda: ping(client)), 0)


@test("a handshake takes the slow lane: its reply may set a cookie")
def _(server):
    client = promoted(server)
    with clients(client):
        before = fast(server)
        stranger = Client(server)
        stranger.connection = client.connection
        stranger.cookies = dict(client.cookies)
        equal(stranger.handshake()["successful"], True)
        equal(fast(server) - before, 0)
        stranger.disconnect()


def limited(name, path):
    @test(f"{name} holds: a larger body is refused by httpd")
    def _(server):
        client = settled(server)
        client.path = path
        with clients(client):
            for _ in range(3):
                equal(client.connect(0).reply["successful"], True)
            long = [client.message("/fast", data="x" * 200)]
            before = fast(server)
            equal(client.post(long, connection=client.connection).status, 413)
            equal(fast(server) - before, 0)


limited("LimitRequestBody", "/limited")
limited("BayeuxMaxMessageSize", "/small")


@test("after BayeuxRevalidate the next request goes through httpd, and the lane again")
def _(server):
    client = promoted(server, "/brief")
    with clients(client):
        for _ in range(2):
            wait_until(lambda: taken(server, lambda: ping(client)) == 0, "it is revalidated", 5)
            equal(taken(server, lambda: ping(client)), 1)


@test("an expired login is refused within BayeuxRevalidate")
def _(server):
    client = promoted(server, "/login", headers=[LOGIN])
    try:
        server.let_in("somebody")
        wait_until(lambda: client.post([client.message("/meta/subscribe", subscription="/fast")]).status == 401,
                   "refused", 5)  # fmt: skip
    finally:
        server.let_in("alice")
    client.close()
    client.disconnect()
    client.close()


@test("another login, or none, is another head")
def _(server):
    client = promoted(server, "/login", headers=[LOGIN])
    with clients(client):
        connection = client.connection
        body = json.dumps([client.message("/meta/subscribe", subscription="/fast")]).encode()
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        fields = [("Content-Type", "application/json;charset=UTF-8"), ("Cookie", cookie)]
        equal(connection.request("POST", "/login", fields, body).status, 401)


@test("what a provider says is asked for once, and again after BayeuxRevalidate")
def _(server):
    client = settled(server, "/guarded")
    brief = settled(server, "/guarded-brief")
    with clients(client, brief):
        for one in (client, brief):
            one.publish("/granted/x", 1)
            one.publish("/granted/x", 1)
            equal(taken(server, lambda one=one: one.publish("/granted/x", 1)), 1, "known")
            equal(taken(server, lambda one=one: one.publish("/granted/y", 1)), 0, "another channel")
            equal(taken(server, lambda one=one: one.publish("/granted/x", 1)), 1, "still known")
        server.grant(False)
        try:
            equal(client.publish("/granted/x", 2).reply["successful"], True, "known for a minute")
            wait_until(lambda: not brief.publish("/granted/x", 2).reply["successful"], "asked again", 10)
            equal(taken(server, lambda: equal(brief.publish("/granted/x", 2).reply["successful"], False)), 1,
                  "a refusal is known as well")  # fmt: skip
        finally:
            server.grant(True)


@test("MaxKeepAliveRequests counts fast requests, and the client is told")
def _(server):
    host = ("Host", "brief.test")
    client = Client(server, headers=[host, ("Connection", "keep-alive")])
    client.handshake()
    with clients(client):
        with Connection(server) as connection:
            left = []
            for _ in range(6):
                response = client.post([client.message("/meta/subscribe", subscription="/fast")], connection=connection)
                left.append(response.header("Keep-Alive"))
            equal(left, [f"timeout=1, max={n}" for n in (6, 5, 4, 3, 2, 1)])
            response = client.post([client.message("/meta/subscribe", subscription="/fast")], connection=connection)
            equal((response.header("Keep-Alive"), response.header("Connection")), (None, "close"))


@test("KeepAliveTimeout ends an idle fast connection")
def _(server):
    client = Client(server, headers=[("Host", "brief.test")])
    client.handshake()
    with Connection(server) as connection:
        for _ in range(4):
            client.post([client.message("/meta/subscribe", subscription="/fast")], connection=connection)
        check(connection.closed_by_server(10 * PATIENCE), "closed")
    client.close()
    client.disconnect()
    client.close()


def fixture():
    server = Server(modules=MODULES, tls=True, tls_conf="MaxKeepAliveRequests 0")
    server.expect("AH01630", "AH01617", "AH01618")  # refusals
    return server


run(fixture)
