#!/usr/bin/env python3
"""What each directive does that clients can see, as far as no other file is about it (design 7)."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from http_client import Connection  # noqa: E402
from httpd_conf import config_test  # noqa: E402
from publishing import reached, send  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import connected, counter, hold, number, parked, poll, refused, serves, session, succeeded  # noqa: E402

CONF = """
<Location /ms>
    SetHandler bayeux
    BayeuxTimeout 250ms
    BayeuxInterval 120ms
</Location>
<Location /seconds>
    SetHandler bayeux
    BayeuxTimeout 1
    BayeuxInterval 2
</Location>
<Location /minutes>
    SetHandler bayeux
    BayeuxTimeout 1min
    BayeuxInterval 2s
</Location>
<Location /brief>
    SetHandler bayeux
    BayeuxDomain brief
    BayeuxMaxInterval 300ms
</Location>
<Location /no-echo>
    SetHandler bayeux
    BayeuxDomain no-echo
    BayeuxBroadcastToPublisher Off
    <BayeuxChannel "/dir/echo/**">
        BayeuxBroadcastToPublisher On
    </BayeuxChannel>
</Location>
<Location /echo>
    SetHandler bayeux
    BayeuxDomain echo
    <BayeuxChannel "/dir/quiet/**">
        BayeuxBroadcastToPublisher Off
    </BayeuxChannel>
    <BayeuxChannel "/dir/quiet/but/*">
        BayeuxBroadcastToPublisher On
    </BayeuxChannel>
</Location>
<Location /unconnected>
    SetHandler bayeux
    BayeuxDomain unconnected
    BayeuxUnconnectedPublish On
    <BayeuxChannel "/dir/closed">
        BayeuxRequire publish all denied
    </BayeuxChannel>
</Location>
<Location /trusting>
    SetHandler bayeux
    BayeuxDomain trusting
    BayeuxTrustClientId On
</Location>
<Location /wary>
    SetHandler bayeux
    BayeuxDomain trusting
</Location>
<Location /in-order>
    SetHandler bayeux
    BayeuxDomain in-order
    BayeuxMetaConnectDeliverOnly On
</Location>
<Location /polling>
    SetHandler bayeux
    BayeuxTransports long-polling
</Location>
<Location /old-browsers>
    SetHandler bayeux
    BayeuxTransports cross-origin-long-polling callback-polling long-polling
</Location>
<Location /sockets-only>
    SetHandler bayeux
    BayeuxTransports websocket
</Location>
<Location /no-extensions>
    SetHandler bayeux
    BayeuxExtensions none
</Location>
BayeuxTimeout 7s
<Location /inherits>
    SetHandler bayeux
</Location>
<Location /inherits/inner>
    BayeuxTimeout 8s
