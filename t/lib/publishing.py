"""A client of `SetHandler bayeux-publish`, and servers that have one."""

import json
import shutil

from guarded import make_files, user_header
from harness import Httpd
from http_client import Connection, connect_to
from tap import check, equal, run

JSON = ("Content-Type", "application/json")
NDJSON = ("Content-Type", "application/x-ndjson")

MODULES = ("bayeux", "auth_basic", "authn_core", "authn_file", "authz_user", "authz_groupfile", "env", "setenvif")

LOGIN = """
    AuthType Basic
    AuthName here
    AuthUserFile {files}/users
    AuthGroupFile {files}/groups
"""


def send(server, path, body, headers=(JSON,), *, user="alice", method="POST", child=None, at="/publish"):
    """The Response. `body`: bytes, or what is to be encoded as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = [*headers, *([user_header(user)] if user else [])]
    connection = connect_to(server, child) if child is not None else Connection(server)
    with connection:
        return connection.request(method, at + path, fields, data)


def reached(response):
    """How many sessions got it."""
    equal(response.status, 200, repr(response))
    is_json(response)
    return response.json["sessions"]


def is_json(response):
    """S22: what it says is never taken for a page."""
    equal(response.header("Content-Type"), "application/json;charset=UTF-8")
    equal(response.header("X-Content-Type-Options"), "nosniff")
    check("no-store" in response.header("Cache-Control"), repr(response))


def refused(response, status, words):
    """Refused with this status and a sentence that has these words."""
    equal(response.status, status, repr(response))
    is_json(response)
    equal(set(response.json), {"successful", "error"})
    equal(response.json["successful"], False)
    check(response.json["error"].startswith(f"{status}::"), repr(response))
    check(words in response.json["error"], f"{words!r} should be in {response.json['error']!r}")
    return response


def run_with_logins(conf, *expected, **options):
    """Runs the tests against servers of this configuration, `%(login)s` in it being how people log in."""
    files = make_files()

    def fixture():
        server = Httpd(conf.replace("%(login)s", LOGIN.format(files=files)), modules=MODULES, **options)
        server.expect(*expected)
        return server

    try:
        run(fixture)
    finally:
        shutil.rmtree(files)
