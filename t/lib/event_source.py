"""A raw client of text/event-stream, over HTTP/1.1: what Faye's browser client reads of a server (Faye dialect 8)."""

import json
import time

import harness
from http_client import Closed, Connection, connect_to


class Ended(ConnectionError):
    """The server ended the stream."""


class EventSource:
    """GET <path>/<clientId>. `response` is the head, and the body too if it is no stream."""

    def __init__(self, client, *, child=None, cookies=True, headers=(), origin=None, tls=False, path=None):
        server = client.server
        self.connection = connect_to(server, child, tls=tls) if child is not None else Connection(server, tls=tls)
        fields = [("Accept", "text/event-stream"), *headers]
        if cookies and client.cookies:
            fields.append(("Cookie", "; ".join(f"{name}={value}" for name, value in client.cookies.items())))
        if origin is not None:
            fields.append(("Origin", origin))
        self.connection.send_request("GET", path or f"{client.path}/{client.client_id}", fields)
        self.response = self.connection.read_response(head_only=True)
        self.chunked = (self.response.header("Transfer-Encoding") or "").lower() == "chunked"
        self.retry = None
        self.comments = 0
        self._text = b""
        self._waiting = []

    @property
    def is_stream(self):
        kind = self.response.header("Content-Type") or ""
        return self.response.status == 200 and kind.startswith("text/event-stream")

    def _read(self, deadline):
        left = max(0.0, deadline - time.monotonic()) / harness.PATIENCE
        try:
            if not self.chunked:
                self._text += self.connection.read_exactly(max(1, len(self.connection._buffer)), left)
                return
            # A chunk is read whole or not at all: the size and its line are looked at before they are taken.
            size_line = self.connection.read_until(b"\r\n", left)
        except Closed:
            raise Ended("the connection ended") from None
        size = int(size_line.split(b";")[0], 16)
        chunk = self.connection.read_exactly(size + 2, 5)
        if size == 0:
            raise Ended("the last chunk")
        self._text += chunk[:-2]

    def read(self, timeout=None):
        """The messages of the next event."""
        deadline = time.monotonic() + (10 if timeout is None else timeout) * harness.PATIENCE
        while True:
            while (block := self._block()) is not None:
                data = self._take(block)
                if data is not None:
                    return data
            self._read(deadline)

    def _block(self):
        """The text up to the next empty line; None if it is not there yet. CR alone ends a line too."""
        whole = len(self._text) - self._text.endswith(b"\r")  # its LF may be on its way
        lines, self._text = self._text[:whole], self._text[whole:]
        self._text = lines.replace(b"\r\n", b"\n").replace(b"\r", b"\n") + self._text
        block, mark, rest = self._text.partition(b"\n\n")
        if not mark:
            return None
        self._text = rest
        return block.decode("utf-8")

    def _take(self, block):
        """One block of lines; None if it had no data."""
        data = []
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if line.startswith(":"):
                self.comments += 1
            elif name == "retry":
                self.retry = int(value)
            elif name == "data":
                data.append(value)
            elif line and name not in ("id", "event"):
                raise AssertionError(f"a line of no event stream: {line!r}")
        return json.loads("\n".join(data)) if data else None

    def begin(self, timeout=None):
        """Read until the stream has begun: its `retry`."""
        deadline = time.monotonic() + (10 if timeout is None else timeout) * harness.PATIENCE
        while self.retry is None:
            block = self._block()
            if block is None:
                self._read(deadline)
            elif self._take(block) is not None:
                raise AssertionError(f"an event before retry: {block!r}")
        return self

    def events(self, count=1, timeout=None):
        found = []
        while len(found) < count:
            found += self.read(timeout)
        return found

    def data(self, count=1, timeout=None):
        return [event["data"] for event in self.events(count, timeout)]

    def idle(self, seconds):
        try:
            self.read(seconds / harness.PATIENCE)
        except TimeoutError:
            return True
        return False

    def ends(self, timeout=None):
        """Wait until the server ends it; the messages that came before."""
        found = []
        try:
            while True:
                found += self.read(timeout)
        except Ended:
            return found

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
