#!/usr/bin/env python3
"""A store of 1 MB that is full: clear refusals, nothing acknowledged is lost, afterwards all is usable (design 8, S16)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd, wait_until  # noqa: E402
from http_client import connect_to  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import FULL, connected, number, poll, refused, refused_handshake, serves, session, succeeded  # noqa: E402

CONF = """
BayeuxSharedMemory 1M
MaxKeepAliveRequests 0
<Location /deep-queue>
    SetHandler bayeux
    BayeuxMaxQueue 1000000 64M
    BayeuxMaxSubscriptions 1000000
    BayeuxMaxInterval 60s
</Location>
"""


def empty_again(server):
    wait_until(lambda: number(server, "BayeuxMemoryUsed") == number(server, "BayeuxMemoryEmpty"), "an empty store")


@test("BayeuxSharedMemory 1M full of sessions: refused with advice to retry; usable again when they are gone")
def _(server):
    for _ in range(2):
        clients, connection = [], connect_to(server, server.children()[0])
        while True:
            client = Client(server, "/deep-queue")
            client.connection = connection
            reply = client.handshake()
            if not reply["successful"]:
                break
            clients.append(client)
            check(len(clients) < 100000, "sessions without end")
        check(len(clients) > 50, f"only {len(clients)} sessions")
        refused_handshake(server, "/deep-queue")
        # Those who are in can go on with what takes no new memory.
        succeeded(clients[0].connect(timeout=5).reply)
        succeeded(clients[0].connect(0).reply)
        for client in clients:
            succeeded(client.disconnect().reply)
        empty_again(server)
    serves(server)


@test("BayeuxSharedMemory 1M full of messages: 503 for the publisher; nothing that was acknowledged is lost")
def _(server):
    path = "/deep-queue"
    with connected(server, path, subscriptions=["/lim/fill"]) as alice, session(server, path) as bob:
        for _ in range(2):
            accepted = []
            while True:
                data = f"{len(accepted):06}" + "x" * 10000
                reply = bob.publish("/lim/fill", data).reply
                if not reply["successful"]:
                    refused(reply, "503")
                    break
                accepted.append(data)
                check(len(accepted) < 1000, "messages without end")
            check(len(accepted) > 20, f"only {len(accepted)} messages")
            refused(bob.publish("/lim/fill", "x" * 20000).reply, "503")
            succeeded(bob.publish("/lim/nobody", "x").reply)
            got = []
            while number(server, "BayeuxQueuedEvents"):
                got += poll(alice).data
            equal([data[:6] for data in got], [data[:6] for data in accepted])
            check(got == accepted, "a payload differs")
            succeeded(bob.publish("/lim/fill", "again").reply)
            equal(poll(alice).data, ["again"])
    empty_again(server)
    serves(server)


@test("BayeuxSharedMemory 1M full of channels and subscriptions: refused, and given back")
def _(server):
    with session(server, "/deep-queue") as alice:
        count = 0
        while True:
            names = [f"/lim/{count}/{n}" for n in range(50)]
            reply = alice.subscribe(names).reply
            if not reply["successful"]:
                refused(reply, *FULL)
                break
            count += 1
            check(count < 10000, "channels without end")
        check(count > 2, f"only {count * 50} channels")
        check(not alice.publish(names[0], 1).data, "a refused subscription took effect")
        succeeded(alice.connect(0).reply)
    empty_again(server)
    serves(server)


@test("BayeuxSharedMemory 1M: one request that needs more than there is")
def _(server):
    with session(server, "/deep-queue") as alice:
        names = [f"/lim/{'y' * 20}/{n}" for n in range(1500)]
        replies = alice.subscribe(names)
        if replies.reply["successful"]:
            succeeded(alice.unsubscribe(names).reply)
        else:
            refused(replies.reply, *FULL)
            equal(number(server, "BayeuxSubscriptions"), 0)
    empty_again(server)
    serves(server)


@test("the log says that there was no room, not once for each refusal")
def _(server):
    lines = wait_until(lambda: [line for line in server.error_log().splitlines() if "BX0016" in line], "a line")
    check(len(lines) < 8, f"{len(lines)} lines")


def fixture():
    server = Httpd(CONF)
    server.expect("BX0016")  # full is worth a line in the log
    return server


run(fixture)
