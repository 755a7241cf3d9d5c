#!/usr/bin/env python3
"""No operation executes more instructions than it did.

Counted by callgrind, which is exact to the instruction but for what the C library chooses by the processor: a guard
against work that comes in unseen, where a timed test would only measure what else the machine has to do.

To renew the numbers, after a change that is worth its cost or saves some: build as CI does (g++ 12, no flags given to
configure but --enable-werror), run this file, and write what it prints into MEASURED.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from callgrind import Crowd, instructions  # noqa: E402
from tap import check, diag, run, test  # noqa: E402

# How far above what was measured a build may be.
MARGIN = 1.10

# The whole way of an operation through lane or stream, broker, store and loop. Of a delivery over long-polling: the
# request is read, matched, recalled, decided about and parked; the session is made due and told, its queue drained, the
# reply built and written; and a share of the publisher's own request.
MEASURED = {
    "a delivery over long-polling, rooms of ten": (Crowd("deliver", "long-polling"), 13090),
    "a delivery over WebSocket, rooms of ten": (Crowd("deliver", "websocket"), 6840),
    "a delivery over long-polling, 1 to 1,000": (
        Crowd("deliver", "long-polling", sessions=1000, channels=1, room=1000, rounds=5), 10410),
    "a delivery over WebSocket, 1 to 1,000": (
        Crowd("deliver", "websocket", sessions=1000, channels=1, room=1000, rounds=5), 4240),
    "a message to nobody over long-polling, batches of ten": (Crowd("publish", "long-polling"), 14400),
    "a message to nobody over WebSocket, batches of ten": (Crowd("publish", "websocket"), 14830),
    "a second with 10,000 held connects and nothing to do": (
        Crowd("idle", "long-polling", sessions=10000, channels=1000, rounds=100), 27580),
}  # fmt: skip

for name, (crowd, measured) in MEASURED.items():

    @test(f"{name}: not more than {measured} instructions and a tenth")
    def _(crowd=crowd, measured=measured):
        now = instructions(crowd)
        diag(f"{now:.0f} instructions, {now / measured - 1:+.1%}")
        check(now <= measured * MARGIN, f"{now:.0f} instructions; they were {measured}")


run()
