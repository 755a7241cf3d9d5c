#!/usr/bin/env python3
"""Many calls, and services that hang: caps and shares, what server-status counts, other sessions, restarts, killed
children, other MPMs, HTTP/2."""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import backend  # noqa: E402
from h2_client import H2Connection  # noqa: E402
from harness import Httpd, wait_until  # noqa: E402
from services import ask, bad, good, wait_answer  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import connected, counter, serves, succeeded  # noqa: E402

MODULES = ("bayeux", "alias", "proxy", "proxy_http", "reflector")

CONF = """
ProxyPass /node http://127.0.0.1:{node}/
<Location /reflect>
    SetHandler reflector
</Location>
"""

LOCATION = """
BayeuxMaxInterval 60s
BayeuxMaxSessionsPerBrowser -1
BayeuxService "/service/node/*" "/node"
BayeuxService "/service/reflect" "/reflect"
BayeuxService "/service/gone" "/gone"
"""

node = backend.Backend()


def server_with(node, calls="", **options):
    options = {"children": 1, "threads": 8, **options}
    modules = options.pop("modules", MODULES)
    return Httpd(CONF.replace("{node}", str(node.port)) + calls, modules=modules, location=LOCATION, **options)


def hang(node, client, count):
    """So many calls that wait for release(); their ids."""
    before = node.waiting()
    ids = [ask(client, "/service/node/hang", n) for n in range(count)]
    wait_until(lambda: node.waiting() == before + count, "the calls")
    return ids


def server_counts(server):
    """The figures of all children's service calls."""
    status = server.status()
    return {name[len("BayeuxService"):]: int(value) for name, value in status.items() if name.startswith("BayeuxService")}


@test("calls above the cap wait, what comes then fails at once; all others are answered")
def _():
    with server_with(node, "BayeuxServiceCalls 2 3") as server:
        server.expect("BX0030")
        clients = [connected(server) for _ in range(4)]
        last = clients.pop()
        running = hang(node, last, 2)
        waiting = [ask(client, "/service/reflect", n) for n, client in enumerate(clients)]
        failure = bad(last, "/service/reflect", "one too many", 503)
        check("too many" in failure["message"], failure)
        equal([client.answers for client in clients], [[], [], []])
        node.release()
        for asked in running:
            equal(wait_answer(last, asked)["data"], "released")
        for n, (client, asked) in enumerate(zip(clients, waiting)):
            equal(wait_answer(client, asked)["data"], n)
        equal(good(last, "/service/reflect", "again"), "again")
        for client in (*clients, last):
            client.disconnect()
            client.close()


@test("no session fills all places: a quarter of them at most is its own, all others' calls wait as ever")
def _():
    node = backend.Backend()
    with server_with(node, "BayeuxServiceCalls 2 12") as server, connected(server) as alice, connected(server) as bob:
        server.expect("BX0030")
        running = hang(node, alice, 2)
        waiting = [ask(alice, "/service/reflect", n) for n in range(3)]
        for n in range(2):
            failure = bad(alice, "/service/reflect", n, 503)
            check("too many" in failure["message"], failure)
        counts = server_counts(server)
        equal([counts["Running"], counts["Waiting"], counts["Refused"]], [2, 3, 2])
        bobs = [ask(bob, "/service/reflect", n) for n in range(3)]
        bad(bob, "/service/reflect", "one too many", 503)
        node.let_through()
        for asked in running:
            equal(wait_answer(alice, asked)["data"], "released")
        for client, calls in ((alice, waiting), (bob, bobs)):
            for n, asked in enumerate(calls):
                equal(wait_answer(client, asked)["data"], n)
        # What has been answered gives its place back.
        running = [good(alice, "/service/reflect", n) for n in range(20)]
        equal(running, list(range(20)))


@test("calls that come at once: of one session as many as have a thread, and its share")
def _():
    node = backend.Backend()
    with server_with(node, "BayeuxServiceCalls 2 8") as server, connected(server) as alice:
        server.expect("BX0030")
        alice.answers = []
        messages = [{**alice.message("/service/node/hang"), "data": n} for n in range(7)]
        for reply in alice.post(messages).json:
            if "data" not in reply:
                succeeded(reply)
            else:
                alice.answers.append(reply)
        for message in messages[4:]:
            equal(wait_answer(alice, message["id"])["data"]["code"], 503)
        wait_until(lambda: node.waiting() == 2, "the calls")
        equal(server_counts(server)["Waiting"], 2)
        node.let_through()
        for message in messages[:4]:
            equal(wait_answer(alice, message["id"])["data"], "released")


@test("calls that wait for too long: each is told so, and gives its place back at once")
def _():
    node = backend.Backend()
    calls = "BayeuxServiceTimeout 2s\nBayeuxServiceCalls 1 8"
    with server_with(node, calls) as server, connected(server) as alice, connected(server) as bob:
        server.expect("BX0030")
        asked = hang(node, alice, 1)
        asked += [ask(alice, "/service/reflect", n) for n in range(2)]
        bobs = [ask(bob, "/service/reflect", n) for n in range(2)]
        for client, ids in ((alice, asked), (bob, bobs)):
            for one in ids:
                equal(wait_answer(client, one)["data"]["code"], 504)
        counts = server_counts(server)
        equal([counts["Running"], counts["Waiting"], counts["Failed"], counts["Done"]], [1, 0, 5, 0])
        again = ask(alice, "/service/reflect", "again")
        equal(server_counts(server)["Waiting"], 1)
        node.let_through()
        equal(wait_answer(alice, again)["data"], "again")
        wait_until(lambda: server_counts(server)["Running"] == 0, "the thread is free")


