#!/usr/bin/env python3
"""permessage-deflate (RFC 7692) over a real server: agreeing on it, messages both ways, and bombs (S11)."""

import json
import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from harness import Httpd  # noqa: E402
from procs import memory_of  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from websocket_client import (  # noqa: E402
    CLOSE, CONTINUATION, PING, PONG, RSV1, TAIL, TEXT, Frame, RawWebSocket, close_payload, deflated, fragments, frame,
    inflated
)  # fmt: skip

LIMIT = 65536  # BayeuxMaxMessageSize of /bayeux
LARGE = 2 << 20  # and of /bayeux/large
CONF = f"""
<Location /bayeux/large>
    BayeuxMaxMessageSize {LARGE}
</Location>
<Location /bayeux/plain>
    BayeuxWebSocketDeflate Off
</Location>
"""
AGREED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
NOBODY = json.dumps([{"channel": "/meta/connect", "clientId": "nobody", "id": "1", "connectionType": "websocket"}])


class Deflated(RawWebSocket):
    """A socket for which permessage-deflate was agreed on."""

    def __init__(self, server, path="/bayeux", offer="permessage-deflate; client_max_window_bits", **options):
        super().__init__(server, path, offer=offer, **options)
        equal(self.extension, AGREED)

    def is_answered(self):
        (reply,) = self.read_json()
        equal(reply["error"], "402::session_unknown")


def compressed(text, **options):
    return frame(TEXT, deflated(text if isinstance(text, bytes) else text.encode()), reserved=RSV1, **options)


def goes_on(server):
    with Deflated(server) as socket:
        socket.send(compressed(NOBODY))
        socket.is_answered()


def fails(server, data, code, path="/bayeux"):
    with Deflated(server, path) as socket:
        socket.send(data)
        equal(socket.read_close().code, code, f"close code for {data[:40]!r}")
    goes_on(server)


# --- agreeing ---------------------------------------------------------------------------------------------------------


@test("offers of stock clients are accepted, always without context take-over")
def _(server):
    for offer in ("permessage-deflate", "permessage-deflate; client_max_window_bits", "x-webkit-deflate-frame, "
                  "permessage-deflate; client_no_context_takeover; server_no_context_takeover"):  # fmt: skip
        with Deflated(server, offer=offer) as socket:
            socket.send(compressed(NOBODY))
            socket.is_answered()


@test("a window that the server does not keep to: declined, or the next offer taken")
def _(server):
    with RawWebSocket(server, offer="permessage-deflate; server_max_window_bits=10") as socket:
        equal(socket.extension, None)
    with Deflated(server, offer="permessage-deflate; server_max_window_bits=10, permessage-deflate"):
        pass


@test("offers that are none: declined, and the socket works without")
def _(server):
    for offer in ("permessage-deflate; what", "permessage-deflate; client_max_window_bits=7", "permessage-deflate;",
                  "permessage-deflate; client_max_window_bits=\"", ";", "x" * 3000):  # fmt: skip
        with RawWebSocket(server, offer=offer) as socket:
            equal(socket.extension, None)
            socket.send(frame(TEXT, NOBODY.encode()))
            equal(socket.read_json()[0]["id"], "1")


@test("BayeuxWebSocketDeflate Off: declined, and RSV1 is an error: 1002")
def _(server):
    with RawWebSocket(server, "/bayeux/plain", offer="permessage-deflate") as socket:
        equal(socket.extension, None)
        socket.send(compressed(NOBODY))
        equal(socket.read_close().code, 1002)
    goes_on(server)


# --- messages ---------------------------------------------------------------------------------------------------------


