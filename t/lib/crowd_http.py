"""Connections of a crowd's clients beside long-polling and WebSocket: callback-polling and EventSource."""

import json

from load_http import Connection, Http

CALLBACK = "crowd"


class Script(Http):
    """callback-polling: a GET for each request, whose answer calls a function."""

    @staticmethod
    def unwrap(body):
        start, end = f"/**/{CALLBACK}(".encode(), b");"
        text = body.rstrip()
        return text[len(start) : -len(end)] if text.startswith(start) and text.endswith(end) else body


class Source(Connection):
    """The event stream of a session. Its owner is told of each event's messages, and of the end."""

    def __init__(self, load, owner):
        super().__init__(load, owner)
        self.begun = self._chunked = False
        self._text = b""

    def open(self):
        owner = self.owner
        self.begun = False
        self._text = b""
        try:
            self.dial()
            self.sock.send(
                f"GET {owner.path}/{owner.client_id} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
                f"Cookie: {owner.cookie}\r\n\r\n".encode()
            )
        except OSError as error:
            self.load.count("refused")
            self.load.note(f"{owner.name}: no stream: {error}")
            self.fail()

    def fail(self):
        self.close()
        self.owner.stream_ended()

    def _take(self):
        return self._take_chunk() if self.begun else self._take_head()

    def _take_head(self):
        head, mark, rest = self.inbuf.partition(b"\r\n\r\n")
        if not mark:
            return False
        self.begun = head.startswith(b"HTTP/1.1 200")
        self.inbuf = rest
        self._chunked = b"transfer-encoding: chunked" in head.lower()
        if not self.begun:
            # The connect beside it will be told what is wrong.
            self.load.count("streams_refused")
            self.fail()
        return self.begun

    def _take_chunk(self):
        if not self._chunked:
            text, self.inbuf = self.inbuf, b""
            self._take_text(text)
            return False
        size_line, mark, rest = self.inbuf.partition(b"\r\n")
        if not mark:
            return False
        size = int(size_line, 16)
        if len(rest) < size + 2:
            return False
        self.inbuf = rest[size + 2 :]
        self._take_text(rest[:size])
        if size == 0:
            self.load.count("streams_closed")
            self.fail()
        return True

    def _take_text(self, text):
        *events, self._text = (self._text + text).split(b"\r\n\r\n")
        for event in events:
            for line in event.split(b"\r\n"):
                if line.startswith(b"data: "):
                    self.owner.take_streamed(json.loads(line[6:]))
