#!/usr/bin/env python3
"""One hostile client after another: memory and CPU are bounded, and a pair beside it keeps p99 below 50 ms (S15)."""

# alone

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import attackers  # noqa: E402
import procs  # noqa: E402
from beside import p99_beside, undisturbed  # noqa: E402
from harness import SANITIZE, Httpd, wait_until  # noqa: E402
from tap import check, diag, run, test  # noqa: E402
from wire import counter, number, serves  # noqa: E402

SOAK = "BAYEUX_SOAK" in os.environ
SECONDS = 60.0 if SOAK else 1.0
MOST_GROWTH = 32 << 20  # of all children together: their private memory
MOST_STORE = 48 << 20  # of 64 MB
REST = 0.1  # of a core, when the attack is over

CONF = """
MaxKeepAliveRequests 0
BayeuxSharedMemory 64M
# Connections of those who fall silent, and sessions of event sources, last for so long.
KeepAliveTimeout 5
BayeuxTimeout 5s
BayeuxPing 2s
BayeuxMaxInterval 1s
Protocols h2c http/1.1
H2WebSockets On
<Location /many>
    SetHandler bayeux
    BayeuxDomain many
    BayeuxMaxMessageSize 1M
    BayeuxMaxSubscriptions 10000
</Location>
<Location /brief>
    SetHandler bayeux
    BayeuxDomain brief
    BayeuxMaxInterval 1s
</Location>
"""

ATTACKS = [
    attackers.never_reads,
    attackers.byte_by_byte,
    attackers.resets_at_every_moment,
    attackers.opens_and_vanishes,
    attackers.falls_silent,
    attackers.resets_streams,
    attackers.never_acknowledges,
    attackers.subscribes_without_end,
    attackers.sends_huge_batches,
    attackers.sends_deep_json,
    attackers.shakes_hands_without_end,
]
if SOAK:  # it leaves no processor to anybody
    ATTACKS.append(attackers.floods_with_frames)


def private_memory(server):
    """Bytes of the children that are theirs alone."""
    return sum(procs.memory_of(pid)["RssAnon"] for pid in server.children())


def cpu_seconds(server):
    return sum(map(procs.cpu_seconds, server.children()))


def at_rest(server):
    """What the children need in a moment in which nobody wants anything."""
    before, begun = cpu_seconds(server), time.monotonic()
    time.sleep(0.25)
    return (cpu_seconds(server) - before) / (time.monotonic() - begun) < REST


for attack in ATTACKS:

    @test(f"S15 {attack.__name__.replace('_', ' ')}: bounded memory and CPU, p99 beside it is below 50 ms")
    def _(server, attack=attack):
        serves(server)  # whatever is made once is there before
        before = private_memory(server)
        with attackers.Attacker(attack, server) as attacker:
            p99 = p99_beside(server, seconds=SECONDS)
            store = number(server, "BayeuxMemoryUsed")
        grown = private_memory(server) - before
        diag(f"{attacker.done / SECONDS:.0f} steps a second; children grew by {grown >> 10} KB, "
             f"and {store >> 10} KB of the store were used")  # fmt: skip
        undisturbed(p99)
        check(store < MOST_STORE, f"{store} bytes of the store are used")
        if not SANITIZE:  # which keeps what was freed
            check(grown < MOST_GROWTH, f"the children grew by {grown} bytes")
        wait_until(lambda: at_rest(server), "the children are at rest")
        serves(server)


@test("nobody is left")
def _(server):
    counter(server, "BayeuxSessions", 0)


def fixture():
    server = Httpd(CONF, modules=("bayeux", "http2"))
    server.expect("BX0016", "AH00484")  # queues are filled to their end; so many come that all workers are busy
    return server


run(fixture)
