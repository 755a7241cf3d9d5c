#!/usr/bin/env python3
"""timesync (X-TSYNC), timestamp (X-TS), activity (X-ACT), binary (X-BIN), and BayeuxExtensions, which turns them on."""
# slow

import base64
import re
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from httpd_conf import config_test  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from websocket import ws_connected, ws_session  # noqa: E402
from wire import connected, counter, hold, refused, session, succeeded  # noqa: E402

CONF = """
<Location /none>
    SetHandler bayeux
    BayeuxExtensions none
</Location>
<Location /stamped>
    SetHandler bayeux
    BayeuxExtensions timestamp
    BayeuxTimeout 500ms
</Location>
<Location /all>
    SetHandler bayeux
    BayeuxExtensions ack timesync timestamp activity
    BayeuxIdleTimeout 1min
</Location>
<Location /active>
    SetHandler bayeux
    BayeuxDomain active
    BayeuxExtensions activity
    BayeuxIdleTimeout 1s
    BayeuxTimeout 200ms
</Location>
<Location /patient>
    SetHandler bayeux
    BayeuxDomain active
    BayeuxExtensions ack
    BayeuxIdleTimeout 1s
    BayeuxTimeout 200ms
</Location>
"""


def now_ms():
    return int(time.time() * 1000)


def timesync(reply):
    return reply.get("ext", {}).get("timesync")


# --- X-TSYNC ----------------------------------------------------------------------------------------------------------


@test("X-TSYNC 2 3 on any meta message: tc as it came, ts of the server, p, and a = tc + o + l - ts")
def _(server):
    with session(server) as alice:
        for channel, fields in (
            ("/meta/handshake", {}),
            ("/meta/connect", {}),
            ("/meta/subscribe", {"subscription": "/ts"}),
            ("/meta/unsubscribe", {"subscription": "/ts"}),
        ):
            own = None if channel == "/meta/handshake" else alice.client_id
            before = now_ms()
            asked = {"tc": before - 5000, "l": 0, "o": 5000}
            got = alice.call([alice.message(channel, clientId=own, ext={"timesync": asked}, **fields)]).reply
            after = now_ms()
            told = timesync(succeeded(got))
            equal(set(told), {"tc", "ts", "p", "a"}, channel)
            equal(told["tc"], asked["tc"])
            check(before <= told["ts"] <= after, f"{before} {told} {after}")
            equal(told["a"], asked["tc"] + asked["o"] + asked["l"] - told["ts"])
            check(0 <= told["p"] <= after - before, told)
            check(all(isinstance(value, int) for value in told.values()), "whole milliseconds")
        bye = alice.disconnect(ext={"timesync": {"tc": now_ms(), "l": 0, "o": 0}}).reply
        check(timesync(bye), "on a disconnect too")


@test("X-TSYNC 2 p of a held connect is how long it was held")
def _(server):
    with connected(server) as alice:
        before = now_ms()
        got = alice.connect(400, ext={"timesync": {"tc": before, "l": 0, "o": 0}}, timeout=5)
        told = timesync(succeeded(got.reply))
        check(390 <= told["p"] <= now_ms() - before, told)
        check(before <= told["ts"] <= now_ms() - told["p"] + 5, f"ts is when it came: {told}")


@test("X-TSYNC 2 p over WebSocket, of a held connect too")
def _(server):
    with ws_connected(server) as alice:
        told = timesync(alice.connect(300, ext={"timesync": {"tc": now_ms(), "l": 0, "o": 0}}))
        check(290 <= told["p"] < 290 + 3000 * PATIENCE, told)
        told = timesync(alice.subscribe("/ts", ext={"timesync": {"tc": 1, "l": 0, "o": 0}}))
        check(told["p"] < 1000 * PATIENCE and told["tc"] == 1, told)


