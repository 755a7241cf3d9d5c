"""Bayeux over WebSocket for tests: frames as text in and out, nothing answered behind the test's back but pings.

    alice = WebSocketClient(server)
    alice.handshake()
    alice.subscribe("/chat")
    alice.connect()                       # the first one is answered at once (CN-4)
    pending = alice.start_connect()       # held; events are pushed meanwhile (WS-4)
    equal(alice.events(1)[0]["data"], {"text": "hi"})
"""

import base64
import hashlib
import json
import os
import struct
import time

import harness
from bayeux import Speaker
from http_client import Closed, Connection, connect_to

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Refused(AssertionError):
    """The upgrade was answered with something else than 101."""

    def __init__(self, response):
        super().__init__(f"no WebSocket: {response!r}")
        self.response = response


class SocketClosed(ConnectionError):
    """The server closed the WebSocket; code 1006 if it did not say why."""

    def __init__(self, code, reason=""):
        super().__init__(f"WebSocket closed: {code} {reason}")
        self.code = code
        self.reason = reason


def upgrade_headers(key, extra=(), origin=None):
    headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", key),
               ("Sec-WebSocket-Version", "13")]  # fmt: skip
    given = {name.lower() for name, _ in extra}
    headers = [(name, value) for name, value in headers if name.lower() not in given]
    headers += [(name, value) for name, value in extra if value is not None]
    return headers + ([("Origin", origin)] if origin is not None else [])


def ask_upgrade(connection, path="/bayeux", headers=(), origin=None, timeout=None):
    """The response to the request for a WebSocket, whatever it is."""
    key = base64.b64encode(os.urandom(16)).decode()
    connection.send_request("GET", path, upgrade_headers(key, headers, origin))
    response = connection.read_response(timeout)
    if response.status == 101:
        wanted = base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()
        if response.header("Sec-WebSocket-Accept") != wanted:
            raise AssertionError(f"Sec-WebSocket-Accept should be {wanted}: {response!r}")
    return response


