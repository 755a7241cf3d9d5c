#!/usr/bin/env python3
"""The demo's services, messages from a shell and private messages: their doors, and their pages in Chromium.

BAYEUX_SCREENSHOTS names a directory for the pictures; docs/images renews those of the documentation.
"""
# slow
# browser

import base64
import sys
from pathlib import Path

T = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(T / "lib"), str(T / "clients"), str(T / "browser")]
import httpd_conf  # noqa: E402
from demo_httpd import DemoHttpd, run_in_chromium  # noqa: E402
from http_client import Connection  # noqa: E402
from tap import equal, run, test  # noqa: E402
from wire import refused, session, succeeded  # noqa: E402

JSON = ("Content-Type", "application/json")
ALICE = ("Authorization", "Basic " + base64.b64encode(b"alice:wonder").decode())


def status(server, method, path, *headers, body=b'"x"'):
    with Connection(server) as connection:
        return connection.request(method, path, [JSON, *headers], body).status


@test("the services' own entrance when entered without their secret then closed, for members too")
def _(server):
    server.expect("AH01630")
    for headers in ([], [ALICE], [("Authorization", "Bearer ")], [("Authorization", "Bearer x")]):
        for path in ("/services/publish/private/inbox?user=bob", "/services/publish/chat/news/talk"):
            equal(status(server, "POST", path, *headers), 403, f"{path} {headers}")


@test("the members' entrance when entered then open for members, for the shell's channels, and for all or nobody")
def _(server):
    server.expect("AH01630")
    path = "/members/publish/shell/screen"
    equal(status(server, "POST", path), 401)
    equal(status(server, "POST", path, ALICE), 200)
    for refused in (
        path + "?user=bob",
        path + "?session=x",
        "/members/publish/private/inbox?user=bob",
        "/members/publish/private/inbox",
        "/members/publish/chat/members/talk",
        "/members/publish/shell/../private/inbox",
        "/members/publish/shell/%2e%2e/private/inbox",
    ):
        equal(status(server, "POST", refused, ALICE), 403, refused)


@test("a service when asked for by its address then closed")
def _(server):
    server.expect("AH01630")
    for name in ("echo", "add", "private", "service.py", ""):
        for headers in ([], [("Bayeux-Channel", "/service/echo"), ("Bayeux-User", "alice")]):
            equal(status(server, "POST", f"/app/{name}", *headers), 403, name)


@test("who of the members is here when asked by a guest then not told, and nobody but the server says it")
def _(server):
    lobby = "/private/lobby"
    with session(server) as guest, session(server, "/members/bayeux", headers=[ALICE]) as member:
        for channel in (lobby, "/private/*", "/private/**", "/**"):
            for watched in (channel, "/presence" + channel):
                refused(guest.subscribe(watched).reply, "403")
        succeeded(member.subscribe(lobby).reply)
        found = member.subscribe("/presence" + lobby)
        succeeded(found.reply)
        data = found.data or member.connect(25).data
        equal(data[0], {"here": ["alice"], "count": 1})
        for client in (guest, member):
            for channel in (lobby, "/presence" + lobby):
                refused(client.publish(channel, {"join": ["mallory"], "count": 2}).reply, "403")


@test("the page of calls in Chromium")
def _(server):
    run_in_chromium(server, "browser/calls.mjs")


@test("the page of messages from a shell in Chromium")
def _(server):
    run_in_chromium(server, "browser/shell.mjs", str(httpd_conf.builddir()))


@test("the page of private messages in Chromium")
def _(server):
    run_in_chromium(server, "browser/private.mjs")


run(DemoHttpd)
