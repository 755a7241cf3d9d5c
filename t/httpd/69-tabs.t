#!/usr/bin/env python3
"""Many tabs of one browser (BR-4 to BR-7, AD-4, AD-5), in three children."""

import json
import sys
import time
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from h2_client import H2Connection  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from http_client import connect_to  # noqa: E402
from tap import Failure, check, equal, run, test  # noqa: E402
from websocket import WebSocketClient, ws_session  # noqa: E402
from wire import connected, hold, number, parked, session, succeeded  # noqa: E402

CONF = """
Protocols h2c http/1.1
H2Direct on
BayeuxTimeout 20s
BayeuxMaxInterval 60s
<Location /short>
    SetHandler bayeux
    BayeuxTimeout 600ms
</Location>
<Location /two>
    SetHandler bayeux
    BayeuxMaxSessionsPerBrowser 2
    BayeuxMultiSessionInterval 500ms
</Location>
<Location /no-tab>
    SetHandler bayeux
    BayeuxMaxSessionsPerBrowser 0
</Location>
<Location /any-tab>
    SetHandler bayeux
    BayeuxMaxSessionsPerBrowser -1
</Location>
<Location /strict>
    SetHandler bayeux
    BayeuxMultiSessionInterval 0
</Location>
<Location /jsonp>
    SetHandler bayeux
    BayeuxTransports long-polling callback-polling
</Location>
"""


def elapsed(begin):
    return time.monotonic() - begin


NORMAL = {"reconnect": "retry", "interval": 0, "timeout": 20000}


def tab_of(first, child=None, path=None):
    """Another session of the same browser, whose first connect is over."""
    tab = Client(first.server, path or first.path, connect_child=child)
    tab.cookies = dict(first.cookies)
    succeeded(tab.handshake())
    succeeded(tab.connect(timeout=5).reply)
    return tab


def is_surplus(tab, interval=2000, timeout=20000):
    """Its connect is answered at once with the advice for many tabs."""
    begin = time.monotonic()
    reply = succeeded(tab.connect(timeout=10).reply)
    check(elapsed(begin) < 3 * PATIENCE, "it was held")
    advice = reply["advice"]
    equal({name: advice[name] for name in ("multiple-clients", "reconnect", "interval")},
          {"multiple-clients": True, "reconnect": "retry", "interval": interval})  # fmt: skip
    equal(advice.get("timeout", timeout), timeout)


@test("BR-4 BR-5 AD-4 one connect of a browser is held, those of its other tabs are answered at once with the advice")
def _(server):
    with connected(server) as alice, tab_of(alice) as second, tab_of(alice) as third:
        held = hold(alice)
        for _ in range(2):
            is_surplus(second)
            is_surplus(third)
        check(not held.answered(), "the first one ended")


@test("BR-4 in three children: one is held, wherever the others ask")
def _(server):
    children = server.children()
    with connected(server, connect_child=children[0]) as alice, tab_of(alice, children[1]) as second, \
            tab_of(alice, children[2]) as third:  # fmt: skip
        hold(alice)
        is_surplus(second)
        is_surplus(third)


@test("BR-3 other browsers do not count, nor does the session's own newer connect (CN-12)")
def _(server):
    with connected(server) as alice, connected(server) as bob:
        older = hold(alice)
        hold(bob, 2)
        alice.connect_connection = connect_to(server, server.children()[1])
        newer = alice.start_connect()
        equal(older.wait_response(5).status, 408)
        parked(server, 2)
        check(not newer.answered(0.1), "it counted itself")


@test("BR-5 events for a surplus tab leave with its connects; nothing is lost")
def _(server):
    with connected(server) as alice, tab_of(alice) as second, session(server) as bob:
        succeeded(second.subscribe("/tabs").reply)
        hold(alice)
        got = []
        for number in range(3):
            is_surplus(second)
            bob.publish("/tabs", number)
            got += second.connect(timeout=5).data
        equal(got, [0, 1, 2])


def leave_by_event(server, _alice, _held):
    with session(server) as bob:
        bob.publish("/tabs/leave", 1)


def leave_by_reset(_server, _alice, held):
    held.connection.reset()


def leave_by_disconnect(_server, alice, held):
    alice.disconnect()
    held.wait(5)


def leave_by_timeout(_server, _alice, held):
    held.wait(5)


def leave_by_kill(server, _alice, held):
    server.kill_child(server.child_of(held.connection))


LEAVING = {
    "an event": (leave_by_event, None),
    "its client going away": (leave_by_reset, None),
    "a disconnect": (leave_by_disconnect, None),
    "its timeout": (leave_by_timeout, 2000),
    "the end of its child": (leave_by_kill, None),
}

def held_at_last(tab):
    """What a child held that was killed counts until a sibling has noticed."""
    deadline = time.monotonic() + 8 * PATIENCE
    while time.monotonic() < deadline:
        connect = tab.start_connect()
        wait_until(lambda: connect.answered() or number(tab.server, "BayeuxParked") == 1, "held or answered")
        if not connect.answered():
            return connect
        connect.wait(5)
        time.sleep(0.05)
    raise Failure("the tab is never held")


