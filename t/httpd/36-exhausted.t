#!/usr/bin/env python3
"""No file descriptors, no worker threads, no room in the listen queue: it recovers by itself, and sessions go on."""
# slow

import json
import os
import resource
import select
import signal
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from event_source import EventSource  # noqa: E402
from harness import PATIENCE, Httpd, wait_until  # noqa: E402
from http_client import Closed, Connection  # noqa: E402
from procs import file_count, stopped  # noqa: E402
from streams import on_one_connection  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402
from websocket import SocketClosed, ws_connected  # noqa: E402
from wire import connected, counter, number, serves, session, succeeded  # noqa: E402

CONF = """
ListenBacklog 4
KeepAliveTimeout 5
MaxKeepAliveRequests 0
BayeuxTimeout 60s
BayeuxMaxInterval 60s
# Without a file for it httpd would answer 403, as it cannot look for an .htaccess.
<Directory "/">
    AllowOverride None
</Directory>
<Location /brief>
    SetHandler bayeux
    BayeuxMaxInterval 2s
</Location>
"""


def log_lines(server, mark):
    return sum(mark in line for line in server.error_log().splitlines())


def plain_socket(server, blocking=True):
    sock = socket.socket()
    sock.settimeout(10 if blocking else 0)
    sock.connect_ex(("127.0.0.1", server.port))
    return sock


# --- file descriptors ---------------------------------------------------------------------------------------------

SPARE_FILES = 30  # for each child, beyond what it has


class FewFiles:
    """For as long as the block lasts no child may open many more files than it needs, nor may its successors."""

    def __init__(self, server):
        self._server = server

    def __enter__(self):
        self._before = resource.prlimit(self._server.pid, resource.RLIMIT_NOFILE)
        most = max(map(file_count, self._server.children())) + SPARE_FILES
        self._limit(most)
        return most

    def __exit__(self, *_):
        self._limit(self._before[0])

    def _limit(self, most):
        """Of the parent, as its children are another user's: they inherit it."""
        resource.prlimit(self._server.pid, resource.RLIMIT_NOFILE, (most, self._before[1]))
        self._server.graceful()


def held_by_the_server(server, held):
    """One connect more that is held, on a connection of its own; if there is no getting through, nothing."""
    client = Client(server, "/brief")
    try:
        client.connection = client.connect_connection = Connection(server, timeout=1)
        succeeded(client.handshake())
        succeeded(client.connect().reply)
        client.start_connect()
        held.append(client)
    except (OSError, Closed):
        client.close()


def next_events(client, wanted):
    """The data of events, by connect after connect, on another connection where the server has closed one."""
    got = []

    def more():
        try:
            got.extend(client.connect(500, timeout=10).data)
        except (Closed, OSError):
            client.close()
        return len(got) >= wanted

    wait_until(more, "the events come", 30)
    return got


@test("connections until accept() fails: children that cannot go on are replaced, no session and no message is lost")
def _(server):
    held = []
    failures = log_lines(server, "AH02179")
    with FewFiles(server) as most:
        alice, bob = connected(server, subscriptions=["/files"]), session(server)
        socket_ = ws_connected(server, subscriptions=["/files"])
        socket_.start_connect()
        alice.held = alice.start_connect()

        def no_more_files():
            held_by_the_server(server, held)
            return log_lines(server, "AH02179") >= failures + 3

        try:
            wait_until(no_more_files, "accept() fails for want of files", 30, 0)
            diag(f"{len(held)} held connects with {most} files for each child; "
                 f"{log_lines(server, 'AH02179') - failures} times accept() failed")  # fmt: skip
        finally:
            for client in held:
                client.close()
        # From here on everything is by itself: nobody restarts anything, and files stay few.
        server.wait_all_children()
        wait_until(lambda: server.get("/static.txt")[0] == 200, "pages are served")
        bob.close()
        for n in range(10):
            succeeded(bob.publish("/files", n).reply)
        got = alice.held.wait().data if alice.held.answered(0.1) else []
        got += next_events(alice, 10 - len(got))
        equal(got, list(range(10)), "what alice got")
        got = []

        def socket_has_all():
            try:
                got.extend(socket_.data(1, timeout=2))
            except (SocketClosed, Closed, OSError):
                socket_.reopen()
                succeeded(socket_.connect(0))
                socket_.start_connect()
            return len(got) >= 10

        wait_until(socket_has_all, "the socket has everything")
        equal(got, list(range(10)), "what the WebSocket got")
        serves(server)
        for client in (alice, socket_, bob):
            client.close()
            client.disconnect()
            client.close()


# --- worker threads -----------------------------------------------------------------------------------------------

HEAD = b"POST /brief HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n"
BODY = json.dumps([{"channel": "/meta/handshake", "version": "1.0"}]).ljust(60).encode()