@test("X-TSYNC 3 none for a client that is accurate: l is not 0 and |a| < 25; from 25 on it is told")
def _(server):
    with connected(server) as alice:
        def asked(lag, wrong):
            # The time that the request takes counts as an error of the client's: it must be short.
            quick = {}

            def in_time():
                before = now_ms()
                fields = {"tc": before, "l": lag, "o": wrong - lag}
                quick["told"] = timesync(alice.connect(0, ext={"timesync": fields}).reply)
                return now_ms() - before < 20

            wait_until(in_time, "an answer within 20 ms")
            return quick["told"]

        check(asked(5, 1) is None, "it was told though it is accurate")
        for wrong in (1000, -1000, 100, -100):
            check(asked(5, wrong) is not None, f"{wrong} ms wrong and not told")
        check(asked(0, 1) is not None, "l is 0: always told")


@test("X-TSYNC 3 without l: tc, ts and p, always")
def _(server):
    with connected(server) as alice:
        for _ in range(3):
            told = timesync(alice.connect(0, ext={"timesync": {"tc": now_ms()}}).reply)
            equal(set(told), {"tc", "ts", "p"})


@test("X-TSYNC not asked for: not told; nor on publishes, which are no meta messages")
def _(server):
    with session(server, subscriptions=["/ts/pub"]) as alice:
        check("ext" not in alice.connect(0).reply, "unasked")
        got = alice.publish("/ts/pub", 1, ext={"timesync": {"tc": 1, "l": 0, "o": 0}})
        equal(timesync(got.reply), None)
        equal(got.events[0]["ext"], {"timesync": {"tc": 1, "l": 0, "o": 0}}, "PB-12: forwarded untouched")


@test("X-TSYNC S6 odd values of every kind: answered or passed over, never an error, nothing of them comes back")
def _(server):
    with session(server) as alice:
        for odd in (1, "x", None, [], {}, {"tc": "1"}, {"tc": None}, {"tc": 10**30, "l": 0, "o": 0}, {"tc": -(10**30)},
                    {"tc": 1.5, "l": 0.5, "o": "x"}, {"tc": 2**63 - 1, "l": 2**63 - 1, "o": 2**63 - 1},
                    {"tc": -(2**63), "l": 1, "o": -(2**63)}, {"tc": 1e308, "l": 1e308, "o": 1e308}, {"l": 0, "o": 0},
                    {"tc": {"__proto__": 1}, "l": 0, "o": 0}, {"tc": True, "l": True, "o": True}):  # fmt: skip
            reply = succeeded(alice.connect(0, ext={"timesync": odd}, timeout=5).reply)
            told = timesync(reply)
            if told is not None:
                check(all(isinstance(told[name], (int, float)) and not isinstance(told[name], bool) for name in told),
                      f"{odd} -> {told}")  # fmt: skip


# --- X-TS -------------------------------------------------------------------------------------------------------------

STAMP = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d [A-Z+\-:0-9]+ \d{4}")


def stamped(message):
    """Seconds since 1970 of its timestamp; a failure if it has none."""
    text = message.get("timestamp")
    check(isinstance(text, str) and STAMP.fullmatch(text), f"timestamp of {message}")
    day, rest = text.split(" ", 1)
    words = rest.split(" ")
    when = datetime.strptime(f"{words[0]} {words[1]} {words[2]} {words[4]}", "%b %d %H:%M:%S %Y")
    equal(when.strftime("%a"), day)
    return when.replace(tzinfo=timezone.utc).timestamp() if words[3] in ("GMT", "UTC") else when.timestamp()


@test("X-TS timestamp at the top of every reply, in the form of EEE MMM dd HH:mm:ss zzz yyyy, and it is now")
def _(server):
    with session(server, "/stamped") as alice:
        replies = [alice.call([{"channel": "/meta/handshake", "id": "1"}]).reply]
        replies += [alice.subscribe("/x").reply, alice.publish("/y", 1).reply, alice.connect(0).reply]
        replies += [alice.unsubscribe("/x").reply]
        for reply in replies:
            check(abs(stamped(succeeded(reply)) - time.time()) < 3 * PATIENCE, reply)
        check(stamped(alice.call([{"channel": "/meta/connect", "clientId": "unknown"}]).reply), "an unsuccessful one")


@test("X-TS of a held connect it is the time of the answer")
def _(server):
    with connected(server, "/stamped") as alice:
        begin = time.time()
        stamp = stamped(alice.connect(1500, timeout=5).reply)
        check(stamp >= int(begin + 1.4), f"{stamp} {begin}")


