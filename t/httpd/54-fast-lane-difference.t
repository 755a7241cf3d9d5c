#!/usr/bin/env python3
"""Nothing that httpd would refuse passes the fast lane: random requests, whole, broken, smuggled and pipelined, go to a
server with the lane and to one without it, and all that comes back is the same but for ids and dates.

BAYEUX_SEQUENCES says how many sequences, BAYEUX_SEED where they begin.
"""
# slow

import contextlib
import json
import os
import random
import re
import select
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import SANITIZE, Httpd  # noqa: E402
from http_client import Connection  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402

SEQUENCES = int(os.environ.get("BAYEUX_SEQUENCES") or (300 if SANITIZE else 3000))
SEED = int(os.environ.get("BAYEUX_SEED") or 1)
CHUNK = 25  # sequences of one pair of sessions
THREADS = 4

CONF = "MaxKeepAliveRequests 0\nKeepAliveTimeout 10\n"


class Pair:
    """The same session on both servers."""

    def __init__(self, servers, name):
        self.servers = servers
        self.channel = f"/d/{name}"
        self.clients = [Client(server) for server in servers]
        for client in self.clients:
            client.handshake()
            client.subscribe(self.channel)
            client.connect()

    def close(self):
        for client in self.clients:
            client.close()
            with contextlib.suppress(Exception):
                client.disconnect()
            client.close()

    def bytes_for(self, which, pieces):
        client = self.clients[which]
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        return [piece.replace(b"@ID@", client.client_id.encode()).replace(b"@COOKIE@", cookie.encode())
                for piece in pieces]  # fmt: skip


# --- requests ---------------------------------------------------------------------------------------------------------


def message(rng, channel):
    kind = rng.randrange(12)
    own = {"clientId": "@ID@"}
    if kind < 3:
        return {"channel": "/meta/subscribe", "id": str(rng.randrange(9)), **own, "subscription": channel}
    if kind < 6:
        return {"channel": channel, **own, "data": rng.choice([1, "x" * rng.randrange(300), {"a": []}, None])}
    if kind < 8:
        advice = {"advice": {"timeout": rng.choice([0, 0, 20])}} if rng.random() < 0.7 else {}
        return {"channel": "/meta/connect", **own, "connectionType": "long-polling", **advice}
    return rng.choice([
        {"channel": "/meta/unsubscribe", **own, "subscription": "/none"},
        {"channel": "/meta/connect", "clientId": "0123", "connectionType": "long-polling"},
        {"channel": channel, "clientId": "unknown", "data": 1},
        {"channel": "/meta/nothing", **own},
        {"channel": "no channel", **own, "data": 1},
        {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]},
        {"no": "channel"},
    ])  # fmt: skip


def body(rng, channel):
    if rng.random() < 0.06:
        return rng.choice([b"", b"[]", b"{", b"null", b"\xff\xfe", b"[1]", b"message=%5B%5D", b" [ ] "])
    messages = [message(rng, channel) for _ in range(rng.choice([1, 1, 1, 2, 5]))]
    text = json.dumps(messages if len(messages) > 1 or rng.random() < 0.8 else messages[0]).encode()
    return text + b" " * rng.choice([0, 0, 0, 0, 3, 3000, 20000 if rng.random() < 0.2 else 0])


LINES = [b"POST /bayeux HTTP/1.1", b"Host: localhost", b"Content-Type: application/json", b"Cookie: @COOKIE@",
         b"Content-Length: %d"]  # fmt: skip


def insert(line, at=None):
    return lambda rng, lines: lines.insert(at if at is not None else rng.randrange(1, len(lines) + 1), line)


def length_as(form):
    def change(_, lines):
        for i, line in enumerate(lines):
            if line.startswith(b"Content-Length: "):
                lines[i] = form(line)

    return change


def flip(rng, lines):
    i = rng.randrange(len(lines))
    line = bytearray(lines[i])
    at = rng.randrange(len(line))
    if b"@" not in line[max(0, at - 9):at + 9] and b"%d" not in line[max(0, at - 1):at + 2]:
        line[at] ^= rng.choice([1, 2, 4, 32, 128])
    lines[i] = bytes(line)


def recase(rng, lines):
    i = rng.randrange(1, len(lines))
    name, colon, value = lines[i].partition(b":")
    lines[i] = rng.choice([name.lower, name.upper, name.swapcase])() + colon + value


def drop(rng, lines):
    del lines[rng.randrange(1, len(lines))]


def swap(rng, lines):
    i, j = rng.randrange(1, len(lines)), rng.randrange(1, len(lines))
    lines[i], lines[j] = lines[j], lines[i]


