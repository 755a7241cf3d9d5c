"""A little HTTP/2 over a plain connection: enough to open streams, read what they answer, and be rude.

Header blocks are sent without compression state and read only as far as ":status: 200" can be told from the rest.
"""

import json
import socket
import struct
import time

import harness

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
CANCEL = 8


def _literal(name, value):
    """A header field, never indexed, without Huffman coding."""
    field = b"\x10"
    for text in (name.encode(), value.encode()):
        if len(text) < 127:
            field += bytes([len(text)]) + text
        else:
            rest = len(text) - 127
            field += b"\x7f"
            while rest >= 128:
                field += bytes([rest % 128 + 128])
                rest //= 128
            field += bytes([rest]) + text
    return field


class Stream:
    def __init__(self):
        self.ok = None  # whether the status is 200; None before the head has come
        self.body = b""
        self.ended = False
        self.reset = None  # the error code of a RST_STREAM

    @property
    def json(self):
        return json.loads(self.body)


class H2Connection:
    def __init__(self, server):
        self.sock = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.streams = {}
        self.goaway = False
        self.closed = False
        self._next_stream = 1
        self._buffer = b""
        self.sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self._frame(SETTINGS, 0, 0, b"")
        server.at_end_close(self)

    def _frame(self, kind, flags, stream, payload):
        self.sock.sendall(struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload)

    def post(self, path, messages, cookies):
        body = json.dumps(messages).encode()
        fields = [(":method", "POST"), (":scheme", "http"), (":authority", "localhost"), (":path", path),
                  ("content-type", "application/json"), ("content-length", str(len(body)))]  # fmt: skip
        if cookies:
            fields.append(("cookie", "; ".join(f"{name}={value}" for name, value in cookies.items())))
        return self._open(fields, body)

    def get(self, path):
        return self._open([(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", path)])

    def open_websocket(self, path):
        """RFC 8441: a stream that would be a WebSocket."""
        return self._open([(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"),
                           (":authority", "localhost"), (":path", path), ("sec-websocket-version", "13")],
                          ends=False)  # fmt: skip

    def _open(self, fields, body=None, ends=True):
        number = self._next_stream
        self._next_stream += 2
        self.streams[number] = Stream()
        block = b"".join(_literal(name, value) for name, value in fields)
        self._frame(HEADERS, END_HEADERS | (END_STREAM if body is None and ends else 0), number, block)
        if body is not None:
            self._frame(DATA, END_STREAM, number, body)
        return number

    def reset(self, number):
        self._frame(RST_STREAM, 0, number, struct.pack(">I", CANCEL))

    def say_goaway(self):
        self._frame(GOAWAY, 0, 0, struct.pack(">II", 0, 0))

    def wait(self, number, timeout=10):
        """The stream once it has ended."""
        stream = self.streams[number]
        deadline = time.monotonic() + timeout * harness.PATIENCE
        while not stream.ended:
            if not self.read(max(0.0, deadline - time.monotonic())):
                raise TimeoutError(f"stream {number} did not end: {stream.body[:100]!r}, closed: {self.closed}")
        return stream

    def ended(self, number, within=0.0):
        deadline = time.monotonic() + within
        while not self.streams[number].ended:
            if not self.read(max(0.0, deadline - time.monotonic())):
                return False
        return True

    def read(self, timeout):
        """Take one frame; False if none came in time or the connection has ended."""
        deadline = time.monotonic() + timeout
        while len(self._buffer) < 9 or len(self._buffer) < 9 + self._length():
            self.sock.settimeout(max(0.0001, deadline - time.monotonic()))
            try:
                data = self.sock.recv(65536)
            except (TimeoutError, BlockingIOError):
                return False
            except ConnectionResetError:
                data = b""
            if not data:
                self.closed = True
                return False
            self._buffer += data
        length = self._length()
        kind, flags = self._buffer[3], self._buffer[4]
        number = struct.unpack(">I", self._buffer[5:9])[0] & 0x7FFFFFFF
        payload, self._buffer = self._buffer[9 : 9 + length], self._buffer[9 + length :]
        self._take(kind, flags, number, payload)
        return True

    def _length(self):
        return int.from_bytes(self._buffer[:3], "big")

    def _take(self, kind, flags, number, payload):
        stream = self.streams.get(number)
        if kind == SETTINGS and not flags & ACK:
            self._frame(SETTINGS, ACK, 0, b"")
        elif kind == PING and not flags & ACK:
            self._frame(PING, ACK, 0, payload)
        elif kind == GOAWAY:
            self.goaway = True
        elif stream is None:
            return
        elif kind == HEADERS:
            stream.ok = payload[:1] == b"\x88"  # the static table's ":status: 200"
        elif kind == DATA:
            stream.body += payload
            if payload:
                for target in (0, number):
                    self._frame(WINDOW_UPDATE, 0, target, struct.pack(">I", len(payload)))
        elif kind == RST_STREAM:
            stream.reset = struct.unpack(">I", payload)[0]
            stream.ended = True
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            stream.ended = True

    def close(self):
        self.sock.close()
