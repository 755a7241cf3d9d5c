#!/usr/bin/env python3
"""Create, subscribe and publish, each guarded by a user, a group, an address, an expression, or closed: who is let in
and who is not, on the slow lane, on the fast lane, and on a WebSocket (PB-8, SB-3)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import guards  # noqa: E402
from guards import GUARDS, TRANSPORTS, again, reply_of, speaker, turned_down  # noqa: E402
from publishing import reached, send  # noqa: E402
from tap import equal, test  # noqa: E402
from wire import poll, session, succeeded  # noqa: E402


def outside(server, channel):
    """How many sessions have subscribed to it."""
    return reached(send(server, channel, "outside", at="/outside", user=None))


def sides(guard):
    """(person, whether that one may)."""
    return [(person, may) for person, may in ((guard.allowed, True), (guard.refused, False)) if person is not None]


def subscribing(name, guard):
    @test(f"subscribe, {name}: who may gets what is published there, who may not gets nothing")
    def _(server):
        for transport in TRANSPORTS:
            for person, may in sides(guard):
                channel = f"/subscribe/{name}/x"
                with speaker(server, transport, person) as client:

                    def step(_, client=client, may=may, channel=channel):
                        reply = reply_of(client.subscribe(channel))
                        succeeded(reply) if may else turned_down(reply, "subscribe_denied")

                    again(server, transport, step)
                    equal(outside(server, channel), 1 if may else 0, f"{transport}: subscribers")


def publishing(name, guard):
    @test(f"publish, {name}: it arrives from who may, from nobody else")
    def _(server):
        with session(server, "/fast", ["/publish/**"], headers=guards.CAROL) as watcher:
            for transport in TRANSPORTS:
                for person, may in sides(guard):
                    sent = []
                    with speaker(server, transport, person) as client:

                        def step(turn, client=client, may=may, sent=sent):
                            reply = reply_of(client.publish(f"/publish/{name}/x", turn))
                            sent.append(turn)
                            succeeded(reply) if may else turned_down(reply, "publish_denied")

                        again(server, transport, step)
                    equal(poll(watcher).data, sent if may else [], transport)


def creating(name, guard):
    @test(f"create, {name}: by subscribing and by publishing, and nothing comes into being where it is refused")
    def _(server):
        with session(server, "/fast", ["/create/**"], headers=guards.CAROL) as watcher:
            for number, transport in enumerate(TRANSPORTS):
                for person, may in sides(guard):
                    with speaker(server, transport, person) as client:
                        if may:
                            for turn in range(3):  # each is a channel that nobody was asked about
                                succeeded(reply_of(client.subscribe(f"/create/{name}/s{number}/{turn}")))
                                succeeded(reply_of(client.publish(f"/create/{name}/p{number}/{turn}", turn)))
                            equal(poll(watcher).data, [0, 1, 2], transport)
                        else:
                            refused_twice(server, transport, client, f"/create/{name}/no")
                            equal(poll(watcher).data, [], transport)


def refused_twice(server, transport, client, channel):
    def subscribe(_):
        turned_down(reply_of(client.subscribe(channel)), "create_denied")

    def publish(_):
        turned_down(reply_of(client.publish(channel, 1)), "channel_create_denied")

    again(server, transport, subscribe)
    again(server, transport, publish)


for guard_name, guard_itself in GUARDS.items():
    subscribing(guard_name, guard_itself)
    publishing(guard_name, guard_itself)
    creating(guard_name, guard_itself)


@test("two sessions take turns on one connection, as behind a proxy: each is judged by its own request")
def _(server):
    for name, guard in GUARDS.items():
        if guard.allowed is None or guard.refused is None:
            continue
        with speaker(server, "the fast lane", guard.allowed) as inside:
            with speaker(server, "the fast lane", guard.refused) as outsider:
                outsider.connection.close()
                outsider.connection = outsider.connect_connection = inside.connection
                for _ in range(4):
                    for _ in range(3):
                        succeeded(reply_of(inside.publish(f"/publish/{name}/x", 1)))
                    for _ in range(3):
                        turned_down(reply_of(outsider.publish(f"/publish/{name}/x", 1)), "publish_denied")
                # Nor does one who takes the fast lane with another message find there what the other may.
                for _ in range(3):
                    succeeded(reply_of(inside.publish(f"/publish/{name}/x", 1)))
                again(server, "the fast lane", lambda _: succeeded(reply_of(outsider.subscribe("/free"))))
                turned_down(reply_of(outsider.publish(f"/publish/{name}/x", 1)), "publish_denied")
            inside.connection = inside.connect_connection = None  # closed with the outsider


guards.run(conf="MaxKeepAliveRequests 0\n")