def method(rng, lines):
    lines[0] = rng.choice([b"GET /static.txt HTTP/1.1", b"OPTIONS /bayeux HTTP/1.1", b"PUT /bayeux HTTP/1.1",
                           b"post /bayeux HTTP/1.1", b"POST /bayeux HTTP/1.0", b"POST  /bayeux HTTP/1.1",
                           b"POST /bayeux  HTTP/1.1", b"POST http://localhost/bayeux HTTP/1.1", b"POST /bayeux",
                           b"POST /bayeux/ HTTP/1.1", b"POST /bayeux?a HTTP/1.1", b"POST /absent HTTP/1.1",
                           b"POST /bayeux HTTP/1.2", b"POST\t/bayeux HTTP/1.1", b" POST /bayeux HTTP/1.1"])  # fmt: skip


CHANGES = [
    flip, flip, flip, flip, recase, drop, swap, method, method,
    insert(b" folded"), insert(b"\tfolded"), insert(b"X: a\r\n b"), insert(b"X: a\nY: b"), insert(b"X: a\rb"),
    insert(b"X: a\0b"), insert(b"\0"), insert(b"X : a"), insert(b": a"), insert(b"X"), insert(b"X: y"), insert(b"X:"),
    insert(b"Content-Length: %d"), insert(b"Content-Length: 7"), insert(b"content-length: 0"),
    insert(b"Content-Length : %d"), insert(b"Content_Length: 7"), insert(b"Content-Length:"),
    insert(b"Transfer-Encoding: chunked"), insert(b"transfer-encoding: identity"), insert(b"Transfer-Encoding:"),
    insert(b"Transfer-Encoding: chunked, chunked"), insert(b"Transfer-Encoding : chunked"),
    insert(b"Expect: 100-continue"), insert(b"Upgrade: websocket"), insert(b"Connection: close"),
    insert(b"Connection: Keep-Alive"), insert(b"Connection: keep-alive, close"), insert(b"Connection: Upgrade"),
    insert(b"TE: trailers"), insert(b"Trailer: X"), insert(b"Content-Encoding: gzip"), insert(b"Host: localhost"),
    insert(b"Host: other"), insert(b"Cookie: @COOKIE@"), insert(b"Cookie: a=b"), insert(b"Origin: http://a.test"),
    insert(b"Origin: http://localhost"), insert(b"Content-Type: text/plain"), insert(b"Range: bytes=0-1"),
    insert(b"Content-Type: application/json"), insert(b"Authorization: Basic YTpi"), insert(b"", 0), insert(b"\r\n", 0),
    length_as(lambda line: line.replace(b": ", b":")), length_as(lambda line: line.replace(b": ", b":\t")),
    length_as(lambda line: line + b" "), length_as(lambda line: line.replace(b": ", b": 0")),
    length_as(lambda line: line.replace(b": ", b": +")), length_as(lambda line: line.replace(b": ", b": -")),
    length_as(lambda line: line + b", %d"), length_as(lambda line: line + b"0"), length_as(lambda line: line + b";"),
    length_as(lambda line: b"Content-Length: 0x10"), length_as(lambda line: b"Content-Length: 1"),
    length_as(lambda line: b"Content-Length: 99999999999999999999"), length_as(lambda line: b"Content-Length: 70000"),
    length_as(lambda line: b"Content-Length: "),
]  # fmt: skip


def request(rng, channel, broken):
    lines = list(LINES)
    if broken:
        for _ in range(rng.choice([1, 1, 1, 2])):
            if len(lines) > 1:
                rng.choice(CHANGES)(rng, lines)
    end = rng.choice([b"\n", b"\r\n"]) if broken and rng.random() < 0.1 else b"\r\n"
    content = body(rng, channel)
    if broken and rng.random() < 0.1:
        content = b"5\r\n" + content[:5] + b"\r\n0\r\n\r\n"
    return end.join(lines) + end + end, content


def filled(head, content, pair, which):
    """The bytes for one server: ids, cookies, and with them the length."""
    (content,) = pair.bytes_for(which, [content])
    (head,) = pair.bytes_for(which, [head.replace(b"%d", str(len(content)).encode())])
    return head + content


def sequence(seed, channel):
    """[(head, body)], and where the bytes are cut: like requests first, so that a head is accepted."""
    rng = random.Random(seed)
    whole = [request(rng, channel, False) for _ in range(rng.choice([2, 3, 4]))]
    rest = [request(rng, channel, rng.random() < 0.4) for _ in range(rng.randrange(1, 7))]
    # None: waits for the answer; a number: is sent with the next one, or cut there.
    how = [None] * len(whole) + [rng.choice([None, None, "join", "cut"]) for _ in rest]
    return list(zip(whole + rest, how)), rng.randrange(1 << 30)