class WebSocket:
    """One socket after its upgrade."""

    def __init__(self, server, path="/bayeux", *, tls=False, child=None, headers=(), origin=None, connection=None):
        if connection is None:
            connection = connect_to(server, child, tls=tls) if child is not None else Connection(server, tls=tls)
        self.connection = connection
        self.pings = 0
        self.answers_pings = True
        self._head = None
        self._size = None
        self.response = ask_upgrade(connection, path, headers, origin)
        if self.response.status != 101:
            connection.close()
            raise Refused(self.response)

    def send_frame(self, opcode, payload, *, final=True):
        self.connection.send(self.frame(opcode, payload, final=final))

    @staticmethod
    def frame(opcode, payload, *, final=True):
        head = bytes([(0x80 if final else 0) | opcode])
        if len(payload) < 126:
            head += bytes([0x80 | len(payload)])
        elif len(payload) < 65536:
            head += b"\xfe" + struct.pack("!H", len(payload))
        else:
            head += b"\xff" + struct.pack("!Q", len(payload))
        mask = os.urandom(4)
        repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
        number = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
        return head + mask + number.to_bytes(len(payload), "big")

    def send_text(self, text):
        self.send_frame(TEXT, text.encode())

    def read_frame(self, timeout=None):
        """(opcode, payload). A deadline that passes in the middle of a frame loses nothing of it."""
        deadline = time.monotonic() + (self.connection.timeout if timeout is None else timeout * harness.PATIENCE)

        def read(count):
            return self.connection.read_exactly(count, max(0.0, deadline - time.monotonic()) / harness.PATIENCE)

        if self._head is None:
            self._head = read(2)
        first, second = self._head
        if first & 0x70 or second & 0x80 or not first & 0x80:
            raise AssertionError(f"a frame of another kind than this server sends: {self._head!r}")
        if self._size is None:
            size = second
            if size == 126:
                (size,) = struct.unpack("!H", read(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", read(8))
            self._size = size
        payload = read(self._size)
        self._head = self._size = None
        return first & 0xF, payload

    def read_text(self, timeout=None):
        """The next text; pings are answered, a close is raised as SocketClosed."""
        deadline = time.monotonic() + (self.connection.timeout if timeout is None else timeout * harness.PATIENCE)
        while True:
            try:
                opcode, payload = self.read_frame(max(0.0, deadline - time.monotonic()) / harness.PATIENCE)
            except (Closed, OSError) as end:
                if isinstance(end, TimeoutError):
                    raise
                raise SocketClosed(1006) from None
            if opcode == TEXT:
                return payload.decode("utf-8")
            if opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                raise SocketClosed(code, payload[2:].decode("utf-8"))
            if opcode == PING:
                self.pings += 1
                if self.answers_pings:
                    self.send_frame(PONG, payload)
            elif opcode != PONG:
                raise AssertionError(f"opcode {opcode} from a server of texts")

    def closes(self, timeout=None):
        """The code with which the server closes, whatever it sends before."""
        try:
            while True:
                self.read_text(timeout)
        except SocketClosed as closed:
            return closed.code

    def say_goodbye(self, code=1000):
        """The close handshake, begun here: the code that comes back."""
        self.send_frame(CLOSE, struct.pack("!H", code))
        return self.closes()

    def reset(self):
        self.connection.reset()

    def close(self):
        self.connection.close()


class WebSocketClient(Speaker):
    """One session. `cookies` go with each upgrade; a socket is opened when the first message is sent."""

    def __init__(self, server, path="/bayeux", *, tls=False, child=None, cookies=None, headers=(), origin=None):
        self.server = server
        self.path = path
        self.tls = tls
        self.child = child  # of the next socket
        self.cookies = dict(cookies or {})
        self.headers = list(headers)
        self.origin = origin
        self.client_id = None
        self.advice = {}
        self.frames = []  # each text that came: a list of messages
        self._events = []
        self._replies = []
        self._socket = None

    @classmethod
    def resume(cls, client, *, cookies=True, **options):
        """The session of another client, on a WebSocket of its own."""
        options.setdefault("path", client.path)
        options.setdefault("tls", client.tls)
        found = cls(client.server, cookies=client.cookies if cookies else None, **options)
        found.client_id = client.client_id
        found._next_id = client._next_id + 1000
        return found

    # --- the socket -----------------------------------------------------------------------------------------------

    @property
    def socket(self):
        if self._socket is None:
            headers = list(self.headers)
            if self.cookies:
                headers.append(("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items())))
            self._socket = WebSocket(self.server, self.path, tls=self.tls, child=self.child, headers=headers,
                                     origin=self.origin)  # fmt: skip
        return self._socket

    def open(self):
        """Upgrade now; the session is bound by the first message."""
        return self.socket

    def reopen(self, child=None):
        """Leave the socket without a word; the next message opens another one."""
        self.close()
        self.child = child

    def close(self):
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    # --- messages -------------------------------------------------------------------------------------------------

    def send(self, messages):
        """One frame: a list or dict to encode, or a text."""
        self.socket.send_text(messages if isinstance(messages, str) else json.dumps(messages))

    def read(self, timeout=None):
        """The messages of the next frame, which are kept for events() and reply() too."""
        messages = json.loads(self.socket.read_text(timeout))
        if not isinstance(messages, list):
            raise AssertionError(f"ENV-2: no array: {messages!r}")
        self.frames.append(messages)
        for message in messages:
            if "advice" in message:
                self.advice = message["advice"]
            (self._replies if "successful" in message else self._events).append(message)
        return messages

    def reply(self, message_id, timeout=None):
        """The reply to that message, whatever comes before it."""
        deadline = time.monotonic() + (timeout or 10) * harness.PATIENCE
        while True:
            for reply in self._replies:
                if reply.get("id") == message_id:
                    self._replies.remove(reply)
                    return reply
            self.read(max(0.0, deadline - time.monotonic()) / harness.PATIENCE)

    def has_reply(self, message_id):
        """It came, with something that was read."""
        return any(reply.get("id") == message_id for reply in self._replies)

    def events(self, count=1, timeout=None):
        """So many events at least, and all that came with them."""
        deadline = time.monotonic() + (timeout or 10) * harness.PATIENCE
        while len(self._events) < count:
            self.read(max(0.0, deadline - time.monotonic()) / harness.PATIENCE)
        found, self._events = self._events, []
        return found

    def data(self, count=1, timeout=None):
        return [event["data"] for event in self.events(count, timeout)]

    def drain(self):
        """All that the server had sent when it got to a message of now: (events, replies)."""
        self.sync()
        found = self._events, self._replies
        self._events, self._replies = [], []
        return found

    def sync(self):
        """Wait until the server has handled all that was sent before: messages of a socket are taken in turn."""
        return self.publish("/service/sync", 0)

    def idle(self, seconds):
        """Nothing comes for so long."""
        try:
            self.read(seconds / harness.PATIENCE)
        except TimeoutError:
            return True
        return False

    # --- the protocol ---------------------------------------------------------------------------------------------

    def call(self, messages):
        """Send in one frame; the replies in the order of the messages."""
        self.send(messages)
        return [self.reply(message["id"]) for message in messages]

    def handshake(self, **fields):
        message = {"channel": "/meta/handshake", "id": self.next_id(), "version": "1.0",
                   "supportedConnectionTypes": ["websocket"], **fields}  # fmt: skip
        (reply,) = self.call([message])
        if reply["successful"]:
            self.client_id = reply["clientId"]
        return reply

    def connect_message(self, advice_timeout=None, **fields):
        advice = None if advice_timeout is None else {"timeout": advice_timeout}
        return self.message("/meta/connect", **{"connectionType": "websocket", "advice": advice, **fields})

    def start_connect(self, advice_timeout=None, **fields):
        """Its id, for reply()."""
        message = self.connect_message(advice_timeout, **fields)
        self.send([message])
        return message["id"]

    def connect(self, advice_timeout=None, timeout=None, **fields):
        return self.reply(self.start_connect(advice_timeout, **fields), timeout)

    def subscribe(self, subscription, **fields):
        return self.call([self.message("/meta/subscribe", subscription=subscription, **fields)])[0]

    def unsubscribe(self, subscription, **fields):
        return self.call([self.message("/meta/unsubscribe", subscription=subscription, **fields)])[0]

    def publish(self, channel, data, **fields):
        return self.call([{**self.message(channel, **fields), "data": data}])[0]

    def disconnect(self, **fields):
        (reply,) = self.call([self.message("/meta/disconnect", **fields)])
        self.client_id = None
        return reply


def ws_session(server, path="/bayeux", subscriptions=(), **options):
    """A session made over WebSocket. Its first connect is still to come (CN-4)."""
    client = WebSocketClient(server, path, **options)
    reply = client.handshake()
    if reply.get("successful") is not True:
        raise AssertionError(f"handshake: {reply}")
    for name in subscriptions:
        reply = client.subscribe(name)
        if reply.get("successful") is not True:
            raise AssertionError(f"subscribe: {reply}")
    return client


def ws_connected(server, path="/bayeux", subscriptions=(), **options):
    """One whose first connect is over: the next one is held."""
    client = ws_session(server, path, subscriptions, **options)
    reply = client.connect(timeout=5)
    if reply.get("successful") is not True:
        raise AssertionError(f"connect: {reply}")
    return client
