"""RFC 6455 frame by frame: any frame out, right or wrong, and each frame in. Nothing is answered behind the test's
back. (websocket.py is for Bayeux over WebSocket, where frames do not matter.)

    with RawWebSocket(server) as socket:
        socket.send(frame(TEXT, b"[{", final=False) + frame(PING, b"?") + frame(CONTINUATION, b"}]"))
        equal(socket.read_frame(), Frame(PONG, b"?"))
        equal(socket.read_close().code, 1002)
"""

import dataclasses
import json
import os
import struct
import time
import zlib

import harness
from http_client import Closed, Connection, connect_to
from websocket import Refused, ask_upgrade

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
RSV1, RSV2, RSV3 = 4, 2, 1
TAIL = b"\0\0\xff\xff"


def length_bytes(length, bits, masked):
    """The second byte of a head and what follows it: `bits` is 7, 16 or 64."""
    flag = 0x80 if masked else 0
    if bits == 7:
        return bytes([flag | length])
    if bits == 16:
        return bytes([flag | 126]) + struct.pack("!H", length)
    return bytes([flag | 127]) + struct.pack("!Q", length)


def masked_with(mask, payload):
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return number.to_bytes(len(payload), "big")


def frame(opcode, payload=b"", *, final=True, reserved=0, masked=True, bits=None, length=None):
    """One frame's bytes. `bits`: the form of its length, the shortest unless given; `length`: another than is true."""
    length = len(payload) if length is None else length
    if bits is None:
        bits = 7 if length < 126 else 16 if length < 65536 else 64
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode]) + length_bytes(length, bits, masked)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + masked_with(mask, payload)


def fragments(pieces, opcode=TEXT, reserved=0):
    """One message, a frame for each piece; `reserved` is for the first."""
    last = len(pieces) - 1
    return b"".join(
        frame(CONTINUATION if n else opcode, piece, final=n == last, reserved=0 if n else reserved)
        for n, piece in enumerate(pieces)
    )


def close_payload(code, reason=b""):
    return struct.pack("!H", code) + reason


def deflated(payload, compressor=None):
    """As permessage-deflate wants it. A `compressor` of one's own is for taking a context over."""
    compressor = compressor or zlib.compressobj(9, zlib.DEFLATED, -15)
    compressed = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return compressed.removesuffix(TAIL)


def inflated(payload):
    return zlib.decompressobj(-15).decompress(payload + TAIL)


@dataclasses.dataclass
class Frame:
    opcode: int
    payload: bytes
    final: bool = True
    reserved: int = 0

    @property
    def code(self):
        """Of a close frame; None if it has none."""
        return struct.unpack("!H", self.payload[:2])[0] if self.payload else None

    @property
    def reason(self):
        return self.payload[2:].decode("utf-8")


class RawWebSocket:
    """One socket after its upgrade; Refused if that is not granted."""

    def __init__(self, server, path="/bayeux", *, tls=False, child=None, headers=(), offer=None):
        self.connection = connect_to(server, child, tls=tls) if child is not None else Connection(server, tls=tls)
        if offer is not None:
            headers = [*headers, ("Sec-WebSocket-Extensions", offer)]
        self.response = ask_upgrade(self.connection, path, headers)
        if self.response.status != 101:
            self.connection.close()
            raise Refused(self.response)
        self.extension = self.response.header("Sec-WebSocket-Extensions")

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- out ------------------------------------------------------------------------------------------------------

    def send(self, data, step=None):
        """All at once, or in pieces, each a packet of its own (TCP_NODELAY)."""
        for at in range(0, len(data), step or max(1, len(data))):
            self.connection.send(data[at : at + step] if step else data)

    def send_json(self, messages):
        self.send(frame(TEXT, json.dumps(messages).encode()))

    # --- in -------------------------------------------------------------------------------------------------------

    def read_frame(self, timeout=None):
        """The next frame, checked for what no server may send."""
        deadline = time.monotonic() + (self.connection.timeout if timeout is None else timeout * harness.PATIENCE)

        def read(count):
            return self.connection.read_exactly(count, max(0.0, deadline - time.monotonic()) / harness.PATIENCE)

        first, length = read(2)
        if length & 0x80:
            raise AssertionError("RFC 6455 5.1: a server masks its frames")
        least = 0
        if length == 126:
            (length,), least = struct.unpack("!H", read(2)), 126
        elif length == 127:
            (length,), least = struct.unpack("!Q", read(8)), 65536
        if length < least:
            raise AssertionError(f"RFC 6455 5.2: the length {length} is not in its shortest form")
        found = Frame(first & 0xF, read(length), bool(first & 0x80), first >> 4 & 7)
        if found.opcode >= CLOSE and (length > 125 or not found.final):
            raise AssertionError(f"RFC 6455 5.5: a control frame that is none: {found}")
        if found.reserved and (found.reserved != RSV1 or not self.extension or found.opcode != TEXT):
            raise AssertionError(f"RFC 6455 5.2: a reserved bit: {found}")
        return found

    def read_text(self, timeout=None):
        """The next frame, which must be a whole text; inflated."""
        found = self.read_frame(timeout)
        if found.opcode != TEXT or not found.final:
            raise AssertionError(f"a text was expected: {found}, code {found.code}")
        payload = inflated(found.payload) if found.reserved else found.payload
        return payload.decode("utf-8")

    def read_json(self, timeout=None):
        return json.loads(self.read_text(timeout))

    def read_close(self, timeout=None):
        """The next frame, which must be a close; nothing follows it but the end of the connection."""
        try:
            found = self.read_frame(timeout)
        except Closed:
            raise AssertionError("the connection ended without a close frame") from None
        if found.opcode != CLOSE:
            raise AssertionError(f"a close was expected: {found}")
        if not self.connection.closed_by_server(timeout):
            raise AssertionError("RFC 6455 5.5.1: something follows the close frame")
        return found
