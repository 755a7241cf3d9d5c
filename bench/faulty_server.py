"""A little Bayeux server that makes one mistake: bayeux-bench must notice it.

    with FaultyServer("lose") as server:
        ...server.url...

It speaks long-polling and WebSocket. The mistake is made with one message, FAULTY_NUMBER of its channel, on its way to
one subscriber:

    none       no mistake
    lose       it does not come
    vanish     it does not come, nor does any after it
    twice      it comes twice
    swap       it comes after the next one
    damage     it is another text
    elsewhere  it comes on another channel
    stranger   it comes to a subscriber of another channel
    stall      nothing happens for STALL_SECONDS when it is published
    refuse     its publisher is told that it was not accepted
    disorder   its publisher is answered after the next request, which must be under way by then
"""

import base64
import hashlib
import json
import re
import socketserver
import struct
import threading
import time

FAULTY_NUMBER = 10
STALL_SECONDS = 0.3

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class _Session:
    def __init__(self):
        self.queue = []
        self.held_back = None
        self.connected = False
        self.channels = set()
        self.push = None  # sends a text, for those who need not ask


class FaultyServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, mistake):
        super().__init__(("127.0.0.1", 0), _Connection)
        self.mistake = mistake
        self.sessions = {}
        self.changed = threading.Condition()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/bayeux"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    # --- messages: the lock is held -------------------------------------------------------------------------------

    def answer(self, text, push=None):
        """The texts that answer one: an array of messages, or none for a connect that is held over WebSocket."""
        parts = []
        # The data must go on as it came, byte by byte: the messages are taken apart as texts.
        bodies = re.findall(r'"data":(\{[^}]*\})', text)
        for message in json.loads(text):
            parts += self._answer(message, bodies, push)
        return f"[{','.join(parts)}]" if parts else None

    def _answer(self, message, bodies, push):
        channel = message["channel"]
        reply = {"channel": channel, "id": message["id"], "successful": True}
        events = []
        if channel == "/meta/handshake":
            reply["clientId"] = f"client{len(self.sessions)}"
            self.sessions[reply["clientId"]] = session = _Session()
            session.push = push
        else:
            session = self.sessions[message["clientId"]]
        if channel == "/meta/subscribe":
            session.channels.add(message["subscription"])
        elif channel == "/meta/connect":
            if push and session.connected:
                return []
            events = self._connect(session, message)
        elif not channel.startswith("/meta/"):
            reply["successful"] = self._publish(channel, bodies.pop(0))
        return [*events, json.dumps(reply, separators=(",", ":"))]

    def _connect(self, session, message):
        at_once = not session.connected or message.get("advice", {}).get("timeout") == 0
        session.connected = True
        if not at_once:
            self.changed.wait_for(lambda: session.queue, timeout=10)
        events, session.queue = session.queue, []
        return events

    def _publish(self, channel, data):
        number = json.loads(data)["n"]
        if number == FAULTY_NUMBER and self.mistake == "stall":
            time.sleep(STALL_SECONDS)
        subscribers = [session for session in self.sessions.values() if session.channels]
        for session in subscribers:
            if channel in session.channels:
                faulty = session is subscribers[0] and self.mistake != "none"
                self._deliver(session, channel, data, number if faulty else -1)
            elif self.mistake == "stranger" and number == FAULTY_NUMBER:
                self._send(session, channel, data)
        self.changed.notify_all()
        return number != FAULTY_NUMBER or self.mistake != "refuse"

    def _deliver(self, session, channel, data, number):
        if number == FAULTY_NUMBER and self.mistake == "swap":
            session.held_back = (channel, data)
            return
        if (number == FAULTY_NUMBER and self.mistake == "lose") or (
            number >= FAULTY_NUMBER and self.mistake == "vanish"
        ):
            return
        if number == FAULTY_NUMBER and self.mistake == "twice":
            self._send(session, channel, data)
        if number == FAULTY_NUMBER and self.mistake == "damage":
            data = data.replace('"}', '!"}')
        if number == FAULTY_NUMBER and self.mistake == "elsewhere":
            channel += "0"
        self._send(session, channel, data)
        if session.held_back:
            self._send(session, *session.held_back)
            session.held_back = None

    @staticmethod
    def _send(session, channel, data):
        event = f'{{"channel":"{channel}","data":{data}}}'
        if session.push:
            session.push(f"[{event}]")
        else:
            session.queue.append(event)


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    late = b""  # a response that is written behind the next one

    def handle(self):
        try:
            while self._read_head():
                if self.key:
                    self._speak_websocket()
                    return
                self._respond(self.rfile.read(self.length).decode("ascii"))
        except (OSError, ValueError, struct.error):
            pass  # the client has gone

    def _read_head(self):
        self.length, self.key = 0, b""
        first = line = self.rfile.readline()
        while line not in (b"\r\n", b""):
            line = self.rfile.readline()
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                self.length = int(value)
            elif name.lower() == b"sec-websocket-key":
                self.key = value.strip()
        return first

    def _respond(self, text):
        with self.server.changed:
            body = self.server.answer(text)
        response = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode("ascii")
        if self.server.mistake == "disorder" and f',"n":{FAULTY_NUMBER},' in text and not self.late:
            self.late = response
            return
        self.wfile.write(response + self.late)
        self.late = b""

    def _speak_websocket(self):
        accept = base64.b64encode(hashlib.sha1(self.key + _GUID).digest())
        self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")  # fmt: skip
        while (text := self._read_frame()) is not None:
            with self.server.changed:
                answer = self.server.answer(text, self._push)
                if answer:
                    self._push(answer)

    def _read_frame(self):
        head = self.rfile.read(2)
        if len(head) < 2 or head[0] != 0x81:
            return None
        length = head[1] & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self.rfile.read(2))
        mask = self.rfile.read(4)
        payload = self.rfile.read(length)
        return bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)).decode("ascii")

    def _push(self, text):
        length = len(text)
        head = bytes([0x81, length]) if length < 126 else b"\x81\x7e" + struct.pack("!H", length)
        try:
            self.wfile.write(head + text.encode("ascii"))
        except OSError:
            pass  # a subscriber that has gone
