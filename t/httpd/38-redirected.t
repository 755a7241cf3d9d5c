#!/usr/bin/env python3
"""Requests that reach the handler by a detour are answered or held by blocking, never adopted (design.md 4.1)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import wait_until  # noqa: E402
from http_client import Connection  # noqa: E402
from steps import clients, subscriber, wait_parked  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from website import Site  # noqa: E402

DETOURS = """
# To the Location by a rewrite in the server, which is none of these, by one per directory and by ErrorDocument, which
# are internal redirects, and by a subrequest.
<VirtualHost 127.0.0.1:{port}>
    ServerName detours.test
    RewriteEngine On
    RewriteRule ^/by-server-rewrite$ /bayeux [PT]
    ErrorDocument 404 /bayeux
    ErrorDocument 403 /bayeux
    <Location /forbidden>
        Require all denied
    </Location>
    <Directory "{root}/htdocs/rewritten">
        RewriteEngine On
        RewriteBase /
        RewriteRule .* /bayeux [L]
    </Directory>
    <Directory "{root}/htdocs/includes">
        SetOutputFilter INCLUDES
    </Directory>
</VirtualHost>
"""

HOST = ("Host", "detours.test")


class Detours(Site):
    def _fill_root(self):
        super()._fill_root()
        for name in ("rewritten", "includes"):
            (self.root / "htdocs" / name).mkdir()
        (self.root / "htdocs" / "includes" / "page.html").write_text(
            'before<!--#include virtual="/bayeux" -->after\n', encoding="ascii"
        )


def detoured(server, path):
    """A session made over the straight way; its connects take the detour."""
    client = subscriber(server, "/detour", headers=[HOST])
    client.path = path
    return client


def by(path, name):
    @test(f"{name}: handshake, first connect, held connect, event, timeout")
    def _(server):
        alice = Client(server, path, headers=[HOST])
        response = alice.post([alice.message("/meta/handshake", version="1.0",
                                             supportedConnectionTypes=["long-polling"])])  # fmt: skip
        equal(response.status, 200)
        alice.client_id = response.json[0]["clientId"]
        alice.path = "/bayeux"
        alice.subscribe("/detour")
        alice.connect()
        alice.path = path
        with clients(alice):
            for number in range(3):
                held = alice.start_connect()
                wait_parked(server, 1)
                check(not held.answered(), "held")
                with Client(server, headers=[HOST]) as bob:
                    bob.handshake()
                    bob.publish("/detour", number)
                response = held.wait_response(5)
                equal((response.status, response.json[0]["data"]), (200, number))
                response = alice.send([alice.connect_message(100)],
                                      connection=alice.connect_connection).wait_response(5)  # fmt: skip
                equal((response.status, [m["successful"] for m in response.json]), (200, [True]))
            alice.path = "/bayeux"


by("/by-server-rewrite", "mod_rewrite in the server")
by("/rewritten/x", "mod_rewrite per directory")


@test("mod_rewrite per directory on a connection that is adopted already")
def _(server):
    alice = detoured(server, "/rewritten/x")
    with clients(alice):
        held = alice.start_connect()
        wait_parked(server, 1)
        equal(alice.call([alice.message("/detour", data=1)]).data, [1])
        check(not held.answered(), "held")
        alice.path = "/bayeux"
        alice.call([alice.message("/meta/unsubscribe", subscription="/detour")])
        with Client(server, headers=[HOST]) as bob:
            bob.handshake()
            bob.publish("/detour", 2)
        alice.disconnect()
        equal(held.wait(5).reply["advice"]["reconnect"], "none")


@test("a client that goes away while a thread waits for it frees the thread and the park")
def _(server):
    alice = detoured(server, "/rewritten/x")
    with clients(alice):
        for polite in (True, False, True):
            held = alice.start_connect()
            wait_parked(server, 1)
            held.connection.close() if polite else held.connection.reset()
            alice.connect_connection = None
            wait_parked(server, 0)
        alice.path = "/bayeux"


@test("superseded while a thread waits: 408, or 500 never")
def _(server):
    alice = detoured(server, "/rewritten/x")
    with clients(alice):
        older = alice.start_connect()
        wait_parked(server, 1)
        alice.connect_connection = Connection(server)
        alice.path = "/bayeux"
        newer = alice.start_connect()
        equal(older.wait_response(5).status, 408)
        wait_parked(server, 1)
        check(not newer.answered(), "held")


def refused_by(path, status):
    @test(f"ErrorDocument of {status}: a POST of messages is answered, whatever with, and never by a 500")
    def _(server):
        alice = subscriber(server, "/detour", headers=[HOST])
        alice.path = path
        with clients(alice), Connection(server) as connection:
            for _ in range(3):
                response = alice.send([alice.connect_message(100)], connection=connection).wait_response(10)
                check(response.status < 500, repr(response))
                # httpd turns the method of an error document into GET: 405, or 404 from the way there.
                check(response.status in (200, status, 405), repr(response))
            equal(connection.request("GET", "/static.txt").status, 200)
            alice.path = "/bayeux"


refused_by("/absent", 404)
refused_by("/forbidden", 403)


@test("mod_include takes a subrequest to the Location: the page comes whole, nothing is held or adopted")
def _(server):
    alice = subscriber(server, "/detour", headers=[HOST])
    with clients(alice):
        connection = alice.connect_connection
        for _ in range(3):
            response = connection.request("GET", "/includes/page.html", [HOST])
            equal(response.status, 200)
            check(response.body.startswith(b"before") and response.body.endswith(b"after\n"), repr(response))
        held = alice.start_connect()
        wait_parked(server, 1)
        with Client(server, headers=[HOST]) as bob:
            bob.handshake()
            bob.publish("/detour", "after a page")
        equal(held.wait(5).data, ["after a page"])


@test("nothing of it was an error to httpd")
def _(server):
    wait_until(lambda: server.access_log(), "a log")
    statuses = {line["status"] for line in server.access_log()}
    check(not any(status >= 500 for status in statuses), f"{statuses}")


def expecting():
    server = Detours(extra=DETOURS)
    server.expect("AH01630", "unable to include")
    return server


run(expecting)
