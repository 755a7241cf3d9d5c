#!/usr/bin/env python3
"""The rows of the table in AD-4: which reply carries which advice."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import connected, hold, session  # noqa: E402

CONF = """
<Location /paced>
    SetHandler bayeux
    BayeuxTimeout 2s
    BayeuxInterval 40ms
</Location>
<Location /other>
    SetHandler bayeux
    BayeuxTimeout 1s
</Location>
"""

NORMAL = {"reconnect": "retry", "interval": 0, "timeout": 30000}


@test("AD-4 handshake: retry, interval, timeout")
def _(server):
    with Client(server, "/paced") as alice:
        equal(alice.handshake()["advice"], {"reconnect": "retry", "interval": 40, "timeout": 2000})
    with Client(server) as alice:
        equal(alice.handshake()["advice"], NORMAL)


@test("AD-4 connects without advice get none, the first included (CN-7: the handshake brought it)")
def _(server):
    with session(server) as alice:
        check("advice" not in alice.connect().reply, "the first")
        alice.subscribe("/ad/x")
        alice.call([alice.message("/ad/x", data=1)])
        held = hold(alice)
        with session(server) as bob:
            bob.publish("/ad/x", 1)
        check("advice" not in held.wait(5).reply, "the second")


@test("AD-4 a connect with advice gets it in full")
def _(server):
    with session(server, "/paced") as alice:
        equal(alice.connect(0).reply["advice"], {"reconnect": "retry", "interval": 40, "timeout": 2000})
        check("advice" not in alice.call([alice.connect_message(), alice.message("/x", data=1)])[0], "without")


@test("AD-4 no advice on subscribe, unsubscribe, publish, disconnect, whether they succeed or fail")
def _(server):
    alice = session(server)
    for _ in range(2):
        for request in (
            alice.message("/meta/subscribe", subscription="/ad/y"),
            alice.message("/meta/subscribe"),
            alice.message("/meta/unsubscribe", subscription="/ad/y"),
            alice.message("/ad/y", data=1),
            alice.message("/ad//y", data=1),
            alice.message("/meta/disconnect"),
        ):
            check("advice" not in alice.call([request]).reply, request)
    alice.client_id = None


@test("AD-4 connect with an unknown session: handshake, interval 0")
def _(server):
    nobody = Client(server, "/paced")
    nobody.client_id = "unknown"
    equal(nobody.connect().reply["advice"], {"reconnect": "handshake", "interval": 0})
    equal(nobody.connect(0).reply["advice"], {"reconnect": "handshake", "interval": 0})


@test("AD-4 connect while disconnected: none")
def _(server):
    alice = connected(server)
    held = hold(alice, advice_timeout=25000)
    alice.disconnect()
    equal(held.wait(5).reply["advice"]["reconnect"], "none")


@test("AD-4 CN-7 the values have changed, as the connects go to another Location: advice with the new ones")
def _(server):
    with connected(server) as alice:
        alice.path = "/other"
        replies = alice.connect(timeout=10)
        equal(replies.reply.get("advice"), {**NORMAL, "timeout": 1000})
        check("advice" not in alice.connect(timeout=10).reply, "advice again")


run(lambda: Httpd(CONF))
