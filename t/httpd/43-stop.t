#!/usr/bin/env python3
"""Stopping: every held connect is answered or cleanly ended, within the parent's patience (design.md 4.6, 4.9)."""
# slow

import json
import resource
import socket
import sys
import threading
import time
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import procs  # noqa: E402
from bayeux import Client  # noqa: E402
from event_source import EventSource  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from http_client import Closed  # noqa: E402
from steps import clients, subscriber, wait_parked  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402

# What the parent says when children do not end in time, and what it does then.
IMPATIENCE = ("AH00045", "AH00046", "AH00047", "AH00048", "still did not exit", "SIGKILL")


def patient(server):
    for line in server.error_log().splitlines():
        check(not any(words in line for words in IMPATIENCE), line)


def end_of(held):
    """'answered', 'closed' or what else came of a held connect when the server stopped."""
    try:
        response = held.wait_response(5)
    except Closed:
        return "closed" if held.connection._buffer == b"" else "half a response"
    if (response.status, response.header("Connection")) != (200, "close"):
        return repr(response)
    if [message["successful"] for message in response.json] != [True]:
        return repr(response)
    return "answered"


@test("ungraceful stop with 60 held connects: within 3 s, without a complaint, each is answered or closed")
def _():
    with Httpd(sessions_left=True) as server:
        many = [subscriber(server, "/stop") for _ in range(60)]
        held = [client.start_connect() for client in many]
        wait_parked(server, 60)
        start = time.monotonic()
        equal(server.stop(), 0, "exit code")
        took = time.monotonic() - start
        ends = [end_of(one) for one in held]
        diag(f"{took:.2f} s; " + ", ".join(f"{end}: {ends.count(end)}" for end in sorted(set(ends))))
        check(took < 3 * PATIENCE, f"it took {took:.1f} s")
        check(set(ends) <= {"answered", "closed"}, f"{set(ends)}")
        patient(server)


@test("graceful stop with held connects: each is answered, then everything ends")
def _():
    with Httpd(sessions_left=True) as server:
        many = [subscriber(server, "/stop") for _ in range(60)]
        held = [client.start_connect() for client in many]
        wait_parked(server, 60)
        start = time.monotonic()
        equal(server.stop(graceful=True), 0, "exit code")
        took = time.monotonic() - start
        equal({end_of(one) for one in held}, {"answered"})
        diag(f"{took:.2f} s")
        check(took < 12 * PATIENCE, f"it took {took:.1f} s")
        patient(server)


@test("stop, graceful and not: callback-polling gets its answer, an event source its end; both may come again")
def _():
    for graceful in (True, False):
        with Httpd(sessions_left=True, location="BayeuxTransports long-polling callback-polling eventsource") as server:
            many = [subscriber(server, "/stop") for _ in range(20)]
            streams = [EventSource(client).begin() for client in many[::2]]
            held = []
            for client in many[1::2]:
                asked = urllib.parse.urlencode({"message": json.dumps([client.connect_message()]), "jsonp": "f"})
                cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
                client.connect_connection.send_request("GET", f"/bayeux?{asked}", [("Cookie", cookie)])
                held.append(client.connect_connection)
            wait_parked(server, 10)
            equal(server.stop(graceful=graceful), 0, "exit code")
            for connection in held:
                response = connection.read_response(5)
                equal((response.status, response.header("Connection")), (200, "close"))
                check(response.body.startswith(b"/**/f([") and b'"successful":true' in response.body, repr(response))
                check(b'"none"' not in response.body and b'"handshake"' not in response.body, repr(response))
            # Whole events and then the end, which an EventSource takes for "connect again".
            equal([stream.ends(5) for stream in streams], [[]] * 10)
            patient(server)


@test("stop while clients stall, do not read, and have pages on their way")
def _():
    with Httpd(sessions_left=True, conf="SendBufferSize 8192") as server:
        big = server.root / "htdocs" / "big"
        big.write_bytes(b"x" * (4 << 20))
        kept = [subscriber(server, "/stop") for _ in range(12)]
        for number, client in enumerate(kept):
            connection = client.connect_connection
            if number % 3 == 0:
                connection.send_request("GET", "/big")
            elif number % 3 == 1:
                connection.send(b"POST /bayeux HTTP/1.1\r\nHost: localhost\r\nContent-Le")
            else:
                client.start_connect()
        wait_parked(server, 4)
        start = time.monotonic()
        equal(server.stop(), 0, "exit code")
        took = time.monotonic() - start
        diag(f"{took:.2f} s")
        check(took < 3 * PATIENCE, f"it took {took:.1f} s")
        patient(server)


