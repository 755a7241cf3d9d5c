"""Connections of a crowd's clients beside long-polling and WebSocket: callback-polling and EventSource."""

import json
import selectors
import socket

from load_http import Http

CALLBACK = "crowd"


class Script(Http):
    """callback-polling: a GET for each request, whose answer calls a function."""

    @staticmethod
    def unwrap(body):
        start, end = f"/**/{CALLBACK}(".encode(), b");"
        text = body.rstrip()
        return text[len(start) : -len(end)] if text.startswith(start) and text.endswith(end) else body


class Source:
    """The event stream of a session. Its owner is told of each message, and of the end."""

    def __init__(self, load, owner):
        self.load = load
        self.owner = owner
        self.sock = None
        self.begun = self._chunked = False
        self._raw = self._text = b""

    def open(self):
        owner = self.owner
        try:
            self.sock = socket.create_connection(("127.0.0.1", self.load.port), timeout=20)
            self.sock.send(
                f"GET {owner.path}/{owner.client_id} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
                f"Cookie: {owner.cookie}\r\n\r\n".encode()
            )
        except OSError as error:
            if self.sock is not None:
                self.sock.close()
                self.sock = None
            self.load.count("refused")
            self.load.note(f"{owner.name}: no stream: {error}")
            owner.stream_ended()
            return
        self.sock.setblocking(False)
        self.begun = False
        self._raw = self._text = b""
        self.load.selector.register(self.sock, selectors.EVENT_READ, self)

    def close(self):
        if self.sock is not None:
            self.load.selector.unregister(self.sock)
            self.sock.close()
            self.sock = None

    def end(self):
        self.close()
        self.owner.stream_ended()

    def readable(self):
        try:
            data = self.sock.recv(262144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.end()
            return
        self._raw += data
        if not self.begun and not self._take_head():
            return
        while self.sock is not None and self._take_chunk():
            pass
        *events, self._text = self._text.split(b"\r\n\r\n")
        for event in events:
            for line in event.split(b"\r\n"):
                if line.startswith(b"data: "):
                    self.owner.take_streamed(json.loads(line[6:]))

    def _take_head(self):
        head, mark, rest = self._raw.partition(b"\r\n\r\n")
        if not mark:
            return False
        self.begun = head.startswith(b"HTTP/1.1 200")
        self._raw = rest
        self._chunked = b"transfer-encoding: chunked" in head.lower()
        if not self.begun:
            # The connect beside it will be told what is wrong.
            self.load.count("streams_refused")
            self.end()
        return self.begun

    def _take_chunk(self):
        if not self._chunked:
            self._text, self._raw = self._text + self._raw, b""
            return False
        size_line, mark, rest = self._raw.partition(b"\r\n")
        if not mark:
            return False
        size = int(size_line, 16)
        if len(rest) < size + 2:
            return False
        self._text += rest[:size]
        self._raw = rest[size + 2 :]
        if size == 0:
            self.load.count("streams_closed")
            self.end()
        return True