class SlowBodies:
    """Requests whose bodies come byte for byte: each keeps a worker of its own."""

    def __init__(self, server, count):
        self._sent = 0
        self._all = []
        for _ in range(count):
            sock = plain_socket(server)
            sock.sendall(HEAD)
            self._all.append(sock)

    def go_on(self):
        for sock in self._all:
            sock.sendall(BODY[self._sent : self._sent + 1])
        self._sent += 1

    def end(self):
        """The rest of them; how many were answered with a session."""
        for sock in self._all:
            sock.sendall(BODY[self._sent :])
        found = 0
        for sock in self._all:
            sock.settimeout(20 * PATIENCE)
            found += sock.recv(65536).startswith(b"HTTP/1.1 200")
            sock.close()
        return found


def busy_by_now(server):
    """The scoreboard is shared memory of httpd, and who would show it is busy: workers that wait for a body are counted
    by what is not answered."""
    probe = plain_socket(server)
    probe.sendall(b"GET /static.txt HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answered = bool(select.select([probe], [], [], 0.3 * PATIENCE)[0])
    return probe, not answered


@test("every worker waits for a slow body: held connects and streams hear each other, then all is as before")
def _(server):
    alice = connected(server, subscriptions=["/threads"])
    # Its second connect and those behind it need no worker: only they may be answered while there is none.
    succeeded(alice.connect(0).reply)
    source_client = on_one_connection(server, "/bayeux")
    succeeded(source_client.subscribe("/threads").reply)
    source = EventSource(source_client).begin()
    speaker = ws_connected(server, subscriptions=["/threads"])
    speaker.start_connect()
    held = alice.start_connect()
    counter(server, "BayeuxParked", 1)
    bodies = SlowBodies(server, server.threads * server.children_wanted)
    probes = []

    def all_are_busy():
        probe, busy = busy_by_now(server)
        probes.append(probe)
        return busy

    wait_until(all_are_busy, "no worker is free")
    for n in range(5):
        bodies.go_on()
        start = time.monotonic()
        succeeded(speaker.publish("/threads", n))
        equal([speaker.data(), source.data(), held.wait(5).data], [[n]] * 3)
        check(time.monotonic() - start < 1 * PATIENCE, "they had to wait for a worker")
        held = alice.start_connect()
    equal(bodies.end(), server.threads * server.children_wanted, "the slow ones have got their sessions in the end")
    for probe in probes:
        probe.settimeout(10 * PATIENCE)
        check(probe.recv(100).startswith(b"HTTP/1.1 200"), "who waited for a worker is served")
        probe.close()
    serves(server)
    succeeded(speaker.publish("/threads", "last"))
    equal([speaker.data(), source.data(), held.wait(5).data], [["last"]] * 3)
    source.close()
    for client in (alice, source_client, speaker):
        client.close()
        client.disconnect()
        client.close()


# --- the listen queue ---------------------------------------------------------------------------------------------

KNOCKS = 60


@test("the listen queue is full, as no child accepts: who knocked is served when they do, streams go on")
def _(server):
    alice = ws_connected(server, subscriptions=["/queue"])
    alice.start_connect()
    bob = session(server)
    children = server.children()
    for pid in children:
        os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: all(map(stopped, children)), "all children are stopped")
        knocks = [plain_socket(server, blocking=False) for _ in range(KNOCKS)]
        _, through, _ = select.select([], knocks, [], 0.5)
        diag(f"{len(through)} of {KNOCKS} connections are made while nobody accepts")
        check(len(through) < KNOCKS // 2, "the queue is not full")
        said = bob.send([{**bob.message("/queue"), "data": 1}])
        check(not said.answered(0.2), "somebody serves")
    finally:
        for pid in children:
            os.kill(pid, signal.SIGCONT)
    equal(said.wait(10).reply["successful"], True)
    equal(alice.data(1), [1])
    for sock in knocks:
        check(select.select([], [sock], [], 20 * PATIENCE)[1], "a connection that had to wait is not made")
        equal(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0)
    for sock in knocks[:30]:
        sock.settimeout(20 * PATIENCE)
        sock.sendall(b"GET /static.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    for sock in knocks[:30]:
        check(sock.recv(100).startswith(b"HTTP/1.1 200"), "who knocked is served")
    for sock in knocks:
        sock.close()
    equal(server.children(), children, "no child had to be replaced")
    serves(server)
    for client in (alice, bob):
        client.close()
        client.disconnect()
        client.close()


@test("the sessions that the slow bodies began have gone; no file is left open")
def _(server):
    counter(server, "BayeuxSessions", 0)
    wait_until(lambda: number(server, "BayeuxConnections") == 0, "no connection is left")
    most = max(map(file_count, server.children()))
    check(most < 60, f"a child has {most} files")
    serves(server)


def fixture():
    server = Httpd(CONF, server_limit=12)
    # A child without files gives up; all workers are busy on purpose.
    server.expect("AH02179", "AH00484", "AH10159", "AH03490", "AH00045")
    return server


run(fixture)
