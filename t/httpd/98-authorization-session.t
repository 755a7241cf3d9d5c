#!/usr/bin/env python3
"""S20: the session of a login that runs out (mod_auth_form, mod_session) ends what it allowed, for messages, for
connects, and for streams, new ones and open ones. mod_session's filter sees every response, so no request takes the fast lane here."""

import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402
from event_source import EventSource  # noqa: E402
from guarded import make_files  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from http_client import Connection  # noqa: E402
from streams import Streams, on_one_connection  # noqa: E402
from tap import check, equal, test  # noqa: E402
from websocket import ask_upgrade  # noqa: E402
from wire import number, succeeded  # noqa: E402

MODULES = ("bayeux", "auth_basic", "authn_core", "authn_file", "authz_user", "env", "setenvif", "auth_form", "session",
           "session_cookie", "request")  # fmt: skip

LOGIN_TIME = 3.0
REVALIDATE = 1.0

CONF = """
MaxKeepAliveRequests 0
BayeuxRevalidate 1s
<LocationMatch "^/(form|login)">
    AuthType Form
    AuthName form
    AuthFormProvider file
    AuthUserFile {files}/users
    Session On
    SessionCookieName login path=/
    SessionMaxAge 3
    SessionExpiryUpdateInterval 3000
</LocationMatch>
<Location /form>
    SetHandler bayeux
    BayeuxMaxInterval 20s
    Require valid-user
    <BayeuxChannel "/bob/**">
        BayeuxRequire publish user bob
    </BayeuxChannel>
</Location>
<Location /login>
    SetHandler form-login-handler
    AuthFormLoginSuccessLocation /static.txt
    Require all granted
</Location>
"""

files = make_files()


def log_in(server, user):
    """The cookie's value."""
    with Connection(server) as connection:
        body = f"httpd_username={user}&httpd_password=pw-{user}".encode()
        response = connection.request("POST", "/login", [("Content-Type", "application/x-www-form-urlencoded")], body)
        cookie = response.header("Set-Cookie") or ""
        check(response.status == 302 and cookie.startswith("login="), repr(response))
        return cookie.split(";")[0][6:]


@test("S20 the session of an expired login: 401 when its time is over, for messages, connects and new streams")
def _(server):
    begun = time.monotonic()
    client = on_one_connection(server, "/form", cookies={"login": log_in(server, "bob")})
    before = number(server, "BayeuxFast")
    accepted = 0

    def over():
        nonlocal accepted
        status = client.post([client.message("/bob/x", data=1)]).status
        accepted += status == 200
        return status != 200

    wait_until(over, "the login is over")
    took = time.monotonic() - begun
    check(took < (LOGIN_TIME + 2.0) * PATIENCE, f"it held for {took:.1f} s")
    check(accepted > 3, "it was over from the beginning")
    equal(number(server, "BayeuxFast"), before, "requests on the fast lane")
    equal(client.post([client.message("/free", data=1)]).status, 401)
    equal(client.post([client.connect_message(0)]).status, 401)
    cookies = ("Cookie", "; ".join(f"{name}={value}" for name, value in client.cookies.items()))
    with Connection(server) as connection:
        equal(ask_upgrade(connection, "/form", [cookies]).status, 401)
    with EventSource(client) as stream:
        equal(stream.response.status, 401)

    # Another login of the same browser, and its session goes on.
    client.cookies["login"] = log_in(server, "bob")
    succeeded(client.publish("/bob/x", 2).reply)
    client.disconnect()
    client.close()


@test("S20 the streams of an expired login: they end within BayeuxRevalidate, and not before it has")
def _(server):
    begun = time.monotonic()
    with Streams(server, "/form", cookies={"login": log_in(server, "carol")}) as streams:
        succeeded(streams.socket.publish("/free/x", 1))
        streams.hear(1)
        streams.end(LOGIN_TIME + REVALIDATE + 2.0)
        check(time.monotonic() - begun > LOGIN_TIME - 0.1, "they have ended before the login did")
        equal(streams.asked.post([]).status, 401)


def fixture():
    server = Httpd(CONF.replace("{files}", str(files)), modules=MODULES, sessions_left=True)
    server.expect("AH01807")
    return server


try:
    tap.run(fixture)
finally:
    shutil.rmtree(files)