@test("messages both ways, compressed and not, of any size, each by itself")
def _(server):
    with Deflated(server) as socket:
        socket.send(compressed(json.dumps([{"channel": "/meta/handshake", "version": "1.0", "id": "1",
                                            "supportedConnectionTypes": ["websocket"]}])))  # fmt: skip
        client_id = socket.read_json()[0]["clientId"]
        socket.send_json([{"channel": "/meta/subscribe", "subscription": "/d", "id": "2", "clientId": client_id}])
        equal(socket.read_json()[0]["successful"], True)
        seen = []
        for size in (1, 50, 200, 200, 1000, 30000, 60000):
            data = ("κόσμε " * size)[:size // 2]
            text = json.dumps([{"channel": "/d", "id": "3", "clientId": client_id, "data": data}], ensure_ascii=False)
            for sent in (compressed(text), frame(TEXT, text.encode())):
                socket.send(sent)
                event = socket.read_frame()
                payload = inflated(event.payload) if event.reserved else event.payload
                equal(json.loads(payload)[0]["data"], data)
                seen.append((event.reserved == RSV1, len(event.payload)))
                equal(socket.read_json()[0]["successful"], True)
        check(seen[-1][0] and seen[-1][1] < 3000, f"a large event goes out compressed: {seen}")
        check(not seen[0][0], f"a small one does not: {seen}")
        # Without context the same message is as long the second time.
        equal(seen[4], seen[6])
        socket.send_json([{"channel": "/meta/disconnect", "id": "4", "clientId": client_id}])
        equal(socket.read_json()[0]["successful"], True)


@test("a compressed message in fragments, with a ping between them")
def _(server):
    with Deflated(server) as socket:
        payload = deflated(NOBODY.encode())
        for pieces in ([payload[:5], payload[5:]], [b"", payload, b""], [payload[n : n + 1] for n in range(len(payload))]):
            socket.send(fragments(pieces, reserved=RSV1))
            socket.is_answered()
        socket.send(frame(TEXT, payload[:9], final=False, reserved=RSV1) + frame(PING, b"?"))
        equal(socket.read_frame(), Frame(PONG, b"?"))
        socket.send(frame(CONTINUATION, payload[9:]))
        socket.is_answered()


@test("a message that ends with a final block, as some compressors make it")
def _(server):
    with Deflated(server) as socket:
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
        payload = compressor.compress(NOBODY.encode()) + compressor.flush(zlib.Z_FINISH) + b"\0"
        socket.send(frame(TEXT, payload, reserved=RSV1))
        socket.is_answered()


@test("RSV1 on control frames and on continuations, RSV2 and RSV3 anywhere: 1002")
def _(server):
    for opcode in (PING, PONG, CLOSE):
        fails(server, frame(opcode, reserved=RSV1), 1002)
    fails(server, frame(TEXT, b"[", final=False) + frame(CONTINUATION, b"]", reserved=RSV1), 1002)
    for reserved in (1, 2, 3, 5, 6, 7):
        fails(server, frame(TEXT, deflated(b"[]"), reserved=reserved), 1002)


@test("what cannot be inflated: 1007")
def _(server):
    whole = deflated(NOBODY.encode())
    for bad in (b"", b"\xff\xff\xff", whole[:-9], b"\x78\x9c" + whole, b"\0\5\0\5\0Hello\0", b"\xf2\0\x11\0\0"):
        fails(server, frame(TEXT, bad, reserved=RSV1), 1007)


@test("what is not UTF-8 once it is inflated: 1007")
def _(server):
    fails(server, compressed(b'[{"data":"\xed\xa0\x80"}]'), 1007)
    fails(server, compressed(b'["\xe2\x82'), 1007)


@test("S11 a client that takes its context over although that was declined: 1007")
def _(server):
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    first, second = deflated(NOBODY.encode(), compressor), deflated(NOBODY.encode(), compressor)
    check(len(second) < len(first), "the second refers to the first")
    with Deflated(server) as socket:
        socket.send(frame(TEXT, first, reserved=RSV1))
        socket.is_answered()
        socket.send(frame(TEXT, second, reserved=RSV1))
        equal(socket.read_close().code, 1007)
    goes_on(server)


# --- bombs ------------------------------------------------------------------------------------------------------------


def peak_memory(server):
    """Bytes that the children had at most, the largest of them."""
    return max(memory_of(pid)["VmHWM"] for pid in server.children())


def bomb(size):
    """Inflates to so many zeros: about a thousandth of that."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = bytes(1 << 20)
    parts = [compressor.compress(block) for _ in range(size >> 20)]
    return (b"".join(parts) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)


@test("S11 as much as is allowed inflates, one byte more: 1009")
def _(server):
    with Deflated(server) as socket:
        socket.send(compressed(NOBODY.ljust(LIMIT)))
        socket.is_answered()
        socket.send(compressed(NOBODY.ljust(LIMIT + 1)))
        equal(socket.read_close().code, 1009)
    goes_on(server)


@test("S11 bombs of 1 KB to 64 MB in a message of a few KB: 1009 at once, without the memory")
def _(server):
    with Deflated(server) as socket:
        socket.send(compressed(NOBODY))
        socket.is_answered()
    before = peak_memory(server)
    for size in (1 << 20, 8 << 20, 32 << 20, 60 << 20):
        payload = bomb(size)
        check(len(payload) < LIMIT, len(payload))
        for _ in range(5):
            fails(server, frame(TEXT, payload, reserved=RSV1), 1009)
        fails(server, fragments([payload[:100], payload[100:900], payload[900:]], reserved=RSV1), 1009)
        fails(server, fragments([payload[n : n + 64] for n in range(0, len(payload), 64)], reserved=RSV1), 1009)
    growth = peak_memory(server) - before
    check(growth < 8 << 20, f"a child grew by {growth >> 10} KB")


@test("S11 a bomb of 1 GB, where messages of 2 MB are allowed: 1009, without the memory")
def _(server):
    payload = bomb(1 << 30)
    check(len(payload) < LARGE, len(payload))
    before = peak_memory(server)
    for _ in range(3):
        fails(server, frame(TEXT, payload, reserved=RSV1), 1009, path="/bayeux/large")
    growth = peak_memory(server) - before
    check(growth < 32 << 20, f"a child grew by {growth >> 10} KB")
    # Where less is allowed the compressed size alone is too much.
    fails(server, frame(TEXT, length=len(payload), reserved=RSV1), 1009)


@test("S11 several bombs at once, from several sockets: others are served meanwhile")
def _(server):
    payload = bomb(60 << 20)
    sockets = [Deflated(server) for _ in range(30)]
    for socket in sockets:
        socket.send(frame(TEXT, payload, reserved=RSV1))
    goes_on(server)
    for socket in sockets:
        equal(socket.read_close().code, 1009)
        socket.close()


@test("the close handshake is never compressed")
def _(server):
    with Deflated(server) as socket:
        socket.send(frame(CLOSE, close_payload(1000, b"x" * 120)))
        equal(socket.read_close().code, 1000)


run(lambda: Httpd(location="BayeuxMaxInterval 60s\nBayeuxWebSocketDeflate On", conf=CONF))
