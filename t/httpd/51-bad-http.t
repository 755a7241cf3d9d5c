#!/usr/bin/env python3
"""Broken HTTP, requests cut short, and clients that go away: an error or the end, and the server serves (S17)."""

import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from harness import Httpd, wait_until  # noqa: E402
from http_client import Closed, Connection  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import batch, connected, hold, number, parked, poll, refused, serves, session, succeeded  # noqa: E402


HEAD = b"POST /bayeux HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

BROKEN = {
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n[]",
    "a length that is no number": HEAD + b"Content-Length: x\r\n\r\n[]",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n[] ",
    "a huge length": HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n[]",
    "length and chunked": HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an unknown transfer encoding": HEAD + b"Transfer-Encoding: x\r\n\r\n[]",
    "a chunk size that is no number": HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n[]\r\n0\r\n\r\n",
    "a huge chunk size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n[]",
    "a negative chunk size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n[]\r\n0\r\n\r\n",
    "a field without colon": HEAD + b"nonsense\r\n\r\n",
    "NUL in a field": HEAD + b"X: a\0b\r\nContent-Length: 2\r\n\r\n[]",
    "no Host": b"POST /bayeux HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]",
    "a request line of garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a version from the future": b"POST /bayeux HTTP/9.9\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]",
}

for what, text in BROKEN.items():

    @test(f"S17 broken HTTP: {what}: an error and the end, and the server serves")
    def _(server, text=text):
        for before in (b"", HEAD + b"Content-Length: 4\r\n\r\n[{}]"):
            with Connection(server) as connection:
                if before:  # the connection is a known one
                    connection.send(before)
                    equal(connection.read_response().status, 200)
                connection.send(text)
                try:
                    response = connection.read_response(10)
                    check(response.status >= 400, response)
                except Closed:
                    pass
        serves(server)


@test("S17 on a connection that has served before the error is told, too, and not only the end")
def _(server):
    good = HEAD + b"Content-Length: 4\r\n\r\n[{}]"
    bad = HEAD + b"nonsense\r\n\r\n"
    for sent in ((good, bad), (good, good, good, bad), (good, good + bad), (good, bad + good)):
        for _ in range(20):
            with Connection(server) as connection:
                statuses = []
                for text in sent:
                    connection.send(text)
                    for _ in range(text.count(b"POST")):
                        if 400 not in statuses:  # nothing follows
                            statuses.append(connection.read_response(10).status)
                equal(statuses, [200] * (len(statuses) - 1) + [400], sent)
                check(connection.closed_by_server(), "left open")


@test("a request cut off at every byte, then closed or reset: nothing is done, the server serves")
def _(server):
    with session(server, subscriptions=["/bad/cut"]) as alice:
        body = json.dumps([{**alice.message("/bad/cut"), "data": "cut"}]).encode()
        cookie = f"Cookie: BAYEUX_BROWSER={alice.cookies['BAYEUX_BROWSER']}\r\n".encode()
        whole = HEAD + cookie + b"Content-Length: %d\r\n\r\n" % len(body) + body
        for rude in (False, True):
            for length in range(1, len(whole), 3):
                connection = Connection(server)
                connection.send(whole[:length])
                connection.reset() if rude else connection.close()
        equal(poll(alice).data, [])
    serves(server)


@test("the same on a connection that has served before, and in chunks")
def _(server):
    with session(server, subscriptions=["/bad/cut"]) as alice:
        body = json.dumps([{**alice.message("/bad/cut"), "data": "cut"}]).encode()
        cookie = f"Cookie: BAYEUX_BROWSER={alice.cookies['BAYEUX_BROWSER']}\r\n".encode()
        first = HEAD + b"Content-Length: 4\r\n\r\n[{}]"
        for whole in (
            HEAD + cookie + b"Content-Length: %d\r\n\r\n" % len(body) + body,
            HEAD + cookie + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n" % (len(body), body),
        ):
            for length in range(1, len(whole), 9):
                connection = Connection(server)
                connection.send(first)
                equal(connection.read_response().status, 200)
                connection.send(whole[:length])
                connection.reset() if length % 2 else connection.close()
        equal(poll(alice).data, [])
    serves(server)


@test("half a request, then the write side is shut: an error or the end")
def _(server):
    for text in (HEAD, HEAD + b"Content-Length: 100\r\n\r\n[", HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n["):
        with Connection(server) as connection:
            connection.send(text)
            connection.shut_write()
            try:
                check(connection.read_response(10).status >= 400, "answered")
            except Closed:
                pass
    serves(server)


@test("a whole request, then the write side is shut: it is answered")
def _(server):
    with Connection(server) as connection:
        connection.send(HEAD + b"Content-Length: 4\r\n\r\n[{}]")
        connection.shut_write()
        refused(batch(connection.read_response()).reply, "400::channel_missing")


@test("garbage bytes as requests, on new connections and on known ones")
def _(server):
    random.seed(20260101)
    for n in range(60):
        with Connection(server) as connection:
            if n % 2:
                connection.send(HEAD + b"Content-Length: 4\r\n\r\n[{}]")
                equal(connection.read_response().status, 200)
            connection.send(random.randbytes(random.randrange(1, 400)) + b"\r\n\r\n")
            try:
                check(connection.read_response(10).status >= 400, "garbage was served")
            except (Closed, ValueError):
                pass
    serves(server)


@test("the client goes away at every moment of a held connect's life, a thousand times")
def _(server):
    with session(server, subscriptions=["/bad/gone"]) as bob, connected(server, subscriptions=["/bad/gone"]) as alice:
        for n in range(200):
            connection = Connection(server)
            alice.connect_connection = connection
            alice.start_connect()
            if n % 4 == 1:
                bob.publish("/bad/gone", n)
            if n % 4 == 2:
                connection.send(b"POST /bay")
            connection.reset() if n % 2 else connection.close()
        alice.connect_connection = None
        parked(server, 0)
        # What was on its way to one of those connections comes back when its end is noticed.
        wait_until(lambda: not poll(alice).events and number(server, "BayeuxQueuedEvents") == 0, "an empty queue")
        succeeded(alice.publish("/bad/gone", "on").reply)
        held = hold(alice)
        bob.publish("/bad/gone", "end")
        check("end" in held.wait(5).data, "the last event")


@test("the server serves, in every child")
def _(server):
    for _ in range(9):
        serves(server)


run(lambda: Httpd("MaxKeepAliveRequests 0"))
