#!/usr/bin/env python3
"""S2: the channels that are the server's own are closed to clients and to publishers from outside, on each transport,
whatever the rules say; and a subscription to everything brings nothing of them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import guards  # noqa: E402
from guards import TRANSPORTS, reply_of, speaker, stranger  # noqa: E402
from publishing import JSON, NDJSON, reached, send  # noqa: E402
from publishing import refused as refused_outside  # noqa: E402
from tap import equal, test  # noqa: E402
from wire import poll, refused, session, succeeded  # noqa: E402

PREFIXES = ("/bayeux", "/oort", "/seti", "/meta")
NAMES = [prefix + rest for prefix in PREFIXES for rest in ("/x", "/a/b/c", "/cloud", "/all", "")]
PATTERNS = [f"{prefix}{rest}" for prefix in PREFIXES for rest in ("/*", "/**", "/x/*", "/x/**")]

GRANTED = "".join(
    f'<BayeuxChannel "{pattern}">\nBayeuxRequire create all granted\nBayeuxRequire subscribe all granted\n'
    "BayeuxRequire publish all granted\n</BayeuxChannel>\n"
    for pattern in ("/**", *(prefix + rest for prefix in PREFIXES[:3] for rest in ("/**", "/*", "/x")))
)

CONF = f"""
MaxKeepAliveRequests 0
<Location /wide>
    SetHandler bayeux
    BayeuxDomain wide
    BayeuxUnconnectedPublish On
    {GRANTED}
</Location>
<Location /outside-wide>
    SetHandler bayeux-publish
    BayeuxDomain wide
    Require local
</Location>
"""


def closed(client):
    """Whatever it asks for on those channels is refused; the rest goes on."""
    for name in NAMES:
        refused(reply_of(client.publish(name, "forged")), "403", "405")
    refused(reply_of(client.publish("/meta/connect/x", "forged")), "403", "405")


for transport_name in TRANSPORTS:

    @test(f"S2 {transport_name}: no subscription and no publish, though /** and each of them is granted")
    def _(server, transport=transport_name):
        with session(server, "/wide", ["/**"]) as watcher, speaker(server, transport, [], "/wide") as client:
            for _ in range(2):
                for name in [*NAMES, *PATTERNS]:
                    refused(reply_of(client.subscribe(name)), "403", "405")
                    refused(reply_of(client.subscribe(["/free", name])), "403", "405")
                closed(client)
            equal(reached(send(server, "/free", 1, at="/outside-wide", user=None)), 1, "/free was not subscribed to")
            equal(poll(watcher).data, [1])
            succeeded(reply_of(client.publish("/free", "still here")))
            equal(poll(watcher).data, ["still here"])

    @test(f"S2 {transport_name}, without a session: no publish")
    def _(server, transport=transport_name):
        with session(server, "/wide", ["/**"]) as watcher, stranger(server, transport, []) as client:
            client.path = "/wide"
            closed(client)
            succeeded(reply_of(client.publish("/free", "good")))
            equal(poll(watcher).data, ["good"])


@test("S2 S25 from outside: no publish, one message or many, to all, to one session, to a user")
def _(server):
    with session(server, "/wide", ["/**"]) as watcher:
        for name in NAMES:
            for query in ("", f"?session={watcher.client_id}", "?user=alice"):
                for kind, body in ((JSON, b"1"), (NDJSON, b"1\n2\n")):
                    refused_outside(send(server, name + query, body, [kind], at="/outside-wide", user=None), 400, "")
        equal(poll(watcher).data, [])
        equal(reached(send(server, "/free", 1, at="/outside-wide", user=None)), 1)
        equal(poll(watcher).data, [1])


guards.run(conf=CONF)
