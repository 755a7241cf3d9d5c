#!/usr/bin/env python3
"""/meta/connect: when it is held, what ends the hold, and what the answer looks like (CN)."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import PATIENCE, Httpd  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import batch, connected, counter, hold, parked, poll, refused, session, succeeded  # noqa: E402

# All in one domain: a session may send its connects to either.
CONF = """
<Location /short>
    SetHandler bayeux
    BayeuxTimeout 300ms
</Location>
<Location /none>
    SetHandler bayeux
    BayeuxTimeout 0
</Location>
<Location /five>
    SetHandler bayeux
    BayeuxDuplicateConnectStatus 500
</Location>
"""

LATE = 4 * PATIENCE

FULL = {"reconnect": "retry", "interval": 0, "timeout": 30000}


def elapsed(action):
    begin = time.monotonic()
    result = action()
    return time.monotonic() - begin, result


@test("CN-2 CN-4 the first connect is answered at once, with a reply and nothing else")
def _(server):
    with session(server) as alice:
        replies = alice.connect(timeout=5, id="c1")
        equal(list(replies), [{"channel": "/meta/connect", "id": "c1", "successful": True}])


@test("CN-4 the first connect is answered at once even if it asks to be held")
def _(server):
    with session(server) as alice:
        succeeded(alice.connect(20000, timeout=5).reply)


@test("CN-3 connectionType may be missing or unknown")
def _(server):
    with session(server) as alice:
        for kind in (None, "long-polling", "websocket", "carrier-pigeon", ""):
            message = alice.connect_message(0)
            message.pop("connectionType")
            if kind is not None:
                message["connectionType"] = kind
            succeeded(alice.call([message], timeout=5).reply)


@test("CN-5 CN-6 the second connect is held for BayeuxTimeout and then a plain success (CN-9)")
def _(server):
    with connected(server, "/short") as alice:
        took, replies = elapsed(lambda: alice.connect(timeout=5))
        check(0.28 <= took < LATE, f"not held for 300 ms: {took}")
        request_id = str(alice._next_id)
        equal(list(replies), [{"channel": "/meta/connect", "id": request_id, "successful": True}])
        # And again: each of them is held.
        took, replies = elapsed(lambda: alice.connect(timeout=5))
        check(0.28 <= took < LATE, took)
        succeeded(replies.reply)


@test("CN-6 advice.timeout 0: answered at once")
def _(server):
    with connected(server) as alice:
        for _ in range(5):
            succeeded(alice.connect(0, timeout=5).reply)


@test("CN-6 advice.timeout holds shorter or longer than BayeuxTimeout, for this connect only")
def _(server):
    with connected(server) as alice, connected(server, "/short") as bob:
        took, replies = elapsed(lambda: alice.connect(150, timeout=5))
        succeeded(replies.reply)
        check(0.14 <= took < LATE, took)
        took, replies = elapsed(lambda: bob.connect(700, timeout=5))
        succeeded(replies.reply)
        check(0.69 <= took < LATE, took)
        succeeded(bob.subscribe("/cn/longer").reply)
        longer = hold(bob, advice_timeout=25000)
        check(not longer.answered(0.5), "not longer than BayeuxTimeout")
        succeeded(alice.publish("/cn/longer", 1).reply)
        equal(longer.wait(5).data, [1])
        took, replies = elapsed(lambda: bob.connect(timeout=5))
        check(0.28 <= took < LATE, f"the hold of a connect after one with advice: {took}")
        held = hold(alice)
        check(not held.answered(0.3), "the advice of the connect before was kept")
        alice.disconnect()
        held.wait(5)


@test("CN-6 a negative advice.timeout counts as none")
def _(server):
    with connected(server, "/short") as alice:
        took, replies = elapsed(lambda: alice.connect(-1, timeout=5))
        succeeded(replies.reply)
        check(0.28 <= took < LATE, took)


@test("CN-5 BayeuxTimeout 0: nothing is held")
def _(server):
    with connected(server, "/none") as alice:
        succeeded(alice.connect(timeout=5).reply)
        succeeded(alice.connect(timeout=5).reply)


@test("CN-7 no advice in the replies to connects without advice")
def _(server):
    with connected(server, "/short") as alice:
        for _ in range(2):
            check("advice" not in alice.connect(timeout=5).reply, "advice")


@test("CN-7 CN-8 any advice in the request gets full advice, with the normal timeout")
def _(server):
    with session(server) as alice:
        equal(alice.connect(0).reply["advice"], FULL)
        equal(alice.connect(100).reply["advice"], FULL)
        equal(alice.call([alice.connect_message(0)]).reply["advice"], FULL)
        equal(alice.call([{**alice.connect_message(), "advice": {"timeout": 0, "x": 1}}]).reply["advice"], FULL)


@test("CN-7 an empty advice object is advice too")
def _(server):
    with session(server) as alice:
        equal(alice.call([{**alice.connect_message(), "advice": {}}]).reply["advice"], FULL)


@test("CN-8 the interval in the advice is the one that the client asked for")
def _(server):
    with connected(server) as alice:
        message = {**alice.connect_message(), "advice": {"timeout": 0, "interval": 1234}}
        equal(alice.call([message]).reply["advice"], {"reconnect": "retry", "interval": 1234, "timeout": 30000})
        # CN-6: a connect that does not ask gets the configured one again.
        equal(alice.connect(0).reply["advice"], FULL)


@test("CN-9 CN-10 an event ends the hold: it comes first, the reply last")
def _(server):
    with connected(server, subscriptions=["/cn/event"]) as alice, session(server) as bob:
        held = hold(alice)
        succeeded(bob.publish("/cn/event", "x").reply)
        replies = held.wait(5)
        equal([message["channel"] for message in replies], ["/cn/event", "/meta/connect"])
        equal(succeeded(replies[1]), {"channel": "/meta/connect", "id": str(alice._next_id), "successful": True})
        check("successful" not in replies[0], "PB-3")


@test("CN-9 CN-10 several events of one batch come together, in order")
def _(server):
    with connected(server, subscriptions=["/cn/many"]) as alice, session(server) as bob:
        held = hold(alice)
        bob.call([{**bob.message("/cn/many"), "data": n} for n in range(20)])
        events = held.wait(5).data
        while len(events) < 20:
            events += alice.connect(1000, timeout=5).data
        equal(events, list(range(20)))


@test("CN-11 an event that waits makes the connect return at once with it")
def _(server):
    with connected(server, subscriptions=["/cn/waits"]) as alice, session(server) as bob:
        for n in range(3):
            succeeded(bob.publish("/cn/waits", n).reply)
        replies = alice.connect(timeout=5)
        equal([message["channel"] for message in replies], ["/cn/waits"] * 3 + ["/meta/connect"])
        equal(replies.data, [0, 1, 2])


@test("CN-11 the first connect brings what waits, too")
def _(server):
    with session(server, subscriptions=["/cn/first"]) as alice, session(server) as bob:
        bob.publish("/cn/first", 1)
        equal(alice.connect(timeout=5).data, [1])


@test("CN-9 an event for another session ends nothing")
def _(server):
    with connected(server, subscriptions=["/cn/mine"]) as alice, session(server) as bob:
        held = hold(alice)
        bob.publish("/cn/other", 1)
        bob.publish("/cn/mine/deeper", 1)
        check(not held.answered(), "answered")
        bob.publish("/cn/mine", 2)
        equal(held.wait(5).data, [2])


def duplicate(server, path, status, second_timeout=None, **options):
    with connected(server, path, subscriptions=["/cn/two"], **options) as alice, session(server) as bob:
        first = hold(alice)
        alice.connect_connection = None
        second = alice.start_connect(second_timeout)
        response = first.wait_response(5)
        equal(response.status, status)
        equal(response.body, b"")
        if second_timeout == 0:
            succeeded(second.wait(5).reply)
            parked(server, 0)
            return
        parked(server, 1)
        check(not second.answered(), "the newer connect was answered")
        bob.publish("/cn/two", "late")
        replies = second.wait(5)
        equal(replies.data, ["late"])
        succeeded(replies.reply)


@test("CN-12 a second connect ends the held one with 408 and an empty body, and is held")
def _(server):
    duplicate(server, "/bayeux", 408)


@test("CN-12 BayeuxDuplicateConnectStatus 500")
def _(server):
    duplicate(server, "/five", 500)


@test("CN-12 a second connect that asks for timeout 0 ends the first and is answered")
def _(server):
    duplicate(server, "/bayeux", 408, second_timeout=0)


@test("CN-12 the second connect comes to another child than the held one")
def _(server):
    first, second, *_ = server.children()
    with connected(server, connect_child=first) as alice, connected(server) as other:
        held = hold(alice)
        alice_again = Client(server, connect_child=second)
        alice_again.cookies, alice_again.client_id = dict(alice.cookies), alice.client_id
        newer = alice_again.start_connect()
        response = held.wait_response(5)
        equal((response.status, response.body), (408, b""))
        parked(server, 1)
        check(not newer.answered(), "the newer connect was answered")
        succeeded(alice.disconnect().reply)
        alice.client_id = None
        equal(newer.wait(5).reply["advice"]["reconnect"], "none")
        succeeded(other.connect(0).reply)


@test("CN-12 many connects of one session, one after the other: only the last is held")
def _(server):
    with connected(server, subscriptions=["/cn/storm"]) as alice, session(server) as bob:
        last = hold(alice)
        for _ in range(9):
            old = last
            alice.connect_connection = None
            last = alice.start_connect()
            # Of two that are on their way on two connections either may come first.
            response = old.wait_response(5)
            equal((response.status, response.body), (408, b""))
        parked(server, 1)
        check(not last.answered(), "the last one was answered")
        bob.publish("/cn/storm", 1)
        equal(last.wait(5).data, [1])


def gone(server, leave, tls=False):
    """The client goes while its connect is held; what is published then waits for it."""
    with connected(server, subscriptions=["/cn/gone"], tls=tls) as alice, session(server, tls=tls) as bob:
        hold(alice)
        leave(alice.connect_connection)
        parked(server, 0)
        alice.connect_connection = None
        for n in range(3):
            succeeded(bob.publish("/cn/gone", n).reply)
        equal(alice.connect(timeout=5).data, [0, 1, 2])
        held = hold(alice)
        bob.publish("/cn/gone", 3)
        equal(held.wait(5).data, [3])


@test("CN-15 EX-8 the client closes its connection during the hold: noticed, and no event is lost")
def _(server):
    gone(server, lambda connection: connection.close())


@test("CN-15 EX-8 the client resets its connection during the hold: noticed, and no event is lost")
def _(server):
    gone(server, lambda connection: connection.reset())


@test("CN-15 EX-8 the same over TLS")
def _(server):
    gone(server, lambda connection: connection.close(), tls=True)


@test("CN-17 DC-2 disconnect ends the hold with a success and reconnect none; a later connect gets 402")
def _(server):
    with connected(server) as alice:
        held = hold(alice)
        client_id = alice.client_id
        succeeded(alice.disconnect().reply)
        replies = held.wait(5)
        equal(len(replies), 1)
        equal(succeeded(replies.reply)["advice"]["reconnect"], "none")
        alice.client_id = client_id
        reply = refused(alice.connect(timeout=5).reply, "402::session_unknown")
        equal(reply["advice"], {"reconnect": "handshake", "interval": 0})
        alice.client_id = None


@test("CID-7 connect with an unknown session, or none: 402 at once, with handshake advice")
def _(server):
    nobody = Client(server)
    for client_id in ("unknown", "x" * 500, "0" * 40, None, ""):
        nobody.client_id = client_id
        replies = batch(nobody.post([nobody.connect_message(id="7")]))
        reply = refused(replies.reply, "402::session_unknown")
        equal(reply["advice"], {"reconnect": "handshake", "interval": 0})
        equal(reply["id"], "7")


@test("a held connect is answered on a keep-alive connection that goes on to serve")
def _(server):
    with connected(server, "/short") as alice:
        alice.connection = alice.connect_connection
        for step in (lambda: None, lambda: succeeded(alice.subscribe("/cn/keep").reply)):
            step()
            took, replies = elapsed(lambda: alice.connect(timeout=5))
            check(0.28 <= took < LATE, took)
            succeeded(replies.reply)
        equal(alice.publish("/cn/keep", 1).data, [1])
        equal(alice.connection.request("GET", "/static.txt").body, b"static\n")
        succeeded(alice.connect(timeout=5).reply)


@test("ORD-6 while a connect is held all other messages are answered at once, and none of them ends it")
def _(server):
    with connected(server) as alice, session(server) as bob:
        held = hold(alice)
        succeeded(alice.subscribe("/cn/other/**").reply)
        equal(alice.publish("/cn/other/x", 1).data, [1])
        succeeded(alice.unsubscribe("/cn/other/**").reply)
        succeeded(alice.publish("/service/x", 1).reply)
        bob.publish("/cn/other/x", 2)
        parked(server, 1)
        check(not held.answered(), "the hold ended")
        alice.disconnect()
        held.wait(5)


@test("the hold ends for each of a hundred sessions when one message is for all")
def _(server):
    clients = [connected(server, subscriptions=["/cn/all"]) for _ in range(100)]
    helds = [client.start_connect() for client in clients]
    parked(server, 100)
    with session(server) as bob:
        succeeded(bob.publish("/cn/all", "x").reply)
    for held in helds:
        equal(held.wait(10).data, ["x"])
    equal(sum(len(poll(client).data) for client in clients), 0)
    for client in clients:
        client.disconnect()
        client.close()
    counter(server, "BayeuxSessions", 0)


run(lambda: Httpd(CONF, tls=True))