LAST = b"GET /static.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def is_whole(heard):
    """Nothing of a response is missing, as far as one can tell."""
    while heard:
        head, end, rest = heard.partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        if not end or (length and len(rest) < int(length[1])):
            return False
        heard = rest[int(length[1]) if length else len(rest):]
    return True


def wait_answer(connection):
    """A held connect, or what is not whole, has no answer: whoever waits for it goes on after a while."""
    connection._buffer, before = b"", connection._buffer
    while not connection._buffer or not is_whole(connection._buffer):
        if not select.select([connection._socket], [], [], 0.02)[0]:
            break
        if not connection._fill(connection._deadline(None)):
            break
    connection._buffer = before + connection._buffer


def answers(server, pair, which, requests, cut_seed):
    """All that comes back on one connection."""
    rng = random.Random(cut_seed)
    connection = Connection(server, timeout=20)
    heard = b""
    pending = b""
    try:
        for (head, content), how in requests:
            pending += filled(head, content, pair, which)
            if how == "join":
                continue
            if how == "cut":
                at = rng.randrange(1, len(pending))
                connection.send(pending[:at])
                connection.has_input(0.002)
                pending = pending[at:]
            connection.send(pending)
            pending = b""
            if how is None:
                wait_answer(connection)
        connection.send(pending + LAST)
        connection.shut_write()
    except (ConnectionError, OSError):
        pass
    with contextlib.suppress(ConnectionError, OSError):
        while connection._fill(connection._deadline(None)):
            pass
    heard, connection._buffer = connection._buffer, b""
    connection.close()
    return heard


def alike(heard, pair, which):
    text = heard.decode("latin-1")
    text = text.replace(pair.clients[which].client_id, "ID")
    text = re.sub(r"(Date|Last-Modified|ETag): [^\r]*", r"\1", text)
    text = re.sub(r'"clientId":"[0-9a-zA-Z_-]+"', '"clientId":"ID"', text)
    text = re.sub(r"BAYEUX_BROWSER=[^;\r]*", "COOKIE", text)
    return re.sub(r"Port \d+|localhost:\d+", "PORT", text)


class Work:
    """Chunks of sequences, done by some threads."""

    def __init__(self, servers):
        self.servers = servers
        self.lock = threading.Lock()
        self.chunks = list(range(0, SEQUENCES, CHUNK))
        self.found = []
        self.compared = 0
        self.bytes = 0

    def run(self):
        while not self.found:
            with self.lock:
                if not self.chunks:
                    return
                first = self.chunks.pop()
            try:
                self.chunk(first)
            except Exception as error:  # the main thread tells it
                self.found.append(f"chunk {first}: {error!r}")

    def chunk(self, first):
        pair = Pair(self.servers, first)
        try:
            for seed in range(SEED + first, SEED + first + CHUNK):
                requests, cut = sequence(seed, pair.channel)
                heard = [answers(server, pair, i, requests, cut) for i, server in enumerate(self.servers)]
                texts = [alike(heard[i], pair, i) for i in (0, 1)]
                with self.lock:
                    self.compared += 1
                    self.bytes += len(heard[0])
                if texts[0] != texts[1]:
                    sent = b"\n--\n".join(filled(*what, pair, 0) for what, _ in requests)
                    ways = [how for _, how in requests]
                    self.found.append(f"BAYEUX_SEED={seed}\nsent {ways}:\n{sent[:6000]!r}\nwith the lane:\n"
                                      f"{texts[0]!r}\nwithout:\n{texts[1]!r}")  # fmt: skip
                    return
        finally:
            pair.close()


@test(f"{SEQUENCES} sequences of requests get the same answers with the fast lane and without it")
def _(server):
    with fixture("BayeuxFastLane Off") as without:
        work = Work((server, without))
        threads = [threading.Thread(target=work.run) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        check(not work.found, "\n".join(work.found[:1]))
        fast = int(server.status()["BayeuxFast"])
        diag(f"{work.compared} sequences, {work.bytes} bytes of answers, {fast} requests took the lane")
        check(fast > SEQUENCES, f"only {fast} requests took the lane")
        equal(without.status()["BayeuxFast"], "0")


def fixture(conf="BayeuxFastLane On"):
    return Httpd(CONF + conf, location="BayeuxTimeout 20s\nBayeuxMaxInterval 60s", sessions_left=True)


run(fixture)