</Location>
"""


def advice(server, path):
    with Client(server, path) as alice:
        return alice.handshake()["advice"]


@test("BayeuxTimeout and BayeuxInterval: ms, s, min, and a bare number is seconds")
def _(server):
    equal(advice(server, "/ms"), {"reconnect": "retry", "interval": 120, "timeout": 250})
    equal(advice(server, "/seconds"), {"reconnect": "retry", "interval": 2000, "timeout": 1000})
    equal(advice(server, "/minutes"), {"reconnect": "retry", "interval": 2000, "timeout": 60000})


@test("what is written for the server holds in each Location, what is written inside is stronger")
def _(server):
    equal(advice(server, "/inherits")["timeout"], 7000)
    equal(advice(server, "/inherits/inner")["timeout"], 8000)
    equal(advice(server, "/inherits/other")["timeout"], 7000)


@test("BayeuxTimeout is how long a connect is held")
def _(server):
    with connected(server, "/ms") as alice:
        begin = time.monotonic()
        succeeded(alice.connect(timeout=5).reply)
        check(0.24 <= time.monotonic() - begin < 4, "not 250 ms")


@test("BayeuxMaxInterval is how long a session lives after a connect was answered")
def _(server):
    alice = connected(server, "/brief")
    bob = connected(server)
    counter(server, "BayeuxSessions", 1)
    refused(alice.connect(timeout=5).reply, "402::session_unknown")
    bob.disconnect()


@test("BayeuxBroadcastToPublisher Off: others get it, the publisher does not (PB-5)")
def _(server):
    with session(server, "/no-echo", ["/dir/**"]) as alice, session(server, "/no-echo", ["/dir/**"]) as bob:
        equal(alice.publish("/dir/x", 1).data + poll(alice).data, [])
        equal(poll(bob).data, [1])
        equal(bob.publish("/dir/x", 2).data + poll(bob).data, [])
        equal(poll(alice).data, [2])


@test("PB-5 any Off suppresses: On for a channel does not outdo Off for the Location")
def _(server):
    with session(server, "/no-echo", ["/dir/**"]) as alice:
        equal(alice.publish("/dir/echo/x", 1).data + poll(alice).data, [])


@test("BayeuxBroadcastToPublisher Off for channels: by the most specific section that says so")
def _(server):
    with session(server, "/echo", ["/dir/**"]) as alice:
        equal(alice.publish("/dir/x", 1).data, [1])
        equal(alice.publish("/dir/quiet/x", 2).data + poll(alice).data, [])
        equal(alice.publish("/dir/quiet/but/x", 3).data, [3])


@test("PB-5 the publisher's other session still gets it")
def _(server):
    with session(server, "/echo", ["/dir/**"]) as alice:
        own = alice.client_id
        alice.handshake()
        alice.publish("/dir/quiet/x", 1)
        alice.disconnect()
        alice.client_id = own
        equal(poll(alice).data, [1])


@test("PB-10 BayeuxUnconnectedPublish On: a publish without session is delivered, and authorized")
def _(server):
    with session(server, "/unconnected", ["/dir/**"]) as alice:
        nobody = Client(server, "/unconnected")
        replies = nobody.publish("/dir/x", {"n": 1}, id="u1")
        equal(list(replies), [{"channel": "/dir/x", "id": "u1", "successful": True}])
        equal(poll(alice).events, [{"channel": "/dir/x", "data": {"n": 1}}])
        refused(nobody.publish("/dir/closed", 1).reply, "403")
        refused(nobody.publish("/dir/*", 1).reply, "405::channel_invalid")
        refused(nobody.publish("/meta/x", 1).reply, "403")
        refused(nobody.call([nobody.message("/dir/x")]).reply, "400")
        equal(poll(alice).data, [])
        # All else needs a session.
        for request in (nobody.connect_message(), nobody.message("/meta/subscribe", subscription="/dir/x")):
            refused(nobody.call([request]).reply, "402::session_unknown")
        equal(nobody.cookies, {})


@test("PB-10 BayeuxUnconnectedPublish On: with a clientId it must be a known one")
def _(server):
    with session(server, "/unconnected", ["/dir/**"]) as alice:
        nobody = Client(server, "/unconnected")
        nobody.client_id = "unknown"
        refused(nobody.publish("/dir/x", 1).reply, "402::session_unknown")
        nobody.client_id = alice.client_id
        refused(nobody.publish("/dir/x", 1).reply, "402::session_unknown")
        equal(poll(alice).data, [])


@test("PB-10 BayeuxUnconnectedPublish is off by default")
def _(server):
    nobody = Client(server)
    refused(nobody.publish("/dir/x", 1).reply, "402::session_unknown")


@test("CID-4 BayeuxTrustClientId On: the clientId alone is enough; where it is Off, it is not")
def _(server):
    with session(server, "/trusting") as alice:
        other = Client(server, "/trusting")
        other.client_id = alice.client_id
        succeeded(other.connect(timeout=5).reply)
        succeeded(other.subscribe("/dir/trust").reply)
        equal(other.publish("/dir/trust", 1).data, [1])
        other.path = "/wary"
        refused(other.publish("/dir/trust", 1).reply, "402::session_unknown")
        other.client_id = "unknown"
        other.path = "/trusting"
        refused(other.publish("/dir/trust", 1).reply, "402::session_unknown")


@test("ORD-3 BayeuxMetaConnectDeliverOnly On: events leave with connects only, and a publish wakes the own connect")
def _(server):
    with connected(server, "/in-order", ["/dir/**"]) as alice, session(server, "/in-order") as bob:
        bob.publish("/dir/x", 1)
        equal(alice.publish("/other", 1).events, [])
        equal(alice.subscribe("/dir/y").events, [])
        equal(alice.publish("/dir/x", 2).events, [])
        equal(alice.connect(timeout=5).data, [1, 2])
        held = hold(alice)
        equal(alice.publish("/dir/x", 3).events, [])
        equal(held.wait(5).data, [3])
        parked(server, 0)


def offered(server, path):
    with Client(server, path) as alice:
        return alice.handshake()["supportedConnectionTypes"]


@test("BayeuxTransports: what is offered, in this order; by default websocket, long-polling, eventsource")
def _(server):
    equal(offered(server, "/polling"), ["long-polling"])
    equal(offered(server, "/bayeux"), ["websocket", "long-polling", "eventsource"])
    equal(offered(server, "/old-browsers"), ["cross-origin-long-polling", "callback-polling", "long-polling"])


UPGRADE = (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
           ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="))  # fmt: skip


@test("BayeuxTransports: what is not listed is refused with 403 and a JSON error that names it")
def _(server):
    for path, query, headers, name in (
        ("/polling", "", UPGRADE, "websocket"),
        ("/polling", "", (("Accept", "text/event-stream"),), "eventsource"),
        ("/bayeux", "?message=%5B%5D&jsonp=f", (), "callback-polling"),
    ):
        with Connection(server) as connection:
            response = connection.request("GET", path + query, headers)
            equal(response.status, 403)
            check(name in response.json["error"], response)


@test("BayeuxTransports without a way to POST: 405, and Allow says so")
def _(server):
    with Connection(server) as connection:
        response = connection.request("POST", "/sockets-only", (("Content-Type", "application/json"),), b"[{}]")
        equal(response.status, 405)
        check("POST" not in response.header("Allow"), response)


@test("BayeuxExtensions none: no client gets one, whatever it asks for")
def _(server):
    with Client(server, "/no-extensions") as alice:
        check("ext" not in alice.handshake(ext={"ack": True, "timesync": {"tc": 1, "l": 0, "o": 0}}), "an extension")
    with Client(server) as bob:
        reply = bob.handshake(ext={"ack": True, "timesync": {"tc": 1, "l": 0, "o": 0}})
        equal(reply["ext"]["ack"], True)
        equal(reply["ext"]["timesync"]["tc"], 1)


PERSISTENT = """
<Location /kept>
    SetHandler bayeux
    <BayeuxChannel "/dir/kept/**">
        BayeuxPersistent On
    </BayeuxChannel>
    <BayeuxChannel "/dir/kept/not">
        BayeuxPersistent Off
    </BayeuxChannel>