def raise_file_limit(wanted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def park_many(server, count):
    """Connects of so many sessions, each on a connection of its own; bare sockets."""
    sockets = []
    client = Client(server)
    for _ in range(count):
        client.client_id = None
        client.cookies.clear()  # another browser each time
        client.handshake()
        client.call([client.connect_message()])
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        body = json.dumps([client.connect_message()]).encode()
        sock = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        sock.sendall((f"POST /bayeux HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      f"Cookie: {cookie}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body)  # fmt: skip
        sockets.append(sock)
    client.close()
    return sockets


def everything(sock):
    data = b""
    try:
        while part := sock.recv(65536):
            data += part
    except ConnectionResetError:
        data += b" and a reset"
    sock.close()
    return data


@test("stop with three thousand held connects: within the parent's patience, all are answered or closed")
def _():
    raise_file_limit(8192)
    # The first of them must be held until the last one is there.
    conf = "MaxKeepAliveRequests 0\nBayeuxTimeout 10min"
    with Httpd(sessions_left=True, async_factor=100, conf=conf) as server:
        sockets = park_many(server, 3000)
        wait_parked(server, 3000)
        start = time.monotonic()
        equal(server.stop(), 0, "exit code")
        took = time.monotonic() - start
        answers = [everything(sock) for sock in sockets]
        answered = sum(b'"successful":true' in answer and b"Connection: close" in answer for answer in answers)
        closed = sum(answer == b"" for answer in answers)
        diag(f"{took:.2f} s; {answered} answered, {closed} closed, {3000 - answered - closed} otherwise")
        check(took < 3 * PATIENCE, f"it took {took:.1f} s")
        equal(answered + closed, 3000)
        patient(server)


class Listener:
    """A subscriber that sends its connect again when a draining child closes the connection before reading it."""

    def __init__(self, server, channel):
        self.client = subscriber(server, channel)
        self.held = self.client.start_connect()
        self.got = []

    def take(self):
        """Wait for one answer; what came with it is in `got`, and the next connect is on its way."""
        try:
            response = self.held.wait_response(10)
        except Closed:
            response = None
        if response is None or response.header("Connection") == "close":
            self.client.connect_connection.close()
            self.client.connect_connection = None
        if response is not None:
            equal(response.status, 200)
            self.got += [message["data"] for message in response.json if "data" in message]
        self.held = self.client.start_connect()


@test("MaxConnectionsPerChild: a child that has had its share drains; nothing is lost")
def _():
    with Httpd(server_limit=12, conf="MaxConnectionsPerChild 25") as server:
        old = set(server.children())
        alice = Listener(server, "/reaped")
        bob = Client(server)
        bob.handshake()
        with clients(alice.client, bob):
            for number in range(40):
                bob.connection.close()
                bob.connection = None
                equal(bob.publish("/reaped", number).reply["successful"], True)
                while len(alice.got) <= number:
                    alice.take()
                for _ in range(5):
                    equal(server.get("/static.txt")[0], 200)
            equal(alice.got, list(range(40)))
            wait_until(lambda: not old & set(server.children()), "the first children have gone", 20)
            equal(server.status(verify=True)["BayeuxVerify"], "ok")


class Chatter(threading.Thread):
    """Goes on talking when its held connect was answered: the child reads on for as long as something comes."""

    def __init__(self, held):
        super().__init__(daemon=True)
        self.held = held
        self.ended = threading.Event()

    def run(self):
        self.held.answered(30 * PATIENCE)
        try:
            while not self.ended.wait(0.3):
                self.held.connection.send(b"x")
        except OSError:
            pass

    def end(self):
        self.ended.set()
        self.join()


@test("a child that drains when the whole server is stopped does not keep it")
def _():
    with Httpd(server_limit=12, sessions_left=True) as server:
        many = [subscriber(server, "/drain") for _ in range(20)]
        held = [client.start_connect() for client in many]
        wait_parked(server, 20)
        old = server.children()
        # Or it might be done before the new ones serve.
        chatter = Chatter(held[0])
        chatter.start()
        server.graceful(at_once=True)
        check(any(procs.alive(pid) for pid in old), "they were too quick: nothing to test")
        chatter.end()
        start = time.monotonic()
        equal(server.stop(), 0, "exit code")
        took = time.monotonic() - start
        diag(f"{took:.2f} s")
        check(took < 3 * PATIENCE, f"it took {took:.1f} s")
        patient(server)


run()
