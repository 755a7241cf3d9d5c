#!/usr/bin/env python3
"""10,000 connects that came through httpd, held with their requests in 3 children of 16 workers."""
# slow

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import SANITIZE  # noqa: E402
from held import COUNT, check_held, holding_server, resident  # noqa: E402
from tap import check, diag, run, test  # noqa: E402
from wire import parked, succeeded  # noqa: E402

MOST = 23000


@test(f"{COUNT} connects are held without the fast lane, in {MOST:,} bytes each, and one publish answers each once")
def _(_server):
    with holding_server("BayeuxFastLane Off") as server:
        check_held(server, "long-polling", MOST)


@test(f"{COUNT} connects are held before the fast lane has learnt from any, in {MOST:,} bytes each")
def _(server):
    with Client(server) as other:
        other.handshake()
        before = resident(server)
        clients = []
        for _ in range(COUNT):
            client = Client(server)
            client.handshake()
            # The first connect is answered at once: on another connection, or the lane would learn from it.
            succeeded(client.call(client.connect_message(), connection=other.connection).reply)
            client.connect_connection = client.connection
            client.start_connect()
            clients.append(client)
        parked(server, COUNT)
        each = (resident(server) - before) / COUNT
        diag(f"bytes each, without the segment: {each:.0f}")
        check(SANITIZE or each <= MOST, f"{each:.0f} bytes each; at most {MOST}")
        for client in clients:
            client.close()


run(holding_server)
