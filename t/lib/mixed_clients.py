"""Clients of a load on mixed transports: long-polling and WebSocket, with the ack extension, moving when they are cut.

A response of long-polling counts as a whole or not at all. Of a WebSocket what belongs to one connect is put off until
its reply has come: only then the client acknowledges it, and what came of a batch before a cut is sent again.
"""

import base64
import json
import os
import random
import socket
import struct

from load_clients import Publisher, Subscriber
from load_http import Http
from websocket import CLOSE, PING, PONG, TEXT, WebSocket


class Ws(Http):
    """One WebSocket of a client of the load, with the face of Http."""

    def __init__(self, load, owner):
        super().__init__(load, owner)
        self.upgraded = False
        self.events = []

    def _open(self):
        super()._open()
        self.upgraded = False
        self.events = []
        cookie = f"Cookie: {self.owner.cookie}\r\n" if self.owner.cookie else ""
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.send(
            f"GET {self.owner.path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{cookie}\r\n".encode()
        )

    def _write(self):
        if self.upgraded:
            super()._write()

    def _take(self):
        return self._take_frame() if self.upgraded else self._take_head()

    def _take_head(self):
        head, mark, rest = self.inbuf.partition(b"\r\n\r\n")
        if not mark:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            self.load.count("upgrades_refused")
            self.load.note(f"{self.owner.name}: {head[:60]!r}")
            self.fail()
            return False
        self.inbuf = rest
        self.upgraded = True
        self._write()
        return True

    def _take_frame(self):
        data = self.inbuf
        if len(data) < 2:
            return False
        size, start = data[1], 2
        if size == 126:
            size, start = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(data[2:10], "big"), 10
        if len(data) < start + size:
            return False
        opcode, payload = data[0] & 0xF, data[start : start + size]
        self.inbuf = data[start + size :]
        if opcode == TEXT:
            self._take_messages(json.loads(payload))
        elif opcode == PING:
            self._say(PONG, payload)
        elif opcode == CLOSE:
            code = struct.unpack("!H", payload[:2])[0] if payload else 0
            self.load.count(f"closed_{code}")
            self.fail()
        return True

    def _say(self, opcode, payload):
        try:
            self.sock.send(WebSocket.frame(opcode, payload))
        except OSError:
            self.fail()

    def _take_messages(self, messages):
        self.events += [message for message in messages if "successful" not in message]
        replies = [message for message in messages if "successful" in message]
        if replies:
            body = json.dumps(self.events + replies).encode()
            self.events = []
            self.kept = True
            self.pending = None
            self.owner.answered(self, 200, body, None)


class Mixed:
    """What makes a client of the load one on `way`: "poll", "socket", or "both", which may change at each cut."""

    def begin(self, way, path):
        self.way = way
        self.path = path
        self.acked = 0
        self.http = Ws(self.load, self) if way == "socket" else Http(self.load, self)

    def encode(self, message):
        if isinstance(self.http, Ws):
            return WebSocket.frame(TEXT, json.dumps([message]).encode())
        body = json.dumps([message]).encode()
        cookie = f"Cookie: {self.cookie}\r\n" if self.cookie else ""
        return (f"POST {self.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                f"{cookie}Content-Length: {len(body)}\r\n\r\n").encode() + body  # fmt: skip

    def disconnect_here(self):
        """A session without a cookie is known to its socket alone."""
        try:
            self.http.sock.send(WebSocket.frame(TEXT, json.dumps([self.message("/meta/disconnect")]).encode()))
        except (OSError, AttributeError):
            pass

    @property
    def done(self):
        return self.http.sock is None or self.http.pending is None

    def move(self):
        """For the next request, perhaps, the other transport."""
        if self.way == "both":
            self.http.close()
            self.http = random.choice((Http, Ws))(self.load, self)
            self.load.count("moves")


class MixedSubscriber(Mixed, Subscriber):
    def __init__(self, load, name, channel, way, path):
        Subscriber.__init__(self, load, name, channel)
        self.begin(way, path)

    def handshake(self):
        self.send({"channel": "/meta/handshake", "version": "1.0", "id": "0", "ext": {"ack": True},
                   "supportedConnectionTypes": ["websocket", "long-polling"]})  # fmt: skip

    def connect(self):
        if self.alive:
            self.send(self.message("/meta/connect", connectionType="long-polling", ext={"ack": self.acked}))

    def answered(self, http, status, body, cookie):
        if http is not self.http:
            return
        if status == 200:
            for message in json.loads(body):
                if message["channel"] == "/meta/connect" and "ack" in message.get("ext", {}):
                    self.acked = message["ext"]["ack"]
                if message["channel"] == "/meta/handshake" and message.get("ext", {}).get("ack") is not True:
                    self.lose("no ack")
                    return
        super().answered(http, status, body, cookie)

    def failed(self, http, unanswered):
        if http is self.http:
            if self.state == "ready":
                self.move()
            super().failed(http, unanswered)

    def parse(self, status, body):
        if status == 408:
            # CN-12: a connect that was on its way by the transport before, and came later than this one.
            self.load.count("superseded")
            return None
        return super().parse(status, body)

    def take_event(self, message):
        if message["channel"] != self.channel:
            self.load.count("strange")
            self.load.note(f"{self.name}: subscribed to {self.channel}, got {message}")
            return
        super().take_event(message)

    def cut(self):
        """Its connection breaks: with a FIN, or rudely."""
        if self.alive and self.state == "ready" and self.http.sock is not None:
            if random.random() < 0.5:
                self.http.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            self.load.count("cuts")
            self.http.fail()

    def finish(self):
        if self.way != "socket":
            super().finish()
        elif self.alive and self.client_id is not None:
            self.state = "done"
            self.closer = self
            self.http.kept = True
            self.disconnect_here()


class Stranger(MixedSubscriber):
    """Subscribes to all that there is where nobody publishes: in another domain, or on other channels."""

    def take_event(self, message):
        self.load.count("strange")
        self.load.note(f"{self.name}: got {message}")

    def missing(self, published):
        return []


class MixedPublisher(Mixed, Publisher):
    def __init__(self, load, name, channels, period, way, path):
        Publisher.__init__(self, load, name, channels, period, False)
        self.begin(way, path)

    def failed(self, http, unanswered):
        if http is self.http:
            self.move() if self.client_id else None
            super().failed(http, unanswered)

    def finish(self):
        if self.way != "socket":
            return super().finish()
        self.disconnect_here()
        return self
