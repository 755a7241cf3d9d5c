#!/usr/bin/env python3
"""A session and an address that flood are refused, and whoever is beside them does not notice (S16)."""

# alone

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from beside import Flood, p99_beside, undisturbed  # noqa: E402
from harness import Httpd  # noqa: E402
from tap import check, diag, run, test  # noqa: E402
from wire import number, session, succeeded  # noqa: E402

CONF = """
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 127.0.0.1
<Location /limited>
    SetHandler bayeux
    BayeuxDomain limited
    BayeuxLimitHandshakes 5/1s
    BayeuxLimitMessages 50/1s
    BayeuxLimitBytes 16K/1s
</Location>
"""

BATCH = 50


def behind(address):
    return (("X-Forwarded-For", address),)


def by_the_limit(accepted, rate, burst, seconds):
    """Not more than the limit allows, and about as much."""
    most = burst + rate * seconds + 1
    check(accepted <= most, f"{accepted} were accepted in {seconds:.2f} s; {most:.0f} may be")
    check(accepted >= burst, f"only {accepted} were accepted")


@test("a session that publishes without end gets what its limit allows; beside it p99 is below 50 ms")
def _(server):
    accepted = 0
    with session(server, "/limited", headers=behind("192.0.2.1")) as flooder:

        def flood():
            nonlocal accepted
            replies = flooder.call([{**flooder.message("/flood"), "data": n} for n in range(BATCH)]).replies
            accepted += sum(reply["successful"] for reply in replies)

        refused = number(server, "BayeuxLimitedMessages")
        began = time.monotonic()
        with Flood(flood) as flood_:
            p99 = p99_beside(server, "/limited", headers=behind("192.0.2.9"))
        seconds = time.monotonic() - began
        diag(f"{flood_.steps * BATCH / seconds:.0f} messages a second were tried, {accepted} accepted")
        by_the_limit(accepted, 50, 50, seconds)
        check(number(server, "BayeuxLimitedMessages") - refused == flood_.steps * BATCH - accepted, "the count")
    undisturbed(p99)


@test("an address that shakes hands without end gets what its limit allows; beside it p99 is below 50 ms")
def _(server):
    accepted = 0
    client = Client(server, "/limited", headers=behind("192.0.2.2"))
    body = json.dumps([{"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}])

    def flood():
        nonlocal accepted
        accepted += client.post(body.encode()).json[0]["successful"]

    began = time.monotonic()
    with Flood(flood) as flood_:
        p99 = p99_beside(server, "/limited", headers=behind("192.0.2.9"))
    seconds = time.monotonic() - began
    client.close()
    diag(f"{flood_.steps / seconds:.0f} handshakes a second were tried, {accepted} accepted")
    by_the_limit(accepted, 5, 5, seconds)
    undisturbed(p99)


def fixture():
    server = Httpd(CONF, modules=("bayeux", "remoteip"))
    server.expect("BX0060")
    return server


run(fixture)