@test("X-TS events have one too")
def _(server):
    with session(server, "/stamped", ["/ts/event"]) as alice:
        (event,) = alice.publish("/ts/event", 1).events
        check(abs(stamped(event) - time.time()) < 3 * PATIENCE, event)


@test("X-TS off by default: no timestamp of ours, a client's own one is forwarded (ENV-16)")
def _(server):
    with session(server, subscriptions=["/ts/own"]) as alice:
        got = alice.publish("/ts/own", 1, timestamp="Thu, 01 Jan 1970 00:00:00 GMT")
        equal(got.events, [{"channel": "/ts/own", "data": 1, "timestamp": "Thu, 01 Jan 1970 00:00:00 GMT"}])
        check("timestamp" not in got.reply and "timestamp" not in alice.connect(0).reply, "unasked")


# --- X-ACT ------------------------------------------------------------------------------------------------------------


def idle_until_told(client):
    """Something, then only connects until one fails: (seconds, its reply)."""
    begin = time.monotonic()
    succeeded(client.publish("/act/last", 1).replies[-1])
    while time.monotonic() - begin < 10 * PATIENCE:
        found = client.connect(timeout=5)
        reply = found.replies[-1]
        if not reply["successful"] or reply.get("advice", {}).get("reconnect") == "none":
            return time.monotonic() - begin, found
    raise AssertionError("it may be idle for ever")


@test("X-ACT idle for longer than BayeuxIdleTimeout: the session ends at its next connect, 402 and reconnect none")
def _(server):
    with connected(server, "/active", ["/act"]) as alice:
        took, found = idle_until_told(alice)
        check(0.6 < took < 5 * PATIENCE, f"{took:.2f} s")
        refused(found.replies[-1], "402::session_unknown")
        equal(found.replies[-1]["advice"]["reconnect"], "none")
        refused(alice.publish("/act", 1).reply, "402::session_unknown")
        alice.client_id = None
    counter(server, "BayeuxSessions", 0)


@test("X-ACT every message but a connect is activity")
def _(server):
    with connected(server, "/active") as alice:
        begin = time.monotonic()
        while time.monotonic() - begin < 2.5:
            succeeded(alice.connect(timeout=5).reply)
            succeeded(alice.publish("/act/any", 1).reply)
        took, _found = idle_until_told(alice)
        check(took > 0.6, f"{took:.2f} s")
        alice.client_id = None


@test("X-ACT what others send to it is no activity of its own")
def _(server):
    with connected(server, "/active", ["/act/other"]) as alice, connected(server, "/active") as bob:
        begin = time.monotonic()
        ended = None
        while ended is None and time.monotonic() - begin < 8 * PATIENCE:
            bob.publish("/act/other", 1)
            reply = alice.connect(timeout=5).replies[-1]
            ended = None if reply["successful"] else reply
        check(ended is not None, "it is idle and lives")
        alice.client_id = None


@test("X-ACT over WebSocket too")
def _(server):
    with ws_connected(server, "/active") as alice:
        wait_until(lambda: not alice.connect(timeout=5)["successful"], "it ends", 8, 0.05)
        alice.client_id = None


@test("X-ACT without `activity` BayeuxIdleTimeout does nothing")
def _(server):
    with connected(server, "/patient") as alice:
        begin = time.monotonic()
        while time.monotonic() - begin < 2.5:
            succeeded(alice.connect(timeout=5).reply)


# --- X-BIN ------------------------------------------------------------------------------------------------------------


@test("X-BIN binary messages pass as they are, by every way: ext.binary, Z85 with its odd last group, meta")
def _(server):
    payloads = [
        {"data": base64.b85encode(bytes(range(n))).decode(), "last": n % 2 == 0, "meta": {"n": n}} for n in range(9)
    ]
    with connected(server, subscriptions=["/bin"]) as alice, ws_connected(server, subscriptions=["/bin"]) as carol, \
            session(server) as bob, ws_session(server) as dave:  # fmt: skip
        for payload in payloads:
            for speak in (bob.publish, dave.publish):
                held = hold(alice)
                speak("/bin", payload, ext={"binary": {}})
                wanted = [{"channel": "/bin", "data": payload, "ext": {"binary": {}}}]
                equal(held.wait(5).events, wanted)
                equal(carol.events(), wanted)
        # A service message is acknowledged.
        got = bob.publish("/service/bin", payloads[3], ext={"binary": {}})
        succeeded(got.replies[-1])


