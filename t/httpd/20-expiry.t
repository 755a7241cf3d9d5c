#!/usr/bin/env python3
"""When a session ends by itself (EX)."""
# slow

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from harness import Httpd, wait_until  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import connected, counter, hold, number, parked, poll, refused, session, succeeded  # noqa: E402

CONF = """
<Location /brief>
    SetHandler bayeux
    BayeuxMaxInterval 400ms
</Location>
<Location /calm>
    SetHandler bayeux
    BayeuxMaxInterval 1s
</Location>
<Location /paced>
    SetHandler bayeux
    BayeuxInterval 3s
    BayeuxMaxInterval 200ms
</Location>
"""

UNKNOWN = {"reconnect": "handshake", "interval": 0}


def expire(client):
    """Wait until the session of this client is gone, without touching it; it must be the only one."""
    counter(client.server, "BayeuxSessions", 0)
    client.client_id, gone = None, client.client_id
    return gone


def expect_unknown(client, client_id):
    client.client_id = client_id
    reply = refused(client.connect(timeout=5).reply, "402::session_unknown")
    equal(reply["advice"], UNKNOWN)
    check("advice" not in refused(client.publish("/ex/x", 1).reply, "402::session_unknown"), "advice")
    client.client_id = None


@test("EX-1 HS-10 EX-6 a session that never connects expires, soon after BayeuxMaxInterval; then 402")
def _(server):
    begin = time.monotonic()
    alice = session(server, "/brief")
    gone = expire(alice)
    check(time.monotonic() - begin >= 0.38, "too early")
    check(time.monotonic() - begin < 8, "too late (EX-4: a sweep is a second)")
    expect_unknown(alice, gone)


@test("EX-1 the clock starts again after each connect reply")
def _(server):
    alice = connected(server, "/brief")
    for _ in range(3):
        succeeded(alice.connect(300, timeout=5).reply)
    begin = time.monotonic()
    gone = expire(alice)
    check(time.monotonic() - begin >= 0.3, "too early")
    expect_unknown(alice, gone)


@test("EX-5 DC-6 what expires with a session: subscriptions, queue, channels, memory")
def _(server):
    alice = connected(server, "/brief", subscriptions=["/ex/a", "/ex/b/**"])
    with session(server) as bob:
        bob.publish("/ex/a", "x" * 1000)
        bob.publish("/ex/b/c", 1)
        equal(number(server, "BayeuxQueuedEvents"), 2)
    gone = expire(alice)
    counter(server, "BayeuxSubscriptions", 0)
    counter(server, "BayeuxQueuedEvents", 0)
    counter(server, "BayeuxChannels", 0)
    wait_until(lambda: number(server, "BayeuxMemoryUsed") == number(server, "BayeuxMemoryEmpty"), "memory is empty")
    expect_unknown(alice, gone)


@test("EX-6 after that: a new handshake, and the subscriptions are not there")
def _(server):
    alice = connected(server, "/brief", subscriptions=["/ex/six"])
    gone = expire(alice)
    expect_unknown(alice, gone)
    alice.path = "/bayeux"
    with alice:
        alice.handshake()
        check(alice.client_id != gone, "the id was given out again")
        equal(alice.publish("/ex/six", 1).events, [])
        succeeded(alice.connect(timeout=5).reply)


@test("EX-2 CN-16 no expiry while a connect is held, however long")
def _(server):
    alice = connected(server, "/brief", subscriptions=["/ex/held"])
    held = hold(alice)
    # Others, made later with the same life time, expire meanwhile: so would this one.
    for _ in range(2):
        short = connected(server, "/brief")
        short.close()
        counter(server, "BayeuxSessions", 1)
    check(not held.answered(), "answered")
    with session(server) as bob:
        bob.publish("/ex/held", 1)
    equal(held.wait(5).data, [1])
    alice.disconnect()


@test("EX-3 any other message moves the expiry on")
def _(server):
    # Long enough for whatever may come between two messages.
    alice = connected(server, "/calm")
    for action in (
        lambda: alice.publish("/ex/three", 1),
        lambda: alice.subscribe("/ex/three"),
        lambda: alice.unsubscribe("/ex/three"),
    ):
        # Keep at it for longer than the life of a session that was made after this one.
        other = connected(server, "/calm")
        other.close()
        deadline = time.monotonic() + 20
        while number(server, "BayeuxSessions") > 1:
            succeeded(action().reply)
            check(time.monotonic() < deadline, "the other session does not expire")
            time.sleep(0.05)
        succeeded(action().reply)
    expire(alice)


@test("EX-1 CN-6 the client's advice.interval lengthens its life, until it asks no more")
def _(server):
    patient = connected(server, "/brief")
    message = {**patient.connect_message(), "advice": {"timeout": 0, "interval": 60000}}
    equal(succeeded(patient.call([message]).reply)["advice"]["interval"], 60000)
    other = connected(server, "/brief")
    other.close()
    counter(server, "BayeuxSessions", 1)
    succeeded(poll(patient).reply)
    expire(patient)


@test("EX-1 BayeuxInterval is part of the life of a session")
def _(server):
    begin = time.monotonic()
    alice = session(server, "/paced")
    equal(succeeded(alice.connect(0).reply)["advice"]["interval"], 3000)
    expire(alice)
    check(time.monotonic() - begin >= 3.1, "BayeuxMaxInterval counted without BayeuxInterval")


@test("EX-1 CN-15 the client goes away during the hold: then the clock runs")
def _(server):
    alice = connected(server, "/brief")
    hold(alice)
    alice.connect_connection.close()
    alice.connect_connection = None
    parked(server, 0)
    gone = expire(alice)
    expect_unknown(alice, gone)


@test("EX-8 a page reload: all connections closed, the session and its queue wait")
def _(server):
    with connected(server, subscriptions=["/ex/eight"]) as alice, session(server) as bob:
        hold(alice)
        alice.close()
        parked(server, 0)
        bob.publish("/ex/eight", "kept")
        equal(alice.connect(timeout=5).data, ["kept"])


@test("EX-3 a message with a wrong cookie does not lengthen the life of the session")
def _(server):
    alice = connected(server, "/brief")
    thief = session(server)
    own, thief.client_id = thief.client_id, alice.client_id
    deadline = time.monotonic() + 20
    while number(server, "BayeuxSessions") > 1:
        refused(thief.publish("/ex/x", 1).reply, "402::session_unknown")
        check(time.monotonic() < deadline, "it lives for ever")
        time.sleep(0.05)
    thief.client_id = own
    thief.disconnect()


run(lambda: Httpd(CONF))
