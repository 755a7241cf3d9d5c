#!/usr/bin/env python3
"""S20: a login that ends by itself, after a time that the server or its cookie says (mod_session): what it opened ends
within BayeuxRevalidate."""

import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402
from guarded import make_files, password  # noqa: E402
from harness import Httpd  # noqa: E402
from http_client import Connection  # noqa: E402
from streams import Streams  # noqa: E402
from tap import check, equal, test  # noqa: E402
from wire import succeeded  # noqa: E402

MODULES = ("bayeux", "auth_form", "authn_core", "authn_file", "authz_user", "request", "session", "session_cookie")

# Seconds.
REVALIDATE = 1
LOGIN_LASTS = 3
# What a busy machine may need beside.
GRACE = 2

CONF = """
BayeuxRevalidate {revalidate}s
BayeuxMaxInterval 20s
# A login that ends by itself.
<LocationMatch "^/form">
    AuthType Form
    AuthName here
    AuthFormProvider file
    AuthUserFile {files}/users
    Session On
    SessionCookieName login path=/
    SessionMaxAge {lasts}
</LocationMatch>
<Location /form>
    SetHandler bayeux
    Require valid-user
</Location>
<Location /form-login>
    SetHandler form-login-handler
    Require all granted
</Location>
"""

files = make_files()


def cookies_of(server, user):
    with Connection(server) as connection:
        body = f"httpd_username={user}&httpd_password={password(user)}".encode()
        form = [("Content-Type", "application/x-www-form-urlencoded")]
        response = connection.request("POST", "/form-login", form, body)
    name, _, value = response.header("Set-Cookie").partition(";")[0].partition("=")
    return {name: value}


@test("S20 a login that ends by itself (mod_session): what it opened ends in time")
def _(server):
    begun = time.monotonic()
    with Streams(server, "/form", cookies=cookies_of(server, "carol")) as streams:
        succeeded(streams.socket.publish("/free/x", 1))
        streams.hear(1)
        streams.end(LOGIN_LASTS + REVALIDATE + GRACE)
        check(time.monotonic() - begun > LOGIN_LASTS - 0.1, "they have ended before the login did")
        equal(streams.asked.post([]).status, 401)


def fixture():
    values = {"files": files, "lasts": LOGIN_LASTS, "revalidate": REVALIDATE}
    conf = CONF
    for name, value in values.items():
        conf = conf.replace("{" + name + "}", str(value))
    return Httpd(conf, modules=MODULES, sessions_left=True)


try:
    tap.run(fixture)
finally:
    shutil.rmtree(files)
