"""What is measured: the same load for each server that can take it."""

import dataclasses

from servers import LONG_POLLING, WEBSOCKET


@dataclasses.dataclass(frozen=True)
class Shape:
    key: str
    title: str
    text: str  # what it is, for the page
    scenario: str  # of the servers in servers.py
    options: dict
    websocket: dict = dataclasses.field(default_factory=dict)  # options that are others there
    timed: bool = True  # runs for as long as it is told to

    @property
    def races(self):
        """It goes as fast as it can."""
        return "window" in self.options

    def arguments(self, transport):
        return {**self.options, **(self.websocket if transport == WEBSOCKET else {})}


# Messages under way at most, where it goes as fast as it can. A message more than the one that is being delivered keeps
# a server busy; over WebSocket a few more, as nobody waits for a request there.
_WINDOW = {"window": 2}
_WEBSOCKET_WINDOW = {"window": 8, "depth": 8}


def _fan_out(subscribers):
    return Shape(
        f"fanout-{subscribers}",
        f"Fan-out, 1 to {subscribers:,}",
        f"one publisher, {subscribers:,} subscribers of one channel, 100 bytes, as fast as it goes",
        "fanout",
        {"subscribers": subscribers, "payload": 100, **_WINDOW},
        _WEBSOCKET_WINDOW,
    )


SHAPES = (
    Shape(
        "static",
        "Yardstick: a file",
        "keep-alive requests to httpd for a file of 100 bytes, on 32 connections",
        "get",
        {"connections": 32},
    ),
    _fan_out(100),
    _fan_out(1000),
    # How much of a rate comes from writing several messages at once is seen when there is never more than one.
    Shape(
        "serial-1000",
        "Fan-out, 1 to 1,000, a message at a time",
        "the same, but a message is published only when everybody has got the one before",
        "fanout",
        {"subscribers": 1000, "payload": 100, "window": 1},
    ),
    _fan_out(5000),
    Shape(
        "latency-1000",
        "Latency, 1 to 1,000",
        "one publisher, 1,000 subscribers of one channel, 100 bytes, 10 messages a second",
        "fanout",
        {"subscribers": 1000, "payload": 100, "rate": 10},
    ),
    Shape(
        "rooms",
        "Rooms, 100 of 10",
        "100 channels of 10 subscribers each, 4 publishers, 100 bytes, 1,000 messages a second in all",
        "fanout",
        {"subscribers": 1000, "rooms": 100, "publishers": 4, "payload": 100, "rate": 1000},
    ),
    Shape(
        "cometd-sample",
        "The shape of CometD's own load sample",
        "1,000 subscribers in 10 of 100 channels each, 10 publishers, batches of 10, 50 bytes, as fast as it goes",
        "fanout",
        {"subscribers": 1000, "rooms": 100, "rooms-each": 10, "publishers": 10, "batch": 10, "payload": 50,
         "window": 100},
    ),
    Shape(
        "idle",
        "Idle sessions",
        "10,000 sessions that wait for a message, for 10 s in vain; then each gets one and waits again",
        "idle",
        {"connects": 10000, "polls": 1, "rest": 10},
        timed=False,
    ),
    Shape(
        "publish",
        "Publishing to nobody",
        "one connection, a channel without subscribers, batches of 10, 100 bytes, 8 requests under way",
        "publish",
        {"subscribers": 0, "batch": 10, "payload": 100, "window": 80, "depth": 8},
    ),
    Shape(
        "publish-serial",
        "Publishing to nobody, a request at a time",
        "the same, but a request is sent only when the one before is answered",
        "publish",
        {"subscribers": 0, "batch": 10, "payload": 100, "window": 10},
    ),
)  # fmt: skip

# A quick look at whether everything works, with numbers that mean nothing.
SMALL = {"subscribers": 50, "connects": 50, "rooms": 10, "rooms-each": 2}


def transports(shape, server):
    """Those that the server is measured with in this shape."""
    if shape.scenario not in server.scenarios:
        return ()
    return (LONG_POLLING,) if shape.scenario == "get" else server.transports
