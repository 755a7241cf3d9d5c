"""Steps that many tests of connections take."""

import contextlib

from bayeux import Client
from harness import wait_until
from tap import equal


def children_figures(server):
    """{pid: {"connections": n, "parked": n}} as server-status tells it."""
    figures = {}
    _, body = server.get("/server-status?auto")
    for line in body.decode().splitlines():
        name, _, rest = line.partition(": ")
        if name == "BayeuxChild":
            pairs = dict(pair.split("=") for pair in rest.split())
            figures[int(pairs.pop("pid"))] = {key: int(value) for key, value in pairs.items()}
    return figures


def wait_parked(server, count, timeout=15):
    """Wait until so many connects are held, in all children together."""
    wait_until(
        lambda: server.status().get("BayeuxParked") == str(count), f"{count} connects are held", timeout
    )


def wait_connections(server, count, timeout=15):
    wait_until(
        lambda: server.status().get("BayeuxConnections") == str(count), f"{count} adopted connections", timeout
    )


def subscriber(server, channel=None, **options):
    """A client that has shaken hands, subscribed, and got the answer to its first connect (CN-4)."""
    client = Client(server, **options)
    equal(client.handshake()["successful"], True, "handshake")
    if channel is not None:
        equal(client.subscribe(channel).reply["successful"], True, "subscribe")
    equal(client.connect(timeout=10).reply["successful"], True, "first connect")
    return client


@contextlib.contextmanager
def clients(*members):
    """At the end each disconnects, on a new connection whatever became of its others."""
    try:
        yield members
        for client in members:
            if client.client_id is not None:
                client.close()
                client.disconnect()
    finally:
        for client in members:
            client.close()
