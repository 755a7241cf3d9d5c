#!/usr/bin/env python3
"""10,000 idle WebSockets in 3 children of 16 workers."""
# slow

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from held import COUNT, check_held, holding_server  # noqa: E402
from tap import run, test  # noqa: E402


@test(f"{COUNT} WebSockets are idle without a thread more, in 12,000 bytes each, and one publish reaches each exactly once")
def _(server):
    check_held(server, "websocket", 12000)


run(holding_server)
