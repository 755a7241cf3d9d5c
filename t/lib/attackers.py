"""Hostile clients, each in a process of its own, so that what they compute delays nobody's measurement.

    with Attacker(never_reads, server) as attacker:
        ...
    attacker.done                # how often it did what it does

An attack is a generator function of the server: each step is one attempt. What the server answers to it does not
matter; that the connection breaks neither.
"""

import json
import os
import pickle
import random
import socket
import struct
import time
import traceback

from bayeux import Client
from event_source import EventSource
from h2_client import H2Connection
from http_client import Connection
from streams import on_one_connection
from tap import Failure, check
from websocket import Refused, SocketClosed, WebSocket, WebSocketClient, ws_connected
from wire import session, succeeded
from wires import Far, FilteredSockets

CHUNK = "0123456789abcdef" * 1024


class Attacker:
    def __init__(self, attack, *arguments):
        self._attack = attack
        self._arguments = arguments
        self.done = 0

    def __enter__(self):
        read, write = os.pipe()
        self._report = os.fdopen(read, "rb")
        self._stop, stop = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            self._stop.close()
            os.nice(10)  # on another host it would take nothing from the server
            with os.fdopen(write, "wb") as report:
                pickle.dump(self._go_on(stop), report)
            os._exit(0)
        os.close(write)
        stop.close()
        return self

    def _go_on(self, stop):
        """Until the other end of `stop` is closed: (how often, what went wrong)."""
        stop.setblocking(False)
        done = 0
        while True:
            try:
                for _ in self._attack(*self._arguments):
                    done += 1
                    try:
                        if stop.recv(1) == b"":
                            return done, None
                    except BlockingIOError:
                        pass
            except (OSError, Refused, SocketClosed):
                continue  # it has had enough of us: once more
            except BaseException:
                return done, traceback.format_exc()

    def __exit__(self, *_):
        self._stop.close()
        self.done, error = pickle.load(self._report)
        self._report.close()
        os.waitpid(self._pid, 0)
        if error:
            raise Failure(error)
        check(self.done > 0, "the attack did not get anywhere")


# --- slow ---------------------------------------------------------------------------------------------------------

def never_reads(server):
    """Sockets that are subscribed and read nothing, and somebody who publishes for them."""
    with session(server) as publisher:
        deaf = [ws_connected(server, subscriptions=["/hostile/deaf"]) for _ in range(4)]
        try:
            for _ in range(200):
                publisher.publish("/hostile/deaf", CHUNK)
                yield
        finally:
            for client in deaf:
                client.close()


