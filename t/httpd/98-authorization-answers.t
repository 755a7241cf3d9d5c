#!/usr/bin/env python3
"""S20: what a service answers to one user is not for the next who has the session."""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import backend  # noqa: E402
import tap  # noqa: E402
from guarded import make_files, user_header  # noqa: E402
from harness import Httpd, wait_until  # noqa: E402
from services import ask, good, wait_answer  # noqa: E402
from tap import equal, test  # noqa: E402
from wire import counter, number, refused, session, succeeded  # noqa: E402

MODULES = ("bayeux", "auth_basic", "authn_core", "authn_file", "authz_user", "env", "setenvif", "proxy", "proxy_http")

CONF = """
ProxyPass /node http://127.0.0.1:{node}/
<Location /mixed>
    SetHandler bayeux
    BayeuxMaxInterval 20s
    AuthType Basic
    AuthName here
    AuthUserFile {files}/users
    Require valid-user
    Require expr "-z req('Authorization')"
    BayeuxService "/service/node/*" "/node"
</Location>
"""

files = make_files()
node = backend.Backend()


def events_and_answers(batch):
    """What is no reply to a message of its request."""
    return [message for message in batch if "data" in message]


@test("S20 a service's answer to one user: dropped when the session is another's by then; what waits ends the session")
def _(server):
    for headers in ([user_header("carol")], []):
        bob = session(server, "/mixed", headers=[user_header("bob")])
        dropped = number(server, "BayeuxServiceDropped")
        bob.answers = []
        ask(bob, "/service/node/hang", 1)
        wait_until(lambda: node.waiting() == 1, "the call")
        bob.headers = headers
        equal(events_and_answers(bob.connect(25)), [])
        node.release()
        counter(server, "BayeuxServiceDropped", dropped + 1)
        equal(events_and_answers(bob.connect(25)), [])
        # The next user has a service of his own.
        equal(good(bob, "/service/node/echo", "mine")["data"], "mine")
        bob.disconnect()
        bob.close()
    bob = session(server, "/mixed", headers=[user_header("bob")])
    done = number(server, "BayeuxServiceDone")
    ask(bob, "/service/node/hang", 1)
    wait_until(lambda: node.waiting() == 1, "the call")
    node.release()
    counter(server, "BayeuxServiceDone", done + 1)
    counter(server, "BayeuxQueuedEvents", 1)
    bob.headers = []
    found = bob.connect(0)
    refused(found.reply, "402::session_unknown")
    equal(events_and_answers(found), [])
    bob.close()


@test("S20 who logs in while a service is called without a login gets the answer")
def _(server):
    client = session(server, "/mixed")
    client.answers = []
    asked = ask(client, "/service/node/hang", 1)
    wait_until(lambda: node.waiting() == 1, "the call")
    client.headers = [user_header("carol")]
    succeeded(client.connect(25).reply)
    node.release()
    equal(wait_answer(client, asked)["data"], "released")
    client.disconnect()
    client.close()


def fixture():
    return Httpd(CONF.replace("{files}", str(files)).replace("{node}", str(node.port)), modules=MODULES)


try:
    tap.run(fixture)
finally:
    node.stop()
    shutil.rmtree(files)
