#!/usr/bin/env python3
"""RFC 6455 frame by frame, in the sections of the Autobahn list, over a real server (S12).

Each case checks what comes back, the code of the close where there is one, and that the server goes on. Where a case
needs an answer it publishes to a channel that it has subscribed to: the data comes back as it was.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from harness import Httpd  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from websocket_client import (  # noqa: E402
    BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, RawWebSocket, close_payload, fragments, frame
)  # fmt: skip

LIMIT = 65536  # BayeuxMaxMessageSize
NOBODY = json.dumps([{"channel": "/meta/connect", "clientId": "nobody", "id": "1", "connectionType": "websocket"}])


class Speaker(RawWebSocket):
    """A socket whose session gets back what it publishes."""

    def __init__(self, server, **options):
        super().__init__(server, **options)
        self.send_json([{"channel": "/meta/handshake", "version": "1.0", "id": "1",
                         "supportedConnectionTypes": ["websocket"]}])  # fmt: skip
        (reply,) = self.read_json()
        equal(reply["successful"], True, "handshake")
        self.client_id = reply["clientId"]
        self.call({"channel": "/meta/subscribe", "subscription": "/frames"})

    def call(self, message):
        self.send_json([{**message, "id": "2", "clientId": self.client_id}])
        (reply,) = self.read_json()
        equal(reply["successful"], True, str(message))

    def __exit__(self, kind, *_):
        if kind is None:
            self.call({"channel": "/meta/disconnect"})
            self.send(frame(CLOSE, close_payload(1000)))
            equal(self.read_close().code, 1000)
        self.close()

    def publishing(self, data, length=None):
        """The text of a publish, filled with blanks up to so many bytes."""
        message = [{"channel": "/frames", "id": "3", "clientId": self.client_id, "data": data}]
        text = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return text.ljust(length or 0)

    def comes_back(self, data):
        (event,) = self.read_json()
        equal(event["data"], data)
        (reply,) = self.read_json()
        equal(reply["successful"], True)


def goes_on(server):
    with RawWebSocket(server) as socket:
        socket.send(frame(TEXT, NOBODY.encode()))
        (reply,) = socket.read_json()
        equal(reply["error"], "402::session_unknown")


def fails(server, data, code, step=None, path="/bayeux", offer=None):
    """The bytes are answered by a close with that code, and the end of the connection; others are served."""
    with RawWebSocket(server, path, offer=offer) as socket:
        socket.send(data, step)
        equal(socket.read_close().code, code, f"close code for {data[:40]!r}")
    goes_on(server)


# --- 1: framing -------------------------------------------------------------------------------------------------------

for size in (0, 125, 126, 127, 128, 254, 255, 256, 4096, 65535, 65536):

    @test(f"1 framing: a text of {size or 'few'} bytes, at once and in pieces")
    def _(server, size=size):
        with Speaker(server) as socket:
            text = socket.publishing("x", size)
            for step in (None, 1 if size < 1000 else 997):
                socket.send(frame(TEXT, text), step)
                socket.comes_back("x")


@test("1 framing: what the server sends is in the shortest form, whatever its length")
def _(server):
    with Speaker(server) as socket:
        for size in (1, 100, 126, 1000, 60000, 65000, 65300):
            socket.send(frame(TEXT, socket.publishing("y" * size)))
            socket.comes_back("y" * size)


@test("1 framing: two hundred frames in one packet, and cut at odd places")
def _(server):
    with Speaker(server) as socket:
        data = b"".join(frame(TEXT, socket.publishing(n)) for n in range(200))
        for step in (None, 1009):
            socket.send(data, step)
            for n in range(200):
                socket.comes_back(n)


@test("1 framing: an empty text is no JSON: 1007")
def _(server):
    fails(server, frame(TEXT, b""), 1007)
    fails(server, fragments([b"", b"", b""]), 1007)


@test("1 framing: a binary message: 1003")
def _(server):
    fails(server, frame(BINARY, NOBODY.encode()), 1003)
    fails(server, frame(BINARY, b"", final=False), 1003)


@test("1 framing: a frame without mask: 1002")
def _(server):
    for opcode in (TEXT, BINARY, CLOSE, PING, PONG):
        fails(server, frame(opcode, b"", masked=False), 1002)
    fails(server, frame(TEXT, NOBODY.encode(), masked=False), 1002)


# --- 2: pings and pongs -----------------------------------------------------------------------------------------------


@test("2 ping: the pong has the same payload, of 0 to 125 bytes of any kind")
def _(server):
    with RawWebSocket(server) as socket:
        for payload in (b"", b"Hello", bytes(range(0x80, 0xFD)), b"\0" * 125):
            for step in (None, 1):
                socket.send(frame(PING, payload), step)
                equal(socket.read_frame(), Frame(PONG, payload))


@test("2 ping: ten at once, ten pongs in order")
def _(server):
    with RawWebSocket(server) as socket:
        data = b"".join(frame(PING, b"%d" % n) for n in range(10))
        for step in (None, 1):
            socket.send(data, step)
            for n in range(10):
                equal(socket.read_frame(), Frame(PONG, b"%d" % n))


@test("2 ping: longer than 125 bytes, or fragmented: 1002, already by the first two bytes")
def _(server):
    fails(server, frame(PING, b"x" * 126), 1002)
    fails(server, frame(PONG, b"x" * 126), 1002)
    fails(server, b"\x89\xfe", 1002)
    fails(server, frame(PING, b"x", final=False), 1002)
    fails(server, frame(PONG, b"x", final=False), 1002)


@test("2 pong: one that nobody asked for is ignored")
def _(server):
    with RawWebSocket(server) as socket:
        socket.send(frame(PONG, b"unasked") + frame(PONG) + frame(PING, b"asked"))
        equal(socket.read_frame(), Frame(PONG, b"asked"))


# --- 3: reserved bits -------------------------------------------------------------------------------------------------


@test("3 reserved bits: 1002 on each kind of frame")
def _(server):
    for reserved in range(1, 8):
        fails(server, frame(TEXT, NOBODY.encode(), reserved=reserved), 1002)
        for opcode in (PING, PONG, CLOSE):
            fails(server, frame(opcode, reserved=reserved), 1002)


@test("3 reserved bits: what came before is answered, what comes after is not")
def _(server):
    with RawWebSocket(server) as socket:
        good = frame(TEXT, NOBODY.encode())
        socket.send(good + frame(TEXT, b"[]", reserved=2) + good + frame(PING))
        equal(socket.read_json()[0]["id"], "1")
        equal(socket.read_close().code, 1002)
    goes_on(server)


# --- 4: opcodes -------------------------------------------------------------------------------------------------------

for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):

    @test(f"4 opcode {opcode}: 1002")
    def _(server, opcode=opcode):
        fails(server, frame(opcode), 1002)
        fails(server, frame(opcode, b"reserved payload"), 1002)
        fails(server, frame(TEXT, b"[", final=False) + frame(opcode, b"]"), 1002)
        with RawWebSocket(server) as socket:
            socket.send(frame(TEXT, NOBODY.encode()) + frame(opcode, b"x") + frame(PING), 1)
            equal(socket.read_json()[0]["id"], "1")
            equal(socket.read_close().code, 1002)


# --- 5: fragmentation -------------------------------------------------------------------------------------------------


@test("5 fragments: of any number and size, empty ones among them, at once and byte by byte")
def _(server):
    with Speaker(server) as socket:
        text = socket.publishing("in pieces")
        for pieces in (
            [text[:1], text[1:]],
            [b"", text],
            [text, b""],
            [b"", text[:10], b"", text[10:], b""],
            [text[n : n + 1] for n in range(len(text))],
        ):
            for step in (None, 1):
                socket.send(fragments(pieces), step)
                socket.comes_back("in pieces")


@test("5 fragments: control frames between them are answered at once")
def _(server):
    with Speaker(server) as socket:
        text = socket.publishing("pinged")
        for step in (None, 1):
            socket.send(frame(TEXT, text[:9], final=False) + frame(PING, b"one"), step)
            equal(socket.read_frame(), Frame(PONG, b"one"))
            socket.send(frame(CONTINUATION, text[9:20], final=False) + frame(PONG, b"") + frame(PING, b"two"), step)
            equal(socket.read_frame(), Frame(PONG, b"two"))
            socket.send(frame(CONTINUATION, text[20:]), step)
            socket.comes_back("pinged")


@test("5 fragments: a close between them ends it")
def _(server):
    fails(server, frame(TEXT, b"[", final=False) + frame(CLOSE, close_payload(1001)) + frame(CONTINUATION, b"]"), 1001)


@test("5 fragments: a continuation of nothing: 1002")
def _(server):
    fails(server, frame(CONTINUATION, b"[]"), 1002)
    fails(server, frame(CONTINUATION, b"[", final=False), 1002)
    fails(server, frame(CONTINUATION, b"", final=False) + frame(TEXT, b"[]"), 1002)
    with RawWebSocket(server) as socket:
        socket.send(fragments([NOBODY.encode()[:5], NOBODY.encode()[5:]]) + frame(CONTINUATION, b"more"))
        equal(socket.read_json()[0]["id"], "1")
        equal(socket.read_close().code, 1002)


@test("5 fragments: a new message before the old one is complete: 1002")
def _(server):
    fails(server, frame(TEXT, b"[", final=False) + frame(TEXT, b"]"), 1002)
    fails(server, frame(TEXT, b"[", final=False) + frame(TEXT, b"]", final=False), 1002)
    fails(server, frame(TEXT, b"[", final=False) + frame(BINARY, b"]"), 1002)


# --- 6: UTF-8 ---------------------------------------------------------------------------------------------------------

VALID = ["κόσμε", "Hello-µ@ßöäüàá-UTF-8!!", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\uffff",
         "\U00010000", "\U0001f600", "\U0010ffff", "\u2028\u2029"]  # fmt: skip


@test("6 UTF-8: comes back as it was, whole and cut within characters")
def _(server):
    with Speaker(server) as socket:
        for text in VALID:
            data = socket.publishing(text)
            for pieces in ([data], [data[:-6], data[-6:-5], data[-5:]], [data[n : n + 1] for n in range(len(data))]):
                socket.send(fragments(pieces))
                socket.comes_back(text)


INVALID = [b"\x80", b"\xbf", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xf0\x80\x80\xaf",
           b"\xf0\x8f\xbf\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80", b"\xf4\x90\x80\x80",
           b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfe", b"\xff"]  # fmt: skip


@test("6 UTF-8: invalid: 1007, and already when it can no longer become valid")
def _(server):
    for bad in INVALID:
        text = b'[{"channel":"/x","data":"' + bad + b'"}]'
        fails(server, frame(TEXT, text), 1007)
        fails(server, fragments([text[n : n + 1] for n in range(len(text))]), 1007)
        # The rest of the message never comes.
        fails(server, frame(TEXT, text, final=False), 1007)
        fails(server, frame(TEXT, text, length=1000), 1007)


@test("6 UTF-8: a message that ends within a character: 1007")
def _(server):
    for bad in (b"\xc2", b"\xe2\x82", b"\xf0\x9f\x98"):
        fails(server, frame(TEXT, b'["' + bad), 1007)
        fails(server, fragments([b'["' + bad, b""]), 1007)


# --- 7: close ---------------------------------------------------------------------------------------------------------


@test("7 close: answered with the same code, then the connection ends")
def _(server):
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
        fails(server, frame(CLOSE, close_payload(code)), code, step=1 if code == 1000 else None)
    fails(server, frame(CLOSE, close_payload(1000, b"x" * 123)), 1000)
    fails(server, frame(CLOSE, close_payload(1000, "Schluß".encode())), 1000)


@test("7 close: without a code, answered without one")
def _(server):
    fails(server, frame(CLOSE), None)


@test("7 close: a code that is not allowed: 1002")
def _(server):
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        fails(server, frame(CLOSE, close_payload(code)), 1002)


@test("7 close: half a code: 1002")
def _(server):
    fails(server, frame(CLOSE, b"\x03"), 1002)


@test("7 close: too long, or fragmented: 1002")
def _(server):
    fails(server, frame(CLOSE, close_payload(1000, b"x" * 124)), 1002)
    fails(server, frame(CLOSE, close_payload(1000), final=False), 1002)


@test("7 close: a reason that is not UTF-8: 1007")
def _(server):
    fails(server, frame(CLOSE, close_payload(1000, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80")), 1007)
    fails(server, frame(CLOSE, close_payload(1000, b"\xe2\x82")), 1007)


@test("7 close: what follows it is not answered: a message, a ping, another close, garbage")
def _(server):
    for after in (frame(TEXT, NOBODY.encode()), frame(PING), frame(CLOSE, close_payload(1001)), b"\xff" * 5000):
        fails(server, frame(CLOSE, close_payload(1000)) + after, 1000)


@test("7 close: a message before it is answered first")
def _(server):
    with RawWebSocket(server) as socket:
        socket.send(frame(TEXT, NOBODY.encode()) + frame(CLOSE, close_payload(1000)))
        equal(socket.read_json()[0]["id"], "1")
        equal(socket.read_close().code, 1000)
    goes_on(server)


# --- 9: limits (S12) --------------------------------------------------------------------------------------------------


@test("S12 limits: one byte more than BayeuxMaxMessageSize: 1009")
def _(server):
    fails(server, frame(TEXT, NOBODY.encode().ljust(LIMIT + 1)), 1009)
    fails(server, fragments([NOBODY.encode().ljust(LIMIT), b" "]), 1009)
    fails(server, fragments([b" " * 1000] * 66), 1009)


@test("S12 limits: a length beyond the limit is refused by the head alone: 1009")
def _(server):
    for length in (LIMIT + 1, 1 << 31, 1 << 32, (1 << 63) - 1):
        fails(server, frame(TEXT, length=length), 1009)
        fails(server, frame(TEXT, b"[", final=False) + frame(CONTINUATION, length=length), 1009)
    fails(server, frame(TEXT, b"[", final=False) + frame(CONTINUATION, length=LIMIT), 1009)


@test("S12 limits: a 64-bit length with its top bit: 1002")
def _(server):
    for length in (1 << 63, (1 << 64) - 1):
        fails(server, frame(TEXT, length=length), 1002)


@test("S12 limits: a length that is not in its shortest form: 1002")
def _(server):
    text = NOBODY.encode()
    for bits, size in ((16, 0), (16, 125), (64, 0), (64, 125), (64, 126), (64, 65535)):
        fails(server, frame(TEXT, text.ljust(size)[:size], bits=bits), 1002)


@test("S12 limits: 65,536 fragments of one byte make one message; endless ones end with 1009")
def _(server):
    with Speaker(server) as socket:
        text = socket.publishing("crumbs", LIMIT)
        socket.send(fragments([text[n : n + 1] for n in range(len(text))]))
        socket.comes_back("crumbs")
    crumbs = frame(CONTINUATION, b" ", final=False)
    fails(server, frame(TEXT, b"[", final=False) + crumbs * LIMIT, 1009)


@test("S12 limits: heads cut off anywhere, then the end: nothing is left")
def _(server):
    for whole in (frame(TEXT, NOBODY.encode()), frame(TEXT, b" " * 200), frame(TEXT, length=LIMIT, bits=64)):
        for cut in range(1, min(len(whole), 16)):
            for rude in (False, True):
                socket = RawWebSocket(server)
                socket.send(whole[:cut])
                socket.connection.reset() if rude else socket.close()
    goes_on(server)


@test("one session through all of that: its socket was never disturbed by the others' failures")
def _(server):
    with Speaker(server) as socket:
        for n, bad in enumerate((frame(3), frame(TEXT, length=LIMIT + 1), frame(TEXT, b"\xff"), b"\0" * 100)):
            with RawWebSocket(server) as other:
                other.send(bad)
                check(other.read_close().code in (1002, 1007, 1009), "closed")
            socket.send(frame(TEXT, socket.publishing(n)))
            socket.comes_back(n)


# Some messages take a while to be sent.
run(lambda: Httpd(location="BayeuxMaxInterval 60s"))
