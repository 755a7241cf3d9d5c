#!/usr/bin/env python3
"""Who a session is: its id (CID-1, S10) and the cookie that it is bound to (CID-4, S4)."""

import math
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from http_client import connect_to  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import batch, connected, hold, poll, refused, session, succeeded  # noqa: E402

EACH = 300


def handshakes(server, child, count):
    """(clientId, cookie) of that many handshakes of new browsers, all in one child."""
    found = []
    with connect_to(server, child) as connection:
        for _ in range(count):
            client = Client(server)
            client.connection = connection
            client.handshake()
            found.append((client.client_id, client.cookies["BAYEUX_BROWSER"]))
            client.disconnect()
    return found


def random_bits(names):
    """The entropy that the places of these equally long names show: log2 of the characters seen at each."""
    return sum(math.log2(len({name[place] for name in names})) for place in range(len(names[0])))


@test("CID-1 S10 ids and cookies of three children: unique, letters and digits, 128 random bits, no common sequence")
def _(server):
    found = [handshakes(server, child, EACH) for child in server.children()]
    for kind, least in ((0, 128), (1, 80)):
        names = [pair[kind] for pairs in found for pair in pairs]
        equal(len(set(names)), 3 * EACH, "how many are different")
        equal(len({len(name) for name in names}), 1, "how many lengths")
        for name in names:
            check(re.fullmatch("[0-9A-Za-z]+", name), name)
        # Hundreds of names show nearly all characters of an alphabet of up to 62 at each random place.
        check(random_bits(names) >= least, f"{random_bits(names):.0f} bits at most in {names[:3]}")
        for pairs in found:
            own = [pair[kind] for pair in pairs]
            check(random_bits(own) >= least, f"within one child: {random_bits(own):.0f} bits at most in {own[:3]}")


@test("S10 the same after a reload: new children do not repeat what the old ones gave out")
def _(server):
    before = {name for child in server.children() for pair in handshakes(server, child, 20) for name in pair}
    server.graceful()
    after = [name for _ in range(60) for name in handshake_once(server)]
    equal(len(set(after)), 120)
    equal(before & set(after), set())


def handshake_once(server):
    with session(server) as client:
        names = client.client_id, client.cookies["BAYEUX_BROWSER"]
        client.disconnect()
        client.close()
    return names


@test("S10 a cookie issued before the reload is still known after it")
def _(server):
    with connected(server, subscriptions=["/cid/reload"]) as alice:
        server.graceful()
        alice.connection = None
        alice.connect_connection = None
        equal(alice.publish("/cid/reload", 1).data, [1])
        again = alice.post([{"channel": "/meta/handshake", "id": "1"}])
        equal(again.header("Set-Cookie"), None)
        own, alice.client_id = alice.client_id, again.json[0]["clientId"]
        alice.disconnect()
        alice.client_id = own


def requests_of(client):
    return (
        client.message("/meta/connect", connectionType="long-polling"),
        client.message("/meta/subscribe", subscription="/cid/stolen"),
        client.message("/meta/unsubscribe", subscription="/cid/mine"),
        client.message("/cid/mine", data="forged"),
        client.message("/service/mine", data="forged"),
        client.message("/meta/disconnect"),
    )


def attack(victim, cookie):
    """All requests with the victim's id under this cookie: each gets 402."""
    with Client(victim.server) as thief:
        thief.client_id = victim.client_id
        for request in requests_of(thief):
            headers = [("Cookie", cookie)] if cookie is not None else ()
            response = thief.post([request], headers=headers, timeout=5)
            reply = refused(batch(response).reply, "402::session_unknown")
            if request["channel"] == "/meta/connect":
                equal(reply["advice"], {"reconnect": "handshake", "interval": 0})
            else:
                check("advice" not in reply, reply)
        thief.client_id = None


THEFTS = {
    "without cookie": lambda cookie, other: None,
    "with another browser's cookie": lambda cookie, other: f"BAYEUX_BROWSER={other}",
    "with an empty cookie": lambda cookie, other: "BAYEUX_BROWSER=",
    "with the first half of the cookie": lambda cookie, other: f"BAYEUX_BROWSER={cookie[:len(cookie) // 2]}",
    "with the cookie and a letter more": lambda cookie, other: f"BAYEUX_BROWSER={cookie}a",
    "with the cookie under another name": lambda cookie, other: f"XBAYEUX_BROWSER={cookie}; BAYEUX_BROWSERX={cookie}",
    "with a cookie of the right length": lambda cookie, other: "BAYEUX_BROWSER=" + "a" * len(cookie),
    "with other cookies": lambda cookie, other: "a=b; c=d",
}

for how, cookie in THEFTS.items():

    @test(f"CID-4 S4 a stolen clientId {how}: 402 for everything, the victim is untouched")
    def _(server, cookie=cookie):
        mine = ["/cid/mine", "/cid/stolen/**"]
        with connected(server, subscriptions=mine) as victim, session(server) as other:
            other.publish("/cid/mine", "queued")
            attack(victim, cookie(victim.cookies["BAYEUX_BROWSER"], other.cookies["BAYEUX_BROWSER"]))
            equal(poll(victim).data, ["queued"])
            held = hold(victim)
            attack(victim, cookie(victim.cookies["BAYEUX_BROWSER"], other.cookies["BAYEUX_BROWSER"]))
            check(not held.answered(), "the held connect ended")
            succeeded(other.publish("/cid/mine", "right").reply)
            equal(held.wait(5).data, ["right"])


@test("CID-1 an id with one character changed, cut, or in other case is unknown")
def _(server):
    with session(server) as alice:
        right = alice.client_id
        last = "b" if right[-1] == "a" else "a"
        for wrong in (right[:-1] + last, right[:-1], right + "a", right[1:], right + " ", " " + right, "0" + right,
                      right + "\u0000", right * 2):  # fmt: skip
            alice.client_id = wrong
            refused(alice.publish("/cid/x", 1).reply, "402::session_unknown", "405", "400")
            refused(alice.connect(0).reply, "402::session_unknown", "405", "400")
        if right.swapcase() != right:
            alice.client_id = right.swapcase()
            refused(alice.publish("/cid/x", 1).reply, "402::session_unknown")
        alice.client_id = right


@test("CID-2 without clientId: 402 on every channel but handshake")
def _(server):
    nobody = Client(server)
    for request in requests_of(nobody):
        refused(nobody.call([request], timeout=5).reply, "402::session_unknown")


@test("CID-7 HT-8 unknown sessions are answered with HTTP status 200")
def _(server):
    nobody = Client(server)
    nobody.client_id = "unknown"
    equal(nobody.post([nobody.message("/cid/x", data=1)]).status, 200)


@test("S19 neither ids nor cookies are in the logs")
def _(server):
    with connected(server, subscriptions=["/cid/log"]) as alice, session(server) as thief:
        alice.publish("/cid/log", 1)
        thief.client_id, own = alice.client_id, thief.client_id
        thief.publish("/cid/log", 1)
        thief.client_id = own
        logged = server.error_log() + (server.root / "access_log").read_text(encoding="utf-8", errors="replace")
        status = str(server.status())
        for secret in (alice.client_id, alice.cookies["BAYEUX_BROWSER"]):
            check(secret not in logged, "a secret in a log")
            check(secret not in status, "a secret in server-status")


# The connections of a file of tests may serve any number of requests.
run(lambda: Httpd("MaxKeepAliveRequests 0", server_limit=12))
