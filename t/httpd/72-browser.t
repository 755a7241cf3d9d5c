#!/usr/bin/env python3
"""The demo in Chromium, served by the demo's own configuration.

BAYEUX_SCREENSHOTS names a directory for the pictures; docs/images renews those of the documentation.
"""
# slow
# browser

import sys
from pathlib import Path

T = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(T / "lib"), str(T / "clients"), str(T / "browser")]
from demo_httpd import DemoHttpd, run_in_chromium  # noqa: E402
from http_client import Connection  # noqa: E402
from tap import check, equal, run, test  # noqa: E402


@test("the page when fetched then it forbids scripts but its own")
def _(server):
    response = Connection(server).request("GET", "/")
    equal(response.status, 200)
    check("script-src 'self';" in response.header("Content-Security-Policy"), repr(response))


@test("the members' entrance when the password is wrong then no browser asks by itself")
def _(server):
    server.expect("AH01617")
    path = "/members/bayeux"
    wrong = [("Authorization", "Basic YWxpY2U6eA=="), ("X-Requested-With", "XMLHttpRequest")]
    response = Connection(server).request("POST", path, wrong, b"[]")
    equal(response.status, 401)
    equal(response.header_values("WWW-Authenticate"), ['DemoBasic realm="mod_bayeux demo"'])


@test("files beside the page when asked for then not served")
def _(server):
    server.expect("AH10244")
    for path in ("/users", "/httpd.conf.in", "/../users", "/cometd/", "/cometd/../faye/package.json"):
        check(Connection(server).request("GET", path).status in (400, 403, 404), path)


@test("the connection, its switch, its cable and its clock in Chromium")
def _(server):
    run_in_chromium(server, "browser/link.mjs")


@test("the ticker in Chromium")
def _(server):
    run_in_chromium(server, "browser/ticker.mjs")


@test("the chat in Chromium")
def _(server):
    run_in_chromium(server, "browser/chat.mjs", str(server.pid))


run(DemoHttpd)
