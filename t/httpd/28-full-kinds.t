#!/usr/bin/env python3
"""1 MB full of one kind of thing, and of all: refusals say 503, who was there goes on, and bytes add up (S16)."""
# slow

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from accounts import KINDS, Accounts  # noqa: E402
from bayeux import Client  # noqa: E402
from harness import Httpd, wait_until  # noqa: E402
from http_client import connect_to  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402
from websocket import ws_connected  # noqa: E402
from wire import poll, refused, serves, session, succeeded  # noqa: E402

# No cap is below what 1 MB holds, so that it is the memory that is full. Several who publish at once take the room that
# another's message had found; then it is left out for a session, which would otherwise be ended (docs/shared-memory.md).
CONF = """
BayeuxSharedMemory 1M
MaxKeepAliveRequests 0
<Location /full>
    SetHandler bayeux
    BayeuxMaxInterval 60s
    BayeuxMaxQueue 1000000 64M
    BayeuxQueueOverflow drop-newest
    BayeuxMaxSessions 1000000
    BayeuxMaxChannels 1000000
    BayeuxMaxSubscriptions 1000000
</Location>
"""
PATH = "/full"
STEPS = 100000  # more than anything can take


def no_room(reply):
    refused(reply, "503::server_full") if reply["channel"] != "/meta/handshake" else refused(reply, "503")
    return reply


class Before:
    """Two who were there before the memory was full: bob, and alice with a WebSocket, to whom he speaks."""

    def __init__(self, server):
        self.server = server
        self.alice = ws_connected(server, PATH, ["/before/said"])
        self.alice.start_connect()
        self.bob = session(server, PATH)
        self.said = 0

    def hear_each_other(self):
        self.said += 1
        succeeded(self.bob.publish("/before/said", self.said).reply)
        equal(self.alice.data(1), [self.said])

    def go_on(self):
        """Without memory for a message: the one is told so, the other keeps her session and socket."""
        no_room(self.bob.publish("/before/said", "x" * 20000).reply)
        succeeded(self.bob.connect(0).reply)
        succeeded(self.alice.connect(0))
        self.alice.start_connect()

    def all_is_given_back(self, *but):
        """To the byte, kind by kind: what is left is the two, and the channel that she is subscribed to."""
        left = {kind: 0 for kind in KINDS}
        left.update({"Sessions": 2 * 256, "Channels": 336, "Subscriptions": 48, "Domains": 24})

        def given_back():
            of = self.accounts().of
            return all(of[kind] == left[kind] for kind in KINDS if kind not in but)

        wait_until(given_back, "all that the load took is given back")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.all_is_given_back("Channels")  # which live for some seconds more
            self.hear_each_other()
            self.alice.disconnect()
            self.bob.disconnect()
        self.alice.close()
        self.bob.close()

    def accounts(self):
        return Accounts(self.server)


class Crowd:
    """Sessions of one browser, over one connection."""

    def __init__(self, server, child=None):
        self._client = Client(server, PATH)
        if child is not None:
            self._client.connection = connect_to(server, child)
        self.members = []

    def join(self):
        """Whether there was room for one more."""
        self._client.client_id = None
        reply = self._client.handshake()
        if not reply["successful"]:
            no_room(reply)
            equal(reply["advice"]["reconnect"], "retry")
            check(reply["advice"]["interval"] > 0 and "clientId" not in reply, reply)
            return False
        self.members.append(self._client.client_id)
        return True

    def say(self, channel, members=None, **fields):
        """The batches that answer this message of each of these members, all by default."""
        return [self._client.call([{"channel": channel, "id": "1", "clientId": member, **fields}])
                for member in (self.members if members is None else members)]  # fmt: skip

    def last_says(self, channel, **fields):
        """Whether it worked."""
        return worked(self.say(channel, self.members[-1:], **fields)[0].reply)

    def leave(self):
        for batch in self.say("/meta/disconnect"):
            succeeded(batch.reply)
        self.members = []

    def close(self):
        self._client.close()


def until_full(step):
    """How often it worked."""
    return next(count for count in range(STEPS) if not step(count))


def worked(reply):
    """Whether it did; if not, it was for want of room and says so."""
    return reply["successful"] or not no_room(reply)


def subscribes(client, name):
    return worked(client.subscribe(name).reply)


@test("full of sessions: those who were there hear each other; usable again when they are gone")
def _(server):
    with Before(server) as before:
        crowd = Crowd(server)
        for _ in range(2):
            until_full(lambda _: crowd.join())
            full = before.accounts()
            diag(f"{len(crowd.members)} sessions: {full}")
            full.mostly("Sessions")
            for _ in range(20):
                before.hear_each_other()
            check(not crowd.join(), "there is room all of a sudden")
            crowd.leave()
        crowd.close()