@test("server-status counts calls: running, waiting, done, failed, refused, and answers that nobody got")
def _():
    node = backend.Backend()
    with server_with(node, "BayeuxServiceCalls 1 4", children=2) as server, connected(server) as alice:
        server.expect("BX0030")
        names = ("Running", "Waiting", "Done", "Failed", "Refused", "Dropped")

        def counted(*wanted):
            for name, value in zip(names, wanted):
                counter(server, f"BayeuxService{name}", value)

        counted(0, 0, 0, 0, 0, 0)
        equal(good(alice, "/service/reflect", 1), 1)
        counted(0, 0, 1, 0, 0, 0)
        bad(alice, "/service/gone", 1, 404)
        counted(0, 0, 1, 1, 0, 0)
        with connected(server) as bob:
            asked = hang(node, bob, 1)
            counted(1, 0, 1, 1, 0, 0)
            asked += [ask(bob, "/service/reflect", 1)]
            counted(1, 1, 1, 1, 0, 0)
            bad(bob, "/service/reflect", 2, 503)
            counted(1, 1, 1, 1, 1, 0)
        node.let_through()
        counted(0, 0, 3, 1, 1, 2)


@test("a service that hangs takes half of the threads by default: the others serve as ever")
def _():
    node = backend.Backend()
    with server_with(node) as server, connected(server) as alice, connected(server, subscriptions=["/chat"]) as bob:
        running = hang(node, alice, 4)
        waiting = [ask(alice, "/service/node/hang", 1) for _ in range(8)]
        for n in range(10):
            held = bob.start_connect()
            succeeded(alice.publish("/chat", n).reply)
            equal(held.wait().data, [n])
        serves(server)
        equal(node.waiting(), 4)
        node.let_through()
        for asked in running + waiting:
            equal(wait_answer(alice, asked)["data"], "released")


@test("a graceful restart: calls that run end, and their answers come by the new children")
def _():
    with server_with(node, children=2, server_limit=6) as server, connected(server) as alice:
        asked = hang(node, alice, 1)[0]
        old = set(server.children())
        alice.close()
        server.graceful()
        wait_until(lambda: set(server.children()) - old, "a new child")
        equal(good(alice, "/service/reflect", 1), 1)
        node.release()
        equal(wait_answer(alice, asked)["data"], "released")


@test("a child that is killed with a call: no answer, and nothing else is lost")
def _():
    with server_with(node, children=2) as server, connected(server) as alice, connected(server) as bob:
        old = server.children()
        hang(node, alice, 1)
        alice.close()
        bob.close()
        for pid in old:
            server.kill_child(pid)
        wait_until(lambda: len(server.children()) == 2 and not set(server.children()) & set(old), "new children")
        node.release()
        equal(good(bob, "/service/reflect", "alive"), "alive")
        equal(good(alice, "/service/reflect", "alive too"), "alive too")
        equal(alice.answers, [])


@test("a restart with a call under way: the server comes back, sessions live on; calls that wait fail at once")
def _():
    with server_with(node, "BayeuxServiceCalls 1 20") as server, connected(server) as alice:
        server.expect("AH03092")  # the MPM closes sockets of busy workers at once when it is restarted ungracefully
        hang(node, alice, 1)
        waiting = [ask(alice, "/service/reflect", n) for n in range(3)]
        alice.close()
        timer = threading.Timer(0.5, node.release)
        timer.start()
        server.restart()
        timer.join()
        equal(good(alice, "/service/reflect", 1), 1)
        for asked in waiting:
            failure = wait_answer(alice, asked)["data"]
            equal(failure, {"code": 503, "message": "the server was stopped before the service was called"})


@test("a server that stops with calls under way and waiting: it stops clean")
def _():
    with server_with(node, "BayeuxServiceCalls 1 20", sessions_left=True) as server:
        alice = connected(server)
        hang(node, alice, 1)
        for n in range(5):
            ask(alice, "/service/reflect", n)
        alice.close()
        threading.Timer(0.5, node.release).start()
    wait_until(lambda: node.waiting() == 0, "the call is over")


def works_on(mpm, **options):
    with server_with(node, mpm=mpm, **options) as server, connected(server) as alice:
        for n in range(10):
            equal(good(alice, "/service/reflect", n), n)
        equal(good(alice, "/service/node/echo", "x")["data"], "x")
        # The answer is there before the acknowledgement is written.
        batch = alice.publish("/service/reflect", "with the ack")
        equal([message.get("data") for message in batch], ["with the ack", None])


@test("the worker MPM: the thread that brought the message makes the call")
def _():
    works_on("worker", children=2)


@test("the prefork MPM: the same")
def _():
    works_on("prefork", children=3)


@test("HTTP/2: calls outlive the stream that brought them, and its reset")
def _():
    with server_with(node, "Protocols h2c http/1.1", modules=(*MODULES, "http2")) as server, connected(server) as alice:
        h2 = H2Connection(server)
        messages = [{**alice.message("/service/reflect"), "data": n} for n in range(5)]
        batch = h2.wait(h2.post("/bayeux", messages, alice.cookies)).json
        alice.answers = [message for message in batch if "data" in message]
        for message in messages:
            equal(wait_answer(alice, message["id"])["data"], message["data"])
        slow = alice.message("/service/node/hang", data=1)
        before = node.waiting()
        stream = h2.post("/bayeux", [slow], alice.cookies)
        wait_until(lambda: node.waiting() == before + 1, "the call")
        h2.reset(stream)
        h2.close()
        node.release()
        equal(wait_answer(alice, slow["id"])["data"], "released")


run()