@test("PB-12 S5 S6 other ext travels on, credentials do not, and neither steers the server")
def _(server):
    ext = {"a": 1, "__proto__": {"b": 2}, "constructor": [1], "ack": 7, "binary": {}, "big": 12345678901234567890}
    with session(server, subscriptions=["/ext"]) as alice:
        got = alice.publish("/ext", 1, ext={**ext, "authentication": {"token": "secret"}})
        equal(got.events[0]["ext"], ext)
        equal(got.replies[0].get("ext", {}), {})


# --- BayeuxExtensions -------------------------------------------------------------------------------------------------


@test("BayeuxExtensions: the default is ack and timesync")
def _(server):
    with session(server) as alice:
        ext = {"ack": True, "timesync": {"tc": 1}}
        reply = alice.call([{"channel": "/meta/handshake", "id": "1", "ext": ext}]).reply
        equal((reply["ext"]["ack"], set(timesync(reply))), (True, {"tc", "ts", "p"}))
        check("timestamp" not in reply, reply)


@test("BayeuxExtensions none: nothing is confirmed nor answered")
def _(server):
    with session(server, "/none") as alice:
        ext = {"ack": True, "timesync": {"tc": 1, "l": 0, "o": 0}}
        reply = succeeded(alice.call([{"channel": "/meta/handshake", "id": "1", "ext": ext}]).reply)
        equal(reply.get("ext", {}), {})
        equal(alice.connect(0, ext={"ack": 0, "timesync": {"tc": 1}}).reply.get("ext", {}), {})


@test("all four at once, over long-polling and WebSocket")
def _(server):
    ext = {"ack": True, "timesync": {"tc": 1, "l": 0, "o": 0}}
    with session(server, "/all") as alice, ws_session(server, "/all") as bob:
        for client, call in ((alice, lambda m: alice.call(m).reply), (bob, lambda m: bob.call(m)[0])):
            reply = call([{"channel": "/meta/handshake", "id": "h", "ext": ext}])
            equal((reply["ext"]["ack"], "timesync" in reply["ext"]), (True, True))
            stamped(reply)
            own, client.client_id = client.client_id, reply["clientId"]
            reply = call([client.connect_message(0, ext={"ack": 0, "timesync": {"tc": 2}})])
            equal((reply["ext"]["ack"], reply["ext"]["timesync"]["tc"]), (1, 2))
            stamped(reply)
            call([client.message("/meta/disconnect")])
            client.client_id = own if client is alice else None


for conf, word in (
    ("BayeuxExtensions", "BayeuxExtensions"),
    ("BayeuxExtensions ack nosuch", "nosuch"),
    ("BayeuxExtensions none ack", "none"),
    ("BayeuxExtensions ack ack", "ack"),
    ("BayeuxIdleTimeout x", "x"),
    ("BayeuxIdleTimeout -1", "-1"),
    ("BayeuxMaxSessionsPerBrowser x", "x"),
    ("BayeuxMaxSessionsPerBrowser -2", "-2"),
    ("BayeuxMultiSessionInterval x", "x"),
    ("BayeuxPing x", "x"),
    ("BayeuxTransports websocket nosuch", "nosuch"),
    ('<BayeuxChannel "/x">\nBayeuxLazy x\n</BayeuxChannel>', "x"),
):

    @test(f"httpd -t refuses {conf.splitlines()[-2] if 'Lazy' in conf else conf!r} and says what is allowed")
    def _(_server, conf=conf, word=word):
        code, said = config_test(location=conf)
        check(code != 0, f"accepted: {conf}")
        check(word in said and conf.split()[0].strip("<") in said or "BayeuxLazy" in said, said)


run(lambda: Httpd(CONF))