for reason, (leave, advice_timeout) in LEAVING.items():

    @test(f"BR-7 AD-5 the held connect ends by {reason}: the other tab is held, and told the normal advice again")
    def _(server, leave=leave, advice_timeout=advice_timeout):
        with connected(server, "/bayeux", ["/tabs/leave"]) as alice, tab_of(alice) as second, session(server) as bob:
            succeeded(second.subscribe("/tabs/second").reply)
            held = hold(alice, 1, advice_timeout)
            is_surplus(second)
            leave(server, alice, held)
            parked(server, 0)
            server.wait_all_children()
            second.close()  # perhaps it was the same child's
            other = held_at_last(second)
            bob.close()
            bob.publish("/tabs/second", 1)
            got = other.wait(5)
            equal((got.data, got.reply.get("advice")), ([1], NORMAL), "AD-5")
            if leave in (leave_by_reset, leave_by_kill):
                alice.close()


@test("AD-5 once told, not again: the next held connects bring no advice")
def _(server):
    with connected(server, "/short") as alice, tab_of(alice) as second:
        held = hold(alice, advice_timeout=2000)
        is_surplus(second, timeout=600)
        held.wait(5)
        # Its answer is noted as written, and its place free, before this one is served.
        equal(alice.connect_connection.request("GET", "/static.txt").status, 200)
        reply = second.connect(timeout=5).reply
        equal(reply["advice"], {**NORMAL, "timeout": 600})
        check("advice" not in second.connect(timeout=5).reply, "again")


@test("BayeuxMaxSessionsPerBrowser 2, BayeuxMultiSessionInterval 500ms: two are held, the third is surplus")
def _(server):
    with connected(server, "/two") as alice, tab_of(alice) as second, tab_of(alice) as third:
        hold(alice)
        held = hold(second, 2)
        is_surplus(third, 500)
        second.disconnect()
        held.wait(5)
        hold(third, 2)


@test("BayeuxMaxSessionsPerBrowser 0: none is held")
def _(server):
    with connected(server, "/no-tab") as alice:
        is_surplus(alice)


@test("BayeuxMaxSessionsPerBrowser -1: as many as there are")
def _(server):
    with connected(server, "/any-tab") as alice:
        tabs = [tab_of(alice) for _ in range(5)]
        for number, tab in enumerate(tabs):
            hold(tab, number + 1)
        for tab in tabs:
            tab.disconnect()
            tab.close()


@test("AD-4 BayeuxMultiSessionInterval 0: the surplus connect is unsuccessful, advice none, no error")
def _(server):
    with connected(server, "/strict") as alice, tab_of(alice) as second:
        hold(alice)
        reply = second.connect(timeout=5).reply
        equal((reply["successful"], "error" in reply), (False, False))
        equal((reply["advice"]["multiple-clients"], reply["advice"]["reconnect"]), (True, "none"))


@test("BR-6 WebSockets never count: several of one browser, and a long-poll beside them")
def _(server):
    with connected(server) as alice:
        sockets = [ws_session(server, cookies=alice.cookies) for _ in range(3)]
        for socket in sockets:
            succeeded(socket.connect(timeout=5))
            socket.start_connect()
            equal(socket.drain(), ([], []), "its connect was answered")
        held = hold(alice, alice_parked(server))
        check(not held.answered(0.2), "the WebSockets counted")
        last = WebSocketClient.resume(tab_of(alice))
        succeeded(last.connect(0, timeout=5))
        last.start_connect()
        equal(last.drain(), ([], []), "the long-poll counted")
        for socket in [*sockets, last]:
            socket.disconnect()
            socket.close()


def alice_parked(server):
    """What BayeuxParked will be with one more: whether it counts those of WebSockets is left open."""
    return int(server.status()["BayeuxParked"]) + 1


@test("BR-6 callback-polling counts")
def _(server):
    with connected(server, "/jsonp") as alice, tab_of(alice) as second:
        hold(alice)
        query = urllib.parse.urlencode({"jsonp": "f", "message": json.dumps([second.connect_message()])})
        cookie = ("Cookie", f"BAYEUX_BROWSER={second.cookies['BAYEUX_BROWSER']}")
        response = second.connection.request("GET", f"/jsonp?{query}", [cookie], timeout=5)
        reply = json.loads(response.body.decode()[len("/**/f(") : -2])[-1]
        equal((reply["successful"], reply["advice"]["multiple-clients"]), (True, True))


@test("BR-4 HTTP/2 has no limit")
def _(server):
    with connected(server) as alice, tab_of(alice) as second, tab_of(alice) as third:
        h2 = H2Connection(server)
        streams = [h2.post("/bayeux", [tab.connect_message()], tab.cookies) for tab in (alice, second, third)]
        parked(server, 3)
        check(not any(h2.ended(stream) for stream in streams), "one was answered")
        for tab in (alice, second, third):
            tab.call([tab.message("/meta/disconnect")])
        for stream in streams:
            h2.wait(stream, 5)
        h2.close()
        alice.client_id = second.client_id = third.client_id = None


def tabbed():
    server = Httpd(CONF, modules=("bayeux", "http2"), server_limit=6)
    server.expect("AH10392")  # children are killed successively
    return server


run(tabbed)
