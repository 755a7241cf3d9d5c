#!/usr/bin/env python3
"""Services, publishing without a session, and publishing from outside, each guarded by a user, a group, an address, an
expression, or closed: who is let in and who is not, on each transport (PB-8, PB-10, PB-11, S25)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import guards  # noqa: E402
from guards import GUARDS, TRANSPORTS, again, reply_of, speaker, stranger, turned_down  # noqa: E402
from http_client import Connection  # noqa: E402
from publishing import JSON, reached, send  # noqa: E402
from services import ask, wait_answer  # noqa: E402
from tap import check, equal, test  # noqa: E402
from websocket import WebSocketClient  # noqa: E402
from wire import poll, session, succeeded  # noqa: E402

OPEN = "/service/at/granted"


def sides(guard):
    return [(person, may) for person, may in ((guard.allowed, True), (guard.refused, False)) if person is not None]


def call(client, channel, data):
    """What the service answers."""
    if not isinstance(client, WebSocketClient):
        return wait_answer(client, ask(client, channel, data))
    message = {**client.message(channel), "data": data}
    client.send([message])
    got = [client.reply(message["id"]), client.reply(message["id"])]  # in whatever order
    (answer,) = [reply for reply in got if "data" in reply]
    (said,) = [reply for reply in got if "data" not in reply]
    succeeded(said)
    return answer


def nothing_else(client):
    """No answer to anything else has come when that to a later message is here."""
    equal(call(client, OPEN, "last")["data"]["lua"], "last")
    if isinstance(client, WebSocketClient):
        equal([reply for reply in client.drain()[1] if "data" in reply], [])
    else:
        equal(client.answers, [])


def serving(name, guard):
    @test(f"a service's channel, {name}: who may gets the answer; for who may not the service is not called")
    def _(server):
        for transport in TRANSPORTS:
            for person, may in sides(guard):
                with speaker(server, transport, person) as client:

                    def step(turn, client=client, may=may):
                        # A message of a service is left to httpd, also where the request's head is known.
                        succeeded(reply_of(client.subscribe("/free")))
                        if may:
                            answer = call(client, f"/service/{name}", turn)
                            equal(answer["data"], {"lua": turn, "channel": f"/service/{name}"})
                        else:
                            turned_down(reply_of(client.publish(f"/service/{name}", turn)), "publish_denied")

                    again(server, transport, step)
                    nothing_else(client)


def serving_at(name, guard):
    @test(f"the Require of a service's URL, {name}: the answer, or a failure that says so")
    def _(server):
        for transport in TRANSPORTS:
            for person, may in sides(guard):
                with speaker(server, transport, person) as client:

                    def step(turn, client=client, may=may):
                        # A message of a service is left to httpd, also where the request's head is known.
                        succeeded(reply_of(client.subscribe("/free")))
                        answer = call(client, f"/service/at/{name}", turn)
                        equal(answer["successful"], may, f"{transport}: {answer}")
                        if may:
                            equal(answer["data"]["lua"], turn)
                        else:
                            check(answer["data"]["code"] in (401, 403), answer)
                            check("lua" not in answer["data"], answer)

                    again(server, transport, step)


def unconnected(name, guard):
    @test(f"PB-10 without a session, {name}: publish and create are judged by the same rules")
    def _(server):
        patterns = ["/publish/**", "/create/**"]
        with session(server, "/fast", patterns, headers=guards.CAROL) as watcher:
            for number, transport in enumerate(TRANSPORTS):
                for person, may in sides(guard):
                    with stranger(server, transport, person) as client:
                        for turn in range(3):
                            reply = reply_of(client.publish(f"/publish/{name}/x", turn))
                            succeeded(reply) if may else turned_down(reply, "publish_denied")
                            reply = reply_of(client.publish(f"/create/{name}/{may}{number}/{turn}", turn))
                            succeeded(reply) if may else turned_down(reply, "channel_create_denied")
                    equal(poll(watcher).data, [0, 0, 1, 1, 2, 2] if may else [], transport)


def outside(name, guard):
    @test(f"S25 from outside, {name}: the Location's Require judges each request of a connection by itself")
    def _(server):
        with session(server, "/fast", ["/news"], headers=guards.CAROL) as watcher, Connection(server) as connection:
            for turn in range(3):
                for person, may in sides(guard):
                    response = connection.request("POST", f"/publish-{name}/news", [JSON, *person], b"%d" % turn)
                    if may:
                        equal(reached(response), 1)
                        equal(poll(watcher).data, [turn])
                    else:
                        check(response.status in (401, 403), repr(response))
                        equal(poll(watcher).data, [])
        without = send(server, "/news", 1, at=f"/publish-{name}", user=None)
        equal(without.status == 200, name == "granted", repr(without))


for guard_name, guard_itself in GUARDS.items():
    serving(guard_name, guard_itself)
    serving_at(guard_name, guard_itself)
    unconnected(guard_name, guard_itself)
    outside(guard_name, guard_itself)


guards.run(conf="MaxKeepAliveRequests 0\n")
