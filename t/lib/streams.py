"""Streams of one user, whose login may end: a WebSocket and an event source."""

import time

from bayeux import Client
from event_source import EventSource
from harness import PATIENCE
from tap import check, equal
from websocket import ws_connected
from wire import succeeded


def on_one_connection(server, path, headers=(), cookies=None):
    client = Client(server, path, headers=headers)
    client.cookies.update(cookies or {})
    succeeded(client.handshake())
    succeeded(client.connect().reply)
    client.connection = client.connect_connection
    return client


class Streams:
    """A WebSocket and an event source of one user, each with a session that is subscribed to /free/**."""

    def __init__(self, server, path, headers=(), cookies=None):
        self.socket = ws_connected(server, path, headers=headers, cookies=cookies)
        succeeded(self.socket.subscribe("/free/**"))
        self.socket.start_connect()
        self.asked = on_one_connection(server, path, headers, cookies)
        succeeded(self.asked.subscribe("/free/**").reply)
        self.source = EventSource(self.asked, headers=headers)
        check(self.source.is_stream, str(self.source.response))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in (self.socket, self.source, self.asked):
            each.close()

    def hear(self, number):
        """One event, with this number, is there on both."""
        equal(self.socket.data(1), [number])
        equal(self.source.data(1), [number])

    def end(self, within):
        """Both are ended, no later than so many seconds from now."""
        begun = time.monotonic()
        equal(self.socket.socket.closes(within + 5), 1008)
        equal(self.source.ends(within + 5), [])
        took = time.monotonic() - begun
        check(took < within * PATIENCE, f"they have ended only after {took:.1f} s")