</Location>
<Location /publish-kept>
    SetHandler bayeux-publish
    Require local
</Location>
"""


@test("CH-15 BayeuxPersistent On: the channel stays when nobody uses it; others go")
def _(_):
    # It is still there at the end, so the store is not empty then.
    with Httpd(PERSISTENT, sessions_left=True) as server:
        with session(server, "/kept", ["/dir/kept/a", "/dir/kept/not", "/dir/usual"]) as alice:
            equal(number(server, "BayeuxChannels"), 3)
            succeeded(alice.unsubscribe(["/dir/kept/a", "/dir/kept/not", "/dir/usual"]).reply)
        counter(server, "BayeuxChannels", 1)
        with session(server, "/kept") as bob:
            succeeded(bob.unsubscribe("/dir/kept/a").reply)
            refused(bob.unsubscribe("/dir/usual").reply, "400::channel_missing")
            refused(bob.unsubscribe("/dir/kept/not").reply, "400::channel_missing")
            succeeded(bob.publish("/dir/kept/said", 1).reply)
            for channel in ("/dir/kept/told", "/dir/kept/not", "/dir/usual"):
                equal(reached(send(server, channel, 1, at="/publish-kept", user=None)), 0)
            succeeded(bob.unsubscribe(["/dir/kept/said", "/dir/kept/told"]).reply)
        counter(server, "BayeuxChannels", 3)


WRONG = (
    ("BayeuxTimeout", "x"), ("BayeuxTimeout", "-1"), ("BayeuxTimeout", "5parsecs"), ("BayeuxTimeout", '""'),
    ("BayeuxTimeout", "99999999999999999999"), ("BayeuxInterval", "1.5.2"), ("BayeuxInterval", "-5s"),
    ("BayeuxMaxInterval", "never"), ("BayeuxMaxInterval", "0"), ("BayeuxDrainTimeout", "z"),
    ("BayeuxMaxMessageSize", "64X"), ("BayeuxMaxMessageSize", "0"), ("BayeuxMaxMessageSize", "-1"),
    ("BayeuxMaxMessageSize", "K"), ("BayeuxMaxQueue", "many"), ("BayeuxMaxQueue", "0"), ("BayeuxMaxQueue", "10 x"),
    ("BayeuxQueueOverflow", "explode"), ("BayeuxMaxSessions", "-3"), ("BayeuxMaxSessions", "x"),
    ("BayeuxMaxChannels", "x"), ("BayeuxMaxSubscriptions", "1.5"), ("BayeuxSharedMemory", "1"),
    ("BayeuxSharedMemory", "64Q"), ("BayeuxSharedMemory", "-64M"), ("BayeuxDuplicateConnectStatus", "200"),
    ("BayeuxDuplicateConnectStatus", "abc"), ("BayeuxDuplicateConnectStatus", "399"),
    ("BayeuxDuplicateConnectStatus", "700"), ("BayeuxTrustClientId", "maybe"), ("BayeuxTransports", "pigeon"),
    ("BayeuxBroadcastToPublisher", "perhaps"), ("BayeuxUnconnectedPublish", "2"), ("BayeuxCookie", "NAME colour=red"),
    ("BayeuxCookie", "NAME samesite=Sometimes"), ("BayeuxCookie", '"na me"'), ("BayeuxCookie", "NAME maxage=x"),
    ("BayeuxCookie", '"NAME;x"'), ("BayeuxAllowOrigin", "evil"), ("BayeuxAllowOrigin", "https://a.example/path"),
    ("BayeuxAllowOrigin", "https://"), ("BayeuxAllowOrigin", "* https://a.example"), ("BayeuxMaxBlockingHolds", "-1"),
    ("BayeuxMetaConnectDeliverOnly", "often"), ("BayeuxTransports", "websocket websocket"),
    ("BayeuxTransports", "WebSocket"), ("BayeuxExtensions", "acknowledge"), ("BayeuxExtensions", "none ack"),
    ("BayeuxExtensions", "ack ack"), ("BayeuxIdleTimeout", "500ms"), ("BayeuxIdleTimeout", "25h"),
    ("BayeuxIdleTimeout", "soon"), ("BayeuxMaxSessionsPerBrowser", "-2"), ("BayeuxMaxSessionsPerBrowser", "many"),
    ("BayeuxMaxSessionsPerBrowser", "1.5"), ("BayeuxMultiSessionInterval", "2h"),
    ("BayeuxMultiSessionInterval", "-1"), ("BayeuxFastLane", "maybe"), ("BayeuxRevalidate", "0"),
    ("BayeuxRevalidate", "2h"), ("BayeuxPing", "10ms"), ("BayeuxPing", "2h"), ("BayeuxPing", "On"),
    ("BayeuxWebSocketMessagesPerFrame", "0"), ("BayeuxWebSocketMessagesPerFrame", "1001"),
    ("BayeuxWebSocketMessagesPerFrame", "all"), ("BayeuxWebSocketDeflate", "9"),
    ("BayeuxLimitHandshakes", "On"), ("BayeuxLimitHandshakes", "10"), ("BayeuxLimitHandshakes", "0/1s"),
    ("BayeuxLimitHandshakes", "/1s"), ("BayeuxLimitHandshakes", "10/"), ("BayeuxLimitHandshakes", "10/0"),
    ("BayeuxLimitHandshakes", "10/100ms"), ("BayeuxLimitHandshakes", "10/2h"), ("BayeuxLimitHandshakes", "-1/1s"),
    ("BayeuxLimitHandshakes", "10K/1s"), ("BayeuxLimitHandshakes", "10001/1s"), ("BayeuxLimitHandshakes", "10/1s few"),
    ("BayeuxLimitHandshakes", "10/1s 0"), ("BayeuxLimitHandshakes", "Off 10"), ("BayeuxLimitHandshakes", "1/1h 25"),
    ("BayeuxLimitMessages", "100001/1s"), ("BayeuxLimitMessages", "many/1s"), ("BayeuxLimitMessages", "10/1s/1s"),
    ("BayeuxLimitMessages", "10/soon"), ("BayeuxLimitBytes", "127/1s"), ("BayeuxLimitBytes", "2G/1s"),
    ("BayeuxLimitBytes", "64Q/1s"), ("BayeuxLimitBytes", "64K/1s 1"), ("BayeuxLimitBytes", "64K"),
)  # fmt: skip


@test("httpd -t refuses every wrong value, with a sentence that names the directive and the value")
def _(_):
    for directive, value in WRONG:
        code, said = config_test(f"{directive} {value}")
        check(code != 0, f"{directive} {value} was accepted")
        words = value.strip('"').split() or [""]
        check(directive in said and any(word in said for word in words), f"{directive} {value}: {said}")


@test("httpd -t: BayeuxLazy stands in a channel section only, and is a time")
def _(_):
    code, said = config_test("BayeuxLazy 5s")
    check(code != 0 and "BayeuxLazy" in said and "<BayeuxChannel>" in said, said)
    for value in ("soon", "-1", "2h"):
        code, said = config_test(f'<BayeuxChannel "/x">\nBayeuxLazy {value}\n</BayeuxChannel>')
        check(code != 0 and "BayeuxLazy" in said and value in said, said)


@test("httpd -t: BayeuxPresence stands in a channel section only, is On or Off, and presence channels have no section")
def _(_):
    code, said = config_test("BayeuxPresence On")
    check(code != 0 and "BayeuxPresence" in said and "<BayeuxChannel>" in said, said)
    for value in ("maybe", "1"):
        code, said = config_test(f'<BayeuxChannel "/x">\nBayeuxPresence {value}\n</BayeuxChannel>')
        check(code != 0 and "BayeuxPresence" in said and value in said and "On or Off" in said, said)
    section = '<BayeuxChannel "/presence/x">\nBayeuxRequire subscribe all granted\n</BayeuxChannel>\n'
    code, said = config_test(section + '<BayeuxChannel "/x">\nBayeuxPresence On\n</BayeuxChannel>')
    check(code != 0 and "BX0014" in said and "/presence/x" in said and "BayeuxPresence" in said, said)
    code, said = config_test(section + '<BayeuxChannel "/x">\nBayeuxPresence Off\n</BayeuxChannel>')
    check(code == 0, said)


RIGHT = (
    "BayeuxTimeout 30s", "BayeuxTimeout 500ms", "BayeuxTimeout 30", "BayeuxInterval 0", "BayeuxMaxInterval 10s",
    "BayeuxMaxMessageSize 64K", "BayeuxMaxMessageSize 1M", "BayeuxMaxQueue 1000 1M", "BayeuxMaxQueue 10",
    "BayeuxQueueOverflow disconnect", "BayeuxQueueOverflow drop-oldest", "BayeuxQueueOverflow drop-newest",
    "BayeuxSharedMemory 64M", "BayeuxSharedMemory 1G", "BayeuxMaxBlockingHolds 4", "BayeuxDrainTimeout 10s",
    "BayeuxCookie BAYEUX_BROWSER path=/ samesite=Lax secure partitioned maxage=3600",
    "BayeuxTransports long-polling", "BayeuxTransports websocket long-polling eventsource",
    "BayeuxTransports cross-origin-long-polling callback-polling", "BayeuxExtensions none",
    "BayeuxExtensions ack timesync timestamp activity", "BayeuxIdleTimeout 15m", "BayeuxIdleTimeout Off",
    "BayeuxMaxSessionsPerBrowser -1", "BayeuxMaxSessionsPerBrowser 0", "BayeuxMultiSessionInterval 2s",
    "BayeuxFastLane Off", "BayeuxRevalidate 1s", "BayeuxPing 30s", "BayeuxPing Off", "BayeuxPing 0", "BayeuxWebSocketMessagesPerFrame 1000",
    "BayeuxWebSocketDeflate On", "BayeuxMetaConnectDeliverOnly On",
    '<BayeuxChannel "/lazy/**">\nBayeuxLazy 5s\n</BayeuxChannel>',
    '<BayeuxChannel "/lazy/not">\nBayeuxLazy Off\n</BayeuxChannel>',
    '<BayeuxChannel "/here/**">\nBayeuxPresence On\n</BayeuxChannel>',
    "BayeuxAllowOrigin self https://a.example http://b.example:8080", "BayeuxAllowOrigin *",
    "BayeuxDuplicateConnectStatus 500", "BayeuxDomain some-name",
    "BayeuxLimitHandshakes 10/1s", "BayeuxLimitHandshakes 10/1min 100", "BayeuxLimitHandshakes Off",
    "BayeuxLimitMessages 100000/1h", "BayeuxLimitMessages 1/1h 24", "BayeuxLimitMessages off",
    "BayeuxLimitBytes 64k/1s", "BayeuxLimitBytes 1G/1 128", "BayeuxLimitBytes Off",
)  # fmt: skip


@test("httpd -t accepts what design 7 shows")
def _(_):
    code, said = config_test("\n".join(line for line in RIGHT))
    equal(code, 0, said)


@test("the server serves")
def _(server):
    serves(server)


run(lambda: Httpd(CONF))
