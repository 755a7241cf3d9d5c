#!/usr/bin/env python3
"""What a delivery costs does not depend on how many sessions and channels there are."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from callgrind import Crowd, instructions  # noqa: E402
from tap import check, diag, run, test  # noqa: E402

MOST = 1.5
TRANSPORTS = ("long-polling", "websocket")


def compare(small, large):
    costs = [instructions(crowd) for crowd in (small, large)]
    diag(f"{costs[0]:.0f} and {costs[1]:.0f} instructions: {costs[1] / costs[0]:.3f} times as many")
    check(costs[1] < MOST * costs[0], f"{costs[1] / costs[0]:.2f} times as many instructions")


for spoken in TRANSPORTS:

    @test(f"{spoken}: 100 sessions or 10,000, in rooms of ten")
    def _(transport=spoken):
        compare(Crowd("deliver", transport, 100, 10, 10), Crowd("deliver", transport, 10000, 1000, 10))

    @test(f"{spoken}: 100 subscribers of one channel or 2,000")
    def _(transport=spoken):
        compare(Crowd("deliver", transport, 100, 1, 100, rounds=10),
                Crowd("deliver", transport, 2000, 1, 2000, rounds=3))  # fmt: skip

    @test(f"{spoken}: 10 channels or 100,000, and subscriptions to /**, /x/* and /x/**")
    def _(transport=spoken):
        compare(Crowd("deliver", transport, 1000, 10, 10, wildcards=5),
                Crowd("deliver", transport, 1000, 100000, 10, wildcards=5))  # fmt: skip


run()