def _publish(client, data):
    body = json.dumps([client.message("/hostile/slow", data=data)])
    return (f"POST /bayeux HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Cookie: BAYEUX_BROWSER={client.cookies['BAYEUX_BROWSER']}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()  # fmt: skip


def byte_by_byte(server, pause=0.01):
    """Requests whose bytes come one by one, and whose answers are read so, on fresh and adopted connections."""
    clients = [session(server) for _ in range(20)]
    try:
        for turn in range(3):
            texts = [_publish(client, turn) for client in clients]
            for n in range(max(map(len, texts))):
                for client, text in zip(clients, texts):
                    client.connection.send(text[n : n + 1])
                time.sleep(pause)
                yield
            for client in clients:
                while client.connection.has_input(0.5) and not client.connection._buffer.endswith(b"]"):
                    client.connection._buffer += client.connection._socket.recv(1)
                client.connection._buffer = b""
                yield
    finally:
        for client in clients:
            client.close()


# --- gone ---------------------------------------------------------------------------------------------------------

def _plain(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def _reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def resets_at_every_moment(server):
    """A handshake, a connect, an upgrade with frames and an event source, each cut off at each of its bytes."""
    handshake = json.dumps([{"channel": "/meta/handshake", "version": "1.0"}]).encode()
    upgrade = (b"GET /bayeux HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
               b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")  # fmt: skip
    post = b"POST /bayeux HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
    said = [
        post + b"%d\r\n\r\n" % len(handshake) + handshake,
        (post + b"%d\r\n\r\n" % len(handshake) + handshake) * 3,
        upgrade + WebSocket.frame(1, handshake),
        b"GET /bayeux/0000 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n",
    ]
    moments = [(text, cut) for text in said for cut in range(1, len(text) + 1)]
    random.Random(7).shuffle(moments)
    for text, cut in moments:
        sock = _plain(server)
        sock.sendall(text[:cut])
        if cut % 3 == 0:
            sock.settimeout(0.001)
            try:
                sock.recv(10)
            except TimeoutError:
                pass
        _reset(sock)
        yield


def opens_and_vanishes(server):
    for number in range(100000):
        sock = _plain(server)
        _reset(sock) if number % 2 else sock.close()
        yield


def falls_silent(server):
    """Held connects, WebSockets and event sources to which no packet comes any more, and from which none does."""
    wire = FilteredSockets()
    far = Far(server, wire)
    silent = []
    try:
        for _ in range(100):
            silent.append(ws_connected(far, subscriptions=["/hostile/silent"]))
            silent[-1].start_connect()
            silent.append(on_one_connection(far, "/bayeux"))
            silent.append(EventSource(silent[-1]))
            wire.cut()
            yield
        time.sleep(0.2)
    finally:
        for client in silent:
            client.close()


def resets_streams(server):
    """Over HTTP/2: held connects, pages and WebSockets that are reset at once, a moment later or not; then GOAWAY."""
    client = session(server)
    turn = random.Random(5)
    try:
        client.connect()
        while True:
            h2 = H2Connection(server)
            for _ in range(100):
                kind = turn.randrange(4)
                if kind == 0:
                    number = h2.get("/static.txt")
                elif kind == 1:
                    number = h2.open_websocket("/bayeux")
                else:
                    number = h2.post("/bayeux", [client.connect_message(3000)], client.cookies)
                if turn.randrange(3):
                    h2.read(0.001 * turn.randrange(3))
                if turn.randrange(4):
                    h2.reset(number)
                yield
                if h2.goaway:
                    break
            h2.say_goaway()
            h2.close()
    finally:
        client.close()


# --- too much -----------------------------------------------------------------------------------------------------

def never_acknowledges(server):
    """Its session takes what is published, says each time that nothing came, and is ended when its queue is full."""
    client = Client(server)
    try:
        succeeded(client.handshake(ext={"ack": True}))
        client.subscribe("/hostile/acks")
        client.connect()
        while client.connect(0, ext={"ack": 0}).replies[-1]["successful"]:
            client.publish("/hostile/acks", CHUNK)
            yield
    finally:
        client.close()


def subscribes_without_end(server):
    """10,000 subscriptions of one session, patterns among them; then it ends."""
    client = session(server, "/many")
    try:
        for block in range(100):
            client.subscribe([f"/hostile/many/{block}/{n}/{'**' if n % 4 == 0 else 'x'}" for n in range(100)])
            client.publish(f"/hostile/many/{block}/1/x", 1)
            yield
        check(client.publish("/hostile/many/99/99/x", 1).data == [1], "the last of 10,000 subscriptions")
        client.disconnect()
    finally:
        client.close()


def sends_huge_batches(server):
    """1e5 messages in a request: more bytes than are allowed, and where so many are."""
    batch = b"[" + b",".join([b"{}"] * 100000) + b"]"
    for path in ("/bayeux", "/many"):
        with Connection(server, timeout=20) as connection:
            connection.send_request("POST", path, [("Content-Type", "application/json")], batch)
            check(connection.read_response().status == 413, "a batch of 1e5 messages is not refused")
        yield


def sends_deep_json(server):
    """1e4 levels, of arrays and objects, inside and outside of data."""
    deep = ["[" * 10000, "[" * 10000 + "]" * 10000, '{"a":' * 10000 + "1" + "}" * 10000]
    with Connection(server) as connection:
        for text in deep + [f'[{{"channel":"/a","data":{text}}}]' for text in deep]:
            response = connection.request("POST", "/many", [("Content-Type", "application/json")], text.encode())
            check(response.status == 400, f"status {response.status} for {text[:40]}")
            yield


def shakes_hands_without_end(server):
    """Sessions that nobody uses, on one connection."""
    body = json.dumps([{"channel": "/meta/handshake", "version": "1.0"}]).encode()
    with Connection(server) as connection:
        for _ in range(100000):
            connection.request("POST", "/brief", [("Content-Type", "application/json")], body)
            yield


def floods_with_frames(server):
    """Pings, empty messages and publications, as fast as a socket takes them; what comes back is thrown away."""
    with WebSocketClient(server) as client:
        succeeded(client.handshake())
        sock = client.socket.connection._socket
        publish = json.dumps([{**client.message("/hostile/frames"), "data": 1}]).encode()
        frames = b"".join(WebSocket.frame(opcode, text) for opcode, text in ((9, b"?"), (1, b"[]"), (1, publish))) * 50
        while True:
            sock.settimeout(1)
            sock.sendall(frames)
            sock.settimeout(0)
            try:
                while sock.recv(65536):
                    pass
            except BlockingIOError:
                pass
            yield