@test("full of channels: those who were there hear each other, new sessions and channels are refused")
def _(server):
    with Before(server) as before, session(server, PATH) as carol:
        for turn in range(2):
            count = until_full(lambda n: subscribes(carol, [f"/c/{turn}/{n}/{m}" for m in range(20)]))
            count = count * 20 + until_full(lambda n: subscribes(carol, f"/d/{turn}/{n}"))
            full = before.accounts()
            diag(f"{count} channels: {full}")
            full.mostly("Channels", "Subscriptions")
            crowd = Crowd(server)
            until_full(lambda _: crowd.join())  # into what is left of pages
            crowd.leave()
            crowd.close()
            for _ in range(20):
                before.hear_each_other()
            succeeded(carol.disconnect().reply)
            before.all_is_given_back()
            succeeded(carol.handshake())


@test("full of subscriptions: those who were there hear each other, further ones are refused")
def _(server):
    with Before(server) as before:
        crowd = Crowd(server)
        names = [f"/s/{n}" for n in range(250)]
        for _ in range(2):
            until_full(lambda _: crowd.join() and crowd.last_says("/meta/subscribe", subscription=names))
            full = before.accounts()
            diag(f"{full.of['Subscriptions'] // 48} subscriptions: {full}")
            check(full.of["Subscriptions"] > full.used / 2, full)
            for _ in range(20):
                before.hear_each_other()
            crowd.leave()
        crowd.close()


@test("full of what waits in queues: each refusal is a 503, nothing that was accepted is lost")
def _(server):
    with Before(server) as before:
        crowd = Crowd(server)
        for _ in range(200):
            check(crowd.join(), "no room")
        for batch in crowd.say("/meta/subscribe", subscription="/queues"):
            succeeded(batch.reply)
        for _ in range(2):
            count = until_full(lambda n: worked(before.bob.publish("/queues", n).reply))
            full = before.accounts()
            diag(f"{count} messages for 200: {full}")
            check(full.of["Queues"] > full.size / 2, full)
            before.go_on()
            connect = {"connectionType": "long-polling", "advice": {"timeout": 0}}
            for batch in crowd.say("/meta/connect", **connect):
                equal(batch.data, list(range(count)))
            before.hear_each_other()
        crowd.leave()
        crowd.close()


@test("full of large messages: each refusal is a 503, nothing that was accepted is lost")
def _(server):
    with Before(server) as before, session(server, PATH, ["/large"]) as carol:
        succeeded(carol.connect().reply)
        for _ in range(3):
            accepted = []

            def large(n, size=60000):
                if worked(before.bob.publish("/large", f"{n:09}" + "x" * size).reply):
                    accepted.append(n)
                    return True
                return False

            until_full(large)
            until_full(lambda n: large(1000 + n, 1))
            full = before.accounts()
            diag(f"{len(accepted)} messages: {full}")
            full.mostly("Messages")
            before.go_on()
            got = []
            while len(got) < len(accepted):
                got += [int(data[:9]) for data in poll(carol).data]
            equal(got, accepted)
            before.hear_each_other()


def everything(server, child, faults):
    """One who takes whatever there is, in turn, until nothing of it is to be had any more."""
    try:
        crowd = Crowd(server, child)
        check(crowd.join(), "no room for the first")
        for number in range(STEPS):
            name = f"/mixed/{child}/{number}"
            done = [
                crowd.join(),
                crowd.last_says("/meta/subscribe", subscription=[name, "/mixed/all"]),
                crowd.last_says("/mixed/all", data=number),
                number % 8 != 0 or crowd.last_says(name, data="x" * 20000),
            ]
            if not any(done[:3]):
                break
        return crowd
    except BaseException as error:
        faults.append(error)
        raise


@test("full of everything, by way of all children at once: usable again when it is gone")
def _(server):
    with Before(server) as before:
        faults, crowds = [], []
        threads = [threading.Thread(target=lambda child=child: crowds.append(everything(server, child, faults)))
                   for child in server.children()]  # fmt: skip
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            before.accounts()  # the sums hold while it fills, too
            threads[0].join(0.1)
        equal(faults, [])
        full = before.accounts()
        diag(full)
        check(full.free < full.size / 10, full)
        before.go_on()
        for crowd in crowds:
            crowd.leave()
            crowd.close()
        before.all_is_given_back()
        before.hear_each_other()
    serves(server, PATH)


def fixture():
    server = Httpd(CONF)
    server.expect("BX0016")  # full is worth a line in the log
    return server


run(fixture)
